package api

import (
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"coffer/services/library"
)

// A name comes back from the header as it went in, whatever it holds.
func FuzzAttachment(f *testing.F) {
	for _, s := range []string{"a.pdf", "Zoë \"x\"\r\n.html", "100%", "..\\a", "a'b''c", "山"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		line := attachment(library.Source{FileName: name})
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q: %q", name, line)
		}
		kind, params, err := mime.ParseMediaType(line)
		if err != nil || kind != "attachment" {
			t.Fatalf("%q: %v", line, err)
		}
		want := baseName(name)
		if want == "" {
			want = "document"
		}
		if utf8.ValidString(name) && params["filename"] != want {
			t.Errorf("%q came back as %q", want, params["filename"])
		}
	})
}

// Whatever an Origin looks like, a request is our own only when a browser's
// idea of its host is the one that was asked.
func FuzzCrossSite(f *testing.F) {
	f.Add("http://box.local:8080", "box.local:8080")
	f.Add("http://box.local:8080@evil.example.org", "box.local:8080")
	f.Add("https://[::1]", "[::1]")
	f.Add("null", "")
	f.Fuzz(func(t *testing.T, origin, host string) {
		r := &http.Request{Host: host, Header: http.Header{"Origin": {origin}}}
		if crossSite(r) {
			return
		}
		u, err := url.Parse(origin)
		if err != nil || u.Hostname() == "" {
			t.Fatalf("%q is our own", origin)
		}
		ours := url.URL{Scheme: u.Scheme, Host: host}
		if !strings.EqualFold(u.Hostname(), ours.Hostname()) && !strings.EqualFold(u.Hostname(), host) {
			t.Errorf("%q passes for %q", origin, host)
		}
	})
}
