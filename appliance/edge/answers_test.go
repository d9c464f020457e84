package edge_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/appliance/edge"
)

func TestAssets(t *testing.T) {
	b := start(t, true, nil)
	forever := "public, max-age=31536000, immutable"
	for _, row := range []struct {
		path, contentType, cache string
		status                   int
	}{
		{"/static/app.css", "text/css; charset=utf-8", "no-cache", 200},
		{"/static/app.css?v=abc", "text/css; charset=utf-8", forever, 200},
		{"/static/app.js?v=1", "text/javascript; charset=utf-8", forever, 200},
		{"/static/icon.0123abcd.svg", "image/svg+xml", forever, 200},
		{"/static/edge.css", "text/css; charset=utf-8", "no-cache", 200},
		{"/favicon.ico", "image/x-icon", "no-cache", 200},
		{"/static/missing.css", "text/plain; charset=utf-8", "no-store", 404},
		{"/static/missing.css?v=abc", "text/plain; charset=utf-8", "no-store", 404},
		{"/static/", "text/plain; charset=utf-8", "no-store", 404},
		{"/static/%2e%2e/templates/x", "", "no-store", 303},
		{"/static/..%2fedge/edge.css", "", "no-store", 303},
	} {
		res := b.do(t, "GET", row.path, nil, "Cookie", "")
		if res.StatusCode != row.status || strings.Join(res.Header["Cache-Control"], "|") != row.cache ||
			row.contentType != "" && res.Header.Get("Content-Type") != row.contentType {
			t.Errorf("%s: %d %q %q", row.path, res.StatusCode, res.Header.Get("Content-Type"), res.Header["Cache-Control"])
		}
		if strings.Contains(res.body, "<html") && row.status != 303 {
			t.Errorf("%s answered a page", row.path)
		}
	}
	plain := b.do(t, "GET", "/static/app.css", nil)
	small := b.do(t, "GET", "/static/app.css", nil, "Accept-Encoding", "gzip")
	tag := plain.Header.Get("ETag")
	if small.Header.Get("Content-Encoding") != "gzip" || len(small.body) >= len(plain.body) ||
		strings.TrimPrefix(small.Header.Get("ETag"), "W/") != tag || !strings.Contains(small.Header.Get("Vary"), "Accept-Encoding") {
		t.Errorf("compressed: %v", small.Header)
	}
	if res := b.do(t, "GET", "/static/app.css", nil, "If-None-Match", small.Header.Get("ETag"), "Accept-Encoding", "gzip"); res.StatusCode != 304 {
		t.Errorf("asked again with its tag: %d", res.StatusCode)
	}
	// What another site leads to is not compressed, so that its length tells
	// nothing of what stands beside words of theirs.
	at := b.url
	for says, want := range map[string]string{
		"": "gzip", "Sec-Fetch-Site: same-origin": "gzip", "Sec-Fetch-Site: none": "gzip", "Referer: " + at: "gzip", "Referer: " + at + "/a?b=c d": "gzip",
		"Sec-Fetch-Site: cross-site": "", "Sec-Fetch-Site: same-site": "", "Referer: https://other.example/": "", "Referer: " + at + ".example/": "", "Referer: about:client": "",
	} {
		name, value, _ := strings.Cut(says, ": ")
		for _, path := range []string{"/long", "/api/v1/long"} {
			if res := b.do(t, "GET", path, nil, "Accept-Encoding", "gzip", name, value); res.StatusCode != 200 || res.Header.Get("Content-Encoding") != want {
				t.Errorf("%s, %q: %d %v", path, says, res.StatusCode, res.Header)
			}
		}
	}
}

