package api

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"coffer/services/auth"
)

// TestBudgets: strangers share one by client, whatever cookie they bring; the
// owner has one of his own, with less of it for changes and uploads; each is
// released again.
func TestBudgets(t *testing.T) {
	now := time.Unix(1.6e9, 0)
	budgets := auth.NewBudgets(func() time.Time { return now })
	b, owner := newOwnedBox(t, func(o *Options) { o.Budgets = budgets })
	spend := func(budget auth.Budget, caller string) {
		for budgets.Take(budget, caller) == nil {
		}
	}
	stranger := header("X-Client-Addr", "203.0.113.7")
	spend(auth.Anonymous, "203.0.113.7")
	for name, as := range map[string]caller{
		"nothing": nil, "a forged session": header("Cookie", "coffer_"+b.cookies.Box+"=a.b.c"),
		"a forged mark": header("Cookie", "coffer_"+b.cookies.Box+"_known=a.b.c"), "an unsigned user": header("X-Edge-Own", "0"),
	} {
		w := b.do(t, "GET", "/api/v1/health", "", stranger, as)
		after, _ := strconv.Atoi(w.Header().Get("Retry-After"))
		if w.Code != 429 || after < 1 || after > 120 || !strings.Contains(w.Body.String(), `"code":"limited"`) {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
	mark := theSeed.grant.Browser
	for name, as := range map[string]caller{
		"another client": header("X-Client-Addr", "203.0.113.8"), "the box itself": header("X-Client-Addr", "203.0.113.7", "X-Edge-Own", "1"),
		"the owner's browser, signed out": header("X-Client-Addr", "203.0.113.7", "Cookie", "coffer_"+b.cookies.Box+"_known="+mark),
		"the owner":                       func(r *http.Request) { stranger(r); owner(r) },
	} {
		if w := b.do(t, "GET", "/api/v1/health", "", as); w.Code != 200 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	now = now.Add(3 * time.Minute)
	if w := b.do(t, "GET", "/api/v1/health", "", stranger); w.Code != 200 {
		t.Errorf("three minutes later: %d", w.Code)
	}

	var id auth.Identity
	id, err := b.keeper.Verify(t.Context(), theSeed.grant.Token)
	must(t, err)
	multipart := header("Content-Type", "multipart/form-data; boundary=x")
	note := header("Content-Type", "application/json")
	for _, row := range []struct {
		spent                auth.Budget
		look, change, upload int
	}{
		{auth.Changes, 200, 429, 422}, {auth.Uploads, 200, 422, 429}, {auth.Requests, 429, 429, 429},
	} {
		now = now.Add(3 * time.Minute)
		spend(row.spent, id.Caller())
		for name, got := range map[string][2]int{
			"looking":   {b.do(t, "GET", "/api/v1/auth/me", "", owner).Code, row.look},
			"changing":  {b.do(t, "POST", "/api/v1/sources/text", `{"title":"x","text":""}`, owner, note).Code, row.change},
			"uploading": {b.do(t, "POST", "/api/v1/sources", "--x--\r\n", owner, multipart).Code, row.upload},
		} {
			if got[0] != got[1] {
				t.Errorf("%s spent: %s answers %d, want %d", row.spent, name, got[0], got[1])
			}
		}
	}
}
