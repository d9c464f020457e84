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
	lead    = 8         // lines that are asked for besides

	// maxWhole is from where on init may have cut a line, in bytes, without what
	// it began with.
	maxWhole = 8000

	// maxClean bounds a clean file in bytes: what stands for a name may be longer
	// than the name.
	maxClean = 192 << 10
)

func kB(bytes int) string { return fmt.Sprintf("%d kB", bytes>>10) }

// file is one member while it is made. Its text is made of lines; heads, where
// there are any, are put before them once they are clean.
type file struct {
	name  string
	text  string
	heads []string
	json  bool
	found Counts // what was removed before; nil: nothing
	cut   bool   // only its end is here
	lead  int    // lines that are looked through and not put in
}

// shorten leaves the last lines of what has become too long, and of JSON, which
// has no use without its beginning, nothing.
func (f *file) shorten(text string) string {
	if len(text) <= maxClean {
		return text
	}
	f.cut = true
	if f.json {
		return ""
	}
	n := len(text) - maxClean
	n += strings.IndexByte(text[n:], '\n') + 1
	if f.heads != nil {
		dropped := strings.Count(text[:n], "\n")
		f.heads, f.lead = f.heads[dropped:], max(0, f.lead-dropped)
	}
	return text[n:]
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
		if i < f.lead {
			continue
		}
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
			gaps = append(gaps, library.DiagnosisGap{What: part.name, Why: "It is larger than " + kB(maxFile) + "."})
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
		page, err := k.o.Logs.Log(ctx, library.LogQuery{Service: service, Limit: maxRows + lead})
		if err != nil {
			gaps = append(gaps, library.DiagnosisGap{What: name, Why: "The box did not tell this log."})
			continue
		}
		f := file{name: name, heads: []string{}, found: Counts{}}
		if cut := f.fill(page.Lines); cut > 0 {
			gaps = append(gaps, library.DiagnosisGap{What: name, Why: fmt.Sprintf("Only the latest %d lines are here.", cut)})
		}
		if len(f.heads) > 0 {
			files = append(files, f)
		}
	}
	return files, gaps
}

// fill takes lines from the last on as long as they fit. Where they do not, it
// returns how many it took.
func (f *file) fill(all []library.LogLine) (cut int) {
	size, first := 0, 0
	for i, l := range slices.Backward(all) {
		if size += min(len(l.Text), maxLine) + 32; size > maxLog {
			first, cut = i+1, len(all)-i-1
			break
		}
	}
	// What begins in a line that is not here must not end in one that is.
	if first > 0 {
		f.lead = min(lead, first)
		first -= f.lead
	} else if len(all) == maxRows+lead {
		f.lead = lead
	}
	var lines []string
	for i, l := range all[first:] {
		text := strings.ReplaceAll(l.Text, "\n", " ")
		// A part could hold half a secret, which no rule knows: of a line that is
		// cut here, and of one that init has cut.
		if len(text) > maxLine || i > 0 && len(all[first+i-1].Text) >= maxWhole {
			text = fmt.Sprintf("%s %d bytes", placeholder("long-line"), len(text))
			f.found["long-line"]++
		}
		lines = append(lines, text)
		f.heads = append(f.heads, head(l))
	}
	f.text = strings.Join(lines, "\n")
	return cut
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
