package diagnostics

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"coffer/services/library"
)

// awkward are lines that begin or end in the middle of what a rule looks for.
func awkward() [][]string {
	return [][]string{
		{"password:", "next"}, {"key="}, {"x token =>", "a"}, {`"GET /a?b`, "c"}, {"Authorization:", "x y"}, {"Authorization: Basic"}, {"Cookie:"}, {"Cookie: ", "a=b"},
		{"-----BEGIN PRIVATE " + "KEY-----", "abc"}, {"-----BEGIN PRIVATE " + "KEY-----"}, {"-----END "}, {"--password ", "x"}, {`password "x`, `y"`}, {"<password>", "abc", "</password>"},
		{"Basic ", "abcdefgh1"}, {"user=", "a"}, {"http://", "x@y"}, {"a:b", "@c"}, {"[redacted:", "x]"}, {"[redacted:a] password=[redacted:b]c"}, {`secret "[redacted:x]"`},
		{"password=[redacted:long"}, {"password=[host:zz]zebra"}, {"eyJ", "abcdefgh"}, {"token is", "abc9"}, {"abcdef01234", "56789abcdef0"}, {`\`}, {"%"}, {"%4", "1%42%43"},
		{`password="abc`, `def"`}, {"0123456789abcdef0123456", "789"}, {`title="abc`, "def"}, {"password=configured"}, {"key", "= abc"}, {"pin:", "", ""}, {"  pwd:", "abc", "def"},
		{"2026-11-28T06:00:00.000Z ERROR password="}, {"2026-11-28T06:00:00.000Z ERROR", "password:"}, {"", "", ""},
	}
}

// A stranger has something to say in a log, and must not keep the owner from
// being helped.
func TestNoLineRefusesTheFile(t *testing.T) {
	for _, lines := range awkward() {
		b := &box{lines: slices.Concat([]string{"the first line is this"}, lines, []string{"a line after"})}
		d, err := b.keeper(t).Preview(t.Context(), true)
		if err != nil {
			t.Errorf("%q: %v", lines, err)
			continue
		}
		if !strings.Contains(logOf(d), "Z ERROR the first line is this\n") {
			t.Errorf("%q: the log is left out, %d gaps", lines, len(d.LeftOut))
		}
	}
}

// What begins in a line that is not there must not end in one that is.
func TestLinesAtTheEdge(t *testing.T) {
	half := len(initKnows) / 2
	for name, row := range map[string]struct {
		before, after string
		lines         int // of others that follow
	}{
		"the line before is not there": {initKnows[:half], initKnows[half:] + " end", maxRows - 1},
		"init has cut a line":          {strings.Repeat("x ", maxWhole/2) + initKnows[:half], initKnows[half:] + " end", 3},
	} {
		b := &box{lines: slices.Concat([]string{"first", row.before, row.after}, slices.Repeat([]string{"a line"}, row.lines))}
		if n := len(b.lines); n > maxRows+lead {
			b.lines = b.lines[n-maxRows-lead:]
		}
		d, err := b.keeper(t).Preview(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		log := logOf(d)
		if strings.Contains(log, initKnows[half:]) || strings.Contains(log, initKnows[:half]) || !strings.Contains(log, "a line\n") {
			t.Errorf("%s: %.400q", name, log)
		}
	}
}

// A log is bounded when it is asked for, and once more when it is clean: what
// stands for a name is longer than a short one.
func TestLogsAreBounded(t *testing.T) {
	for name, line := range map[string]string{
		"lines": strings.Repeat("word ", 100), "paths": strings.Repeat("/a", 900), "short paths": strings.Repeat("/a ", 600),
	} {
		d, err := (&box{lines: slices.Repeat([]string{line, "ends"}, 200)}).keeper(t).Preview(t.Context(), true)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		log := logOf(d)
		if len(log) > maxClean+maxRows*40 || strings.Count(log, "\n") < 20 || !strings.HasSuffix(log, " ERROR ends\n") {
			t.Errorf("%s: %d bytes, %d lines", name, len(log), strings.Count(log, "\n"))
		}
		if at := slices.IndexFunc(d.LeftOut, func(g library.DiagnosisGap) bool { return g.What == "logs/api.log" }); at < 0 {
			t.Errorf("%s: nothing is said of what is left out", name)
		}
	}
}

// All that may be asked for at once fits into a request, whatever it is made of.
func TestSignsFitIntoARequest(t *testing.T) {
	k := (&box{}).keeper(t)
	for _, sign := range []string{"<", `\`, "\u2028"} {
		r := Request{Texts: slices.Repeat([]string{strings.Repeat(sign, MaxTexts/len(sign)/16)}, 16)}
		k.o.Sweep = func(_ context.Context, request []byte) ([]byte, error) {
			if len(request) > MaxRequest {
				t.Errorf("%q: %d bytes, more than %d", sign, len(request), MaxRequest)
			}
			return json.Marshal(Answer{Texts: r.Texts, Counts: make([]Counts, len(r.Texts))})
		}
		if _, err := k.ask(t.Context(), r); err != nil {
			t.Errorf("%q: %v", sign, err)
		}
	}
}

func logOf(d library.Diagnosis) string {
	for _, f := range d.Files {
		if f.Name == "logs/api.log" {
			return f.Text
		}
	}
	return ""
}
