package auth

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

func request(proto string, headers ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	if proto != "" {
		r.Header.Set("X-Forwarded-Proto", proto)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func TestCookieShape(t *testing.T) {
	g := Grant{Token: "tok", Expires: time.Now().Add(SessionTTL), Browser: "mark", BrowserExpires: time.Now().Add(browserTTL)}
	for _, c := range []struct {
		proto, base, name, path string
		secure                  bool
	}{
		{"https", "", "__Host-coffer_0123abcd", "/", true},
		{"https", "/box", "__Secure-coffer_0123abcd", "/box", true},
		{"http", "", "coffer_0123abcd", "/", false},
		{"http", "/box", "coffer_0123abcd", "/box", false},
		{"", "", "coffer_0123abcd", "/", false},
		{"HTTPS, http", "", "coffer_0123abcd", "/", false},
	} {
		cookies := Cookies{Box: "0123abcd", BasePath: c.base}
		r := request(c.proto)
		set := append(cookies.Grant(r, g), cookies.Clear(r)...)
		if len(set) != 3 || set[0].Value != "tok" || set[1].Value != "mark" || set[2].Value != "" || set[2].MaxAge != -1 {
			t.Fatalf("%v", set)
		}
		for i, k := range set {
			name := c.name
			if i == 1 {
				name += "_known"
			}
			if k.Name != name || k.Path != c.path || k.Secure != c.secure || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Domain != "" {
				t.Errorf("%+v: %s", c, k)
			}
			if err := k.Valid(); err != nil {
				t.Errorf("%s: %v", k, err)
			}
		}
		// What was set is what is read.
		back := request(c.proto, "Cookie", set[0].Name+"="+set[0].Value+"; "+set[1].Name+"="+set[1].Value)
		if got := cookies.Tokens(back); !slices.Equal(got, []string{"tok"}) {
			t.Errorf("%+v: read %q", c, got)
		}
		if got := cookies.Client(back).Browser; got != "mark" {
			t.Errorf("%+v: browser %q", c, got)
		}
	}
}

func TestTokens(t *testing.T) {
	cookies := Cookies{Box: "0123abcd"}
	for _, c := range []struct {
		name, proto, header string
		want                []string
	}{
		{"http", "http", "coffer_0123abcd=a", []string{"a"}},
		{"https", "https", "__Host-coffer_0123abcd=a", []string{"a"}},
		{"among others", "http", "x=1; coffer_0123abcd=a; y=2", []string{"a"}},
		{"one of ours and one tossed from a parent domain", "http", "coffer_0123abcd=evil; coffer_0123abcd=a", []string{"evil", "a"}},
		{"a flood", "http", strings.Repeat("coffer_0123abcd=x; ", 50), []string{"x", "x", "x", "x"}},
		{"beside a non-ASCII one", "http", "name=Z\u00f6e; coffer_0123abcd=a", []string{"a"}},
		{"https name over http", "http", "__Host-coffer_0123abcd=a", nil},
		{"http name over https", "https", "coffer_0123abcd=a", nil},
		{"base path's name without one", "https", "__Secure-coffer_0123abcd=a", nil},
		{"another box", "http", "coffer_99999999=a", nil},
		{"a mark is no session", "http", "coffer_0123abcd_known=a", nil},
		{"empty", "http", "coffer_0123abcd=", nil},
		{"non-ASCII value", "http", "coffer_0123abcd=Z\u00f6e", nil},
		{"control character", "http", "coffer_0123abcd=a\x01", nil},
		{"huge", "http", "coffer_0123abcd=" + strings.Repeat("a", 5000), nil},
		{"malformed", "http", ";;=;coffer_0123abcd", nil},
		{"none", "http", "", nil},
	} {
		if got := cookies.Tokens(request(c.proto, "Cookie", c.header)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestClient(t *testing.T) {
	r := request("http", "X-Client-Addr", "192.0.2.1", "User-Agent", "a\xffb", "X-Forwarded-For", "203.0.113.9")
	c := Cookies{Box: "0123abcd"}.Client(r)
	if c.Address != "192.0.2.1" || c.Agent != "ab" || c.Browser != "" {
		t.Errorf("%+v", c)
	}
}

// The second step of a sign-in is found in the browser that began it, and is
// gone from there once it is over.
func TestStepCookie(t *testing.T) {
	c := Cookies{Box: "0123abcd"}
	s := Step{Ticket: "head.body.sum", Nonce: "NONCE", Expires: time.Now().Add(stepTTL)}
	for proto, name := range map[string]string{"https": "__Host-coffer_0123abcd_step", "http": "coffer_0123abcd_step"} {
		set := c.Step(request(proto), s)
		if set.Name != name || !set.HttpOnly || set.Secure != (proto == "https") || set.SameSite != http.SameSiteLaxMode || !set.Expires.Equal(s.Expires) {
			t.Errorf("%s", set)
		}
		back := request(proto, "Cookie", set.Name+"="+set.Value)
		if nonce, ticket := c.StepOf(back); nonce != s.Nonce || ticket != s.Ticket {
			t.Errorf("read %q, %q", nonce, ticket)
		}
		if len(c.Tokens(back)) != 0 {
			t.Error("it passes for a session")
		}
		all := c.Grant(back, Grant{Token: "t", Browser: "b"})
		if len(all) != 3 || all[2].Name != name || all[2].MaxAge >= 0 {
			t.Errorf("after it: %v", all)
		}
	}
	if nonce, ticket := c.StepOf(request("http", "Cookie", "coffer_0123abcd_step=x")); nonce != "x" || ticket != "" {
		t.Errorf("%q, %q", nonce, ticket)
	}
}
