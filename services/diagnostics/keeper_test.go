package diagnostics

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
)

const initKnows, apiKnows = "only init knows this", "the API knows that"

// box is where facts come from in tests.
type box struct {
	library.Accounts
	lines []string
	sweep func(Request) Answer // nil: as the child does
	asked int
}

func (b *box) SourceCounts(context.Context) (map[library.SourceFilter]int, error) {
	return map[library.SourceFilter]int{{Status: library.StatusReady, Type: library.TypePDF}: 3}, nil
}

func (b *box) Sources(context.Context, library.SourceFilter, library.Page) (library.List[library.Source], error) {
	return library.List[library.Source]{Total: 1, Items: []library.Source{{Title: "A private title", Reason: &library.Reason{Code: "encrypted", Message: "private"}}}}, nil
}
func (b *box) JobCounts() map[library.JobState]int {
	return map[library.JobState]int{library.JobWaiting: 4}
}
func (b *box) Activity() library.Activity { return library.Activity{Added: 7} }
func (b *box) Settings(context.Context) (library.Settings, error) {
	return library.Settings{Reach: "names", Hosts: []string{"box.home.arpa"}}, nil
}
func (b *box) Owner(context.Context) (library.Owner, error) { return library.Owner{Name: "anna"}, nil }

func (b *box) Log(_ context.Context, q library.LogQuery) (library.LogPage, error) {
	p := library.LogPage{Services: []string{"api"}}
	if q.Service != "" {
		for i, line := range b.lines {
			p.Lines = append(p.Lines, library.LogLine{Service: "api", Time: time.Unix(int64(i), 0), Level: "ERROR", Text: line})
		}
	}
	return p, nil
}

func (b *box) keeper(t *testing.T) *Keeper {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"store", "index"} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 1234), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return New(Options{
		Version: "1.2.3", Library: b, Accounts: b, Logs: b, Settings: []Setting{{"COFFER_SECRET_KEY", Configured, "environment", true}},
		Posture: func(context.Context) (library.Posture, error) {
			return library.Posture{Claims: []library.Claim{{ID: "tls", Standing: library.Partly, Evidence: "off, asked by 192.168.1.9"}}}, nil
		},
		Services: func() ([]Service, error) {
			return []Service{{Name: "worker", State: "backing off", Restarts: 3, LastExit: "exit status 137"}}, nil
		},
		Backups:   func(context.Context) (library.BackupOverview, error) { return library.BackupOverview{}, nil },
		StoreFile: filepath.Join(dir, "store"), IndexFolder: filepath.Join(dir, "index"),
		Secrets: func(context.Context) ([][]byte, error) { return [][]byte{[]byte(apiKnows)}, nil },
		Sweep: func(_ context.Context, request []byte) ([]byte, error) {
			b.asked++
			var r Request
			if b.sweep != nil {
				if err := json.Unmarshal(request, &r); err != nil {
					return nil, err
				}
				return json.Marshal(b.sweep(r))
			}
			var out bytes.Buffer
			err := Serve(bytes.NewReader(request), [][]byte{[]byte(initKnows)}, &out)
			return out.Bytes(), err
		},
		Log: slog.New(slog.DiscardHandler),
	})
}

// unpacked is all that is in a file, names too.
func unpacked(t *testing.T, file []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(f.Name + "\n" + string(text) + "\n")
	}
	return all.String()
}

func TestExport(t *testing.T) {
	b := &box{lines: []string{
		`msg="it failed" err="` + initKnows + `" password=zebra`, `msg="and" x=` + apiKnows[:9], apiKnows[9:] + " took=3s", "anna at box.home.arpa asked from 192.168.1.9",
		strings.Repeat("x", maxLine+1), "panic: wrong", "goroutine 7 [running]:",
	}}
	k := b.keeper(t)
	d, err := k.Preview(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	same, file, err := k.Export(t.Context(), d.ID)
	if err != nil || same.ID != d.ID || int64(len(file)) != d.Size {
		t.Fatalf("%v", err)
	}
	all := unpacked(t, file)
	for _, gone := range []string{initKnows, "only init", apiKnows, "the API", "zebra", "anna", "home.arpa", "192.168", "A private", strings.Repeat("x", 20)} {
		if strings.Contains(all, gone) {
			t.Errorf("%q is in it:\n%s", gone, all)
		}
	}
	for _, fact := range []string{
		`"coffer": "1.2.3"`, `"last_exit": "exit status 137"`, `"restarts": 3`, `"value": "configured"`, `"encrypted": 1`, `"pdf": 3`, `"store_bytes": 1234`, `"waiting": 4`, `"reach": "names"`,
		`1970-01-01T00:00:01.000Z ERROR msg="and" x=`, "took=3s", "panic: wrong", "goroutine 7 [running]:", "[redacted:long-line]", "diagnostics.(*Keeper).make keeper.go:",
		"known-secret 2", "metrics.txt. Metrics are off", `"id": "tls"`,
	} {
		if !strings.Contains(all, fact) {
			t.Errorf("%q is missing:\n%s", fact, all)
		}
	}
	for _, f := range d.Files {
		if !strings.Contains(all, f.Text) {
			t.Errorf("%s is not as it was shown", f.Name)
		}
	}
	if again, _ := k.Preview(t.Context(), false); again.ID != d.ID {
		t.Error("it is made anew while one is held")
	}
	if again, _ := k.Preview(t.Context(), true); again.ID == d.ID {
		t.Error("a fresh one is the old one")
	}
	if _, _, err := k.Export(t.Context(), d.ID); !errors.Is(err, &library.Error{Kind: library.NotFound}) {
		t.Errorf("%v", err)
	}
}

// What is found in the finished file refuses it.
func TestExportIsRefused(t *testing.T) {
	clean := func(r Request) Answer {
		a := Answer{Counts: make([]Counts, len(r.Texts))}
		if !r.Look {
			a.Texts = r.Texts
		}
		return a
	}
	for name, sweep := range map[string]func(Request) Answer{
		"found at the end": func(r Request) Answer {
			a := clean(r)
			if r.Look {
				a.Counts[len(a.Counts)-1] = Counts{KnownPlain: 1}
			}
			return a
		},
		"put in by the sweep": func(r Request) Answer {
			a := clean(r)
			for i := range a.Texts {
				a.Texts[i] = strings.Replace(a.Texts[i], "exit status", apiKnows, 1)
			}
			return a
		},
		"not all is answered": func(r Request) Answer { a := clean(r); a.Counts = a.Counts[1:]; return a },
		"it cannot":           func(Request) Answer { return Answer{Error: "too much"} },
	} {
		k := (&box{sweep: sweep}).keeper(t)
		if d, err := k.Preview(t.Context(), false); err == nil {
			t.Errorf("%s: %+v", name, d.Files)
		}
		if _, file, err := k.Export(t.Context(), ""); err == nil || file != nil {
			t.Errorf("%s: there is a file", name)
		}
	}
	b := &box{sweep: clean}
	if _, err := b.keeper(t).Preview(t.Context(), false); err != nil || b.asked != 2 {
		t.Errorf("asked %d times, %v", b.asked, err)
	}
}

func TestExportIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := (&box{}).keeper(t)
		d, err := k.Preview(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(heldFor)
		synctest.Wait()
		if _, _, err := k.Export(t.Context(), d.ID); err == nil || k.last != nil {
			t.Errorf("%v", err)
		}
	})
}
