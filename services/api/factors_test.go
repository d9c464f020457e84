package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// code is what an authenticator app shows now, by the keeper's clock.
func (b *box) code(t *testing.T, secret string) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, b.now())
	must(t, err)
	return code
}

// pass lets time pass while the clock stands otherwise.
func (b *box) pass(d time.Duration) { b.still.Store(b.now().Add(d).UnixNano()) }

// enrol turns codes on.
func (b *box) enrol(t *testing.T, owner caller) (secret string, recovery []string) {
	t.Helper()
	w := b.do(t, "POST", "/api/v1/auth/factors/totp", "{}", owner)
	if w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	e := decode[enrolment](t, w)
	w = b.do(t, "POST", "/api/v1/auth/factors/totp/confirm", fmt.Sprintf(`{"ticket":%q,"code":%q}`, e.Ticket, b.code(t, e.Secret)), owner)
	if w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	b.pass(30 * time.Second)
	return e.Secret, decode[recoveryCodes](t, w).Codes
}

// kept sends the cookies that an answer leaves in a browser.
func kept(w *httptest.ResponseRecorder) caller {
	return func(r *http.Request) {
		for _, c := range w.Result().Cookies() {
			if c.MaxAge >= 0 {
				r.AddCookie(c)
			}
		}
	}
}

