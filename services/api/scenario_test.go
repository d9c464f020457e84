package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// scenario is one request and what its answer must and must not have.
type scenario struct {
	name         string
	method, path string
	body         string
	as           []caller
	status       int
	has, hasNot  []string
}

func (b *box) play(t *testing.T, all []scenario) {
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			w := b.do(t, s.method, s.path, s.body, s.as...)
			if w.Code != s.status {
				t.Errorf("%d, want %d: %s", w.Code, s.status, w.Body)
			}
			for _, text := range s.has {
				if !strings.Contains(w.Body.String(), text) {
					t.Errorf("%q is not in %s", text, w.Body)
				}
			}
			for _, text := range s.hasNot {
				if strings.Contains(w.Body.String(), text) {
					t.Errorf("%q is in %s", text, w.Body)
				}
			}
		})
	}
}

// Without the edge's token nothing but the probes answers, whoever the
// headers claim to be.
func TestEdgeOnly(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	claims := header("X-Auth-User", theSeed.owner.ID, "X-Auth-Kind", "session", "X-Auth-Session", theSeed.session.ID, "X-Auth-Scopes", "admin")
	for _, token := range []caller{without("X-Edge-Token"), header("X-Edge-Token", ""), header("X-Edge-Token", edgeToken[:31]), header("X-Edge-Token", edgeToken+"x"), header("X-Edge-Token", "undefined")} {
		for _, path := range []string{
			"/api/v1/auth/me", "/api/v1/sources", "/api/v1/health", "/api/v1/health/auth", "/api/v1/setup",
			"/api/v1/openapi.json", "/_edge/verify", "/", "/nothing", "/setup",
		} {
			for _, as := range []caller{nil, claims, owner} {
				if w := b.do(t, "GET", path, "", token, as); w.Code != http.StatusUnauthorized {
					t.Errorf("GET %s: %d", path, w.Code)
				}
			}
		}
		for _, path := range []string{"/livez", "/readyz"} {
			if w := b.do(t, "GET", path, "", token, header("Host", "whatever.example.org")); w.Code != http.StatusOK {
				t.Errorf("GET %s: %d", path, w.Code)
			}
		}
		if w := b.do(t, "POST", "/livez", "", token); w.Code != http.StatusUnauthorized {
			t.Errorf("POST /livez: %d", w.Code)
		}
	}
}

// With the edge's token the headers count, and only for a session that lives.
func TestIdentityHeaders(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	user, session := theSeed.owner.ID, theSeed.session.ID
	named := func(user, session string) caller {
		return header("X-Auth-User", user, "X-Auth-Kind", "session", "X-Auth-Session", session, "X-Auth-Scopes", "read add admin")
	}
	b.play(t, []scenario{
		{name: "named", method: "GET", path: "/api/v1/auth/me", as: []caller{named(user, session)}, status: 200, has: []string{`"Ada"`}},
		{name: "cookie", method: "GET", path: "/api/v1/auth/me", as: []caller{owner}, status: 200, has: []string{`"Ada"`}},
		{name: "nobody", method: "GET", path: "/api/v1/auth/me", status: 401},
		{name: "another user", method: "GET", path: "/api/v1/auth/me", as: []caller{named("somebody", session)}, status: 401, hasNot: []string{"Ada"}},
		{name: "another session", method: "GET", path: "/api/v1/auth/me", as: []caller{named(user, "MADEUP")}, status: 401},
		{name: "no session", method: "GET", path: "/api/v1/auth/me", as: []caller{named(user, "")}, status: 401},
		{name: "bad header and good cookie", method: "GET", path: "/api/v1/auth/me", as: []caller{owner, named(user, "MADEUP")}, status: 401},
		{name: "cookie of the other scheme", method: "GET", path: "/api/v1/auth/me", as: []caller{owner, header("X-Forwarded-Proto", "https")}, status: 401},
		{name: "non-ASCII cookie", method: "GET", path: "/api/v1/auth/me", as: []caller{header("Cookie", b.cookies.Box+"=é; coffer_"+b.cookies.Box+"=é")}, status: 401},
		{name: "non-ASCII cookie beside ours", method: "GET", path: "/api/v1/auth/me", as: []caller{header("Cookie", "name=Zöe; coffer_"+b.cookies.Box+"="+theSeed.grant.Token)}, status: 200},
		{name: "tossed cookie beside ours", method: "GET", path: "/api/v1/auth/me", as: []caller{header("Cookie", "coffer_"+b.cookies.Box+"=x.y.z; coffer_"+b.cookies.Box+"="+theSeed.grant.Token)}, status: 200},
	})
	must(t, b.keeper.Logout(t.Context(), session))
	if w := b.do(t, "GET", "/api/v1/auth/me", "", named(user, session)); w.Code != 401 {
		t.Errorf("after sign-out: %d", w.Code)
	}
}

