package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// authenticator gives the tab a security key that answers by itself.
func authenticator() step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportUsb,
			AutomaticPresenceSimulation: true, IsUserVerified: true, HasUserVerification: true,
		}})
		return chromedp.Void{}, err
	}
}

// addPasskey adds the first one, by the authenticator of the tab.
func (v *tab) addPasskey(name string) {
	v.b.t.Helper()
	v.open("/settings/account")
	v.do(click("#passkey-add summary"), typed("#passkey-name", name), click("#passkey-add button.primary"), seen("form[data-make] button.primary"))
	v.do(click("form[data-make] button.primary"), seen("#codes"), click("main a.primary"), seen("li.passkey"))
}

// A passkey is added, signs in, proves its owner again, and is removed. At an
// address the box says why there can be none.
func TestPasskeyJourney(t *testing.T) {
	t.Parallel()
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	b.stopClock()
	v := b.tab(chrome)
	v.signIn()
	v.open("/settings/account")
	v.do(click("#passkey-add summary"), seen("#no-passkeys"))
	if said := v.text("#no-passkeys"); !strings.Contains(said, "opened by an address") {
		t.Errorf("it says %q", said)
	}
	b.url = strings.Replace(b.url, "127.0.0.1", "localhost", 1)
	v = b.tab(chrome)
	v.do(authenticator())
	v.signIn()
	v.addPasskey("My key")
	v.do(submit("form[action$='/logout'] button"), seen("#username"))
	v.do(typed("#username", owner), typed("#password", password), submit("#password"), seen("form[data-passkey] button"))
	v.do(click("form[data-passkey] button"), seen(".finder"))
	b.elapse(11 * time.Minute)
	v.open("/settings/account")
	if said := v.text("li.passkey"); !strings.Contains(said, "My key") || !strings.Contains(said, "works at localhost") || !strings.Contains(said, "last used") {
		t.Errorf("it says %q", said)
	}
	v.do(click("li.passkey button"), seen("#reauth-password"), typed("#reauth-password", password), click("[data-passkey-for]"), seen(".notice.ok"))
	if said := v.text(".notice.ok"); !strings.Contains(said, "The passkey is removed") {
		t.Errorf("it says %q", said)
	}
	v.do(submit("form[action$='/logout'] button"), seen("#username"))
	v.signIn()
	v.quiet()
}

// What is said of passkeys is held against axe-core, too.
func TestAccessiblePasskeys(t *testing.T) {
	rules := axe(t)
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	b.url = strings.Replace(b.url, "127.0.0.1", "localhost", 1)
	unfold := run(`for (const fold of document.querySelectorAll("details")) fold.open = true`)
	v := b.tab(chrome)
	v.do(authenticator())
	v.signIn()
	v.accessible(rules, "/settings/account", click("#passkey-add summary"), typed("#passkey-name", "My key"), click("#passkey-add button.primary"), seen("form[data-make] button.primary"))
	v.addPasskey("My key")
	v.accessible(rules, "/settings/account", unfold)
	b.elapse(11 * time.Minute)
	v.accessible(rules, "/settings/account", click("li.passkey button"), seen("[data-passkey-for]"))
	v.quiet()
	v = b.tab(chrome)
	v.open("/login")
	v.do(typed("#username", owner), typed("#password", password), submit("#password"), seen("form[data-passkey] button"))
	v.accessible(rules, "/login/step", unfold)
	v.quiet()
}
