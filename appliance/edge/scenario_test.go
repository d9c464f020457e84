package edge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/appliance/edge"
)

func TestIdentityIsTheEdgesOwnWord(t *testing.T) {
	b := start(t, true, nil)
	forged := []string{
		"X-Edge-Token", "forged", "X-Auth-User", "intruder", "X-Auth-Kind", "forged", "X-Auth-Scopes", "forged",
		"X-Auth-Session", "forged", "X-Client-Addr", "6.6.6.6", "X-Forwarded-Proto", "https", "X-Request-Id", "forged",
		"X-Forwarded-For", "6.6.6.6", "X-Real-IP", "6.6.6.6", "Forwarded", "for=6.6.6.6", "X-Forwarded-Host", "evil",
		"X_Auth_User", "intruder", "Host", "coffer.lan:1234",
	}
	own := map[string]string{
		"X-Edge-Token": token, "X-Client-Addr": "127.0.0.1", "X-Forwarded-Proto": "http",
		"X-Forwarded-For": "", "X-Real-Ip": "", "Forwarded": "", "X-Forwarded-Host": "", "X_auth_user": "", "X_Auth_User": "",
	}
	for _, row := range []struct {
		path, user, kind, scopes, session string
	}{
		{"/api/v1/search?q=a", "u1", "session", "read add admin", "s1"},
		{"/library", "u1", "session", "read add admin", "s1"},
		{"/api/v1/health", "", "", "", ""},
		{"/login", "", "", "", ""},
		{"/manifest.webmanifest", "", "", "", ""},
		{"/livez", "", "", "", ""},
	} {
		res := b.do(t, "GET", row.path, nil, forged...)
		if res.StatusCode != 200 {
			t.Fatalf("%s: %d", row.path, res.StatusCode)
		}
		r, _ := b.api.last(t)
		want := map[string]string{"X-Auth-User": row.user, "X-Auth-Kind": row.kind, "X-Auth-Scopes": row.scopes, "X-Auth-Session": row.session}
		for name, value := range own {
			want[name] = value
		}
		for name, value := range want {
			if got := r.Header[name]; strings.Join(got, "|") != value {
				t.Errorf("%s: the API got %s %q, want %q", row.path, name, got, value)
			}
		}
		if id := r.Header.Get("X-Request-Id"); len(id) != 32 || id != res.Header.Get("X-Request-Id") {
			t.Errorf("%s: request id %q at the API, %q in the answer", row.path, id, res.Header.Get("X-Request-Id"))
		}
		if r.Host != "coffer.lan:1234" || r.RequestURI != row.path {
			t.Errorf("the API got %q for %q", r.Host+r.RequestURI, row.path)
		}
	}
	for _, r := range b.api.asked {
		if r.Header.Get("X-Auth-User") != "" || r.Header.Get("X-Edge-Token") != token || r.Header.Get("X-Client-Addr") != "127.0.0.1" {
			t.Errorf("the question who is asking carried %v", r.Header)
		}
	}
	if len(b.api.asked) != 2 {
		t.Errorf("%d questions for two protected paths", len(b.api.asked))
	}
}

