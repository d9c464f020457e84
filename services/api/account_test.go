package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// setCookies are the cookies of an answer, as the browser sends them back.
func setCookies(t *testing.T, w *httptest.ResponseRecorder) caller {
	t.Helper()
	cookies := w.Result().Cookies()
	if len(cookies) != 2 {
		t.Fatalf("%d cookies: %v", len(cookies), w.Header())
	}
	for _, c := range cookies {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Expires.Before(time.Now().Add(29*24*time.Hour)) {
			t.Errorf("cookie %s", c)
		}
	}
	return func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
}

func TestSetup(t *testing.T) {
	b := newBox(t, nil)
	body := func(code, name, password string) string {
		return `{"code":"` + code + `","username":"` + name + `","password":"` + password + `"}`
	}
	from := func(address string) []caller { return []caller{header("X-Client-Addr", address)} }
	b.play(t, []scenario{
		{name: "needed", method: "GET", path: "/api/v1/setup", status: 200, has: []string{`{"needed":true}`}},
		{name: "sign-in before it", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":"` + password + `"}`, status: 401},
		{name: "no code", method: "POST", path: "/api/v1/setup", body: `{"username":"Ada","password":"` + password + `"}`, as: from("192.0.2.2"), status: 403, has: []string{`"field":"code"`}},
		{name: "wrong code", method: "POST", path: "/api/v1/setup", body: body("WXYZ-6789", "Ada", password), as: from("192.0.2.2"), status: 403},
		{name: "wrong code tells nothing of the rest", method: "POST", path: "/api/v1/setup", body: body("WXYZ-6789", "", ""), as: from("192.0.2.2"), status: 403},
		{name: "the fourth try", method: "POST", path: "/api/v1/setup", body: body(setupCode, "Ada", password), as: from("192.0.2.2"), status: 429},
		{name: "short password", method: "POST", path: "/api/v1/setup", body: body(setupCode, "Ada", "seven77"), status: 422, has: []string{`"field":"password"`}, hasNot: []string{"seven77"}},
		{name: "no name", method: "POST", path: "/api/v1/setup", body: body(setupCode, " ", password), status: 422, has: []string{`"field":"username"`}},
		{name: "line break in the name", method: "POST", path: "/api/v1/setup", body: body(setupCode, `A\nda`, password), status: 422},
		{name: "from another site", method: "POST", path: "/api/v1/setup", body: body(setupCode, "Ada", password), as: []caller{header("Sec-Fetch-Site", "cross-site")}, status: 403, has: []string{"another site"}},
		{name: "still needed", method: "GET", path: "/api/v1/setup", status: 200, has: []string{`{"needed":true}`}},
	})
	w := b.do(t, "POST", "/api/v1/setup", body("abcd 2345", "Zoë 山田", password), header("Host", "unlisted.example.org"))
	if w.Code != 201 || w.Body.String() != "{\"status\":\"ok\"}\n" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	owner := setCookies(t, w)
	b.play(t, []scenario{
		{name: "signed in", method: "GET", path: "/api/v1/auth/me", as: []caller{owner}, status: 200, has: []string{"Zoë 山田", `"read","add","admin"`}},
		{name: "no longer needed", method: "GET", path: "/api/v1/setup", status: 200, has: []string{`{"needed":false}`}},
		{name: "again", method: "POST", path: "/api/v1/setup", body: body(setupCode, "Eve", password), status: 409},
		{name: "again without the code", method: "POST", path: "/api/v1/setup", body: body("", "Eve", password), status: 409},
	})
	// A name that is not ASCII never reaches a header.
	h := b.do(t, "GET", "/_edge/verify", "", owner).Header()
	for _, v := range h {
		for _, c := range []byte(strings.Join(v, "")) {
			if c > 0x7e {
				t.Fatalf("header %v", h)
			}
		}
	}
}

func TestLoginAndOut(t *testing.T) {
	b, first := newOwnedBox(t, nil)
	login := func(name, password string, as ...caller) *httptest.ResponseRecorder {
		return b.do(t, "POST", "/api/v1/auth/login", `{"username":"`+name+`","password":"`+password+`"}`, as...)
	}
	wrongName, wrongPassword := login("Eve", password), login("Ada", "wrong password")
	if wrongName.Code != 401 || wrongPassword.Code != 401 {
		t.Errorf("%d, %d", wrongName.Code, wrongPassword.Code)
	}
	if a, b := decode[Problem](t, wrongName), decode[Problem](t, wrongPassword); a.Detail != b.Detail || a.Hint != b.Hint || a.Code != b.Code {
		t.Error("the answer tells which of the two is wrong")
	}
	w := login("ADA", password, header("X-Forwarded-Proto", "https", "User-Agent", "second browser"))
	if w.Code != 200 || w.Body.String() != "{\"status\":\"ok\"}\n" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	second := setCookies(t, w)
	for _, c := range w.Result().Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-coffer_"+b.cookies.Box) || !c.Secure {
			t.Errorf("cookie %s", c)
		}
	}
	overTLS := header("X-Forwarded-Proto", "https")
	if w := b.do(t, "GET", "/api/v1/auth/me", "", second, overTLS); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	if w := b.do(t, "GET", "/api/v1/auth/me", "", second); w.Code != 401 {
		t.Errorf("the secure cookie counts over HTTP: %d", w.Code)
	}

	w = b.do(t, "POST", "/api/v1/auth/logout", "", second, overTLS)
	gone := w.Result().Cookies()
	if w.Code != 204 || w.Body.Len() != 0 || len(gone) != 1 || gone[0].MaxAge >= 0 || gone[0].Value != "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := b.do(t, "GET", "/api/v1/auth/me", "", second, overTLS); w.Code != 401 {
		t.Errorf("the token outlives its session: %d", w.Code)
	}
	if w := b.do(t, "GET", "/api/v1/auth/me", "", first); w.Code != 200 {
		t.Errorf("the other browser is signed out: %d", w.Code)
	}
	for name, as := range map[string]caller{"again": second, "by nobody": nil, "with a stale cookie": b.cookie("x.y.z")} {
		if w := b.do(t, "POST", "/api/v1/auth/logout", "", as); w.Code != 204 {
			t.Errorf("sign-out %s: %d", name, w.Code)
		}
	}
	if w := b.do(t, "GET", "/api/v1/auth/logout", "", first); w.Code != 405 {
		t.Errorf("sign-out by a link: %d", w.Code)
	}
}

