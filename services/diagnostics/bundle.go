package diagnostics

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"coffer/services/library"
)

// Bounds of what is put in, so that all of it can be swept at once.
const (
	maxFile = 160 << 10 // bytes of one file
	maxLog  = 96 << 10  // bytes of the lines of one service
	maxLine = 2 << 10   // bytes of one line
	maxRows = 400       // lines of one service
)

// file is one member while it is made. Its text is made of lines; heads, where
// there are any, are put before them once they are clean.
type file struct {
	name  string
	text  string
	heads []string
	json  bool
}

// whole is the text with what its lines begin with.
func (f file) whole(clean string) (string, bool) {
	if f.heads == nil {
		return clean, !f.json || json.Valid([]byte(clean))
	}
	lines := strings.Split(clean, "\n")
	if len(lines) != len(f.heads) {
		return "", false
	}
	var b strings.Builder
	for i, line := range lines {
		b.WriteString(f.heads[i] + line + "\n")
	}
	return b.String(), true
}

// never is what has no place here, with the reason.
func never() []library.DiagnosisGap {
	return []library.DiagnosisGap{
		{What: "documents", Why: "Documents, their titles, file names and texts are yours; support needs none of them."},
		{What: "searches", Why: "What you looked for is yours."},
		{What: "secrets", Why: "Passwords, keys, cookies and certificates; of a setting that is secret, only that it is configured."},
		{What: "names", Why: "Addresses, hosts, users, paths and ids have other names here, the same throughout one file and different in the next."},
		{What: "memory", Why: "Memory and heaps would hold all of the above."},
		{What: "old logs", Why: "Logs on the volume and earlier, turned over ones are not read; only the latest lines are here."},
	}
}

// collect asks for every fact. What cannot be had is left out, and said so.
func (k *Keeper) collect(ctx context.Context) (files []file, gaps []library.DiagnosisGap) {
	gaps = never()
	for _, part := range []struct {
		name string
		tell func(context.Context) (any, error)
	}{
		{"versions.json", k.versions},
		{"platform.json", func(context.Context) (any, error) { return k.platform(), nil }},
		{"settings.json", k.settings},
		{"posture.json", k.posture},
		{"services.json", k.services},
		{"store.json", k.store},
		{"queue.json", k.queue},
		{"backups.json", k.backups},
	} {
		fact, err := part.tell(ctx)
		if err != nil {
			k.o.Log.Warn("a part of the diagnostics cannot be had", "part", part.name, "error", err)
			gaps = append(gaps, library.DiagnosisGap{What: part.name, Why: "It could not be had when this file was made; the log of the API says why."})
			continue
		}
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		if err := e.Encode(fact); err != nil || text.Len() > maxFile {
			gaps = append(gaps, library.DiagnosisGap{What: part.name, Why: fmt.Sprintf("It is larger than %d kB.", maxFile>>10)})
			continue
		}
		files = append(files, file{name: part.name, text: text.String(), json: true})
	}
	if k.o.Metrics == nil {
		gaps = append(gaps, library.DiagnosisGap{What: "metrics.txt", Why: "Metrics are off (COFFER_METRICS)."})
	} else {
		var text bytes.Buffer
		if err := k.o.Metrics(&text); err == nil && text.Len() <= maxFile {
			files = append(files, file{name: "metrics.txt", text: text.String()})
		} else {
			gaps = append(gaps, library.DiagnosisGap{What: "metrics.txt", Why: "Metrics could not be gathered."})
		}
	}
	logs, missing := k.logs(ctx)
	files = append(files, logs...)
	files = append(files, file{name: "goroutines.txt", text: goroutines()})
	return files, append(gaps, missing...)
}

