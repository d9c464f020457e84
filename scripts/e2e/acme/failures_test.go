package acme

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/pebble"
	"coffer/scripts/e2e/tier"
)

// order asks for certificates for names, and returns the code of a refusal.
func (g *guest) order(names ...string) string {
	g.t.Helper()
	return g.change(map[string]any{"mode": "acme", "order": map[string]any{"directory": g.authority.Directory, "names": names, "terms_agreed": true}})
}

// ordered has a box whose owner ordered a certificate, which is presented.
func (p *place) ordered(t *testing.T) (*guest, *x509.Certificate) {
	t.Helper()
	g := p.start(t, tier.Folder(t))
	g.own()
	if code := g.order(first); code != "" {
		t.Fatal(code)
	}
	if s := g.served(); s.Mode != "off" || !s.Order.Wanted || s.Presented != nil {
		t.Errorf("before it is there: %+v", s)
	}
	g.until("a certificate is presented", func() bool { return g.served().Order.Serves })
	if err := g.trusts(first); err != nil {
		t.Fatal(err)
	}
	return g, g.presented(first)
}

// elsewhere is another server on this machine, at the port where names are
// asked.
func (p *place) elsewhere(t *testing.T, ip string, h http.HandlerFunc) {
	t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", ip, port(p.plain)))
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
	server.Start()
	t.Cleanup(server.Close)
}

// Whatever an authority, a name or the way to either does, what was presented
// is presented on, and it is told what is wrong.
func TestFailures(t *testing.T) {
	p := newPlace(t, 90*24*time.Hour)
	p.elsewhere(t, "127.0.0.2", http.NotFound)
	answers := func(status int, header, value, body string) func() {
		return func() {
			p.authority.Spoil(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(header, value)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			})
		}
	}
	for name, row := range map[string]struct {
		spoil       func()
		code, quote string
	}{
		"another answers at the name": {func() { p.authority.Lead(second, "127.0.0.2") }, "acme-elsewhere", "404"},
		"nobody is at the name":       {func() { p.authority.Lead(second, "127.0.0.3") }, "acme-not-reached", "127.0.0.3"},
		// Pebble calls a name that cannot be looked up one that it does not reach.
		"there is no such name": {func() { p.authority.Break(second) }, "acme-not-reached", "could not resolve"},
		"it breaks off":         {func() { p.authority.Spoil(pebble.Drop) }, "acme-unreachable", ""},
		"it wants a pause":      {answers(429, "Retry-After", "3600", ""), "acme-limited", ""},
		"it answers nonsense":   {answers(200, "Content-Type", "text/html", "<p>Welcome to nginx!"), "acme-refused", "text/html"},
		"it answers half":       {answers(200, "Content-Type", "application/json", `{"newNonce": "ht`), "acme-refused", "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			p.authority.Spoil(nil)
			p.authority.Lead(second, "")
			g, before := p.ordered(t)
			row.spoil()
			if code := g.order(first, second); code != "" {
				t.Fatal(code)
			}
			g.until("it is told", func() bool {
				s := g.served()
				return s.Order.Step == "" && s.Order.Problem != nil
			})
			s := g.served()
			if o := s.Order.Problem; o.Code != row.code || o.Hint == "" || !strings.Contains(o.Quote, row.quote) {
				t.Errorf("%+v", o)
			}
			if s.Order.Next == nil || time.Until(*s.Order.Next) < 50*time.Second {
				t.Errorf("it tries again at %v", s.Order.Next)
			}
			if !bytes.Equal(g.presented(first).Raw, before.Raw) || g.trusts(first) != nil || !s.Order.Serves || s.Mode != "acme" {
				t.Error("the one before is not presented any more")
			}
			if status, evidence := g.claim(); status != "degraded" || !strings.Contains(evidence, "no certificate came from") {
				t.Errorf("%s: %s", status, evidence)
			}
			g.looksAfterKeys()
			p.authority.Spoil(nil)
			p.authority.Lead(second, "127.0.0.1")
			if row.code == "acme-limited" {
				asked := p.authority.Count("")
				if code := g.change(map[string]any{"order_now": true}); code != "order acme-too-soon" {
					t.Errorf("during the pause: %q", code)
				}
				if s.Order.Problem.Until == nil || time.Until(*s.Order.Problem.Until) < 50*time.Minute {
					t.Errorf("the pause: %v", s.Order.Problem.Until)
				}
				if n := p.authority.Count(""); n != asked {
					t.Errorf("it was asked %d times in its pause", n-asked)
				}
				return
			}
			if code := g.change(map[string]any{"order_now": true}); code != "" {
				t.Fatal(code)
			}
			// Workers of before the reload answer for a moment, too.
			g.until("both names are served", func() bool {
				o := g.served().Order
				return o.Step == "" && o.Problem == nil && g.presented(second).VerifyHostname(second) == nil && g.trusts(second) == nil
			})
			if code, _, err := g.Stop(); code != 0 || err != nil {
				t.Error(code, err)
			}
		})
	}
}

