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

// A second factor is turned on, and off again, on the pages without scripts.
func TestFactorPages(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	b.stopClock()
	page, _ := v.get("/settings/account")
	has(t, page, "Second factor", "Whoever learns your password", `action="/box/settings/account/totp" data-reauth`, "!recovery codes left", "!id=\"factor-off\"")
	page, r := v.post("/settings/account/totp", nil)
	status(t, r, 200)
	if r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the secret may be kept: %s", r.Header.Get("Cache-Control"))
	}
	secret, ticket := between(t, page, `aria-describedby="secret-hint">`, "<"), between(t, page, `name="ticket" value="`, `"`)
	has(t, page, `src="data:image/png;base64,iVBOR`, `href="otpauth://totp/Coffer:Ada@127.0.0.1?`, "Open it in an app on this device", "!ZgotmplZ", "!id=\"problem\"")
	if len(strings.Fields(secret)) != 8 {
		t.Errorf("the secret is shown as %q", secret)
	}
	plain := strings.ReplaceAll(secret, " ", "")
	page, r = v.post("/settings/account/totp/confirm", url.Values{"ticket": {ticket}, "code": {"12345"}})
	status(t, r, 422)
	has(t, page, secret, "not the code of this secret", `aria-invalid="true" aria-describedby="problem"`, "!12345")
	page, r = v.post("/settings/account/totp/confirm", url.Values{"ticket": {ticket}, "code": {b.code(plain)}})
	status(t, r, 200)
	codes := strings.Fields(between(t, page, `autocomplete="off">`, "</textarea>"))
	if len(codes) != 10 {
		t.Fatalf("the codes are %q", codes)
	}
	has(t, page, "The second factor is on", "cannot show them again", "!"+secret, "!"+plain)
	file, r := v.post("/settings/account/codes/file", url.Values{"codes": {strings.Join(codes, "\r\n")}})
	if file != strings.Join(codes, "\r\n")+"\n" || r.Header.Get("Content-Disposition") != `attachment; filename="coffer-recovery-codes.txt"` {
		t.Errorf("%q, %v", file, r.Header)
	}
	_, r = v.post("/settings/account/totp/confirm", url.Values{"ticket": {ticket}, "code": {b.code(plain)}})
	at(t, r, "/box/settings/account")
	_, r = v.post("/settings/account/totp", nil)
	at(t, r, "/box/settings/account")
	page, _ = v.get("/settings/account")
	has(t, page, "Authenticator app", "10 recovery codes left", "!"+codes[0], "!"+plain, "!Make new ones", `action="/box/settings/account/totp/off" class="stack" data-reauth`)

	page, r = v.post("/settings/account/codes", nil)
	status(t, r, 200)
	fresh := strings.Fields(between(t, page, `autocomplete="off">`, "</textarea>"))
	has(t, page, "Those from before are void", "!"+codes[0])
	for _, code := range fresh[:8] {
		w := b.visitor()
		w.post("/login", url.Values{"username": {owner}, "password": {password}})
		_, r = w.post("/login/step", url.Values{"code": {code}})
		at(t, r, "/box/")
	}
	page, _ = v.get("/settings/account")
	has(t, page, "2 recovery codes left", "Make new ones")
	v.post("/settings/appearance", url.Values{"language": {"de"}})
	page, _ = v.get("/settings/account")
	has(t, page, "Zweiter Faktor", "2 Wiederherstellungscodes übrig", "Erstelle neue")

	b.elapse(11 * time.Minute)
	page, r = v.post("/settings/account/totp/off", nil)
	status(t, r, 403)
	has(t, page, "Bestätige, dass du es bist", `action="/box/settings/account/totp/off"`, `name="reauth_code"`)
	_, r = v.post("/settings/account/totp/off", url.Values{"reauth_password": {password}, "reauth_code": {"12345"}})
	status(t, r, 403)
	page, r = v.post("/settings/account/totp/off", url.Values{"reauth_password": {password}, "reauth_code": {b.code(plain)}})
	at(t, r, "/box/settings/account?done=factor")
	has(t, page, "Der zweite Faktor ist aus", "!Wiederherstellungscodes übrig")
	page, r = v.post("/settings/account/totp", nil)
	status(t, r, 200)
	b.elapse(16 * time.Minute)
	page, r = v.post("/settings/account/totp/confirm", url.Values{"ticket": {between(t, page, `name="ticket" value="`, `"`)}, "code": {"12345"}})
	at(t, r, "/box/settings/account?done=late")
	has(t, page, "nicht rechtzeitig bestätigt")
	_, r = v.get("/settings/account/totp")
	at(t, r, "/box/settings/account")
	page, _ = v.get("/settings/audit")
	has(t, page, "Zweiter Faktor eingeschaltet", "Neue Wiederherstellungscodes erstellt", "Zweiter Faktor ausgeschaltet", "Passwort richtig, zweiter Faktor falsch", "Wiederherstellungscode benutzt")
}

// between is what stands on a page between two texts.
func between(t *testing.T, page, before, after string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, before)
	text, _, end := strings.Cut(rest, after)
	if !found || !end {
		t.Fatalf("no %q on the page:\n%s", before, page)
	}
	return text
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
	has(t, page, "your password, and a code or a passkey", `name="reauth_code"`, `autocomplete="one-time-code"`)
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
