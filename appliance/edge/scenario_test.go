package edge_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
		"X-Forwarded-Port", "1", "X-Forwarded-Prefix", "/evil", "Proxy", "http://evil",
		"X_Auth_User", "intruder", "Host", "coffer.lan:1234",
	}
	own := map[string]string{
		"X-Edge-Token": token, "X-Client-Addr": "127.0.0.1", "X-Forwarded-Proto": "http",
		"X-Forwarded-For": "", "X-Real-Ip": "", "Forwarded": "", "X-Forwarded-Host": "", "X-Forwarded-Port": "", "X-Forwarded-Prefix": "", "Proxy": "", "X_auth_user": "", "X_Auth_User": "",
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
	for _, path := range []string{"/livez", "/readyz", "/login", "/login/step", "/setup", "/logout", "/favicon.ico", "/manifest.webmanifest",
		"/api/v1/health", "/api/v1/health/auth", "/api/v1/setup", "/api/v1/openapi.json", "/api/v1/auth/login", "/api/v1/auth/factor", "/api/v1/auth/logout"} {
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
	for _, path := range []string{"/", "/library", "/add", "/api/v1/jobs", "/api/v1/sources", "/api/v1/events"} {
		for _, method := range []string{"GET", "POST"} { // the API says so itself, and gets no body
			res := b.do(t, method, path, strings.NewReader("text"), "Host", elsewhereName)
			if res.StatusCode != 421 || res.body != "not here, 0 bytes" {
				t.Errorf("another name at %s %s: %d %q", method, path, res.StatusCode, res.body)
			}
			res.checkHeaders(t, path)
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
	large := start(t, true, func(o *edge.Options) { o.MaxUpload = 30 << 20 })
	for path, status := range map[string]int{"/api/v1/sources": 200, "/add": 200, "/api/v1/sources/text": 413, "/library/x/rename": 413} {
		if res := large.do(t, "POST", path, bytes.NewReader(make([]byte, 24<<20+1))); res.StatusCode != status {
			t.Errorf("24 MiB and a byte to %s: %d, want %d", path, res.StatusCode, status)
		}
	}
	// Without a length, as a stream.
	res := b.do(t, "POST", "/api/v1/sources", io.MultiReader(bytes.NewReader(make([]byte, 2<<20)), strings.NewReader("end")))
	if _, n := b.api.last(t); res.StatusCode != 200 || n != 2<<20+3 {
		t.Errorf("a stream: %d with %d bytes", res.StatusCode, n)
	}
}

// TestUploadPassesAsItArrives keeps the end of the body back until the API has
// seen its beginning.
func TestUploadPassesAsItArrives(t *testing.T) {
	b := start(t, true, nil)
	for _, path := range []string{"/api/v1/sources", "/add"} {
		b.api.arrived = make(chan struct{})
		reader, writer := io.Pipe()
		go func() {
			_, _ = writer.Write(make([]byte, 100<<10))
			select {
			case <-b.api.arrived:
				writer.Close()
			case <-time.After(time.Minute):
				writer.CloseWithError(errors.New("nothing arrived"))
			}
		}()
		res := b.do(t, "POST", path, reader) // fails when nothing arrived
		if res.StatusCode != 200 {
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
	for _, path := range []string{"/login/step", "/api/v1/auth/factor"} {
		if over, last = limited(path, 3); over != 3 || last.Header.Get("Retry-After") != "12" {
			t.Errorf("%s has a limit of its own: %d %v", path, over, last.Header)
		}
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

// TestFloods: what no owner does is bounded, per address.
func TestFloods(t *testing.T) {
	b := start(t, true, nil)
	t.Cleanup(func() { close(b.api.events) })
	line := "GET /api/v1/events HTTP/1.1\r\nHost: a\r\nCookie: " + signedIn() + "\r\n\r\n"
	for i := range 257 {
		c, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(c, line); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 200, false: 429}[i < 256]; res.StatusCode != want {
			t.Fatalf("stream %d: %d, want %d", i, res.StatusCode, want)
		}
	}
}

// TestRequestsPerSecond: a signed-in caller has room for 2,000 requests at once,
// and what claims to be many signed-in callers is bounded as one client.
func TestRequestsPerSecond(t *testing.T) {
	for name, row := range map[string]struct {
		cookie func(int) string
		least  int
	}{
		"one session":   {func(int) string { return signedIn() }, 2000},
		"many sessions": {func(n int) string { return fmt.Sprintf("coffer_0a1b2c3d=a.b.%043d", n) }, 4000},
	} {
		t.Run(name, func(t *testing.T) {
			if n := flood(t, start(t, true, nil), row.cookie); n < row.least {
				t.Errorf("the limit came after %d requests, want %d or more", n, row.least)
			}
		})
	}
}

// flood sends requests, many at once on each connection, and says how many were
// answered before one was refused.
func flood(t *testing.T, b *box, cookie func(int) string) int {
	t.Helper()
	const each = 1000 // after which nginx ends a connection
	for sent := 0; sent < 40*each; sent += each {
		c, err := net.Dial("tcp", b.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		var text strings.Builder
		for i := range each {
			text.WriteString("GET /api/v1/health HTTP/1.1\r\nHost: a\r\nCookie: " + cookie(sent+i) + "\r\n\r\n")
		}
		go func() { // the answers are read meanwhile
			_, _ = io.WriteString(c, text.String())
		}()
		answers := bufio.NewReader(c)
		for i := range each {
			res, err := http.ReadResponse(answers, nil)
			if err == nil {
				_, err = io.Copy(io.Discard, res.Body)
			}
			switch {
			case err != nil:
				t.Fatal(err)
			case res.StatusCode == 429:
				return sent + i
			case res.StatusCode != 200:
				t.Fatalf("request %d: %d", sent+i, res.StatusCode)
			}
		}
	}
	t.Fatal("a flood was never limited")
	return 0
}