// A first order that fails changes nothing, and can be withdrawn.
func TestTheFirstOrderFails(t *testing.T) {
	p := newPlace(t, 90*24*time.Hour)
	p.authority.Lead(first, "127.0.0.3")
	g := p.start(t, tier.Folder(t))
	g.own()
	for name, row := range map[string]struct {
		order map[string]any
		code  string
	}{
		"an address":             {map[string]any{"names": []string{"10.0.0.1"}, "terms_agreed": true}, "order acme-bad-order"},
		"a local name":           {map[string]any{"names": []string{"nas.lan"}, "terms_agreed": true}, "order acme-bad-order"},
		"the terms are not read": {map[string]any{"names": []string{first}}, "order acme-terms"},
		"plain http":             {map[string]any{"directory": "http://ca.example/dir", "names": []string{first}, "terms_agreed": true}, "order acme-bad-order"},
		"no address for mail":    {map[string]any{"email": "ada", "names": []string{first}, "terms_agreed": true}, "order acme-bad-order"},
	} {
		if code := g.change(map[string]any{"mode": "acme", "order": row.order}); code != row.code {
			t.Errorf("%s: %q", name, code)
		}
	}
	if s := g.served(); s.Order.Wanted || p.authority.Count("") > 0 {
		t.Fatalf("%+v", s)
	}
	if code := g.order(first); code != "" {
		t.Fatal(code)
	}
	g.until("it is told", func() bool { s := g.served(); return s.Order.Step == "" && s.Order.Problem != nil })
	if s := g.served(); s.Mode != "off" || s.Presented != nil || !s.Order.Wanted || s.Order.Problem.Code != "acme-not-reached" {
		t.Errorf("%+v", s)
	}
	if status, evidence := g.claim(); status != "degraded" || !strings.Contains(evidence, "plain HTTP") {
		t.Errorf("%s: %s", status, evidence)
	}
	if code := g.change(map[string]any{"mode": "off"}); code != "" {
		t.Fatal(code)
	}
	if s := g.served(); s.Order.Wanted || s.Order.Problem != nil {
		t.Errorf("withdrawn: %+v", s)
	}
	if code := g.change(map[string]any{"order_now": true}); code != "mode bad-mode" {
		t.Errorf("nothing is wanted: %q", code)
	}
}

