package edge_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"coffer/appliance/edge"
)

func behind(networks ...string) func(*edge.Options) {
	return func(o *edge.Options) {
		for _, n := range networks {
			o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(n))
		}
	}
}

// TestProxies: whom a listed proxy speaks for, what it says of the name and the
// scheme, and that nobody else is listened to.
func TestProxies(t *testing.T) {
	listed := start(t, true, behind("127.0.0.1/32", "10.0.0.0/8", "fd00::/8"))
	stranger := start(t, true, behind("10.0.0.0/8"))
	none := start(t, true, nil)
	for _, row := range []struct {
		name                string
		box                 *box
		headers             []string
		client, host, proto string
	}{
		{"one hop", listed, []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "box.example"}, "203.0.113.7", "box.example", "https"},
		{"a client's own words before it", listed, []string{"X-Forwarded-For", "6.6.6.6, 203.0.113.7"}, "203.0.113.7", "asked.lan:81", "http"},
		{"two listed hops", listed, []string{"X-Forwarded-For", "6.6.6.6, 203.0.113.7, 10.1.2.3"}, "203.0.113.7", "asked.lan:81", "http"},
		{"only listed hops", listed, []string{"X-Forwarded-For", "10.1.2.3"}, "10.1.2.3", "asked.lan:81", "http"},
		{"with a port", listed, []string{"X-Forwarded-For", "203.0.113.7:4711"}, "203.0.113.7", "asked.lan:81", "http"},
		{"IPv6", listed, []string{"X-Forwarded-For", "2001:db8::7, fd00::1"}, "2001:db8::7", "asked.lan:81", "http"},
		{"an unlisted hop hides what is before", listed, []string{"X-Forwarded-For", "203.0.113.7, 8.8.8.8"}, "8.8.8.8", "asked.lan:81", "http"},
		{"no address", listed, []string{"X-Forwarded-For", "unix:"}, "127.0.0.1", "asked.lan:81", "http"},
		{"nonsense", listed, []string{"X-Forwarded-For", "203.0.113.7, <script>"}, "127.0.0.1", "asked.lan:81", "http"},
		{"a list of names and schemes", listed, []string{"X-Forwarded-Proto", "http, https", "X-Forwarded-Host", "forged.example, box.example:444"}, "127.0.0.1", "box.example:444", "https"},
		{"another scheme", listed, []string{"X-Forwarded-Proto", "wss"}, "127.0.0.1", "asked.lan:81", "http"},
		{"no word", listed, nil, "127.0.0.1", "asked.lan:81", "http"},
		{"other headers", listed, []string{"X-Real-IP", "6.6.6.6", "Forwarded", "for=6.6.6.6;proto=https;host=x", "X-Forwarded-Ssl", "on", "X-Forwarded-Port", "443"}, "127.0.0.1", "asked.lan:81", "http"},
		{"not listed", stranger, []string{"X-Forwarded-For", "10.6.6.6", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "box.example"}, "127.0.0.1", "asked.lan:81", "http"},
		{"claims to be listed", stranger, []string{"X-Forwarded-For", "203.0.113.7, 10.0.0.1", "X-Forwarded-Proto", "https"}, "127.0.0.1", "asked.lan:81", "http"},
		{"none listed", none, []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "box.example"}, "127.0.0.1", "asked.lan:81", "http"},
	} {
		for _, path := range []string{"/library", "/login"} {
			res := row.box.do(t, "GET", path, nil, append([]string{"Host", "asked.lan:81"}, row.headers...)...)
			r, _ := row.box.api.last(t)
			if got := [...]string{r.Header.Get("X-Client-Addr"), r.Host, r.Header.Get("X-Forwarded-Proto")}; got != [...]string{row.client, row.host, row.proto} {
				t.Errorf("%s: %s reached the API as %q", row.name, path, got)
			}
			if r.Header.Get("X-Forwarded-For")+r.Header.Get("X-Forwarded-Host")+r.Header.Get("Forwarded") != "" {
				t.Errorf("%s: the proxy's words reached the API: %v", row.name, r.Header)
			}
			if secure := res.Header.Get("Cross-Origin-Opener-Policy") == "same-origin"; secure != (row.proto == "https") {
				t.Errorf("%s: the opener policy is sent: %v", row.name, secure)
			}
		}
		if row.box.api.asked[len(row.box.api.asked)-1].Host != row.host {
			t.Errorf("%s: the question who is asking was about %q", row.name, row.box.api.asked[len(row.box.api.asked)-1].Host)
		}
	}
}

