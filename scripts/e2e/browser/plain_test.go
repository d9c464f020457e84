package browser

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// cookies are those that the browser sends to the page that is open.
func (p *person) cookies() []*network.Cookie {
	p.t.Helper()
	var got network.GetCookiesResult
	p.do("look at the cookies", func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		var err error
		got, err = chromedp.Call(ctx, network.GetCookies, network.GetCookiesParams{})
		return chromedp.Void{}, err
	})
	return got.Cookies
}

// goesStraight wants the page that is open to have come after so many redirects
// and no more, as in a loop of signing in.
func (p *person) goesStraight(redirects int) {
	p.t.Helper()
	if got := p.count(`performance.getEntriesByType("navigation")[0].redirectCount`); got != redirects {
		p.t.Errorf("%s comes after %d redirects, want %d", p.path(), got, redirects)
	}
}

// plainly wants a page over plain HTTP under an address to work without what
// browsers keep for secure origins: cookies are sent, copying works, and what
// cannot work is not offered but explained.
func (p *person) plainly() {
	p.t.Helper()
	if got := p.read(`[isSecureContext, "clipboard" in navigator, "locks" in navigator, "credentials" in navigator].join()`); got != "false,false,false,false" {
		p.t.Fatalf("the browser takes %s for a secure origin: %s", p.base, got)
	}
	session := false
	for _, c := range p.cookies() {
		if c.Secure || !c.HTTPOnly || c.SameSite != network.CookieSameSiteLax || strings.HasPrefix(c.Name, "__") || c.Path != "/" {
			p.t.Errorf("the cookie %s: %+v", c.Name, c)
		}
		session = session || strings.HasPrefix(c.Name, "coffer_")
	}
	if !session {
		p.t.Error("no cookie of the box is sent")
	}
	p.open("/settings/account")
	p.do("ask for a passkey", chromedp.Click(chromedp.CSS("#passkey-add summary")))
	p.see("#no-passkeys")
	if said := p.read(`document.querySelector("#passkey-add").innerText`); !strings.Contains(said, "opened by an address") {
		p.t.Errorf("of passkeys it says %q", said)
	}
	if n := p.count(`document.querySelectorAll("#passkey-add form").length`); n != 0 {
		p.t.Error("a passkey is offered where the browser makes none")
	}
	p.look("account-plain")
	p.leave("begin with codes", chromedp.Click(chromedp.CSS("#factors header button")))
	p.do("copy the secret", chromedp.Click(chromedp.CSS("[data-copy=secret]")))
	p.until("it is copied", `document.getElementById("announce").textContent === "Copied"`)
}