// Who wants something else while an order runs gets that, and the other one is
// given up.
func TestChangedWhileOrdering(t *testing.T) {
	p := newPlace(t, 90*24*time.Hour)
	p.hang(t, "127.0.0.2")
	p.authority.Lead(first, "127.0.0.2")
	const always = "always.example.org"
	g := p.start(t, tier.Folder(t), "COFFER_ALLOWED_HOSTS="+always)
	g.own()
	if code := g.order(first); code != "" {
		t.Fatal(code)
	}
	g.until("the authority asks", func() bool { return g.served().Order.Step == "challenge" })
	if code := g.change(map[string]any{"order_now": true}); code != "" {
		t.Errorf("once more: %q", code)
	}
	if code := g.order(second); code != "" {
		t.Fatal(code)
	}
	g.until("the other one is presented", func() bool { return g.served().Order.Serves })
	if err := g.trusts(second); err != nil {
		t.Error(err)
	}
	if c := g.presented(second); c.VerifyHostname(always) != nil || c.VerifyHostname(first) == nil {
		t.Errorf("it is for %q", c.DNSNames)
	}
	if s := g.served(); s.Order.Problem != nil {
		t.Errorf("%+v", s.Order.Problem)
	}
	if n := strings.Count(g.Log(), "a certificate is ordered"); n != 2 {
		t.Errorf("%d orders", n)
	}
}

// hang has another server take requests and answer none.
func (p *place) hang(t *testing.T, ip string) {
	t.Helper()
	release := make(chan struct{})
	p.elsewhere(t, ip, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
}

// A box whose init is killed while it orders starts again, serves as before, and
// goes on with the order.
func TestKilledWhileOrdering(t *testing.T) {
	p := newPlace(t, 90*24*time.Hour)
	p.hang(t, "127.0.0.2")
	p.authority.Lead(first, "127.0.0.2")
	root := tier.Folder(t)
	g := p.start(t, root)
	g.own()
	if code := g.order(first); code != "" {
		t.Fatal(code)
	}
	g.until("the authority asks", func() bool { return g.served().Order.Step == "challenge" })
	if err := syscall.Kill(g.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	g.Kill()

	again := p.start(t, root)
	if err := again.Login(p.ctx, box.Owner, box.Password); err != nil {
		t.Fatal(err)
	}
	if s := again.served(); s.Mode != "off" || !s.Order.Wanted || s.Order.Problem == nil || s.Order.Problem.Code != "acme-interrupted" {
		t.Errorf("%+v", s)
	}
	p.authority.Lead(first, "127.0.0.1")
	if code := again.change(map[string]any{"order_now": true}); code != "" {
		t.Fatal(code)
	}
	again.until("a certificate is presented", func() bool { return again.served().Order.Serves })
	if err := again.trusts(first); err != nil {
		t.Error(err)
	}
	again.looksAfterKeys()
}

// A certificate is renewed before it ends, and one that cannot be is presented
// on, ended or not.
func TestRenewed(t *testing.T) {
	p := newPlace(t, 40*time.Second)
	g, before := p.ordered(t)
	asked := p.authority.Count("/order-plz")
	var renewed *x509.Certificate
	g.until("another one is presented", func() bool {
		renewed = g.presented(first)
		if renewed.Issuer.String() == before.Issuer.String() {
			return !bytes.Equal(renewed.Raw, before.Raw)
		}
		t.Fatalf("meanwhile there is one by %s", renewed.Issuer)
		return false
	})
	if !renewed.NotBefore.Before(before.NotAfter) || g.trusts(first) != nil {
		t.Errorf("the first ends at %v, the next begins at %v", before.NotAfter, renewed.NotBefore)
	}
	if n := p.authority.Count("/order-plz"); n > asked+2 { // one may have been refused for its number
		t.Errorf("it took %d orders", n-asked)
	}
	p.authority.Spoil(pebble.Drop)
	g.until("it ends", func() bool { return time.Now().After(renewed.NotAfter) })
	g.until("that is told", func() bool {
		status, evidence := g.claim()
		return status == "fail" && strings.Contains(evidence, "has ended")
	})
	if !bytes.Equal(g.presented(first).Raw, renewed.Raw) {
		t.Error("it is not presented any more")
	}
	p.authority.Spoil(nil)
	g.until("it is renewed", func() bool {
		g.change(map[string]any{"order_now": true})
		return !bytes.Equal(g.presented(first).Raw, renewed.Raw)
	})
}