func TestLoginLimit(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	b.stopClock()
	try := func(password, address string) int {
		return b.do(t, "POST", "/api/v1/auth/login", `{"username":"Ada","password":"`+password+`"}`, header("X-Client-Addr", address, "X-Forwarded-For", "203.0.113.99")).Code
	}
	for range 5 {
		if code := try("wrong password", "203.0.113.1"); code != 401 {
			t.Fatal(code)
		}
	}
	if code := try(password, "203.0.113.1"); code != 429 {
		t.Errorf("the sixth try: %d", code)
	}
	if code := try(password, "203.0.113.2"); code != 200 {
		t.Errorf("another client: %d", code)
	}
	w := b.do(t, "GET", "/api/v1/health/auth", "")
	h := decode[healthAuth](t, w)
	if h.XAuthUserPresent || !h.EdgeTokenPresent || h.RecentFailedAttempts != 5 || h.LastFailureAt == nil || !h.LastFailureAt.Equal(b.now()) {
		t.Errorf("%+v", h)
	}
	if h := decode[healthAuth](t, b.do(t, "GET", "/api/v1/health/auth", "", owner)); !h.XAuthUserPresent {
		t.Errorf("%+v", h)
	}
}

func TestSessions(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	other := setCookies(t, b.do(t, "POST", "/api/v1/auth/login", `{"username":"Ada","password":"`+password+`"}`, header("User-Agent", "<b>other</b>")))
	w := b.do(t, "GET", "/api/v1/auth/sessions", "", owner)
	for _, s := range []string{"token", "owner", theSeed.owner.ID} {
		if strings.Contains(w.Body.String(), s) {
			t.Errorf("%q is in %s", s, w.Body)
		}
	}
	l := decode[list[session]](t, w)
	if l.Total != 2 || len(l.Items) != 2 || l.Next != nil || l.Items[0].Current || !l.Items[1].Current || l.Items[0].Agent != "<b>other</b>" || l.Items[0].Address != "192.0.2.7" {
		t.Fatalf("%+v", l)
	}
	id := l.Items[0].ID
	b.play(t, []scenario{
		{name: "by nobody", method: "DELETE", path: "/api/v1/auth/sessions/" + id, status: 401},
		{name: "unknown", method: "DELETE", path: "/api/v1/auth/sessions/NONE", as: []caller{owner}, status: 404},
		{name: "other works", method: "GET", path: "/api/v1/auth/me", as: []caller{other}, status: 200},
		{name: "end it", method: "DELETE", path: "/api/v1/auth/sessions/" + id, as: []caller{owner}, status: 204},
		{name: "other is out", method: "GET", path: "/api/v1/auth/me", as: []caller{other}, status: 401},
		{name: "twice", method: "DELETE", path: "/api/v1/auth/sessions/" + id, as: []caller{owner}, status: 404},
		{name: "this one works", method: "GET", path: "/api/v1/auth/me", as: []caller{owner}, status: 200},
	})
}

