package api

import (
	"net/http"
	"strings"
	"testing"

	"coffer/services/library"
)

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
		// The edge learns it before it sends anybody to sign in.
		for _, as := range []caller{nil, owner} {
			w := b.do(t, "GET", "/_edge/verify", "", as, header("Host", host))
			if (w.Code == 403) != (status == 421) || w.Code == 403 && w.Header().Get("X-Auth-User") != "" {
				t.Errorf("verify for %q: %d %v", host, w.Code, w.Header())
			}
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
