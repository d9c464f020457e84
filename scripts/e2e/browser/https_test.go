package browser

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// The settings of HTTPS, and the page that a browser is sent to when it has to
// sign in first.
const (
	settings = "/settings/https"
	signIn   = "/login"
)

// HTTPS goes from off through a certificate of the box's own and one that is
// handed in back to off, while the box runs. The browser is asked once at most
// at each side who it is, and is never sent in a circle.
func TestHTTPSJourney(t *testing.T) {
	tier.Need(t, tier.Browser)
	b := boot(t)
	secure := b.secure
	m := newMachine(t)
	authority, good, goodKey := certified(t, t.TempDir(), lan(t))
	m.trusts(authority)
	_, _, otherKey := certified(t, t.TempDir(), lan(t))
	p := sit(t, b.URL, m.browser())
	for _, origin := range []string{"", b.URL, secure} {
		p.expected[origin+"/settings/https#answer"] = true // the refusal of the form
		p.expected[origin+"/api/v1/events"] = true         // a reload ends it
	}

	t.Log("making the box one's own, over plain HTTP")
	p.owns(b.Code)
	started := b.started(t)
	p.open(settings)
	p.sees("HTTPS is off.")
	p.look("https-off")

	t.Log("a certificate of the box's own")
	p.choose("self-signed")
	p.at(b.URL, settings)
	p.sees("HTTPS is on, at port")
	p.sees("the box's own authority")
	p.look("https-own")
	file := filepath.Join(t.TempDir(), "authority.crt")
	if err := os.WriteFile(file, []byte(p.read(`fetch(document.querySelector("a[download][href$='/authority']").href).then((r) => r.text())`)), 0o600); err != nil {
		t.Fatal(err)
	}
	m.trusts(file)
	p.leave("go over to HTTPS", chromedp.Click(chromedp.CSS("main a.button.primary")))
	p.at(secure, signIn)
	p.sees("HTTPS was switched. Sign in once more")
	p.look("https-sign-in")
	p.enters()
	p.at(secure, settings)

	t.Log("one that is handed in")
	p.choose("uploaded", chromedp.SetUploadFiles(chromedp.CSS("#certificate"), []string{good}), chromedp.SetUploadFiles(chromedp.CSS("#key"), []string{otherKey}))
	p.at(secure, settings)
	p.see("#key-problem")
	p.sees("Nothing was changed.")
	p.look("https-refused")
	p.choose("uploaded", chromedp.SetUploadFiles(chromedp.CSS("#certificate"), []string{good}), chromedp.SetUploadFiles(chromedp.CSS("#key"), []string{goodKey}))
	p.at(secure, settings)
	p.sees("you, handed in here")
	p.look("https-uploaded")

	t.Log("off: this origin ends, and the browser goes on where it began")
	p.choose("off")
	p.at(b.URL, settings)
	p.sees("Done. HTTPS is off.")
	p.look("https-off-again")

	t.Log("a browser that knows HTTPS only is asked once at the other side")
	p.choose("uploaded")
	p.sees("you, handed in here")
	p.do("lose the cookies", tell(network.ClearBrowserCookies, cdp.Empty{}))
	p.moves(secure)
	p.open(settings)
	p.at(secure, signIn)
	p.enters()
	p.at(secure, settings)
	p.choose("off")
	p.at(b.URL, signIn)
	p.sees("HTTPS was switched. Sign in once more")
	p.enters()
	p.at(b.URL, settings)
	p.sees("Done. HTTPS is off.")
	p.quiet()
	if now := b.started(t); now != started {
		t.Errorf("what serves was %v and is %v", started, now)
	}
}

// started are the processes of init, the API and the edge's master.
func (h *house) started(t *testing.T) (pids [3]int) {
	t.Helper()
	for n, role := range []string{"init", "api", "nginx"} {
		p, ok := box.Find(h.PID(), role)
		if !ok {
			t.Fatalf("no process is %s", role)
		}
		pids[n] = p.PID
	}
	return pids
}

// moves says where what the person opens next is.
func (p *person) moves(base string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base = base
}

// choose picks a way of serving the box and applies it.
func (p *person) choose(way string, more ...action) {
	p.t.Helper()
	p.do("choose "+way, chromedp.Click(chromedp.CSS("[name=mode][value="+way+"]")))
	p.do("fill in", more...)
	p.submit("form[data-switch]")
}

// at waits until the browser is at a path of an origin, and the page is there.
// On the way there it has no page that could be asked.
func (p *person) at(origin, path string) {
	p.t.Helper()
	p.do("get to "+origin+path, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		for {
			ask, enough := context.WithTimeout(ctx, 2*time.Second) // a page that is being left may never answer
			there, err := chromedp.Run(ask, chromedp.Evaluate[bool](`location.origin === "`+origin+`" && location.pathname === "`+path+`" && document.readyState === "complete"`))
			enough()
			if err == nil && there {
				return chromedp.Void{}, nil
			}
			if err := box.Pause(ctx, 50*time.Millisecond); err != nil {
				return chromedp.Void{}, err
			}
		}
	})
}

// sees waits until a text is on the page.
func (p *person) sees(text string) {
	p.t.Helper()
	p.until("it says "+text, `document.body.innerText.includes(`+"`"+text+"`"+`)`)
}

// enters signs in on the page that asks for it.
func (p *person) enters() {
	p.t.Helper()
	p.fill(map[string]string{"username": box.Owner, "password": box.Password})
	p.submit("form")
}
