package metrics

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

var update = flag.Bool("update", false, "write docs/metrics.md")

// shelf is a library that says what a test wants.
type shelf struct{ err error }

func (s shelf) SourceCounts(context.Context) (map[library.SourceFilter]int, error) {
	return map[library.SourceFilter]int{
		{Status: library.StatusReady, Type: library.TypePDF}: 3, {Status: library.StatusQueued}: 2,
	}, s.err
}
func (shelf) JobCounts() map[library.JobState]int {
	return map[library.JobState]int{library.JobWaiting: 2, library.JobRunning: 1}
}
func (shelf) Activity() library.Activity {
	return library.Activity{Added: 5, Known: 1, Bytes: 1234, Searches: 7}
}

func options(t *testing.T) Options {
	t.Helper()
	dir := t.TempDir()
	index := filepath.Join(dir, "index", "scorch")
	if err := errors.Join(os.MkdirAll(index, 0o700), os.WriteFile(filepath.Join(dir, "coffer.db"), make([]byte, 1000), 0o600),
		os.WriteFile(filepath.Join(index, "one.zap"), make([]byte, 30), 0o600), os.WriteFile(filepath.Join(index, "two.zap"), make([]byte, 12), 0o600)); err != nil {
		t.Fatal(err)
	}
	started := time.Unix(1_900_000_000, 0)
	return Options{
		Version: "9.9.9", Started: started, Now: func() time.Time { return started.Add(90 * time.Second) },
		Library: shelf{}, Log: slog.New(slog.DiscardHandler),
		Posture: func(context.Context) (library.Posture, error) {
			return library.Posture{CheckedAt: started, Claims: []library.Claim{
				{ID: "csrf", Standing: library.Holds, Title: "TITLE", Evidence: "EVIDENCE"}, {ID: "tls", Standing: library.Broken},
			}}, nil
		},
		Services: func() ([]Service, error) { return []Service{{"api", "running", 0}, {"worker", "backoff", 4}}, nil },
		Backups: func(context.Context) (library.BackupOverview, error) {
			return library.BackupOverview{Items: []library.Backup{
				{Status: library.BackupFailed}, {Status: library.BackupProven, Size: 70, ProvenAt: started}, {Status: library.BackupProven, Size: 30, ProvenAt: started.Add(-time.Hour)},
			}, Copies: library.CopiesState{CopyTarget: library.CopyTarget{Host: "s3.lan"}, Copied: started, Failure: &library.Reason{}}}, nil
		},
		States:    []string{"running", "backoff"},
		StoreFile: filepath.Join(dir, "coffer.db"), IndexFolder: filepath.Join(dir, "index"),
	}
}

func made(t *testing.T, o Options) *Metrics {
	t.Helper()
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ask(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	return w.Body.String()
}

func TestWhatIsShown(t *testing.T) {
	m := made(t, options(t))
	m.Request("GET", "/api/v1/sources/:id", 200, 3*time.Millisecond)
	m.Request("GET", "/api/v1/sources/:id", 204, 30*time.Millisecond)
	m.Request("GET", "/api/v1/sources/:id", 404, time.Millisecond)
	m.Request("BREW", "", 405, time.Millisecond)
	m.Request("GET", "", 999, time.Millisecond)
	text := ask(t, m)
	for _, line := range []string{
		`coffer_build_info{go="go1.`,
		`coffer_uptime_seconds 90`,
		`coffer_posture_check{id="csrf",status="pass"} 1`, `coffer_posture_check{id="csrf",status="fail"} 0`,
		`coffer_posture_check{id="tls",status="fail"} 1`, `coffer_posture_check{id="tls",status="n/a"} 0`,
		`coffer_posture_checked_timestamp_seconds 1.9e+09`,
		`coffer_service_state{service="api",state="running"} 1`, `coffer_service_state{service="worker",state="running"} 0`,
		`coffer_service_restarts_total{service="worker"} 4`,
		`coffer_sources{status="ready",type="pdf"} 3`, `coffer_sources{status="queued",type=""} 2`, `coffer_sources{status="failed",type=""} 0`,
		`coffer_jobs{state="waiting"} 2`, `coffer_jobs{state="failed"} 0`,
		`coffer_uploads_total{result="new"} 5`, `coffer_uploads_total{result="known"} 1`, `coffer_uploaded_bytes_total 1234`, `coffer_searches_total 7`,
		`coffer_store_size_bytes 1000`, `coffer_index_size_bytes 42`, `coffer_volume_free_bytes `, `coffer_volume_size_bytes `,
		`coffer_http_requests_total{method="GET",route="/api/v1/sources/:id",status="2xx"} 2`,
		`coffer_http_requests_total{method="GET",route="/api/v1/sources/:id",status="4xx"} 1`,
		`coffer_http_requests_total{method="other",route="none",status="4xx"} 1`,
		`coffer_http_requests_total{method="GET",route="none",status="other"} 1`,
		`coffer_http_request_duration_seconds_bucket{method="GET",route="/api/v1/sources/:id",le="0.005"} 2`,
		`coffer_http_request_duration_seconds_count{method="GET",route="/api/v1/sources/:id"} 3`,
		`coffer_backups{state="proven"} 2`, `coffer_backups{state="failed"} 1`, `coffer_backups{state="running"} 0`, `coffer_backup_size_bytes 100`,
		`coffer_backup_proven_timestamp_seconds 1.9e+09`, `coffer_backup_copied_timestamp_seconds 1.9e+09`, `coffer_backup_copy_failed 1`,
		`coffer_part_readable{part="posture"} 1`, `coffer_part_readable{part="volume"} 1`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("%s is missing in\n%s", line, text)
		}
	}
	for _, not := range []string{"TITLE", "EVIDENCE", "BREW"} {
		if strings.Contains(text, not) {
			t.Errorf("%s is shown", not)
		}
	}
}

