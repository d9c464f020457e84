package edge_test

import (
	"strings"
	"testing"
	"time"

	"coffer/appliance/edge"
)

const year = 365 * 24 * time.Hour

// Each name is told what its owner said of it, over HTTPS only, on every answer.
func TestPins(t *testing.T) {
	var address string
	serve := withTLS(t, &address)
	b := start(t, true, func(o *edge.Options) {
		serve(o)
		o.TLS.Pins = []edge.Pin{
			{Name: "box.example.org", MaxAge: year, Below: true, Preload: true},
			{Name: "only.example.org", MaxAge: year}, {Name: "was.example.org", Below: true, Preload: true},
		}
	})
	secure := *b
	secure.url = "https://" + address
	for host, want := range map[string]string{
		"box.example.org": "max-age=31536000; includeSubDomains; preload", "BOX.example.org:8443": "max-age=31536000; includeSubDomains; preload",
		"only.example.org": "max-age=31536000", "only.example.org.:443": "max-age=31536000", "was.example.org": "max-age=0",
		"x.only.example.org": "", "only.example.orgx": "", "onlyxexample.org": "", "127.0.0.1": "",
	} {
		for path, status := range map[string]int{"/library": 200, "/login": 200, "/static/none.css": 404, "/_edge/x": 404, "/library/broken": 500} {
			a := secure.doTLS(t, "GET", path, "Host", host)
			if got := strings.Join(a.Header["Strict-Transport-Security"], "|"); got != want || a.StatusCode != status {
				t.Errorf("%s%s: %d, %q, want %q", host, path, a.StatusCode, got, want)
			}
		}
		if a := b.do(t, "GET", "/library", nil, "Host", host); a.Header["Strict-Transport-Security"] != nil {
			t.Errorf("%s is told %q over plain HTTP", host, a.Header["Strict-Transport-Security"])
		}
	}
}

// Pages lead to HTTPS, and what is no page stays where it is.
func TestPagesLeadToHTTPS(t *testing.T) {
	for _, base := range []string{"", "/box"} {
		t.Run("base "+base, func(t *testing.T) {
			var address string
			serve := withTLS(t, &address)
			b := start(t, true, func(o *edge.Options) {
				serve(o)
				o.BasePath, o.TLS.Redirect = base, "https://box.example.org:444"
			})
			to := func(path string) string { return "https://box.example.org:444" + base + path }
			for _, row := range []struct {
				method, path, location string
				status                 int
				headers                []string
			}{
				{"GET", "/library?q=a%20b", to("/library?q=a%20b"), 307, nil},
				{"GET", "/", to("/"), 307, nil},
				{"POST", "/login", to("/login"), 307, nil},
				{"GET", "/apiary", to("/apiary"), 307, nil},
				{"GET", "/library", to("/library"), 307, []string{"X-Edge-Token", strings.Repeat("0", 64)}},
				{"GET", "/library", "", 200, []string{"X-Edge-Token", token}},
				{"GET", "/library", "", 200, []string{"X-Forwarded-Proto", "https"}},
				{"GET", "/livez", "", 200, nil},
				{"GET", "/readyz", "", 200, nil},
				{"GET", "/api/v1/health", "", 200, nil},
				{"GET", "/.well-known/acme-challenge/none", "", 404, nil},
			} {
				a := b.do(t, row.method, row.path, nil, row.headers...)
				if a.StatusCode != row.status || a.Header.Get("Location") != row.location {
					t.Errorf("%s %s %q: %d to %q", row.method, row.path, row.headers, a.StatusCode, a.Header.Get("Location"))
				}
				if row.status == 307 && a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s may be kept: %q", row.path, a.Header.Get("Cache-Control"))
				}
			}
			secure := *b
			secure.url = "https://" + address + base
			if a := secure.doTLS(t, "GET", "/library"); a.StatusCode != 200 {
				t.Errorf("over HTTPS: %d to %q", a.StatusCode, a.Header.Get("Location"))
			}
		})
	}
}

// Init can tell which configuration runs, and nobody else.
func TestGeneration(t *testing.T) {
	b := start(t, true, func(o *edge.Options) { o.Generation = "g1" })
	if a := b.do(t, "GET", "/_edge/generation", nil, "X-Edge-Token", token); a.StatusCode != 200 || a.body != "g1" {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	if a := b.do(t, "GET", "/_edge/generation", nil); a.StatusCode != 404 || strings.Contains(a.body, "g1") {
		t.Errorf("a stranger: %d %q", a.StatusCode, a.body)
	}
}