// logs are the latest lines of each service. What a line began with, the time
// and the level, is kept apart, so that what a service printed over several
// lines is looked through in one piece.
func (k *Keeper) logs(ctx context.Context) (files []file, gaps []library.DiagnosisGap) {
	all, err := k.o.Logs.Log(ctx, library.LogQuery{Limit: 1})
	if err != nil {
		return nil, []library.DiagnosisGap{{What: "logs", Why: "The box did not tell its log."}}
	}
	for _, service := range all.Services {
		name := "logs/" + service + ".log"
		page, err := k.o.Logs.Log(ctx, library.LogQuery{Service: service, Limit: maxRows})
		if err != nil {
			gaps = append(gaps, library.DiagnosisGap{What: name, Why: "The box did not tell this log."})
			continue
		}
		f, size := file{name: name, heads: []string{}}, 0
		var lines []string
		for _, l := range slices.Backward(page.Lines) {
			text := strings.ReplaceAll(l.Text, "\n", " ")
			if len(text) > maxLine {
				// A cut could leave half a secret, which no rule knows.
				text = fmt.Sprintf("[redacted:long-line] %d bytes", len(text))
			}
			if size += len(text) + 32; size > maxLog {
				gaps = append(gaps, library.DiagnosisGap{What: name, Why: fmt.Sprintf("Only the latest %d lines are here.", len(lines))})
				break
			}
			lines = append(lines, text)
			f.heads = append(f.heads, head(l))
		}
		if len(lines) == 0 {
			continue
		}
		slices.Reverse(lines)
		slices.Reverse(f.heads)
		f.text = strings.Join(lines, "\n")
		files = append(files, f)
	}
	return files, gaps
}

// head is what a line of a log begins with. Of a level such as ERROR+2 only the
// word stays.
func head(l library.LogLine) string {
	level := strings.TrimRight(l.Level, "+-0123456789")
	return l.Time.UTC().Format("2006-01-02T15:04:05.000Z") + " " + level + " "
}

// headOfLine finds what head wrote, and nothing that could be a secret.
func headOfLine() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:DEBUG|INFO|WARN|ERROR) `)
}

// goroutines are where the API is at work: names of functions and lines of the
// source, without arguments and addresses.
func goroutines() string {
	records := make([]runtime.StackRecord, 2048)
	n, ok := runtime.GoroutineProfile(records)
	if !ok {
		return "more than 2048 goroutines\n"
	}
	stacks := map[string]int{}
	for _, r := range records[:n] {
		var b strings.Builder
		frames := runtime.CallersFrames(r.Stack())
		for {
			f, more := frames.Next()
			if f.Function != "" {
				file := f.File[strings.LastIndexByte(f.File, '/')+1:]
				fmt.Fprintf(&b, "  %s %s:%d\n", f.Function, file, f.Line)
			}
			if !more {
				break
			}
		}
		stacks[b.String()]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d goroutines\n", n)
	for _, stack := range slices.SortedFunc(maps.Keys(stacks), func(a, b string) int {
		if n := stacks[b] - stacks[a]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	}) {
		if b.Len()+len(stack) > maxFile {
			b.WriteString("and more\n")
			break
		}
		fmt.Fprintf(&b, "\n%d at:\n%s", stacks[stack], stack)
	}
	return b.String()
}

// about is the member that says what the file is.
func about(d library.Diagnosis, version string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Diagnostics of a Coffer box, version %s, made at %s.\n\n", version, d.MadeAt.UTC().Format(time.RFC3339))
	b.WriteString("[redacted:RULE] stands for what a rule removed. [host:NUMBER] and the like stand for a name: the same one in all of this file.\n\nIn it:\n")
	for _, f := range d.Files {
		fmt.Fprintf(&b, "  %s, %d bytes", f.Name, len(f.Text))
		for _, rule := range slices.Sorted(maps.Keys(f.Redacted)) {
			fmt.Fprintf(&b, ", %s %d", rule, f.Redacted[rule])
		}
		b.WriteByte('\n')
	}
	b.WriteString("\nLeft out:\n")
	for _, g := range d.LeftOut {
		fmt.Fprintf(&b, "  %s. %s\n", g.What, g.Why)
	}
	return b.String()
}
