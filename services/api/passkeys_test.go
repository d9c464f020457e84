package api

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"coffer/services/auth/authtest"
)

// overHTTPS is a browser that sees the box by a name, over HTTPS.
func overHTTPS() caller { return header("Host", "box.local:8443", "X-Forwarded-Proto", "https") }

// Where a passkey is asked for, made, proved by and removed.
const (
	beginPasskey   = "/api/v1/auth/factors/passkeys"
	confirmPasskey = "/api/v1/auth/factors/passkeys/confirm"
	askPasskey     = "/api/v1/auth/reauthenticate/passkey"
	proveAgain     = "/api/v1/auth/reauthenticate"
)

// jsonOf is JSON of pairs; a json.RawMessage goes in as it is.
func jsonOf(t *testing.T, pairs map[string]any) string {
	t.Helper()
	out, err := json.Marshal(pairs)
	must(t, err)
	return string(out)
}

// begun is what the owner's authenticators are asked for a new passkey.
func (b *box) begun(t *testing.T, owner caller) asked {
	t.Helper()
	w := b.do(t, "POST", beginPasskey, "", overHTTPS(), owner)
	if w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	return decode[asked](t, w)
}

// A passkey is made once, for a proved owner, by an answer that fits, and what
// does not fit changes nothing.
func TestPasskeyMade(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	b.stopClock()
	secure := overHTTPS()
	program := bearer(b.makeKey(t, owner, `"read","add","admin"`, "").Secret)
	a := b.begun(t, owner)
	key := authtest.New(t, "box.local", "https://box.local:8443")
	fits := key.Create(t, a.Options)
	elsewhere := *key
	elsewhere.Origin = "https://evil.example"
	confirm := func(ticket, name string, passkey any) string {
		t.Helper()
		return jsonOf(t, map[string]any{"ticket": ticket, "name": name, "passkey": passkey})
	}
	b.play(t, []scenario{
		{name: "asked by nobody", method: "POST", path: beginPasskey, as: []caller{secure}, status: 401},
		{name: "asked by a key", method: "POST", path: beginPasskey, as: []caller{secure, program}, status: 403},
		{name: "asked by another site", method: "POST", path: beginPasskey, as: []caller{secure, owner, header("Sec-Fetch-Site", "cross-site")}, status: 403},
		{name: "asked over plain HTTP", method: "POST", path: beginPasskey, as: []caller{owner}, status: 409, has: []string{"by a name over HTTPS"}},
		{name: "asked under an address", method: "POST", path: beginPasskey, as: []caller{secure, header("Host", "192.0.2.1"), owner}, status: 409},
		{name: "asked", method: "POST", path: beginPasskey, as: []caller{secure, owner}, status: 200,
			has: []string{`"ticket"`, `"challenge"`, `"id":"box.local"`, `"attestation":"none"`, `"expires_at"`}},

		{name: "made by nobody", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", json.RawMessage(fits)), as: []caller{secure}, status: 401},
		{name: "made by a key", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", json.RawMessage(fits)), as: []caller{secure, program}, status: 403},
		{name: "made over plain HTTP", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", json.RawMessage(fits)), as: []caller{owner}, status: 409},
		{name: "no JSON", method: "POST", path: confirmPasskey, body: `{"ticket"`, as: []caller{secure, owner}, status: 400},
		{name: "nothing", method: "POST", path: confirmPasskey, body: `{}`, as: []caller{secure, owner}, status: 422},
		{name: "no answer", method: "POST", path: confirmPasskey, body: jsonOf(t, map[string]any{"ticket": a.Ticket, "name": "Key"}), as: []caller{secure, owner}, status: 422},
		{name: "an empty answer", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", map[string]any{}), as: []caller{secure, owner}, status: 422, has: []string{`"field":"passkey"`}},
		{name: "no object", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", "text"), as: []caller{secure, owner}, status: 422, has: []string{`"field":"passkey"`}},
		{name: "null", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", nil), as: []caller{secure, owner}, status: 422},
		{name: "too long", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", strings.Repeat("x", 17<<10)), as: []caller{secure, owner}, status: 422, has: []string{`"field":"passkey"`}, hasNot: []string{"xxx"}},
		{name: "another origin", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", json.RawMessage(elsewhere.Create(t, a.Options))), as: []caller{secure, owner}, status: 422, has: []string{`"field":"passkey"`}, hasNot: []string{"evil"}},
		{name: "no name", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, " ", json.RawMessage(fits)), as: []caller{secure, owner}, status: 422, has: []string{`"field":"name"`}},
		{name: "a long name", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, strings.Repeat("é", 65), json.RawMessage(fits)), as: []caller{secure, owner}, status: 422, has: []string{`"field":"name"`}},
		{name: "another ticket", method: "POST", path: confirmPasskey, body: confirm("x", "Key", json.RawMessage(fits)), as: []caller{secure, owner}, status: 409, has: []string{`"field":"ticket"`}},
		{name: "a long ticket", method: "POST", path: confirmPasskey, body: confirm(strings.Repeat("x", 1025), "Key", json.RawMessage(fits)), as: []caller{secure, owner}, status: 422},
		{name: "still none", method: "GET", path: "/api/v1/auth/factors", as: []caller{secure, owner}, status: 200, has: []string{`"passkeys":[]`, `"recovery_codes_left":0`}},

		{name: "made", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key on the ring", json.RawMessage(fits)), as: []caller{secure, owner}, status: 200, has: []string{`"recovery_codes":["`}},
		{name: "made twice", method: "POST", path: confirmPasskey, body: confirm(a.Ticket, "Key", json.RawMessage(fits)), as: []caller{secure, owner}, status: 409, has: []string{`"field":"ticket"`}},
		{name: "listed", method: "GET", path: "/api/v1/auth/factors", as: []caller{program}, status: 200,
			has: []string{`"name":"Key on the ring"`, `"host":"box.local"`, `"last_used_at":null`, `"totp":false`, `"recovery_codes_left":10`}, hasNot: []string{"public_key", a.Ticket}},
		{name: "on record", method: "GET", path: "/api/v1/audit?kind=passkey_added", as: []caller{owner}, status: 200, has: []string{"Key on the ring"}, hasNot: []string{a.Ticket}},
	})
	more := b.begun(t, owner)
	w := b.do(t, "POST", confirmPasskey, confirm(more.Ticket, "Second", json.RawMessage(authtest.New(t, "box.local", "https://box.local:8443").Create(t, more.Options))), secure, owner)
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"recovery_codes":[]}` {
		t.Errorf("the second: %d %s", w.Code, w.Body)
	}
	late := b.begun(t, owner)
	b.pass(11 * time.Minute)
	b.play(t, []scenario{
		{name: "asked unproved", method: "POST", path: beginPasskey, as: []caller{secure, owner}, status: 403, has: []string{"reauthentication_required"}},
		{name: "made unproved", method: "POST", path: confirmPasskey, body: confirm(late.Ticket, "Third", json.RawMessage(key.Create(t, late.Options))), as: []caller{secure, owner}, status: 403, has: []string{"reauthentication_required"}},
	})
}

// A passkey finishes a sign-in and proves its owner again, once for each ticket
// and only where it belongs, and is removed by a proved owner.
func TestPasskeyUsed(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	b.stopClock()
	secure := overHTTPS()
	program := bearer(b.makeKey(t, owner, `"read","add","admin"`, "").Secret)
	a := b.begun(t, owner)
	key := authtest.New(t, "box.local", "https://box.local:8443")
	w := b.do(t, "POST", confirmPasskey, jsonOf(t, map[string]any{"ticket": a.Ticket, "name": "Key", "passkey": json.RawMessage(key.Create(t, a.Options))}), secure, owner)
	if w.Code != 200 {
		t.Fatal(w.Code, w.Body)
	}
	const login = `{"username":"Ada","password":"` + password + `"}`
	if got := decode[entered](t, b.do(t, "POST", "/api/v1/auth/login", login)); strings.Join(got.Methods, " ") != "recovery_code" || got.Passkey != nil {
		t.Errorf("over plain HTTP: %+v", got)
	}
	step := func() (entered, caller) {
		t.Helper()
		w := b.do(t, "POST", "/api/v1/auth/login", login, secure)
		got := decode[entered](t, w)
		if w.Code != 200 || strings.Join(got.Methods, " ") != "passkey recovery_code" || got.Passkey == nil {
			t.Fatalf("%d %+v", w.Code, got)
		}
		return got, kept(w)
	}
	finish := func(ticket string, passkey []byte, as ...caller) *httptest.ResponseRecorder {
		t.Helper()
		return b.do(t, "POST", "/api/v1/auth/factor", jsonOf(t, map[string]any{"ticket": ticket, "passkey": json.RawMessage(passkey)}), append([]caller{secure}, as...)...)
	}
	got, browser := step()
	answer := key.Get(t, got.Passkey)
	for name, try := range map[string]struct {
		w     *httptest.ResponseRecorder
		field string
	}{
		"without the cookie": {finish(got.Ticket, answer), "ticket"},
		"another ticket":     {finish("x", answer, browser), "ticket"},
		"no answer":          {finish(got.Ticket, []byte("{}"), browser), "passkey"},
		"over plain HTTP":    {finish(got.Ticket, answer, header("X-Forwarded-Proto", "http"), browser), "ticket"}, // whose cookie has another name
		"under another name": {finish(got.Ticket, answer, header("Host", "other.local"), browser), "passkey"},
	} {
		if try.w.Code != 401 || !strings.Contains(try.w.Body.String(), `"field":"`+try.field+`"`) {
			t.Errorf("%s: %d %s", name, try.w.Code, try.w.Body)
		}
	}
	b.pass(time.Minute) // the limit of wrong answers
	w = finish(got.Ticket, answer, browser)
	if w.Code != 200 {
		t.Fatalf("the passkey: %d %s", w.Code, w.Body)
	}
	in := kept(w)
	if w := finish(got.Ticket, key.Get(t, got.Passkey), browser); w.Code != 401 {
		t.Errorf("the ticket twice: %d", w.Code)
	}

	b.pass(11 * time.Minute)
	listed := decode[factors](t, b.do(t, "GET", "/api/v1/auth/factors", "", secure, in)).Passkeys
	if len(listed) != 1 || listed[0].LastUsedAt == nil {
		t.Fatalf("%+v", listed)
	}
	one := beginPasskey + "/" + listed[0].ID
	w = b.do(t, "POST", askPasskey, "", secure, in)
	again := decode[asked](t, w)
	prove := func(word string, passkey any) string {
		t.Helper()
		return jsonOf(t, map[string]any{"password": word, "ticket": again.Ticket, "passkey": passkey})
	}
	proof := json.RawMessage(key.Get(t, again.Options))
	b.play(t, []scenario{
		{name: "asked again by nobody", method: "POST", path: askPasskey, as: []caller{secure}, status: 401},
		{name: "asked again by a key", method: "POST", path: askPasskey, as: []caller{secure, program}, status: 403},
		{name: "asked again under another name", method: "POST", path: askPasskey, as: []caller{secure, header("Host", "other.local"), in}, status: 409},
		{name: "removed by nobody", method: "DELETE", path: one, as: []caller{secure}, status: 401},
		{name: "removed by a key", method: "DELETE", path: one, as: []caller{secure, program}, status: 403},
		{name: "removed unproved", method: "DELETE", path: one, as: []caller{secure, in}, status: 403, has: []string{"reauthentication_required"}},
		{name: "a wrong password", method: "POST", path: proveAgain, body: prove("wrong password", proof), as: []caller{secure, in}, status: 403, has: []string{`"field":"password"`}},
		{name: "a wrong answer", method: "POST", path: proveAgain, body: prove(password, map[string]any{}), as: []caller{secure, in}, status: 403, has: []string{`"field":"passkey"`}},
		{name: "the password alone", method: "POST", path: proveAgain, body: `{"password":"` + password + `"}`, as: []caller{secure, in}, status: 403},
		{name: "both", method: "POST", path: proveAgain, body: prove(password, proof), as: []caller{secure, in}, status: 204},
		{name: "both twice", method: "POST", path: proveAgain, body: prove(password, proof), as: []caller{secure, in}, status: 409, has: []string{`"field":"ticket"`}},
		{name: "another removed", method: "DELETE", path: beginPasskey + "/none", as: []caller{secure, in}, status: 404},
		{name: "one with a long id", method: "DELETE", path: beginPasskey + "/" + strings.Repeat("a", 65), as: []caller{secure, in}, status: 422},
		{name: "removed", method: "DELETE", path: one, as: []caller{secure, in}, status: 204},
		{name: "removed twice", method: "DELETE", path: one, as: []caller{secure, in}, status: 409, has: []string{"No second factor is on"}},
		{name: "none is left", method: "GET", path: "/api/v1/auth/factors", as: []caller{secure, in}, status: 200, has: []string{`"passkeys":[]`, `"recovery_codes_left":0`}},
		{name: "the password is enough", method: "POST", path: "/api/v1/auth/login", body: login, as: []caller{secure}, status: 200, has: []string{`{"status":"ok"}`}},
		{name: "on record", method: "GET", path: "/api/v1/audit", as: []caller{secure, in}, status: 200, has: []string{"passkey_added", "passkey_removed"}, hasNot: []string{again.Ticket, got.Ticket}},
	})
	if log := b.log.String(); strings.Contains(log, got.Ticket) || strings.Contains(log, string(again.Options)) {
		t.Error("the log tells a ticket or a challenge")
	}
}
