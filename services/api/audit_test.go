package api

import "testing"

func TestAudit(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	as := []caller{owner}
	const path = "/api/v1/audit"
	b.play(t, []scenario{
		{name: "by nobody", method: "GET", path: path, status: 401, hasNot: []string{"items"}},
		{name: "a wrong password", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":"not-the-password"}`, status: 401},
		{name: "a setting", method: "PATCH", path: "/api/v1/settings", body: `{"reach":"names"}`, as: as, status: 200},
		{name: "newest first, in parts", method: "GET", path: path + "?limit=1", as: as, status: 200,
			has: []string{`"kind":"settings_changed"`, `"who":"session"`, `"detail":"reach"`, `"total":2`}, hasNot: []string{`"next":null`, "sign_in_failed"}},
		{name: "by kind", method: "GET", path: path + "?kind=sign_in_failed", as: as, status: 200,
			has: []string{`"who":"stranger"`, `"count":1`, `"next":null`}, hasNot: []string{"settings_changed", "not-the-password"}},
		{name: "a bad cursor", method: "GET", path: path + "?cursor=zz", as: as, status: 422, has: []string{"cursor"}},
		{name: "nothing changes it", method: "DELETE", path: path, as: as, status: 405},
	})
}