// A second factor is turned on, asked for, refused, spent, and turned off, by
// the API alone.
func TestFactors(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	b.stopClock()
	program := bearer(b.makeKey(t, owner, `"read","add","admin"`, "").Secret)
	const begin, confirm, recover = "/api/v1/auth/factors/totp", "/api/v1/auth/factors/totp/confirm", "/api/v1/auth/factors/recovery-codes"
	w := b.do(t, "POST", begin, "", owner)
	e := decode[enrolment](t, w)
	if w.Code != 200 || len(e.Secret) != 32 || !strings.HasPrefix(e.URI, "otpauth://totp/Coffer:Ada@box.local?") || !strings.HasPrefix(e.QR, "data:image/png;base64,") || !e.ExpiresAt.After(b.now()) {
		t.Fatalf("%d %+v", w.Code, e)
	}
	b.play(t, []scenario{
		{name: "off", method: "GET", path: "/api/v1/auth/factors", as: []caller{program}, status: 200, has: []string{`"totp":false`, `"totp_since":null`, `"recovery_codes_left":0`}},
		{name: "on by a key", method: "POST", path: begin, as: []caller{program}, status: 403},
		{name: "on by nobody", method: "POST", path: begin, status: 401},
		{name: "confirmed by a key", method: "POST", path: confirm, body: `{"ticket":"x","code":"000000"}`, as: []caller{program}, status: 403},
		{name: "a wrong code", method: "POST", path: confirm, body: fmt.Sprintf(`{"ticket":%q,"code":"12345"}`, e.Ticket), as: []caller{owner}, status: 422, has: []string{`"field":"code"`}, hasNot: []string{"12345", e.Secret}},
		{name: "another ticket", method: "POST", path: confirm, body: `{"ticket":"x","code":"000000"}`, as: []caller{owner}, status: 409},
		{name: "no recovery codes yet", method: "POST", path: recover, as: []caller{owner}, status: 409},
		{name: "nothing to turn off", method: "DELETE", path: begin, as: []caller{owner}, status: 409},
	})
	secret, recovery := b.enrol(t, owner)
	if len(recovery) != 10 {
		t.Fatalf("%d recovery codes", len(recovery))
	}

	login := func() (string, caller) {
		t.Helper()
		w := b.do(t, "POST", "/api/v1/auth/login", `{"username":"Ada","password":"`+password+`"}`)
		got := decode[entered](t, w)
		if w.Code != 200 || got.Status != "second_factor" || strings.Join(got.Methods, " ") != "totp recovery_code" || got.Ticket == "" {
			t.Fatalf("%d %+v", w.Code, got)
		}
		set := w.Result().Cookies()
		if len(set) != 1 || set[0].Name != "coffer_"+b.cookies.Box+"_step" || !set[0].HttpOnly || strings.Contains(set[0].Value, b.cookies.Box) {
			t.Fatalf("cookies %v", set)
		}
		return got.Ticket, kept(w)
	}
	finish := func(ticket, code string, as ...caller) *httptest.ResponseRecorder {
		t.Helper()
		return b.do(t, "POST", "/api/v1/auth/factor", fmt.Sprintf(`{"ticket":%q,"code":%q}`, ticket, code), as...)
	}
	ticket, browser := login()
	if w := b.do(t, "GET", "/api/v1/auth/me", "", browser); w.Code != 401 {
		t.Errorf("the password alone: %d", w.Code)
	}
	if w := finish(ticket, b.code(t, secret)); w.Code != 401 || !strings.Contains(w.Body.String(), `"field":"ticket"`) {
		t.Errorf("without the cookie: %d %s", w.Code, w.Body)
	}
	if w := finish(ticket, "000 00", browser); w.Code != 401 || !strings.Contains(w.Body.String(), `"field":"code"`) {
		t.Errorf("a wrong code: %d %s", w.Code, w.Body)
	}
	w = finish(ticket, b.code(t, secret), browser)
	if w.Code != 200 || w.Body.String() != "{\"status\":\"ok\"}\n" {
		t.Fatalf("the code: %d %s", w.Code, w.Body)
	}
	gone := false
	for _, c := range w.Result().Cookies() {
		gone = gone || strings.HasSuffix(c.Name, "_step") && c.MaxAge < 0
	}
	if !gone {
		t.Error("the step stays in the browser")
	}
	second := kept(w)
	if w := b.do(t, "GET", "/api/v1/auth/me", "", second); w.Code != 200 {
		t.Errorf("after the code: %d", w.Code)
	}
	ticket, browser = login()
	if w := finish(ticket, b.code(t, secret), browser); w.Code != 401 {
		t.Errorf("the same code: %d", w.Code)
	}
	if w := finish(ticket, recovery[0], browser); w.Code != 200 {
		t.Errorf("a recovery code: %d %s", w.Code, w.Body)
	}
	ticket, browser = login()
	if w := finish(ticket, recovery[0], browser); w.Code != 401 {
		t.Errorf("the same: %d", w.Code)
	}

	b.pass(11 * time.Minute)
	const prove = "/api/v1/auth/reauthenticate"
	b.play(t, []scenario{
		{name: "on", method: "GET", path: "/api/v1/auth/factors", as: []caller{second}, status: 200, has: []string{`"totp":true`, `"totp_readable":true`, `"recovery_codes_left":9`}},
		{name: "on again", method: "POST", path: begin, as: []caller{second}, status: 403, has: []string{"reauthentication_required"}},
		{name: "off unproved", method: "DELETE", path: begin, as: []caller{second}, status: 403, has: []string{"reauthentication_required"}},
		{name: "codes unproved", method: "POST", path: recover, as: []caller{second}, status: 403, has: []string{"reauthentication_required"}, hasNot: []string{"recovery_codes"}},
		{name: "off by a key", method: "DELETE", path: begin, as: []caller{program}, status: 403},
		{name: "codes by a key", method: "POST", path: recover, as: []caller{program}, status: 403},
		{name: "the password alone", method: "POST", path: prove, body: `{"password":"` + password + `"}`, as: []caller{second}, status: 403, has: []string{`"field":"code"`}},
		{name: "both", method: "POST", path: prove, body: `{"password":"` + password + `","code":"` + b.code(t, secret) + `"}`, as: []caller{second}, status: 204},
		{name: "codes", method: "POST", path: recover, as: []caller{second}, status: 200, has: []string{"recovery_codes"}, hasNot: []string{recovery[1]}},
		{name: "on twice", method: "POST", path: begin, as: []caller{second}, status: 409},
		{name: "off", method: "DELETE", path: begin, as: []caller{second}, status: 204},
		{name: "off at last", method: "GET", path: "/api/v1/auth/factors", as: []caller{second}, status: 200, has: []string{`"totp":false`, `"recovery_codes_left":0`}},
		{name: "the password again", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":"` + password + `"}`, status: 200, has: []string{`{"status":"ok"}`}},
		{name: "on record", method: "GET", path: "/api/v1/audit", as: []caller{second}, status: 200, has: []string{"factor_on", "factor_failed", "recovery_used", "recovery_made", "factor_off"}, hasNot: []string{secret, recovery[0]}},
	})
	if strings.Contains(b.log.String(), secret) || strings.Contains(b.log.String(), recovery[0]) {
		t.Error("the log tells a secret")
	}
}

// Wrong codes run into the limits of signing in, which say when to come back.
func TestFactorLimit(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	b.stopClock()
	secret, _ := b.enrol(t, owner)
	w := b.do(t, "POST", "/api/v1/auth/login", `{"username":"Ada","password":"`+password+`"}`)
	ticket, browser := decode[entered](t, w).Ticket, kept(w)
	try := func(code string) *httptest.ResponseRecorder {
		return b.do(t, "POST", "/api/v1/auth/factor", fmt.Sprintf(`{"ticket":%q,"code":%q}`, ticket, code), browser)
	}
	for range 5 {
		if w := try("12345"); w.Code != 401 {
			t.Fatal(w.Code, w.Body)
		}
	}
	if w := try(b.code(t, secret)); w.Code != 429 || w.Header().Get("Retry-After") != "60" {
		t.Errorf("the sixth: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	b.pass(time.Minute)
	if w := try(b.code(t, secret)); w.Code != 200 {
		t.Errorf("a minute later: %d %s", w.Code, w.Body)
	}
}