// What cannot be had is missing and named; the rest is there.
func TestPartsThatFail(t *testing.T) {
	failed := errors.New("no")
	for part, row := range map[string]struct {
		change  func(*Options)
		missing string
	}{
		"posture": {func(o *Options) {
			o.Posture = func(context.Context) (library.Posture, error) { return library.Posture{}, failed }
		}, "coffer_posture_check{"},
		"services": {func(o *Options) { o.Services = func() ([]Service, error) { return nil, failed } }, "coffer_service_state"},
		"library":  {func(o *Options) { o.Library = shelf{failed} }, "coffer_sources{"},
		"volume":   {func(o *Options) { o.StoreFile += "x" }, "coffer_store_size_bytes"},
	} {
		o := options(t)
		row.change(&o)
		text := ask(t, made(t, o))
		for _, p := range []string{"posture", "services", "library", "volume"} {
			if want := fmt.Sprintf("coffer_part_readable{part=%q} %d", p, map[bool]int{true: 0, false: 1}[p == part]); !strings.Contains(text, want) {
				t.Errorf("without %s: no %q", part, want)
			}
		}
		if strings.Contains(text, row.missing) || !strings.Contains(text, "coffer_uptime_seconds") {
			t.Errorf("without %s:\n%s", part, text)
		}
	}
	// An index that was never made, and a box that has not looked yet.
	o := options(t)
	o.IndexFolder += "x"
	o.Posture = func(context.Context) (library.Posture, error) { return library.Posture{}, nil }
	if text := ask(t, made(t, o)); !strings.Contains(text, "coffer_index_size_bytes 0") || strings.Contains(text, "checked_timestamp") {
		t.Error(text)
	}
}

func TestTogether(t *testing.T) {
	m := made(t, options(t))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				m.Request("GET", "/", 200, time.Millisecond)
			}
			w := httptest.NewRecorder()
			m.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		})
	}
	wg.Wait()
	if text := ask(t, m); !strings.Contains(text, `{method="GET",route="/",status="2xx"} 200`) {
		t.Error(text)
	}
}

// TestDocument keeps docs/metrics.md the series' own words.
func TestDocument(t *testing.T) {
	m := made(t, options(t))
	m.Request("GET", "/", 200, time.Millisecond)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- Written by "go test ./services/metrics -update" from the series themselves. -->

With ` + "`COFFER_METRICS=true`" + ` the box answers Prometheus at ` + "`/metrics`" + `, at the root and under the base path. Who asks needs the
scope ` + "`metrics`" + `: an API key with that scope and no other is enough, and the owner's browser has it too. Without the
option the address is not there.

No label holds a title, a name, a search, an address or a path with an id; each is of a set known beforehand. To be told
when a claim of the box does not hold: ` + "`coffer_posture_check{status=\"fail\"} == 1`" + `.

| series | kind | labels | what it is |
| --- | --- | --- | --- |
`)
	for _, f := range families {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, "`"+l.GetName()+"`")
		}
		slices.Sort(labels)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, " "), f.GetHelp())
	}
	const path = "../../docs/metrics.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != b.String() {
		t.Errorf("docs/metrics.md differs from the series (%v); run: go test ./services/metrics -update", err)
	}
}
