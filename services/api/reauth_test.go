package api

import (
	"testing"
	"time"
)

// A key is made soon after a proof of who asks, and not later; what is missing
// is told by a code of its own.
func TestReauthenticate(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	program := bearer(b.makeKey(t, owner, `"read","add","admin"`, "").Secret)
	b.later.Store(int64(11 * time.Minute))
	const make, prove = "/api/v1/auth/keys", "/api/v1/auth/reauthenticate"
	const key = `{"name":"late","scopes":["read"]}`
	b.play(t, []scenario{
		{name: "late", method: "POST", path: make, body: key, as: []caller{owner}, status: 403, has: []string{`"reauthentication_required"`, "proof of the last ten minutes"}, hasNot: []string{"cfr_"}},
		{name: "a wrong password", method: "POST", path: prove, body: `{"password":"wrong password"}`, as: []caller{owner}, status: 403, has: []string{`"forbidden"`, `"field":"password"`}, hasNot: []string{"wrong password"}},
		{name: "by a key", method: "POST", path: prove, body: `{"password":"` + password + `"}`, as: []caller{program}, status: 403},
		{name: "by nobody", method: "POST", path: prove, body: `{"password":"` + password + `"}`, status: 401},
		{name: "from another site", method: "POST", path: prove, body: `{"password":"` + password + `"}`, as: []caller{owner, header("Sec-Fetch-Site", "cross-site")}, status: 403},
		{name: "still late", method: "POST", path: make, body: key, as: []caller{owner}, status: 403, has: []string{`"reauthentication_required"`}},
		{name: "the right one", method: "POST", path: prove, body: `{"password":"` + password + `"}`, as: []caller{owner}, status: 204},
		{name: "in time", method: "POST", path: make, body: key, as: []caller{owner}, status: 201, has: []string{"cfr_"}},
	})
	b.stopClock()
	for range 5 {
		b.do(t, "POST", prove, `{"password":"wrong password"}`, owner)
	}
	if w := b.do(t, "POST", prove, `{"password":"`+password+`"}`, owner); w.Code != 429 {
		t.Errorf("the sixth try: %d", w.Code)
	}
}