func TestPublicAndProtected(t *testing.T) {
	b := start(t, true, nil)
	for _, path := range []string{"/livez", "/readyz", "/login", "/setup", "/logout", "/favicon.ico", "/manifest.webmanifest",
		"/api/v1/health", "/api/v1/health/auth", "/api/v1/setup", "/api/v1/openapi.json", "/api/v1/auth/login", "/api/v1/auth/logout"} {
		if res := b.do(t, "GET", path, nil, "Cookie", ""); res.StatusCode != 200 {
			t.Errorf("%s is public and answered %d", path, res.StatusCode)
		}
	}
	before := b.api.count()
	for _, path := range []string{"/api/v1/sources", "/api/v1/events", "/api/v1/", "/api/", "/api/v1/health/", "/api/v1/setup/x",
		"/api/v1/auth/me", "/api//v1/sources", "/static/../api/v1/sources", "/login/%2e%2e/api/v1/jobs"} {
		res := b.do(t, "GET", path, nil, "Cookie", "session=bad")
		var problem struct {
			Type, Title, Detail, Code string
			Status                    int
			RequestID                 string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(res.body), &problem); err != nil {
			t.Errorf("%s: %v in %q", path, err, res.body)
		}
		if res.StatusCode != 401 || problem.Status != 401 || problem.Code != "unauthorized" || problem.Detail == "" ||
			problem.RequestID != res.Header.Get("X-Request-Id") || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %q %+v", path, res.StatusCode, res.Header.Get("Content-Type"), problem)
		}
	}
	for path, location := range map[string]string{
		"/":                         "/login?next=/",
		"/library":                  "/login?next=/library",
		"/library?q=a&type=pdf&x=1": "/login?next=/library?q=a%26type=pdf%26x=1",
		"/login/":                   "/login?next=/login/",
		"/setupx":                   "/login?next=/setupx",
		"//evil.example/":           "/login?next=//evil.example/",
		"/x%0d%0aSet-Cookie:a":      "/login?next=/x%0d%0aSet-Cookie:a",
	} {
		res := b.do(t, "GET", path, nil, "Cookie", "")
		if res.StatusCode != 303 || res.Header.Get("Location") != location || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d to %q, want %q", path, res.StatusCode, res.Header.Get("Location"), location)
		}
	}
	if res := b.do(t, "POST", "/library/x/delete", nil, "Cookie", ""); res.StatusCode != 303 || res.Header.Get("Location") != "/login" {
		t.Errorf("a form: %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	for _, path := range []string{"/_edge/verify", "/_edge/bad", "/_edge/", "/_edge/x"} {
		if res := b.do(t, "GET", path, nil); res.StatusCode != 404 || strings.Contains(res.body, "from the API") {
			t.Errorf("%s: %d %q", path, res.StatusCode, res.body)
		}
	}
	if n := b.api.count(); n != before {
		t.Errorf("%d requests reached the API unasked", n-before)
	}
}

func TestBodies(t *testing.T) {
	b := start(t, true, func(o *edge.Options) { o.MaxUpload = 3 << 20 })
	for _, row := range []struct {
		path   string
		size   int
		status int
	}{
		{"/api/v1/sources", 2 << 20, 200}, // larger than nginx's own limit of 1 MB, which the question inherits
		{"/api/v1/sources", 3<<20 + 1000, 200},
		{"/api/v1/sources", 5<<20 + 1, 413},
		{"/add", 2 << 20, 200},
		{"/add", 5<<20 + 1, 413},
		{"/api/v1/sources/text", 2 << 20, 200},
		{"/api/v1/sources/text", 24<<20 + 1, 413},
		{"/api/v1/auth/login", 60 << 10, 200},
		{"/api/v1/auth/login", 65 << 10, 413},
		{"/login", 65 << 10, 413},
		{"/setup", 65 << 10, 413},
	} {
		before := b.api.count()
		res := b.do(t, "POST", row.path, bytes.NewReader(make([]byte, row.size)))
		if res.StatusCode != row.status {
			t.Errorf("%d bytes to %s: %d, want %d", row.size, row.path, res.StatusCode, row.status)
			continue
		}
		if row.status == 413 {
			problem := strings.HasPrefix(row.path, "/api/")
			if problem != strings.Contains(res.body, `"code":"too_large"`) || b.api.count() != before {
				t.Errorf("%s: %q", row.path, res.body)
			}
			continue
		}
		if _, n := b.api.last(t); n != int64(row.size) {
			t.Errorf("%s: %d of %d bytes arrived", row.path, n, row.size)
		}
	}
	// Without a length, as a stream.
	res := b.do(t, "POST", "/api/v1/sources", io.MultiReader(bytes.NewReader(make([]byte, 2<<20)), strings.NewReader("end")))
	if _, n := b.api.last(t); res.StatusCode != 200 || n != 2<<20+3 {
		t.Errorf("a stream: %d with %d bytes", res.StatusCode, n)
	}
}

