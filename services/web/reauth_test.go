package web

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Without scripts the box asks on a page of its own, which holds what was sent
// and sends it on with the right password alone.
func TestReauthenticationWithoutScripts(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	b.elapse(11 * time.Minute)
	page, r := v.post("/settings/keys", url.Values{"name": {`Phone "<b>`}, "scope": {"add", "read"}, "ends": {"30"}})
	status(t, r, 403)
	has(t, page, "Confirm that it is you", `action="/box/settings/keys"`, `name="name" value="Phone &#34;&lt;b&gt;"`, `name="scope" value="add"`,
		`name="scope" value="read"`, `name="ends" value="30"`, `autocomplete="current-password"`, "!cfr_", `!id="reauth-problem"`)
	form := url.Values{}
	for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		form.Add(field[1], strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&gt;", ">").Replace(field[2]))
	}
	form.Set("reauth_password", "wrong password")
	page, r = v.post("/settings/keys", form)
	status(t, r, 403)
	has(t, page, "The password is wrong", `id="reauth-problem"`, `name="ends" value="30"`, "!cfr_", "!wrong password", "!name=\"reauth_password\" value")
	form.Set("reauth_password", password)
	page, r = v.post("/settings/keys", form)
	status(t, r, 201)
	has(t, page, "Phone &#34;&lt;b&gt;” is made", "cfr_", "!"+password)
	page, r = v.post("/settings/keys", url.Values{"name": {"Scanner"}, "scope": {"add"}, "ends": {"30"}})
	status(t, r, 201)
	has(t, page, "Scanner” is made")

	b.elapse(11 * time.Minute)
	form.Set("reauth_password", "wrong password")
	for range 5 {
		_, r = v.post("/settings/keys", form)
		status(t, r, 403)
	}
	form.Set("reauth_password", password)
	page, r = v.post("/settings/keys", form)
	status(t, r, 429)
	has(t, page, "Too many wrong tries", `name="ends" value="30"`, "!cfr_")
	if r.Header.Get("Retry-After") == "" {
		t.Error("nothing says when to try again")
	}
	v.post("/settings/appearance", url.Values{"language": {"de"}})
	b.elapse(11 * time.Minute)
	page, _ = v.post("/settings/keys", url.Values{"name": {"Telefon"}, "scope": {"add"}})
	has(t, page, "Bestätige, dass du es bist")
}

// With scripts a dialog asks, says what is wrong, and sends the form; it gives
// the focus back when it is not wanted. The box does not ask twice.
func TestReauthenticationJourney(t *testing.T) {
	t.Parallel()
	chrome := browser(t)
	b := newBox(t, "")
	b.owner()
	v := b.tab(chrome)
	v.signIn()
	v.open("/settings/keys")
	v.do(typed("#name", "In time"), submit("#name"), seen(".made"))
	b.elapse(11 * time.Minute)
	v.open("/settings/keys")
	v.do(typed("#name", "Phone"), click("[data-reauth] button.primary"), seen("#reauth"))
	v.eventually("the focus in the dialog", `document.activeElement.id === "reauth-password"`)
	v.do(key("\u001b"))
	v.eventually("no dialog, and the focus where it was", `!document.getElementById("reauth").open && document.activeElement.matches("[data-reauth] button.primary")`)
	v.do(click("[data-reauth] button.primary"), seen("#reauth"), typed("#reauth-password", "wrong password\r"))
	v.eventually("the word that it is wrong", `document.getElementById("reauth-problem").textContent === "The password is wrong. Nothing was changed."`)
	v.do(typed("#reauth-password", password), click("#reauth button.primary"), seen(".made"))
	if name := v.text(".made h2"); !strings.Contains(name, "Phone") {
		t.Errorf("made is %q", name)
	}
	v.open("/settings/keys")
	v.do(typed("#name", "At once"), submit("#name"), seen(".made"))

	// A page that has stood for longer than the box remembers is asked by the
	// box itself.
	v.open("/settings/keys")
	b.elapse(11 * time.Minute)
	v.do(typed("#name", "Late"), submit("#name"), seen("main #reauth-password"))
	v.do(typed("main #reauth-password", password), submit("main #reauth-password"), seen(".made"))
	if name := v.text(".made h2"); !strings.Contains(name, "Late") {
		t.Errorf("made is %q", name)
	}
	for _, width := range []int64{320, 1280} {
		b.elapse(11 * time.Minute)
		v.do(size(width, 640))
		v.open("/settings/keys")
		v.do(typed("#name", "Small"), click("[data-reauth] button.primary"), seen("#reauth"))
		if out := script[float64](v, `document.getElementById("reauth").getBoundingClientRect().right - innerWidth`); out > 0 {
			t.Errorf("at %d the dialog is %v too wide", width, out)
		}
	}
	v.quiet()
}
