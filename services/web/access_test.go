package web

import (
	"net/http"
	"net/url"
	"testing"

	"coffer/services/library"
)

// TestAccess: the names, the switch for any name with its risk, and what is used
// of each limit.
func TestAccess(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	page, _ := v.get("/settings/access")
	has(t, page, "192.168.1.20", "over http", "X-Forwarded headers count for nothing", "120 a minute", "15,000 a minute", "1,200 a minute",
		"3,000 a minute", "5 a minute for each client; after 10", "0 in the last 15 minutes", "hostile page can give the box a name",
		`name="any_host" value="1">`, "the box has its owner", "!COFFER_TRUSTED_PROXIES to its address")
	save := func(form url.Values) (string, *http.Response) { return v.post("/settings/access", form) }
	_, r := save(url.Values{"reach": {"names"}, "hosts": {"a.example"}, "may_any_host": {"1"}, "any_host": {"1"}})
	at(t, r, "/box/settings/access?done=access")
	page, _ = v.get("/settings/access")
	has(t, page, `name="any_host" value="1" checked`)
	// The wizard's form does not know the switch and leaves it.
	_, _ = v.post("/setup/reach", url.Values{"reach": {"proxy"}, "hosts": {"a.example"}})
	if s, err := b.accounts.Settings(t.Context()); err != nil || !s.AnyHost || s.Reach != "proxy" {
		t.Errorf("after the wizard: %+v, %v", s, err)
	}
	_, _ = save(url.Values{"reach": {"names"}, "hosts": {""}, "may_any_host": {"1"}})
	if s, err := b.accounts.Settings(t.Context()); err != nil || s.AnyHost || len(s.Hosts) > 0 {
		t.Errorf("after switching it off: %+v, %v", s, err)
	}
}

// Whoever would lock himself out by taking the switch back is told.
func TestAnyHostIsNotTakenFromUnderOneself(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	_, err := b.accounts.UpdateSettings(t.Context(), func(s *library.Settings) error { s.AnyHost, s.Reach = true, "names"; return nil })
	must(t, err)
	page, r := v.under("other.example").post("/settings/access", url.Values{"reach": {"names"}, "hosts": {"a.example"}, "may_any_host": {"1"}})
	status(t, r, 422)
	has(t, page, "under other.example right now")
	if s, err := b.accounts.Settings(t.Context()); err != nil || !s.AnyHost {
		t.Errorf("it was saved: %+v, %v", s, err)
	}
	// While any name is answered, no list can lock anybody out.
	_, r = v.under("other.example").post("/settings/access", url.Values{"reach": {"names"}, "hosts": {"a.example"}, "may_any_host": {"1"}, "any_host": {"1"}})
	at(t, r, "/settings/access?done=access")
}

// TestElsewhere: under a name that is not the box's the page says what to do,
// in the caller's language, and leads nowhere under that name.
func TestElsewhere(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	_, err := b.accounts.UpdateSettings(t.Context(), func(s *library.Settings) error { s.Reach = "network"; return nil })
	must(t, err)
	for _, path := range []string{"/", "/login", "/library", "/setup", "/none"} {
		page, r := v.under("evil.example").get(path)
		status(t, r, 421)
		has(t, page, "does not answer to this name", "evil.example", "list the name in Settings, Access", "COFFER_ALLOWED_HOSTS=evil.example",
			"!Signed in", "!Ada", "!Go to search")
	}
	page, r := v.under("<b>evil").get("/")
	status(t, r, 421)
	has(t, page, "does not answer to this name", "!<b>evil", "!COFFER_ALLOWED_HOSTS=")
}

// under is the same visitor in a browser that opened the box by another name.
func (v *visitor) under(name string) *visitor {
	return &visitor{&http.Client{Jar: v.Jar, Transport: named(name)}, v.b}
}

type named string

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = string(n)
	r.Header.Set("Accept", "text/html")
	return http.DefaultTransport.RoundTrip(r)
}
