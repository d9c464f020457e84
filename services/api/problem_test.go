package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

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
