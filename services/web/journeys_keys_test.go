package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A key that is made comes into view and can be copied, also on plain HTTP
// under a name, where a page may not reach the clipboard by itself.
func TestKeyJourney(t *testing.T) {
	t.Parallel()
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	b.someKeys()
	for _, under := range []string{b.url, strings.Replace(b.url, "127.0.0.1", "coffer.lan", 1)} {
		b.url = under
		v := b.tab(chrome)
		v.do(size(390, 844))
		v.signIn()
		v.open("/settings/keys")
		v.do(typed("#name", "Phone"), click("[value=read]"), submit("#name"), seen(".notice.bad"))
		v.eventually("the problem in view", `(({top, bottom}) => top >= 0 && bottom <= innerHeight)(document.querySelector(".notice.bad").getBoundingClientRect())`)
		v.do(click("[value=add]"), submit("#name"), seen(".made"))
		v.eventually("the key in view", `(({top, bottom}) => top >= 0 && bottom <= innerHeight)(document.getElementById("key").getBoundingClientRect())`)
		v.eventually("all of the key", `document.getElementById("key").scrollHeight <= document.getElementById("key").clientHeight + 1`)
		v.do(chromedp.Click(chromedp.CSS("[data-copy]")))
		v.eventually("the word that it is copied", `document.querySelector("[data-copy]").textContent === "Copied" && document.getElementById("announce").textContent === "Copied"`)
		v.quiet()
	}
}