// The two policies; what the API says of an original is a third.
const (
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
	otherPolicy = "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)

// wanted are on every answer, whatever its status and wherever it was made.
func wanted() map[string]string {
	return map[string]string{
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cross-Origin-Opener-Policy":   "", // on secure origins only
		"Server":                       "nginx",
	}
}

func (a answer) checkHeaders(t *testing.T, name string, except ...string) {
	t.Helper()
	want := wanted()
	want["Content-Security-Policy"] = otherPolicy
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		want["Content-Security-Policy"] = pagePolicy
	}
	for header, value := range want {
		if got := strings.Join(a.Header[header], "|"); got != value && !slices.Contains(except, header) {
			t.Errorf("%s (%d): %s is %q", name, a.StatusCode, header, got)
		}
	}
	if !strings.HasPrefix(strings.Join(a.Header["Permissions-Policy"], "|"), "accelerometer=()") || strings.Contains(a.Header.Get("Permissions-Policy"), "API") ||
		len(a.Header["X-Request-Id"]) != 1 || len(a.Header.Get("X-Request-Id")) != 32 || len(a.Header["Cache-Control"]) != 1 {
		t.Errorf("%s (%d): %v", name, a.StatusCode, a.Header)
	}
}

func TestHeadersOnEveryStatus(t *testing.T) {
	b := start(t, true, nil)
	big := bytes.NewReader(make([]byte, 65<<10))
	get := func(path string, h ...string) answer { return b.do(t, "GET", path, nil, h...) }
	for range 12 {
		_ = b.do(t, "POST", "/api/v1/setup", nil)
	}
	for name, row := range map[string]struct {
		answer
		status int
		cache  string
	}{
		"page":           {get("/library"), 200, "no-store"},
		"API":            {get("/api/v1/jobs"), 200, "no-store"},
		"favicon":        {get("/favicon.ico", "Range", "bytes=99999999-"), 200, "no-cache"},
		"error style":    {get("/static/edge.css", "Range", "bytes=99999999-"), 200, "no-cache"},
		"asset":          {get("/static/app.css?v=1"), 200, ""},
		"sign in":        {get("/library", "Cookie", ""), 303, "no-store"},
		"API unknown":    {get("/api/v1/jobs", "Cookie", ""), 401, "no-store"},
		"no asset":       {get("/static/none"), 404, "no-store"},
		"edge":           {get("/_edge/x"), 404, "no-store"},
		"API 413":        {b.do(t, "POST", "/api/v1/auth/login", big), 413, "no-store"},
		"API 429":        {b.do(t, "POST", "/api/v1/setup", nil), 429, "no-store"},
		"page 429":       {b.do(t, "POST", "/setup", nil), 429, "no-store"},
		"API's own 500":  {get("/api/v1/broken"), 500, "no-store"},
		"asset by POST":  {b.do(t, "POST", "/static/app.css", nil), 405, "no-store"},
		"TRACE":          {b.do(t, "TRACE", "/library", nil), 405, "no-store"},
		"no host":        {b.raw(t, "GET / HTTP/1.1\r\n\r\n"), 400, "no-store"},
		"no request":     {b.raw(t, "hello\r\n\r\n"), 400, "no-store"},
		"climbing":       {b.raw(t, "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "no-store"},
		"long header":    {b.raw(t, "GET / HTTP/1.1\r\nHost: a\r\nA: "+strings.Repeat("a", 70000)+"\r\n\r\n"), 400, "no-store"},
		"long address":   {b.raw(t, "GET /"+strings.Repeat("a", 70000)+" HTTP/1.1\r\nHost: a\r\n\r\n"), 414, "no-store"},
		"other transfer": {b.raw(t, "POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zip\r\n\r\n"), 501, "no-store"},
		"not modified":   {get("/static/app.css", "If-None-Match", "*"), 304, ""},
		"range too far":  {get("/static/app.css", "Range", "bytes=99999999-"), 200, ""},
	} {
		if row.StatusCode != row.status {
			t.Errorf("%s: %d, want %d\n%s", name, row.StatusCode, row.status, row.body)
		}
		row.checkHeaders(t, name)
		if row.status >= 400 && strings.HasPrefix(row.Header.Get("Content-Type"), "text/html") && !strings.Contains(row.body, "Back to the box") {
			t.Errorf("%s: %s", name, row.body)
		}
		if row.cache != "" && row.Header.Get("Cache-Control") != row.cache {
			t.Errorf("%s: Cache-Control %q", name, row.Header.Get("Cache-Control"))
		}
		if strings.HasPrefix(name, "API ") && !strings.Contains(row.Header.Get("Content-Type"), "problem+json") {
			t.Errorf("%s: %s", name, row.Header.Get("Content-Type"))
		}
	}
	// The API may be stricter about one answer, and then counts.
	original := get("/api/v1/sources/x/original")
	original.checkHeaders(t, "original", "Content-Security-Policy")
	if got := original.Header["Content-Security-Policy"]; len(got) != 1 || got[0] != "sandbox; default-src 'none'" {
		t.Errorf("an original has the policy %q", got)
	}
	if got := original.Header["Cache-Control"]; len(got) != 1 || got[0] != "private, no-cache" {
		t.Errorf("an original is cached as %q", got)
	}
}

func TestWithoutAPI(t *testing.T) {
	b := start(t, false, nil)
	for path, status := range map[string]int{
		"/api/v1/auth/login": 502, "/api/v1/auth/logout": 502, "/api/v1/setup": 502, "/api/v1/health/auth": 502, "/api/v1/openapi.json": 502,
		"/api/v1/sources": 503, "/api/v1/events": 503, "/add": 503,
		"/api/v1/jobs": 503, "/api/v1/health": 502, "/": 503, "/login": 502, "/livez": 502,
	} {
		res := b.do(t, "GET", path, nil)
		res.checkHeaders(t, path)
		problem := strings.Contains(res.Header.Get("Content-Type"), "problem+json")
		if res.StatusCode != status || res.Header.Get("Retry-After") == "" || problem != strings.HasPrefix(path, "/api/") ||
			res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
		if !problem && (!strings.Contains(res.body, `content="3"`) || !strings.Contains(res.body, `<a href="/">`)) {
			t.Errorf("%s: %s", path, res.body)
		}
		if problem && !strings.Contains(res.body, fmt.Sprintf(`"status":%d`, status)) {
			t.Errorf("%s: %s", path, res.body)
		}
	}
	if res := b.do(t, "GET", "/static/app.css", nil); res.StatusCode != 200 {
		t.Errorf("assets: %d", res.StatusCode)
	}
}

func TestEventsPassUnbuffered(t *testing.T) {
	b := start(t, true, nil)
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", signedIn())
	go func() { b.api.events <- "first" }()
	res, err := (&http.Client{Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for _, want := range []string{"first", "second"} {
		buf := make([]byte, 100)
		n, err := res.Body.Read(buf)
		if err != nil || string(buf[:n]) != "data: "+want+"\n\n" {
			t.Fatalf("%q, %v", buf[:n], err)
		}
		if want == "first" {
			go func() { b.api.events <- "second" }()
		}
	}
	close(b.api.events)
}

func TestBasePath(t *testing.T) {
	b := start(t, true, func(o *edge.Options) { o.BasePath = "/box" })
	root := *b
	root.url = "http://" + b.addr
	if res := b.do(t, "GET", "/api/v1/jobs?a=b%26c", nil); res.StatusCode != 200 {
		t.Errorf("under the base path: %d", res.StatusCode)
	}
	if r, _ := b.api.last(t); r.RequestURI != "/box/api/v1/jobs?a=b%26c" || r.Header.Get("X-Auth-User") != "u1" {
		t.Errorf("the API got %q", r.RequestURI)
	}
	if res := b.do(t, "GET", "/library", nil, "Cookie", ""); res.Header.Get("Location") != "/box/login?next=/box/library" {
		t.Errorf("sign in at %q", res.Header.Get("Location"))
	}
	if res := b.do(t, "GET", "/api/v1/jobs", nil, "Cookie", ""); res.StatusCode != 401 || !strings.Contains(res.body, "request_id") {
		t.Errorf("unknown: %d", res.StatusCode)
	}
	for path, status := range map[string]int{
		"/box": 302, "/livez": 200, "/box/livez": 200, "/readyz": 200, "/": 404, "/api/v1/jobs": 404, "/login": 404,
		"/boxer/login": 404, "/box/static/app.css": 200, "/static/app.css": 404, "/box/static/none": 404, "/box/_edge/verify": 404,
		"/_edge/verify": 404,
	} {
		res := root.do(t, "GET", path, nil)
		if res.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, status)
		}
		res.checkHeaders(t, path)
	}
}

func TestHealthAllow(t *testing.T) {
	listed := func(o *edge.Options) { o.HealthAllow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }
	b := start(t, true, listed)
	if res := b.do(t, "GET", "/livez", nil, "Host", "any.name.example"); res.StatusCode != 200 {
		t.Errorf("the box itself: %d", res.StatusCode)
	}
	// All a test can come from is this machine: it is made a stranger.
	b = startWith(t, true, listed, func(run string) {
		path := filepath.Join(run, "edge/http.conf")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		strange := strings.Replace(string(text), "127.0.0.0/8 0;", "", 1)
		if err := os.WriteFile(path, []byte(strange), 0o440); err != nil || strange == string(text) {
			t.Fatal("the box itself is not listed", err)
		}
	})
	for path, status := range map[string]int{"/livez": 403, "/readyz": 403, "/login": 200} {
		if res := b.do(t, "GET", path, nil); res.StatusCode != status {
			t.Errorf("a stranger at %s: %d, want %d", path, res.StatusCode, status)
		}
	}
}

// TestDawdling: a client that does not finish its request line is let go.
func TestDawdling(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10 seconds")
	}
	t.Parallel()
	b := start(t, true, nil)
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	started := time.Now()
	go func() {
		for {
			if _, err := io.WriteString(c, "G"); err != nil {
				return
			}
			time.Sleep(500 * time.Millisecond)
		}
	}()
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	_, err = io.Copy(io.Discard, c)
	if took := time.Since(started); took < 5*time.Second || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("let go after %v: %v", took, err)
	}
}