func TestVerify(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	w := b.do(t, "GET", "/_edge/verify", "", owner, header("Host", "any.example.org"))
	h := w.Header()
	if w.Code != 200 || w.Body.Len() != 0 || h.Get("X-Auth-User") != theSeed.owner.ID || h.Get("X-Auth-Kind") != "session" ||
		h.Get("X-Auth-Scopes") != "read add admin" || h.Get("X-Auth-Session") != theSeed.session.ID {
		t.Errorf("%d %v %s", w.Code, h, w.Body)
	}
	for name, as := range map[string]caller{
		"nobody":           nil,
		"junk":             b.cookie("junk"),
		"non-ASCII cookie": header("Cookie", "coffer_"+b.cookies.Box+"=Zöe"),
		"only headers":     header("X-Auth-User", theSeed.owner.ID, "X-Auth-Session", theSeed.session.ID),
		"other scheme":     func(r *http.Request) { owner(r); r.Header.Set("X-Forwarded-Proto", "https") },
	} {
		w := b.do(t, "GET", "/_edge/verify", "", as)
		if w.Code != 401 || w.Header().Get("X-Auth-User") != "" || w.Body.Len() != 0 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}

// Every route that is not public answers 401 to nobody, before it looks at the
// body or tells whether a thing exists.
func TestEveryRouteNeedsAnIdentity(t *testing.T) {
	b, _ := newOwnedBox(t, nil)
	public := map[string]bool{
		"GET /livez": true, "HEAD /livez": true, "GET /readyz": true, "HEAD /readyz": true, "GET /_edge/verify": true,
		"GET /api/v1/health": true, "GET /api/v1/health/auth": true, "GET /api/v1/setup": true, "POST /api/v1/setup": true,
		"POST /api/v1/auth/login": true, "POST /api/v1/auth/logout": true, "GET /api/v1/openapi.json": true,
	}
	closed := 0
	for _, r := range b.Routes() {
		if public[r.Method+" "+r.Path] {
			continue
		}
		closed++
		path := strings.ReplaceAll(r.Path, ":id", "unknown")
		for _, body := range []string{"", "{", "not json"} {
			if w := b.do(t, r.Method, path, body); w.Code != 401 {
				t.Errorf("%s %s with %q: %d", r.Method, path, body, w.Code)
			}
		}
	}
	if closed < 15 {
		t.Errorf("only %d routes need an identity", closed)
	}
}

func TestCrossSite(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	const path, body = "/api/v1/sources/text", `{"title":"x","text":""}`
	// An empty note is refused with 422: the request got through, and added
	// nothing.
	for _, c := range []struct {
		name   string
		as     caller
		status int
	}{
		{"a script", nil, 422},
		{"same origin", header("Sec-Fetch-Site", "same-origin"), 422},
		{"typed", header("Sec-Fetch-Site", "none"), 422},
		{"origin is the host", header("Origin", "http://box.local:8080"), 422},
		{"origin in capitals", header("Origin", "http://BOX.local:8080"), 422},
		{"default port spelt out", header("Origin", "http://box.local", "Host", "box.local:80"), 422},
		{"default port left out", header("Origin", "https://box.local:443", "Host", "box.local"), 422},
		{"TLS ends before us", header("Origin", "https://box.local", "Host", "box.local"), 422},
		{"an IPv6 address", header("Origin", "http://[2001:db8::1]:8080", "Host", "[2001:db8::1]:8080"), 422},
		{"an IPv6 address, default port", header("Origin", "http://[2001:db8::1]", "Host", "[2001:db8::1]:80"), 422},
		{"same origin by fetch metadata wins", header("Sec-Fetch-Site", "same-origin", "Origin", "http://other.local"), 422},

		{"cross-site", header("Sec-Fetch-Site", "cross-site"), 403},
		{"another subdomain", header("Sec-Fetch-Site", "same-site"), 403},
		{"cross-site with our origin", header("Sec-Fetch-Site", "cross-site", "Origin", "http://box.local:8080"), 403},
		{"an unknown word", header("Sec-Fetch-Site", "friendly"), 403},
		{"an empty word", header("Sec-Fetch-Site", ""), 403},
		{"said twice", func(r *http.Request) { r.Header["Sec-Fetch-Site"] = []string{"same-origin", "cross-site"} }, 403},
		{"another origin", header("Origin", "http://evil.example.org"), 403},
		{"another port", header("Origin", "http://box.local:9090"), 403},
		{"our host as a prefix", header("Origin", "http://box.local:8080.evil.example.org"), 403},
		{"our host as a user", header("Origin", "http://box.local:8080@evil.example.org"), 403},
		{"null", header("Origin", "null"), 403},
		{"empty", header("Origin", ""), 403},
		{"an extension", header("Origin", "chrome-extension://box.local:8080"), 403},
		{"a file", header("Origin", "file://"), 403},
		{"no scheme", header("Origin", "box.local:8080"), 403},
		{"two origins", func(r *http.Request) {
			r.Header["Origin"] = []string{"http://box.local:8080", "http://evil.example.org"}
		}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			if w := b.do(t, "POST", path, body, owner, c.as); w.Code != c.status {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
		})
	}
	evil := header("Sec-Fetch-Site", "cross-site")
	for _, r := range b.Routes() {
		if strings.HasSuffix(r.Path, "/events") {
			continue // a stream does not end
		}
		path := strings.ReplaceAll(r.Path, ":id", "unknown")
		w := b.do(t, r.Method, path, "", owner, evil)
		if unsafe := r.Method != "GET" && r.Method != "HEAD"; unsafe != (w.Code == 403) {
			t.Errorf("%s %s from another site: %d", r.Method, r.Path, w.Code)
		}
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "FROB"} {
		if w := b.do(t, method, "/a-page", "", owner, evil); w.Code != 403 {
			t.Errorf("%s a page from another site: %d", method, w.Code)
		}
	}
	if _, err := b.keeper.Verify(t.Context(), theSeed.grant.Token); err != nil {
		t.Error("another site signed the owner out")
	}
}

func TestHostRule(t *testing.T) {
	b, owner := newOwnedBox(t, func(o *Options) { o.Hosts.Fixed = []string{"fixed.example.org"} })
	set := func(s library.Settings) {
		_, err := b.accounts.UpdateSettings(t.Context(), func(x *library.Settings) error { *x = s; return nil })
		must(t, err)
	}
	set(library.Settings{Hosts: []string{"listed.example.org"}, Reach: "names"})
	for host, status := range map[string]int{
		"box.local:8080": 200, "192.0.2.1": 200, "[2001:db8::1]:8080": 200, "nas": 200,
		"listed.example.org": 200, "LISTED.example.org.:8080": 200, "fixed.example.org": 200,
		"evil.example.org": 421, "listed.example.org.evil.com": 421, "127.0.0.1.evil.com": 421, "": 421, "a b": 421,
	} {
		if w := b.do(t, "GET", "/api/v1/auth/me", "", owner, header("Host", host)); w.Code != status {
			t.Errorf("%q: %d", host, w.Code)
		}
	}
	evil := header("Host", "evil.example.org")
	for _, path := range []string{"/", "/setup", "/api/v1/setup", "/static/app.js", "/login", "/api/v1/openapi.json", "/api/v1/health", "/nothing"} {
		if w := b.do(t, "GET", path, "", evil); w.Code != 421 {
			t.Errorf("%s under an unknown name: %d", path, w.Code)
		}
	}
	w := b.do(t, "GET", "/library", "", evil, header("Accept", "text/html,*/*", "Host", "<b>evil"))
	if w.Code != 421 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || strings.Contains(w.Body.String(), "<b>") || !strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
		t.Errorf("page: %d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := b.do(t, "GET", "/api/v1/auth/me", "", evil, header("Accept", "text/html")); w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("the API answers a page: %v", w.Header())
	}
	for _, probe := range []string{"/livez", "/readyz"} {
		if w := b.do(t, "GET", probe, "", evil); w.Code != 200 {
			t.Errorf("%s: %d", probe, w.Code)
		}
	}
	set(library.Settings{AnyHost: true, Reach: "names"})
	if w := b.do(t, "GET", "/api/v1/auth/me", "", owner, evil); w.Code != 200 {
		t.Errorf("any host: %d", w.Code)
	}
}

// Before setup any name reaches the wizard and what it loads, and nothing
// else; so until the owner has said who may reach the box.
func TestHostRuleDuringSetup(t *testing.T) {
	reachable := map[string]bool{
		"/setup": true, "/setup/reach": true, "/api/v1/setup": true, "/static/app.js": true, "/favicon.ico": true, "/manifest.webmanifest": true,
		"/": false, "/login": false, "/library": false, "/setupx": false, "/static": false, "/api/v1/health": false,
		"/api/v1/setup/x": false, "/api/v1/auth/login": false, "/api/v1/sources": false, "/x/setup": false,
	}
	check := func(t *testing.T, b *box, open bool) {
		t.Helper()
		for path, want := range reachable {
			w := b.do(t, "GET", path, "", header("Host", "evil.example.org"))
			if (w.Code != 421) != (want && open) {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
	}
	fresh := newBox(t, nil)
	check(t, fresh, true)
	b, _ := newOwnedBox(t, nil)
	check(t, b, true)
	_, err := b.accounts.UpdateSettings(t.Context(), func(s *library.Settings) error { s.Reach = "network"; return nil })
	must(t, err)
	check(t, b, false)
}

func TestBodyLimits(t *testing.T) {
	b, owner := newOwnedBox(t, func(o *Options) { o.MaxUpload = 1 << 20 })
	big, multipart := form("file", "a.txt", strings.Repeat("a", 1<<20+1))
	huge, _ := form("file", "a.txt", strings.Repeat("a", 3<<20))
	fits, _ := form("file", "a.txt", strings.Repeat("b", 1<<20))
	unknown := func(r *http.Request) { r.ContentLength = -1; r.TransferEncoding = []string{"chunked"} }
	pad := strings.Repeat("a", maxJSON)
	b.play(t, []scenario{
		{name: "as large as allowed", method: "POST", path: "/api/v1/sources", body: fits, as: []caller{owner, multipart}, status: 202},
		{name: "a byte more", method: "POST", path: "/api/v1/sources", body: big, as: []caller{owner, multipart}, status: 413, has: []string{"too_large"}},
		{name: "a byte more, chunked", method: "POST", path: "/api/v1/sources", body: big, as: []caller{owner, multipart, unknown}, status: 413},
		{name: "huge", method: "POST", path: "/api/v1/sources", body: huge, as: []caller{owner, multipart}, status: 413},
		{name: "huge, chunked", method: "POST", path: "/api/v1/sources", body: huge, as: []caller{owner, multipart, unknown}, status: 413},
		{name: "JSON", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":"` + pad + `"}`, status: 413, hasNot: []string{"aaaa"}},
		{name: "JSON, chunked", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":"` + pad + `"}`, as: []caller{unknown}, status: 413},
		{name: "a form of a page", method: "POST", path: "/login", body: strings.Repeat("a", maxNote+1), status: 413},
	})
	if n := len(b.files(t)); n != 1 {
		t.Errorf("%d files kept, want the one that was taken", n)
	}
}

// What huma says of its own accord is a problem like any other, and quotes
// nothing of what was sent.
func TestHumaErrors(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	const secret = "hunter2hunter2"
	b.play(t, []scenario{
		{name: "no JSON", method: "POST", path: "/api/v1/auth/login", body: `{"password":"` + secret, status: 400, has: []string{"malformed"}, hasNot: []string{secret}},
		{name: "no body", method: "POST", path: "/api/v1/auth/login", status: 400},
		{name: "a field missing", method: "POST", path: "/api/v1/auth/login", body: `{"password":"` + secret + `"}`, status: 422, has: []string{`"errors"`, "username"}, hasNot: []string{secret}},
		{name: "a field of another kind", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":["` + secret + `"]}`, status: 422, has: []string{`"field":"password"`}, hasNot: []string{secret}},
		{name: "an unknown field", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":"x","pasword":"` + secret + `"}`, status: 422, has: []string{`"field":"pasword"`}, hasNot: []string{secret}},
		{name: "another content type", method: "POST", path: "/api/v1/auth/login", body: "username=Ada", as: []caller{header("Content-Type", "application/x-www-form-urlencoded")}, status: 415, hasNot: []string{"Ada"}},
		{name: "a malformed content type", method: "POST", path: "/api/v1/auth/login", body: `{"a":1}`, as: []caller{header("Content-Type", ";+")}, status: 415},
		{name: "a limit that is no number", method: "GET", path: "/api/v1/sources?limit=many", as: []caller{owner}, status: 422, has: []string{`"field":"limit"`}, hasNot: []string{"many"}},
		{name: "a limit too high", method: "GET", path: "/api/v1/sources?limit=201", as: []caller{owner}, status: 422, has: []string{`"field":"limit"`}},
		{name: "a limit too low", method: "GET", path: "/api/v1/sources?limit=0", as: []caller{owner}, status: 422},
		{name: "an unknown status", method: "GET", path: "/api/v1/sources?status=lost", as: []caller{owner}, status: 422},
		{name: "no query", method: "GET", path: "/api/v1/search", as: []caller{owner}, status: 422, has: []string{`"field":"q"`}},
		{name: "an empty query", method: "GET", path: "/api/v1/search?q=", as: []caller{owner}, status: 422},
		{name: "a bad date", method: "GET", path: "/api/v1/search?q=x&from=yesterday", as: []caller{owner}, status: 422, has: []string{`"field":"from"`}},
		{name: "no such route", method: "GET", path: "/api/v1/nothing", as: []caller{owner}, status: 404},
		{name: "a slash too many", method: "GET", path: "/api/v1/sources/", as: []caller{owner}, status: 404},
		{name: "another method", method: "PUT", path: "/api/v1/sources", as: []caller{owner}, status: 405},
		{name: "an unheard-of method", method: "FROB", path: "/api/v1/sources", as: []caller{owner}, status: 405},
		{name: "accepts only XML", method: "GET", path: "/api/v1/auth/me", as: []caller{owner, header("Accept", "text/xml")}, status: 200},
		{name: "accepts only XML, error", method: "GET", path: "/api/v1/sources?limit=0", as: []caller{owner, header("Accept", "text/xml")}, status: 422},
	})
	if w := b.do(t, "PUT", "/api/v1/sources", "", owner); w.Header().Get("Allow") == "" {
		t.Error("405 without Allow")
	}
}

// A fault of the box says so and no more; its cause is in the log once.
func TestInternalErrors(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	b.accounts.fail(&library.Error{Kind: library.Internal, Message: "reading settings", Cause: errSecretCause{}})
	w := b.do(t, "GET", "/api/v1/settings", "", owner)
	if w.Code != 500 || strings.Contains(w.Body.String(), "bolt page 7") || strings.Contains(w.Body.String(), "reading settings") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if n := strings.Count(b.log.String(), "bolt page 7"); n != 1 {
		t.Errorf("the cause is in the log %d times", n)
	}
	if !strings.Contains(b.log.String(), w.Header().Get("X-Request-Id")) {
		t.Error("the request's id is not in the log")
	}
	if w := b.do(t, "GET", "/api/v1/auth/me", "", owner, header("Host", "unknown.example.org")); w.Code != 500 {
		t.Errorf("a host rule that cannot be read lets pass: %d", w.Code)
	}
}

type errSecretCause struct{}

func (errSecretCause) Error() string { return "bolt page 7 is torn" }

func TestPanic(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	b.GET("/boom", func(c *gin.Context) { panic("secret state") })
	b.GET("/abort", func(c *gin.Context) { panic(http.ErrAbortHandler) })
	w := b.do(t, "GET", "/boom", "", owner)
	if w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if n := strings.Count(b.log.String(), `"panic":"secret state"`); n != 1 {
		t.Errorf("logged %d times", n)
	}
	func() {
		defer func() {
			if recover() != http.ErrAbortHandler {
				t.Error("an abort was swallowed")
			}
		}()
		b.ServeHTTP(httptest.NewRecorder(), request("GET", "/abort", ""))
	}()
}

// The request log has no query, cookie, body or path parameter.
func TestRequestLog(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	b.do(t, "GET", "/api/v1/search?q=private-words", "", owner)
	b.do(t, "GET", "/api/v1/sources/private-id", "", owner)
	b.do(t, "GET", "/private-path?token=private-token", "", owner)
	b.do(t, "POST", "/api/v1/auth/login", `{"username":"private-name","password":"private-password"}`)
	b.do(t, "GET", "/api/v1/auth/me", "", owner, header("X-Request-Id", "chosen-by-the-edge"))
	b.do(t, "GET", "/api/v1/auth/me", "", owner, header("X-Request-Id", "forged\nline"))
	log := b.log.String()
	for _, s := range []string{"private", theSeed.grant.Token, "forged"} {
		if strings.Contains(log, s) {
			t.Errorf("%q is in the log:\n%s", s, log)
		}
	}
	for _, s := range []string{`"route":"/api/v1/search"`, `"route":"/api/v1/sources/:id"`, `"status":404`, `"method":"POST"`, `"request_id":"chosen-by-the-edge"`, `"duration"`, `"bytes"`} {
		if !strings.Contains(log, s) {
			t.Errorf("%s is not in the log", s)
		}
	}
}

func TestBasePath(t *testing.T) {
	b, _ := newOwnedBox(t, func(o *Options) { o.BasePath = "/box" })
	owner := b.cookie(theSeed.grant.Token)
	for path, status := range map[string]int{
		"/box/api/v1/auth/me": 200, "/api/v1/auth/me": 404, "/box/livez": 200, "/livez": 200, "/box/readyz": 200, "/readyz": 200, "/_edge/verify": 200,
	} {
		if w := b.do(t, "GET", path, "", owner); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := b.do(t, "POST", "/box/api/v1/auth/logout", "", owner, header("X-Forwarded-Proto", "https"))
	if c := w.Header().Get("Set-Cookie"); !strings.HasPrefix(c, "__Secure-coffer_") || !strings.Contains(c, "Path=/box") {
		t.Error(c)
	}
	if w := b.do(t, "GET", "/box/api/v1/openapi.json", ""); !strings.Contains(w.Body.String(), `"/box/api/v1"`) {
		t.Error("the document has another server")
	}
}

func TestNewRefuses(t *testing.T) {
	b := newBox(t, nil)
	good := Options{Library: b.lib, Keeper: b.keeper, Accounts: b.accounts, EdgeToken: edgeToken, MaxUpload: 1}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no library":        func(o *Options) { o.Library = nil },
		"no keeper":         func(o *Options) { o.Keeper = nil },
		"no accounts":       func(o *Options) { o.Accounts = nil },
		"no edge token":     func(o *Options) { o.EdgeToken = "" },
		"short edge token":  func(o *Options) { o.EdgeToken = "short" },
		"base path open":    func(o *Options) { o.BasePath = "box"; o.Cookies.BasePath = "box" },
		"base path a slash": func(o *Options) { o.BasePath = "/"; o.Cookies.BasePath = "/" },
		"cookies elsewhere": func(o *Options) { o.Cookies.BasePath = "/x" },
		"nothing to upload": func(o *Options) { o.MaxUpload = 0 },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
