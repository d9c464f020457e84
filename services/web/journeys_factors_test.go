package web

import (
	"strings"
	"testing"
	"time"
)

// A second factor is turned on, asked for, replaced by a recovery code, and
// turned off again, as its owner does it.
func TestFactorJourney(t *testing.T) {
	t.Parallel()
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	b.stopClock()
	v := b.tab(chrome)
	v.do(size(320, 640))
	fits := func(what string) {
		t.Helper()
		if wide := script[int](v, `document.documentElement.scrollWidth`); wide > 320 {
			t.Errorf("%s is %d wide", what, wide)
		}
	}
	v.signIn()
	v.open("/settings/account")
	v.do(click("#factors header button"), seen("#code"))
	v.eventually("the picture", `document.querySelector(".qr").naturalWidth > 200`)
	fits("the page with the secret")
	v.do(click("[data-copy=secret]"))
	v.eventually("the word that it is copied", `document.getElementById("announce").textContent === "Copied"`)
	secret := strings.ReplaceAll(script[string](v, `document.getElementById("secret").value`), " ", "")
	v.do(typed("#code", wrong(b.code(secret))), submit("#code"), seen(".notice.bad"))
	v.eventually("the field in focus", `document.activeElement.id === "code"`)
	v.do(typed("#code", b.code(secret)), submit("#code"), seen("#codes"))
	codes := strings.Fields(script[string](v, `document.getElementById("codes").value`))
	if len(codes) != 10 {
		t.Fatalf("the codes are %q", codes)
	}
	v.eventually("all of them without scrolling", `document.getElementById("codes").scrollHeight <= document.getElementById("codes").clientHeight + 1`)
	fits("the page with the codes")
	v.do(click("[data-copy=codes]"))
	v.eventually("the word that they are copied", `document.querySelector("[data-copy=codes]").textContent === "Copied"`)
	v.do(run(`window.print = () => document.body.dataset.printed = "yes"`), click("[data-print]"))
	v.eventually("printing", `document.body.dataset.printed === "yes"`)
	v.do(click("main a.primary"), seen("#factor-off"))
	fits("the account")

	begin := func() {
		t.Helper()
		v.open("/settings/account")
		v.do(submit("form[action$='/logout'] button"), seen("#username"))
		v.do(typed("#username", owner), typed("#password", password), submit("#password"), seen("#code"))
	}
	begin()
	v.eventually("the field in focus", `document.activeElement.id === "code"`)
	fits("the second step")
	v.do(typed("#code", wrong(b.code(secret))), submit("#code"), seen(".notice.bad"))
	v.open("/login/step?next=/library") // as a phone does that forgot the page
	v.do(typed("#code", b.code(secret)), submit("#code"), seen(".column"))
	begin()
	v.do(click("details:nth-of-type(1) summary"), typed("#recovery", codes[4]), submit("#recovery"), seen(".finder"))
	begin()
	v.do(click("details:nth-of-type(1) summary"), typed("#recovery", codes[4]), submit("#recovery"), seen(".notice.bad"))
	v.eventually("the field in focus", `document.activeElement.id === "recovery"`)
	v.do(typed("#code", b.code(secret)), submit("#code"), seen(".finder"))

	b.elapse(11 * time.Minute)
	v.open("/settings/account")
	if left := v.text("#factors .row .meta"); !strings.Contains(left, "9 recovery codes left") {
		t.Errorf("it says %q", left)
	}
	v.do(click("#factor-off summary"), click("#factor-off button.danger"), seen("#reauth-code"))
	v.do(typed("#reauth-password", password), typed("#reauth-code", wrong(b.code(secret))), click("#reauth button.primary"))
	v.eventually("the word that it is wrong", `document.getElementById("reauth-problem").textContent.startsWith("The code is wrong") && document.activeElement.id === "reauth-code"`)
	v.do(typed("#reauth-code", b.code(secret)), click("#reauth button.primary"), seen(".notice.ok"))
	if said := v.text(".notice.ok"); !strings.Contains(said, "The second factor is off") {
		t.Errorf("it says %q", said)
	}
	v.do(submit("form[action$='/logout'] button"), seen("#username"))
	v.signIn()
	v.quiet()
}

// wrong is a code that differs from a right one, and from those around it.
func wrong(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+5)%10 }, code)
}
