package egress

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// web answers as hostile sites do.
func web() http.Handler {
	mux := http.NewServeMux()
	html := func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html; charset=utf-8") }
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		fmt.Fprintf(w, "<p>from %s with %q %q", r.Host, r.Header.Get("Cookie"), r.Header.Get("Referer"))
	})
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, r.URL.Query().Get("u"), http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/missing", http.NotFound)
	mux.HandleFunc("/picture", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "image/png") })
	mux.HandleFunc("/untyped", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		fmt.Fprint(w, "x")
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		block := make([]byte, 1<<20)
		for range maxPage>>20 + 2 {
			if _, err := z.Write(block); err != nil {
				return
			}
		}
		z.Close()
	})
	return mux
}

func TestFetch(t *testing.T) {
	for name, value := range map[string]string{"HTTP_PROXY": "http://10.9.9.9:1", "HTTPS_PROXY": "http://10.9.9.9:1", "ALL_PROXY": "socks5://10.9.9.9:1"} {
		t.Setenv(name, value)
	}
	names := map[string][]string{
		"good.example": {"93.184.215.14"}, "six.example": {"2606:4700::1111"}, "two.example": {"10.0.0.1", "93.184.215.14"},
		"fails.example": {"9.9.9.9", "1.1.1.1"}, "dead.example": {"9.9.9.9"},
		"inside.example": {"192.168.1.1"}, "meta.example": {"169.254.169.254"}, "me.example": {"127.0.0.1", "::1"},
		"mapped.example": {"::ffff:10.0.0.1"}, "localhost": {"127.0.0.1"},
	}
	to := func(u string) string { return "http://good.example/to?u=" + u }
	for _, r := range []struct {
		name, url string
		code      Code
		says      string // in the page, or in the failure
		dialled   []string
	}{
		{"a page", "http://good.example/page", "", "from good.example", []string{"93.184.215.14:80"}},
		{"https", "https://six.example/page", CodeUntrusted, "not six.example", []string{"[2606:4700::1111]:443"}},
		{"https by a known name", "https://example.com/page", "", "from example.com", []string{"93.184.215.14:443"}},
		{"a port of the web", "http://good.example:8080/page", "", "from good.example:8080", []string{"93.184.215.14:8080"}},
		{"an address", "http://93.184.215.14/page", "", "from 93.184.215.14", []string{"93.184.215.14:80"}},
		{"the public one of two", "http://two.example/page", "", "from two", []string{"93.184.215.14:80"}},
		{"the next when one fails", "http://fails.example/page", "", "from fails", []string{"9.9.9.9:80", "1.1.1.1:80"}},
		{"a redirect", to("http://six.example/page"), "", `from six.example with "" `, []string{"93.184.215.14:80", "[2606:4700::1111]:80"}},
		{"no route", "http://dead.example/page", CodeUnreachable, "no route", []string{"9.9.9.9:80"}},
		{"no name", "http://none.example/page", CodeUnreachable, "no such name", nil},
		{"private", "http://inside.example/page", CodeRefused, "private", nil},
		{"metadata", "http://meta.example/page", CodeRefused, "clouds", nil},
		{"loopback", "http://me.example/page", CodeRefused, "this machine", nil},
		{"mapped", "http://mapped.example/page", CodeRefused, "private", nil},
		{"localhost", "http://localhost/page", CodeRefused, "this machine", nil},
		{"a private address", "http://10.0.0.1/page", CodeRefused, "private", nil},
		{"a mapped address", "http://[::ffff:127.0.0.1]/page", CodeRefused, "this machine", nil},
		{"an address of a link", "http://[fe80::1%25eth0]/page", CodeRefused, "link-local", nil},
		{"a number for an address", "http://2130706433/page", CodeUnreachable, "no such name", nil},
		{"hexadecimal", "http://0x7f.1/page", CodeUnreachable, "no such name", nil},
		{"octal", "http://0177.0.0.1/page", CodeUnreachable, "no such name", nil},
		{"mail", "http://good.example:25/page", CodeRefused, "port 25", nil},
		{"ssh", "https://good.example:22/", CodeRefused, "port 22", nil},
		{"file", "file:///etc/passwd", CodeInvalid, "no address", nil},
		{"ftp", "ftp://good.example/page", CodeRefused, "http and https", nil},
		{"gopher", "gopher://good.example:80/_GET", CodeRefused, "http and https", nil},
		{"a password", "http://u:p@good.example/page", CodeRefused, "password", nil},
		{"nothing", "", CodeInvalid, "no address", nil},
		{"no host", "http:///page", CodeInvalid, "no address", nil},
		{"opaque", "http:good.example", CodeInvalid, "no address", nil},
		{"long", "http://good.example/" + strings.Repeat("a", maxURL), CodeInvalid, "too long", nil},
		{"redirect inside", to("http://inside.example/page"), CodeRefused, "private", []string{"93.184.215.14:80"}},
		{"redirect to an address", to("http://169.254.169.254/latest"), CodeRefused, "clouds", []string{"93.184.215.14:80"}},
		{"redirect to a file", to("file:///etc/passwd"), CodeInvalid, "no address", []string{"93.184.215.14:80"}},
		{"redirect to a port", to("http://good.example:6379/"), CodeRefused, "port 6379", []string{"93.184.215.14:80"}},
		{"redirect with a password", to("http://u:p@six.example/"), CodeRefused, "password", []string{"93.184.215.14:80"}},
		{"redirects without end", "http://good.example/loop", CodeRefused, "more than 5", []string{"93.184.215.14:80"}},
		{"missing", "http://good.example/missing", CodeUnreachable, "404", []string{"93.184.215.14:80"}},
		{"a picture", "http://good.example/picture", CodeType, "no kind of document", []string{"93.184.215.14:80"}},
		{"without a type", "http://good.example/untyped", CodeType, "no kind of document", []string{"93.184.215.14:80"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			n := newNetwork(t, web())
			n.names = names
			n.leads("example.com", names["good.example"]...)
			var got strings.Builder
			c := serve(t, n.server(Fetch))
			p, err := c.Fetch(t.Context(), r.url, &got)
			wants(t, err, r.code, r.says)
			if r.code == "" && (!strings.Contains(got.String(), r.says) || p.Type != "text/html") {
				t.Errorf("%+v %.200q, want %q", p, got.String(), r.says)
			}
			if !slices.Equal(slices.Compact(n.reached()), r.dialled) {
				t.Errorf("dialled %v, want %v", n.reached(), r.dialled)
			}
			n.counts(t, r.code, len(r.dialled) > 0)
		})
	}
}

