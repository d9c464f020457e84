package web

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// What belongs to a way of serving shows once it is chosen, with the keyboard
// too; while the box switches the page says so; what is wrong comes into view.
func TestHTTPSForms(t *testing.T) {
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	now := b.site.shell.Now()
	own, uploaded := httpsOwn(now), httpsUploaded(now, 60)
	hold := make(chan struct{})
	b.door.tell(own, &uploaded, nil)
	b.door.hold = hold

	v := b.tab(chrome)
	v.do(size(390, 844))
	v.signIn()
	v.open("/settings/https")
	v.eventually("the names", `document.getElementById("names").checkVisibility() && !document.getElementById("certificate").checkVisibility()`)
	v.do(chromedp.Focus(chromedp.CSS("[value=self-signed]")), key(down))
	v.eventually("the files", `!document.getElementById("names").checkVisibility() && document.getElementById("certificate").checkVisibility()`)

	dir := t.TempDir()
	chain, secret := filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem")
	must(t, os.WriteFile(chain, []byte("one"), 0o600))
	must(t, os.WriteFile(secret, []byte("two"), 0o600))
	v.do(chromedp.SetUploadFiles(chromedp.CSS("#certificate"), []string{chain}), chromedp.SetUploadFiles(chromedp.CSS("#key"), []string{secret}),
		run(`document.querySelector("form[data-switch] button.primary").click()`))
	v.eventually("word of the switch", `document.querySelector("form[data-switch] button.primary").disabled &&
		document.querySelector("[data-switching] progress").checkVisibility() && document.querySelector("[data-say]").textContent.startsWith("The box tries")`)
	close(hold)
	v.eventually("the end of it", `location.search === "?done=1" && document.readyState === "complete" && document.querySelector("[data-switching]").hidden`)
	if c := b.door.last(t); string(c.Certificate) != "one" || string(c.Key) != "two" {
		t.Errorf("asked for %+v", c)
	}
	b.door.tell(uploaded, nil, mismatch())
	v.do(submit("#certificate"), seen("#key-problem"))
	v.eventually("the problem in view", `(({top, bottom}) => top >= 0 && bottom <= innerHeight)(document.querySelector(".notice.bad").getBoundingClientRect())`)
	if said := script[string](v, `document.getElementById(document.getElementById("key").getAttribute("aria-describedby").split(" ")[1]).textContent`); said != v.text("#key-problem") {
		t.Errorf("the field is described by %q", said)
	}
	v.quiet()
}