// refusedOf sends n requests that claim different things about themselves.
func refusedOf(t *testing.T, b *box, n int, path string, headers func(i int) []string) (refused int, last answer) {
	t.Helper()
	for i := range n {
		res := b.do(t, "GET", path, nil, append([]string{"Cookie", ""}, headers(i)...)...)
		if res.StatusCode == http.StatusTooManyRequests {
			refused, last = refused+1, res
		}
	}
	return refused, last
}

// TestAnonymousLimit: 120 a minute for who is not signed in, by client.
func TestAnonymousLimit(t *testing.T) {
	nothing := func(int) []string { return nil }
	forwarded := func(format string) func(int) []string {
		return func(i int) []string { return []string{"X-Forwarded-For", fmt.Sprintf(format, i)} }
	}
	b := start(t, true, nil)
	over, last := refusedOf(t, b, 140, "/api/v1/health", forwarded("203.0.113.%d")) // nobody listens to these
	if over == 0 {
		t.Fatal("nobody was refused")
	}
	if over < 10 || over > 20 || last.Header.Get("Retry-After") != "1" || !strings.Contains(last.body, `"code":"limited"`) {
		t.Errorf("%d of 140 were refused, %v %s", over, last.Header, last.body)
	}
	last.checkHeaders(t, "the limit")
	if over, last = refusedOf(t, b, 20, "/login", nothing); over < 10 || !strings.Contains(last.body, "Too Many Requests") || strings.Contains(last.body, "starting") {
		t.Errorf("pages are counted with it: %d of 20, %q", over, last.body)
	}
	// Not counted: files, probes, who is signed in or brings a key, init itself.
	mark := "eyJh.eyJz." + strings.Repeat("m", 43)
	for name, row := range map[string][]string{
		"/static/app.css":          nil,
		"/livez":                   nil,
		"/api/v1/health?session":   {"Cookie", "coffer_0a1b2c3d=" + mark},
		"/api/v1/health?secure":    {"Cookie", "x=1; __Host-coffer_0a1b2c3d=" + mark},
		"/api/v1/health?below":     {"Cookie", "__Secure-coffer_0a1b2c3d=" + mark},
		"/api/v1/health?key":       {"Authorization", "Bearer cfr_" + strings.Repeat("k", 40)},
		"/api/v1/health?own":       {"X-Edge-Token", token},
		"/api/v1/health?known":     {"Cookie", "coffer_0a1b2c3d_known=" + mark},
		"/api/v1/health?known+tls": {"Cookie", "__Host-coffer_0a1b2c3d_known=" + strings.ReplaceAll(mark, "m", "n")},
	} {
		if over, _ := refusedOf(t, b, 30, name, func(int) []string { return row }); over > 0 {
			t.Errorf("%s: %d of 30 were refused", name, over)
		}
	}
	for name, row := range map[string][]string{
		"no session": {"Cookie", "coffer_0a1b2c3d=x"}, "another cookie": {"Cookie", "other=" + mark},
		"a forged token": {"X-Edge-Token", strings.Repeat("0", 64)}, "a short key": {"Authorization", "Bearer x"}, "a password": {"Authorization", "Basic " + strings.Repeat("k", 40)},
	} {
		if over, _ := refusedOf(t, b, 20, "/api/v1/health", func(int) []string { return row }); over < 10 {
			t.Errorf("%s: %d of 20 were refused", name, over)
		}
	}
	// It is let go two a second.
	deadline := time.Now().Add(10 * time.Second)
	for b.do(t, "GET", "/api/v1/health", nil, "Cookie", "").StatusCode != 200 {
		if time.Now().After(deadline) {
			t.Fatal("the limit is never released")
		}
		time.Sleep(50 * time.Millisecond)
	}

	proxied := start(t, true, behind("127.0.0.0/8"))
	if over, _ := refusedOf(t, proxied, 200, "/api/v1/health", forwarded("203.0.113.%d")); over > 0 {
		t.Errorf("of 200 clients behind a listed proxy %d were refused", over)
	}
	if over, _ := refusedOf(t, proxied, 140, "/api/v1/health", forwarded("2001:db8:1:2:%x::1")); over < 10 {
		t.Errorf("one network of 64 bits is one client: %d of 140 were refused", over)
	}
	if over, _ := refusedOf(t, proxied, 140, "/api/v1/health", forwarded("2001:db8:2:%x::1")); over > 0 {
		t.Errorf("140 networks of 64 bits are 140 clients: %d were refused", over)
	}
}

// TestNoHost: a request that names no host is told apart from one that does.
func TestNoHost(t *testing.T) {
	b := start(t, true, behind("127.0.0.0/8"))
	res := b.raw(t, "GET /login HTTP/1.0\r\n\r\n")
	r, _ := b.api.last(t)
	if res.StatusCode != 200 || r.Host != "unknown.invalid" {
		t.Errorf("%d as %q", res.StatusCode, r.Host)
	}
}