// counts checks that what was tried is told, and what was refused with why.
func (n *network) counts(t *testing.T, code Code, sent bool) {
	t.Helper()
	refused, bytes := 0, int64(0)
	for _, a := range n.told() {
		if a.Purpose != Fetch || a.Destination == "" || a.At.IsZero() || a.Outcome != Connected && a.Reason == "" {
			t.Errorf("%+v", a)
		}
		if a.Outcome == Refused {
			refused++
		}
		bytes += a.Sent
	}
	if len(n.told()) == 0 || code == CodeRefused && refused == 0 && !strings.HasSuffix(t.Name(), "without_end") {
		t.Errorf("told %+v", n.told())
	}
	if sent && code == "" && bytes == 0 {
		t.Error("no byte is counted")
	}
}

// The name is asked for once, and what is dialled is what was judged: an answer
// that changes between the two has nobody to change it for.
func TestRebinding(t *testing.T) {
	n := newNetwork(t, web())
	s := n.server(Fetch)
	through := s.door
	answers := [][]string{{"93.184.215.14"}, {"127.0.0.1"}}
	s.door = func(purpose string, limit int64) *door {
		d := through(purpose, limit)
		ask := d.lookup
		lookup := func(host string) {
			n.leads(strings.TrimSuffix(host, "."), answers[min(len(n.hosts()), 1)]...)
		}
		d.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) { lookup(host); return ask(ctx, host) }
		return d
	}
	c := serve(t, s)
	var got strings.Builder
	_, err := c.Fetch(t.Context(), "http://rebind.example/page", &got)
	wants(t, err, "", "")
	if !slices.Equal(n.reached(), []string{"93.184.215.14:80"}) || len(n.hosts()) != 1 {
		t.Errorf("asked %v, dialled %v", n.hosts(), n.reached())
	}
	// The second time the name leads inside.
	_, err = c.Fetch(t.Context(), "http://rebind.example/page", &got)
	wants(t, err, CodeRefused, "this machine")
	if len(n.reached()) != 1 {
		t.Errorf("dialled %v", n.reached())
	}
}

// What unpacks to more than is taken is given up on the way.
func TestBomb(t *testing.T) {
	n := newNetwork(t, web())
	n.leads("good.example", "1.1.1.1")
	d, got := n.through(publicDoor(Fetch, maxPage, n.tell)), 0
	err := fetch(t.Context(), d, &url.URL{Scheme: "http", Host: "good.example", Path: "/bomb"},
		func(Page) error { return nil }, func(b []byte) error { got += len(b); return nil })
	wants(t, err, CodeTooLarge, "64 MiB")
	if got > maxPage {
		t.Errorf("%d bytes are handed on", got)
	}
	// What comes over the line is bounded by itself.
	d = n.through(publicDoor(Fetch, 1000, n.tell))
	err = fetch(t.Context(), d, &url.URL{Scheme: "http", Host: "good.example", Path: "/bomb"},
		func(Page) error { return nil }, func([]byte) error { return nil })
	wants(t, err, CodeTooLarge, "more than is taken")
}

// A caller that stops listening ends the fetch.
func TestFetchWriterFails(t *testing.T) {
	n := newNetwork(t, web())
	n.leads("good.example", "1.1.1.1")
	full := errors.New("full")
	_, err := serve(t, n.server(Fetch)).Fetch(t.Context(), "http://good.example/page", failing{full})
	if !errors.Is(err, full) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return 0, f.err
}
