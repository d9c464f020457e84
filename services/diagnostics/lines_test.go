package diagnostics

import (
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
		if at := slices.IndexFunc(d.Files, func(f library.DiagnosisFile) bool { return f.Name == "logs/api.log" }); at < 0 || !strings.Contains(d.Files[at].Text, "Z ERROR the first line is this\n") {
			t.Errorf("%q: the log is left out, %d gaps", lines, len(d.LeftOut))
		}
	}
}
