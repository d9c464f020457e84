package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"coffer/services/auth"
	"coffer/services/library"
)

// code is what an authenticator app shows now, by the keeper's clock, and lets
// the next one come.
func (b *box) code(secret string) string {
	b.t.Helper()
	code, err := totp.GenerateCode(secret, b.now())
	must(b.t, err)
	b.elapse(30 * time.Second)
	return code
}

// enrol turns codes on for the owner's only browser.
func (b *box) enrol() (secret string, recovery []string) {
	b.t.Helper()
	b.stopClock()
	all, err := b.keeper.Sessions(b.t.Context())
	must(b.t, err)
	by := auth.Identity{UserID: all[0].Owner, Kind: auth.KindSession, SessionID: all[0].ID}
	e, err := b.keeper.BeginTOTP(b.t.Context(), by, "box.lan")
	must(b.t, err)
	recovery, err = b.keeper.ConfirmTOTP(b.t.Context(), by, e.Ticket, b.code(e.Secret))
	must(b.t, err)
	return e.Secret, recovery
}

// The second step of a sign-in without scripts: every way on, every refusal, and
// the way that it leads.
func TestSecondStepWithoutScripts(t *testing.T) {
	b := newBox(t, "/box")
	b.owner()
	secret, recovery := b.enrol()
	v := b.visitor()
	begin := func() string {
		t.Helper()
		page, r := v.post("/login", url.Values{"username": {owner}, "password": {password}, "next": {"/box/library?status=failed"}})
		at(t, r, "/box/login/step?next=%2Fbox%2Flibrary%3Fstatus%3Dfailed")
		return page
	}
	page := begin()
	has(t, page, "One more step", `autocomplete="one-time-code"`, `name="next" value="/box/library?status=failed"`, "Use a recovery code",
		"coffer owner remove-factors", `href="/box/login?next=%2Fbox%2Flibrary%3Fstatus%3Dfailed"`, "!id=\"problem\"", "!"+secret, `!action="/logout"`)
	page, _ = v.get("/login/step?next=/box/library") // a phone that forgot the page
	has(t, page, "One more step")
	_, r := v.get("/library")
	if !strings.HasPrefix(r.Request.URL.Path, "/box/login") {
		t.Error("the password alone opens", r.Request.URL)
	}

	step := func(kind, code string) (string, *http.Response) {
		t.Helper()
		return v.post("/login/step", url.Values{"code": {code}, "kind": {kind}, "next": {"/box/library?status=failed"}})
	}
	page, r = step("totp", "12345")
	status(t, r, 401)
	has(t, page, "That code is wrong", `role="alert"`, `id="code" name="code" class="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9 ]*" required maxlength="12" aria-describedby="code-hint problem" aria-invalid="true" autofocus`, "!12345")
	page, r = step("recovery_code", "abcd-efgh")
	status(t, r, 401)
	has(t, page, "none of the recovery codes", `<details class="fold" open>`, "!abcd-efgh")
	code := b.code(secret)
	_, r = step("totp", code[:3]+" "+code[3:])
	at(t, r, "/box/library?status=failed")

	v = b.visitor()
	begin()
	page, r = step("totp", code)
	status(t, r, 401)
	has(t, page, "was used already")
	_, r = step("recovery_code", strings.ToUpper(recovery[3]))
	at(t, r, "/box/library?status=failed")
	v = b.visitor()
	begin()
	_, r = step("recovery_code", recovery[3])
	status(t, r, 401)

	b.elapse(6 * time.Minute)
	page, r = step("totp", b.code(secret))
	at(t, r, "/box/login?done=late&next=%2Fbox%2Flibrary%3Fstatus%3Dfailed")
	has(t, page, "not finished in time", `role="alert"`, `name="next" value="/box/library?status=failed"`)
	_, r = b.visitor().get("/login/step?next=//evil.example/")
	at(t, r, "/box/login?done=late&next=%2Fbox%2F")

	begin()
	for range 5 {
		_, r = step("totp", "12345")
		status(t, r, 401)
	}
	page, r = step("totp", b.code(secret)) // which takes half a minute
	status(t, r, 429)
	has(t, page, "Too many wrong tries", "Try again in 30 seconds")
	if r.Header.Get("Retry-After") != "30" {
		t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
	}
}

func someSession(o library.Owner) library.Session {
	return library.Session{ID: "s", Owner: o.ID, Epoch: o.Epoch}
}

// With another secret key no code of the app can be right, and the page says so.
func TestSecondStepWithoutSecret(t *testing.T) {
	b := newBox(t, "")
	b.owner()
	_, recovery := b.enrol()
	o, err := b.accounts.Owner(t.Context())
	must(t, err)
	o.Factors.TOTP = []byte("sealed with another key")
	for _, left := range [][][]byte{o.Factors.Recovery, nil} {
		o.Factors.Recovery = left
		other := newBox(t, "")
		must(t, other.accounts.CreateOwner(t.Context(), o, someSession(o)))
		v := other.visitor()
		page, r := v.post("/login", url.Values{"username": {owner}, "password": {password}})
		at(t, r, "/login/step?next=%2F")
		has(t, page, "another secret key", "!id=\"code\"")
		if left == nil {
			has(t, page, `<details class="fold" open><summary>Lost`, "!id=\"recovery\"")
			continue
		}
		has(t, page, `<details class="fold" open><summary>Use a recovery code`)
		_, r = v.post("/login/step", url.Values{"code": {recovery[0]}, "kind": {"recovery_code"}})
		at(t, r, "/")
	}
}

// The page that asks once more wants a code too.
func TestReauthenticationWithACode(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	secret, _ := b.enrol()
	b.elapse(11 * time.Minute)
	form := url.Values{"name": {"Phone"}, "scope": {"add"}}
	page, r := v.post("/settings/keys", form)
	status(t, r, 403)
	has(t, page, "your password and a code", `name="reauth_code"`, `autocomplete="one-time-code"`)
	for code, says := range map[string]string{"": "The code is wrong", "12345": "The code is wrong"} {
		form.Set("reauth_password", password)
		form.Set("reauth_code", code)
		page, r = v.post("/settings/keys", form)
		status(t, r, 403)
		has(t, page, says, "!cfr_", "!12345")
	}
	form.Set("reauth_code", b.code(secret))
	_, r = v.post("/settings/keys", form)
	status(t, r, 201)
}