func TestLogsHoldNoSecrets(t *testing.T) {
	b := start(t, true, nil)
	_ = b.do(t, "GET", "/api/v1/jobs", nil)
	_ = b.do(t, "GET", "/static/app.css", nil)
	_ = b.do(t, "GET", "/library?q=needle1", nil, "Referer", "http://x/?needle2", "Cookie", "a=needle3", "User-Agent", "needle4")
	_ = b.do(t, "GET", "/static/none?needle5", nil, "Referer", "http://x/?needle6")
	_ = b.do(t, "POST", "/api/v1/auth/login?needle7", bytes.NewReader(make([]byte, 65<<10)))
	for range 12 {
		_ = b.do(t, "POST", "/setup?needle8", nil)
	}
	_ = b.do(t, "GET", "/livez?needle9", nil)
	deadline := time.Now().Add(5 * time.Second)
	for !strings.Contains(b.log.String(), `path="/setup" status=429`) && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	log := b.log.String()
	if strings.Contains(log, "needle") {
		t.Errorf("logged: %s", log)
	}
	// One line a request: the API has its own.
	for line, want := range map[string]bool{
		`path="/library" status=303`: true, `path="/static/none" status=404`: true, `path="/setup" status=429`: true,
		`path="/api/v1/auth/login" status=413`: true, "livez": false, `path="/api/v1/jobs"`: false, `path="/static/app.css"`: false,
	} {
		if strings.Contains(log, line) != want {
			t.Errorf("%s is logged: %v, want %v in\n%s", line, !want, want, log)
		}
	}
}
