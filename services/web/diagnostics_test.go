package web

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// diagnosing makes diagnostic files of a few words.
type diagnosing struct {
	mu   sync.Mutex
	held *library.Diagnosis
	err  error
	made int
}

func (d *diagnosing) Preview(context.Context, bool) (library.Diagnosis, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return library.Diagnosis{}, d.err
	}
	d.made++
	made := library.Diagnosis{
		ID: "made" + strings.Repeat("x", d.made), MadeAt: time.Now(), Size: 13_015,
		Files: []library.DiagnosisFile{
			{Name: "README.txt", Text: "Diagnostics of a Coffer box, version 1.2.3\n"},
			{Name: "settings.json", Text: "{\n  \"name\": \"COFFER_SECRET_KEY\",\n  \"value\": \"configured\"\n}\n"},
			{Name: "posture.json", Text: strings.Repeat("  \"evidence\": \"it is so\",\n", 300)},
			{Name: "logs/api.log", Text: "2026-11-28T06:32:31.000Z WARN <b>msg</b>=\"it failed\" password=[redacted:known-secret]\n", Redacted: map[string]int{"known-secret": 2, "cookie": 1, "odd": 1}},
			{Name: "goroutines.txt", Text: strings.Repeat("  runtime.gopark proc.go:462\n", 300)},
		},
		LeftOut: []library.DiagnosisGap{{What: "documents", Why: "Not again."}, {What: "metrics.txt", Why: "Metrics are off (COFFER_METRICS)."}},
	}
	d.held = &made
	return made, nil
}

func (d *diagnosing) Held() (library.Diagnosis, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held == nil {
		return library.Diagnosis{}, false
	}
	return *d.held, true
}

func (d *diagnosing) Export(_ context.Context, id string) (library.Diagnosis, []byte, error) {
	h, ok := d.Held()
	if !ok || id != h.ID {
		return h, nil, &library.Error{Kind: library.NotFound, Message: "This preview is no longer held."}
	}
	return h, []byte("PK the file"), nil
}

func (d *diagnosing) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// TestDiagnosticsPage: what is in the file is seen before it is downloaded, and
// what is downloaded is what was seen.
func TestDiagnosticsPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	const path = "/settings/diagnostics"
	page, r := v.get("/posture")
	status(t, r, 200)
	has(t, page, `action="/box/settings/diagnostics"`, "Show a diagnostic file")

	page, r = v.get(path)
	status(t, r, 200)
	has(t, page, "Make the file", "What is never in it", "nor their titles", "!What is in it<", "!Download<")
	if b.diagnosing.made != 0 {
		t.Error("a look makes one")
	}
	page, r = v.post(path, nil) // and is sent on
	status(t, r, 200)
	at := strings.TrimPrefix(r.Request.URL.RequestURI(), "/box")
	has(t, page, "5 files. 4 places were blotted out or renamed.", "<code>logs/api.log</code>", "secret of the box 2", "cookie 1", "odd 1", "metrics.txt</b>", "Metrics are off",
		`name="id" value="madex"`, "Download", "!Not again", "!it failed")
	page, _ = v.get(at + "&file=logs%2Fapi.log")
	has(t, page, `id="opened"`, "it failed", "[redacted:known-secret]", "&lt;b&gt;msg", "!<b>msg")
	page, _ = v.get(path + "?file=none")
	has(t, page, "logs/api.log", `!id="opened"`)

	file, r := v.get("/api/v1/diagnostics?id=madex")
	status(t, r, 200)
	if file != "PK the file" || r.Header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(r.Header.Get("Content-Disposition"), `attachment; filename="coffer-diagnostics-`) {
		t.Errorf("%q %v", file, r.Header)
	}
	page, _ = v.get("/settings/audit")
	has(t, page, "Diagnostic file downloaded", "madex")
	text, r := v.get("/api/v1/diagnostics/preview")
	status(t, r, 200)
	has(t, text, `"name":"logs/api.log"`, `"known-secret":2`, `"left_out":[{"what":"documents"`)

	_, r = v.post(path, nil)
	status(t, r, 200)
	page, _ = v.get(at)
	has(t, page, "no longer held", "!What is in it<")
	_, r = v.get("/api/v1/diagnostics?id=madex")
	status(t, r, 404)
	b.diagnosing.fail(&library.Error{Kind: library.Internal, Message: "It was not made."})
	_, r = v.post(path, nil)
	status(t, r, 500)

	stranger := b.visitor()
	for _, closed := range []string{"/api/v1/diagnostics", "/api/v1/diagnostics/preview"} {
		_, r = stranger.get(closed)
		status(t, r, 401)
	}
}
