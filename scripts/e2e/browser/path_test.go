package browser

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
)

// behind is the journey of a person behind a proxy.
func behind(t *testing.T, p *person, b *house, origin string) {
	var strays []string
	p.keepsTo(origin+path, &strays)

	t.Log("the link in the log leads through the proxy")
	link := regexp.MustCompile(regexp.QuoteMeta(p.base) + `(/setup\S*)`).FindStringSubmatch(b.Log())
	if link == nil {
		t.Fatalf("the log has no link:\n%s", b.Log())
	}
	p.open(link[1])
	p.until("the code is filled in", `document.querySelector('#code').value.length >= 8`)
	p.fill(map[string]string{"username": box.Owner, "password": box.Password})
	p.submit("form")
	p.submit("form")
	if !strings.HasPrefix(p.path(), path+"/setup/first") {
		t.Errorf("the wizard ends at %s", p.path())
	}
	p.pointsWithin()
	for _, c := range p.cookies() {
		if !strings.HasPrefix(c.Name, "__Secure-coffer_") || !c.Secure || !c.HTTPOnly || strings.TrimSuffix(c.Path, "/") != path {
			t.Errorf("the cookie %s: %+v", c.Name, c)
		}
	}

	t.Log("a document is added, and its progress seen as it happens")
	file := filepath.Join(t.TempDir(), "Heron.txt")
	if err := os.WriteFile(file, papers.Text(append(papers.Prose(rand.New(rand.NewPCG(3, 4)), 20), "Here "+phrase+".")), 0o600); err != nil {
		t.Fatal(err)
	}
	p.open("/library")
	p.streams(flows)
	p.drop(file)
	p.until("the document is ready", `!!document.querySelector('#tray-items [data-settled]')`)
	p.hears("tells of the document", func(s stream) bool { return s.state == flows && s.told > 0 })
	p.until("it is listed", `[...document.querySelectorAll("#rows .title")].some((e) => e.textContent === "Heron")`)

	t.Log("it is found, and opens at its place")
	p.open("/")
	p.do("write", chromedp.SendKeys(chromedp.CSS(`input[name=q]`), `"`+phrase+`"`))
	p.leave("search", chromedp.Click(chromedp.CSS(`form.finder button`)))
	p.see(".hit")
	p.pointsWithin()
	p.leave("open the hit", chromedp.Click(chromedp.CSS(".hit h2 a")))
	p.see(".passage mark")
	p.pointsWithin()

	t.Log("every page stays within the path, and signing in leads back into it")
	for _, page := range []string{"/library", "/activity", "/add", "/posture", "/logs", "/settings/account", "/settings/access", "/settings/https", "/settings/backups", "/settings/diagnostics", "/settings/audit", "/settings/about"} {
		p.open(page)
		p.pointsWithin()
	}
	p.installsWithin()
	p.look("proxy")
	p.open("/settings/account")
	p.leave("sign out", chromedp.Click(chromedp.CSS("form[action$='/logout'] button")))
	p.at(origin, path+signIn)
	p.pointsWithin()
	p.open("/library?type=text")
	p.at(origin, path+signIn)
	p.goesStraight(1)
	p.enters()
	p.at(origin, path+"/library")
	p.goesStraight(1)
	p.strayed(&strays)
	p.quiet()
}

// pointsWithin wants whatever the page leads to or loads to lie below the path,
// and the manifest to say the same.
func (p *person) pointsWithin() {
	p.t.Helper()
	out := p.read(`(() => {
		const within = (url) => url.origin !== location.origin || url.pathname === "` + path + `" || url.pathname.startsWith("` + path + `/");
		const all = [];
		for (const name of ["href", "src", "action", "formaction", "data-live", "data-events", "data-passkey-for"]) {
			for (const e of document.querySelectorAll("[" + name + "]")) {
				const said = e.getAttribute(name);
				if (said && !within(new URL(said, location.href))) all.push(e.tagName + " " + name + "=" + said);
			}
		}
		return all.join("; "); })()`)
	if out != "" {
		p.t.Errorf("%s leads out of %s: %s", p.path(), path, out)
	}
}

// installsWithin wants the manifest to say the same.
func (p *person) installsWithin() {
	p.t.Helper()
	if got := p.read(`fetch(document.querySelector("link[rel=manifest]").href).then((r) => r.json()).then((m) => {
		const at = (to) => new URL(to, document.querySelector("link[rel=manifest]").href).pathname;
		return [m.start_url, m.scope ?? ".", ...m.icons.map((i) => i.src)].map(at).filter((to) => !to.startsWith("` + path + `/")).join(" "); })`); got != "" {
		p.t.Errorf("the manifest leads to %s", got)
	}
}

// keepsTo notes each request that leaves an address, and each that fails.
func (p *person) keepsTo(base string, strays *[]string) {
	p.t.Helper()
	err := chromedp.Listen(p.ctx, func(event any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if to := e.Request.URL; strings.HasPrefix(to, "http") && to != base && !strings.HasPrefix(to, base+"/") {
				*strays = append(*strays, to)
			}
		case *network.EventResponseReceived:
			if e.Response.Status >= 400 {
				*strays = append(*strays, fmt.Sprintf("%s: %d", e.Response.URL, e.Response.Status))
			}
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) strayed(strays *[]string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range *strays {
		p.t.Errorf("a request fails or leaves %s: %s", path, s)
	}
}