func TestEndSessions(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	login := func() caller {
		return setCookies(t, b.do(t, "POST", "/api/v1/auth/login", `{"username":"Ada","password":"`+password+`"}`))
	}
	second, third := login(), login()
	const path, me = "/api/v1/auth/sessions?which=", "/api/v1/auth/me"
	b.play(t, []scenario{
		{name: "by nobody", method: "DELETE", path: path + "all", status: 401},
		{name: "which?", method: "DELETE", path: "/api/v1/auth/sessions", as: []caller{owner}, status: 422},
		{name: "whichever", method: "DELETE", path: path + "mine", as: []caller{owner}, status: 422},
		{name: "from elsewhere", method: "DELETE", path: path + "all", as: []caller{owner, header("Sec-Fetch-Site", "cross-site")}, status: 403},
		{name: "second works", method: "GET", path: me, as: []caller{second}, status: 200},
		{name: "others", method: "DELETE", path: path + "others", as: []caller{owner}, status: 204},
		{name: "second is out", method: "GET", path: me, as: []caller{second}, status: 401},
		{name: "third is out", method: "GET", path: me, as: []caller{third}, status: 401},
		{name: "this one works", method: "GET", path: me, as: []caller{owner}, status: 200},
	})
	fourth := login()
	w := b.do(t, "DELETE", path+"all", "", owner)
	if gone := w.Result().Cookies(); w.Code != 204 || len(gone) != 1 || gone[0].MaxAge >= 0 {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	b.play(t, []scenario{
		{name: "fourth is out", method: "GET", path: me, as: []caller{fourth}, status: 401},
		{name: "this one too", method: "GET", path: me, as: []caller{owner}, status: 401},
		{name: "told", method: "GET", path: "/api/v1/audit", as: []caller{login()}, status: 200, has: []string{`"everywhere"`, `"others_ended"`}},
	})
}

// A session in use gets new cookies once a day, where the edge has asked who is
// asking; what may be kept by caches carries none.
func TestRenewal(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	edge := header("X-Auth-User", theSeed.owner.ID, "X-Auth-Kind", "session", "X-Auth-Session", theSeed.session.ID)
	ask := func(as ...caller) []*http.Cookie {
		w := b.do(t, "GET", "/api/v1/auth/me", "", as...)
		if w.Code != 200 {
			t.Fatal(w.Code, w.Body)
		}
		return w.Result().Cookies()
	}
	if got := ask(owner, edge); len(got) != 0 {
		t.Errorf("on the first day: %v", got)
	}
	b.later.Store(int64(25 * time.Hour))
	if got := ask(owner); len(got) != 0 {
		t.Errorf("without the edge: %v", got)
	}
	w := b.do(t, "GET", "/api/v1/auth/me", "", owner, edge)
	fresh := setCookies(t, w)
	if got := ask(owner, edge); len(got) != 0 {
		t.Errorf("twice a day: %v", got)
	}
	b.later.Store(int64(30*24*time.Hour + 23*time.Hour)) // the first token has expired
	if w := b.do(t, "GET", "/api/v1/auth/me", "", owner); w.Code != 401 {
		t.Errorf("the first token: %d", w.Code)
	}
	if got := ask(fresh, edge); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

func TestPassword(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	other := setCookies(t, b.do(t, "POST", "/api/v1/auth/login", `{"username":"Ada","password":"`+password+`"}`))
	change := func(old, new string) string {
		return `{"current_password":"` + old + `","new_password":"` + new + `"}`
	}
	const path = "/api/v1/auth/password"
	b.play(t, []scenario{
		{name: "by nobody", method: "POST", path: path, body: change(password, "a new password"), status: 401},
		{name: "wrong", method: "POST", path: path, body: change("wrong password", "a new password"), as: []caller{owner}, status: 403, has: []string{"current_password"}},
		{name: "too short", method: "POST", path: path, body: change(password, "short"), as: []caller{owner}, status: 422, has: []string{"new_password"}},
		{name: "other is still in", method: "GET", path: "/api/v1/auth/me", as: []caller{other}, status: 200},
	})
	w := b.do(t, "POST", path, change(password, "a new password"), owner)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	kept := setCookies(t, w)
	b.play(t, []scenario{
		{name: "this browser stays", method: "GET", path: "/api/v1/auth/me", as: []caller{kept}, status: 200},
		{name: "its old token does not", method: "GET", path: "/api/v1/auth/me", as: []caller{owner}, status: 401},
		{name: "other is out", method: "GET", path: "/api/v1/auth/me", as: []caller{other}, status: 401},
		{name: "old password", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":"` + password + `"}`, status: 401},
		{name: "new password", method: "POST", path: "/api/v1/auth/login", body: `{"username":"Ada","password":"a new password"}`, status: 200},
	})
}

func TestSettings(t *testing.T) {
	b, owner := newOwnedBox(t, func(o *Options) { o.Hosts.Fixed, o.Proxies = []string{"fixed.example.org"}, []string{"192.0.2.1/32"} })
	as := []caller{owner}
	const path = "/api/v1/settings"
	b.play(t, []scenario{
		{name: "at first", method: "GET", path: path, as: as, status: 200, has: []string{`{"hosts":[],"any_host":false,"reach":"","fixed_hosts":["fixed.example.org"],"trusted_proxies":["192.0.2.1/32"],"limits":[{"what":"anonymous","per_minute":120,"used":0,"callers":0},{"what":"requests","per_minute":15000,"used":1,"callers":1},`, `{"what":"uploads","per_minute":3000,"used":0,"callers":0}]}`}},
		{name: "unknown name", method: "GET", path: path, as: []caller{owner, header("Host", "box.example.org")}, status: 421},
		{name: "no host name", method: "PATCH", path: path, body: `{"hosts":["a b"]}`, as: as, status: 422, has: []string{`"field":"hosts"`}},
		{name: "unknown reach", method: "PATCH", path: path, body: `{"reach":"everyone"}`, as: as, status: 422},
		{name: "unknown setting", method: "PATCH", path: path, body: `{"colour":"brass"}`, as: as, status: 422},
		{name: "by nobody", method: "PATCH", path: path, body: `{"any_host":true}`, status: 401},
		{name: "list it", method: "PATCH", path: path, body: `{"hosts":["https://Box.Example.org:8443/","box.example.org"],"reach":"names"}`, as: as, status: 200, has: []string{`"hosts":["box.example.org"]`, `"reach":"names"`}},
		{name: "now known", method: "GET", path: path, as: []caller{owner, header("Host", "box.example.org")}, status: 200},
		{name: "the rest stays", method: "PATCH", path: path, body: `{"any_host":true}`, as: as, status: 200, has: []string{"box.example.org", `"any_host":true`, `"reach":"names"`}},
		{name: "nothing", method: "PATCH", path: path, body: `{}`, as: as, status: 200, has: []string{"box.example.org", `"any_host":true`}},
		{name: "empty it", method: "PATCH", path: path, body: `{"hosts":[],"any_host":false}`, as: as, status: 200, has: []string{`"hosts":[]`}},
		{name: "unknown again", method: "GET", path: path, as: []caller{owner, header("Host", "box.example.org")}, status: 421},
	})
}

func TestHealth(t *testing.T) {
	state := Health{Status: "limited", Services: []ServiceHealth{{Name: "worker", Status: "restarting", Detail: "for the owner"}}}
	b, owner := newOwnedBox(t, func(o *Options) { o.Health = func(context.Context) Health { return state } })
	const path = "/api/v1/health"
	b.play(t, []scenario{
		{name: "anyone", method: "GET", path: path, status: 200, has: []string{`{"status":"limited"}`}, hasNot: []string{"worker", "9.9.9", "jobs"}},
		{name: "a stale cookie", method: "GET", path: path, as: []caller{b.cookie("x.y.z")}, status: 200, hasNot: []string{"worker"}},
		{name: "the owner", method: "GET", path: path, as: []caller{owner}, status: 200, has: []string{"worker", "9.9.9-test", `"jobs"`}},
	})
	state.Status = "failing"
	b.play(t, []scenario{{name: "failing", method: "GET", path: path, status: 503, has: []string{`{"status":"failing"}`}}})
	state.Status = "ok"
	b.accounts.fail(errSecretCause{})
	b.play(t, []scenario{{name: "the store is gone", method: "GET", path: path, status: 503, has: []string{`{"status":"failing"}`}, hasNot: []string{"bolt"}}})
}

func TestReady(t *testing.T) {
	var err error
	b := newBox(t, func(o *Options) { o.Ready = func(context.Context) error { return err } })
	if w := b.do(t, "GET", "/readyz", ""); w.Code != 200 {
		t.Error(w.Code)
	}
	if w := b.do(t, "HEAD", "/readyz", ""); w.Code != 200 {
		t.Error(w.Code)
	}
	err = errSecretCause{}
	if w := b.do(t, "GET", "/readyz", ""); w.Code != 503 || strings.Contains(w.Body.String(), "bolt") {
		t.Error(w.Code, w.Body)
	}
	if w := b.do(t, "GET", "/livez", ""); w.Code != 200 {
		t.Error(w.Code)
	}
}
