package browser

import (
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// boxName is how people in the network of the tests call the box, and belowName
// how some do.
const (
	boxName   = "box.lan"
	belowName = "www.box.lan"
)

// named boots a box that is called by its name over HTTPS, with a certificate of
// its own authority, and opens a browser that trusts it.
func named(t *testing.T) (*house, *person) {
	t.Helper()
	host := lan(t)
	secure := address(t, host)
	_, port, err := net.SplitHostPort(secure)
	if err != nil {
		t.Fatal(err)
	}
	public := "https://" + net.JoinHostPort(boxName, port)
	b := bootAt(t, address(t, host), secure, "COFFER_TLS=self-signed", "COFFER_PUBLIC_URL="+public, "COFFER_ALLOWED_HOSTS="+belowName)
	return b, trusting(t, public, boxName, filepath.Join(b.dir, "data", "secrets", "tls", "authority.pem"))
}

// carries gives the browser a security key that answers by itself.
func (p *person) carries() {
	p.t.Helper()
	p.do("plug a security key in", tell(webauthn.Enable, webauthn.EnableParams{}), func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportUsb,
			AutomaticPresenceSimulation: true, IsUserVerified: true, HasUserVerification: true,
		}})
		return chromedp.Void{}, err
	})
}

// addsPasskey adds one on the page of the account.
func (p *person) addsPasskey(name string) {
	p.t.Helper()
	p.open("/settings/account")
	p.do("ask for a passkey", chromedp.Click(chromedp.CSS("#passkey-add summary")), chromedp.SendKeys(chromedp.CSS("#passkey-name"), name))
	p.leave("go on", chromedp.Click(chromedp.CSS("#passkey-add button.primary")))
	p.leave("make it", chromedp.Click(chromedp.CSS("form[data-make] button.primary")))
	p.see("#codes")
	p.leave("note the codes", chromedp.Click(chromedp.CSS("main a.primary")))
	p.see("li.passkey")
}

// A password and a passkey are lost. Whoever commands the machine lets the owner
// in again while the box runs, and nobody else in.
func TestLostJourney(t *testing.T) {
	tier.Need(t, tier.Browser)
	b, p := named(t)
	const fresh = "a new password nobody knows"
	p.owns(b.Code)
	p.carries()
	p.addsPasskey("Key on the ring")
	p.look("passkeys")
	for _, c := range p.cookies() {
		if strings.HasPrefix(c.Name, "__Host-coffer_") != c.Secure || !c.Secure {
			t.Errorf("over HTTPS the cookie %s: %+v", c.Name, c)
		}
	}

	t.Log("the passkey works under a listed name below, too")
	public := p.base
	p.moves(strings.Replace(public, boxName, belowName, 1))
	p.open("/library")
	p.at(p.base, signIn)
	p.enters()
	p.at(p.base, "/login/step")
	p.leave("use the passkey", chromedp.Click(chromedp.CSS("form[data-passkey] button")))
	p.at(p.base, "/library")
	p.moves(public)

	t.Log("the password is lost: the page leads to the sign-in, which says what to do")
	p.open("/activity")
	p.streams(flows)
	p.expects("/api/v1/events", "/login", "/login/step")
	if said := b.command(t, fresh+"\n", "owner", "reset-password"); !strings.Contains(said, "Every browser is signed out") {
		t.Errorf("the command says %q", said)
	}
	p.at(p.base, signIn)
	if said := p.read(`document.querySelector("main").textContent`); !strings.Contains(said, "coffer owner reset-password") {
		t.Errorf("the sign-in says %q", said)
	}
	p.enters()
	p.see("#problem")
	p.fill(map[string]string{"username": box.Owner, "password": fresh})
	p.submit("form")
	p.at(p.base, "/login/step")
	p.look("login-passkey")
	p.leave("use the passkey", chromedp.Click(chromedp.CSS("form[data-passkey] button")))
	p.at(p.base, "/activity")

	t.Log("the passkey is lost, too")
	p.do("forget who that is", tell(network.ClearBrowserCookies, cdp.Empty{}), tell(webauthn.Disable, cdp.Empty{}))
	p.open("/library")
	p.fill(map[string]string{"username": box.Owner, "password": fresh})
	p.submit("form")
	p.at(p.base, "/login/step")
	if said := p.read(`document.querySelector("main").textContent`); !strings.Contains(said, "coffer owner remove-factors") {
		t.Errorf("the second step says %q", said)
	}
	if said := b.command(t, "", "owner", "remove-factors"); !strings.Contains(said, "Second factors are off") {
		t.Errorf("the command says %q", said)
	}
	p.open("/login?next=/library")
	p.fill(map[string]string{"username": box.Owner, "password": fresh})
	p.submit("form")
	p.at(p.base, "/library")
	p.open("/settings/account")
	if n := p.count(`document.querySelectorAll("li.passkey, #new-codes").length`); n != 0 {
		t.Error("passkeys or recovery codes are left")
	}
	p.quiet()
}