// TestUploadPassesAsItArrives would time out if the edge kept the body until it
// was whole.
func TestUploadPassesAsItArrives(t *testing.T) {
	b := start(t, true, nil)
	for _, path := range []string{"/api/v1/sources", "/add"} {
		b.api.arrived = make(chan struct{})
		reader, writer := io.Pipe()
		go func() {
			_, _ = writer.Write(make([]byte, 100<<10))
			<-b.api.arrived
			writer.Close()
		}()
		if res := b.do(t, "POST", path, reader); res.StatusCode != 200 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// An answer that comes before the body is read is still the API's.
func TestUploadRefusedEarly(t *testing.T) {
	b := start(t, true, func(o *edge.Options) { o.MaxUpload = 64 << 20 })
	for range 20 {
		res := b.do(t, "POST", "/api/v1/sources", bytes.NewReader(make([]byte, 8<<20)), "X-Refuse", "yes")
		if res.StatusCode != 422 || res.body != "refused" {
			t.Fatalf("%d %q", res.StatusCode, res.body)
		}
	}
}

func TestLimits(t *testing.T) {
	b := start(t, true, nil)
	limited := func(path string, n int, headers ...string) (over int, last answer) {
		for range n {
			res := b.do(t, "POST", path, nil, headers...)
			if res.StatusCode == 429 {
				over++
				last = res
			}
		}
		return over, last
	}
	over, last := limited("/api/v1/auth/login", 20)
	if over != 9 && over != 8 {
		t.Errorf("%d of 20 sign-ins were over the limit", over)
	}
	if last.Header.Get("Retry-After") != "12" || !strings.Contains(last.body, `"code":"limited"`) ||
		last.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the limit answers %v %q", last.Header, last.body)
	}
	if over, last = limited("/login", 3); over != 3 || !strings.Contains(last.body, "Too Many Requests") {
		t.Errorf("the page and the API have limits of their own: %d %q", over, last.body)
	}
	// Looking at the page is not a try, and the owner's browser has its own bucket.
	if res := b.do(t, "GET", "/login", nil); res.StatusCode != 200 {
		t.Errorf("the page itself: %d", res.StatusCode)
	}
	if over, _ := limited("/login", 5, "Cookie", "coffer_0a1b2c3d_known=eyJh.eyJz."+strings.Repeat("x", 43)); over != 0 {
		t.Errorf("a known browser was limited %d of 5 times", over)
	}
	if over, last = limited("/setup", 20); over < 8 || last.Header.Get("Retry-After") != "20" {
		t.Errorf("setup: %d of 20 were over the limit, %v", over, last.Header)
	}
	// What the API says about limits passes as it is.
	if res := b.do(t, "GET", "/api/v1/refuse", nil); res.StatusCode != 429 || !strings.Contains(res.body, "own words") {
		t.Errorf("the API's limit: %d %q", res.StatusCode, res.body)
	}
	// 500 files at once, and pages meanwhile.
	var wg sync.WaitGroup
	statuses := make(chan int, 700)
	for range 20 {
		wg.Go(func() {
			for range 25 {
				statuses <- b.do(t, "POST", "/api/v1/sources", strings.NewReader("x")).StatusCode
				statuses <- b.do(t, "GET", "/library", nil).StatusCode
			}
		})
	}
	go func() { wg.Wait(); close(statuses) }()
	for status := range statuses {
		if status != 200 {
			t.Fatalf("the owner got %d while adding files", status)
		}
	}
}

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
}

// wanted are on every answer, whatever its status and wherever it was made.
func wanted() map[string]string {
	return map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
			"font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'",
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
	for header, value := range wanted() {
		if got := strings.Join(a.Header[header], "|"); got != value && !slices.Contains(except, header) {
			t.Errorf("%s (%d): %s is %q", name, a.StatusCode, header, got)
		}
	}
	if a.Header.Get("Permissions-Policy") == "" || len(a.Header["X-Request-Id"]) != 1 || len(a.Header["Cache-Control"]) != 1 {
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
	for path, status := range map[string]int{"/api/v1/jobs": 503, "/api/v1/health": 502, "/": 503, "/login": 502, "/livez": 502} {
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
	req.Header.Set("Cookie", "session=good")
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
	b := start(t, true, func(o *edge.Options) { o.HealthAllow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	if res := b.do(t, "GET", "/livez", nil, "Host", "any.name.example"); res.StatusCode != 200 {
		t.Errorf("the box itself: %d", res.StatusCode)
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
