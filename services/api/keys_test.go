package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"coffer/services/auth"
	"coffer/services/library"
)

func bearer(text string) caller { return header("Authorization", "Bearer "+text) }

// makeKey makes one as the page does.
func (b *box) makeKey(t testing.TB, owner caller, scopes, more string) NewKey {
	t.Helper()
	w := b.do(t, "POST", "/api/v1/auth/keys", `{"name":"a script","scopes":[`+scopes+`]`+more+`}`, owner)
	if w.Code != http.StatusCreated {
		t.Fatal(w.Code, w.Body)
	}
	return decode[NewKey](t, w)
}

// asked does as the edge does: it asks who is asking, and passes a request on
// with the answer.
func (b *box) asked(t testing.TB, method, path, body string, as ...caller) *httptest.ResponseRecorder {
	t.Helper()
	v := b.do(t, "GET", "/_edge/verify", "", as...)
	if v.Code != http.StatusOK {
		return v
	}
	named := func(r *http.Request) {
		for _, name := range []string{"X-Auth-User", "X-Auth-Kind", "X-Auth-Scopes", "X-Auth-Session"} {
			r.Header.Set(name, v.Header().Get(name))
		}
	}
	return b.do(t, method, path, body, append(as, named)...)
}

// A key opens what its scopes say, wherever the identity is settled: by the
// edge's question, or on routes for which the edge asks nothing.
func TestKeyScopes(t *testing.T) {
	b, owner := measured(t, "")
	const note = `{"title":"x","text":""}` // refused with 422 by who may add, and adds nothing
	keys := map[string]caller{}
	for name, scopes := range map[string]string{
		"read": `"read"`, "add": `"add"`, "admin": `"admin"`, "metrics": `"metrics"`, "all": `"read","add","admin","metrics"`,
	} {
		keys[name] = bearer(b.makeKey(t, owner, scopes, "").Secret)
	}
	for _, r := range []struct {
		method, path, body string
		want               int
		may                string
	}{
		{"GET", "/api/v1/sources", "", 200, "read all"},
		{"GET", "/api/v1/auth/me", "", 200, "read all"},
		{"GET", "/api/v1/search?q=x", "", 200, "read all"},
		{"GET", "/api/v1/sources/unknown/original", "", 404, "read all"},
		{"POST", "/api/v1/sources/text", note, 422, "add all"},
		{"POST", "/api/v1/sources", "", 400, "add all"},
		{"DELETE", "/api/v1/sources/unknown", "", 404, "add all"},
		{"GET", "/api/v1/auth/sessions", "", 200, "admin all"},
		{"GET", "/api/v1/auth/keys", "", 200, "admin all"},
		{"GET", "/api/v1/settings", "", 200, "admin all"},
		{"GET", "/api/v1/audit", "", 200, "admin all"},
		{"GET", "/metrics", "", 200, "metrics all"},
		// What no key may do.
		{"POST", "/api/v1/auth/password", `{"current_password":"` + password + `","new_password":"another password"}`, 204, ""},
		{"POST", "/api/v1/auth/keys", `{"name":"x","scopes":["admin"]}`, 201, ""},
		{"DELETE", "/api/v1/auth/keys/unknown", "", 404, ""},
		{"DELETE", "/api/v1/auth/sessions/" + theSeed.session.ID, "", 204, ""},
		{"PATCH", "/api/v1/settings", `{"any_host":true}`, 200, ""},
	} {
		for name, key := range keys {
			want := http.StatusForbidden
			if strings.Contains(" "+r.may+" ", " "+name+" ") {
				want = r.want
			}
			for how, w := range map[string]*httptest.ResponseRecorder{
				"edge":   b.asked(t, r.method, r.path, r.body, key),
				"direct": b.do(t, r.method, r.path, r.body, key),
			} {
				if w.Code != want {
					t.Errorf("%s %s with the key %s, %s: %d, want %d: %s", r.method, r.path, name, how, w.Code, want, w.Body)
				}
			}
		}
	}
	if w := b.do(t, "GET", "/api/v1/auth/me", "", owner); w.Code != 200 {
		t.Error("the owner was signed out by a key")
	}
	// Pages ask for no scope, and no key opens them.
	for _, path := range []string{"/", "/settings/account", "/login", "/logout", "/setup", "/metrics/", "/nothing"} {
		for _, method := range []string{"GET", "POST"} {
			if w := b.asked(t, method, path, "", keys["all"]); w.Code != http.StatusForbidden {
				t.Errorf("%s %s with a key: %d", method, path, w.Code)
			}
		}
	}
	me := b.asked(t, "GET", "/api/v1/auth/me", "", keys["read"]).Body.String()
	if !strings.Contains(me, `"kind":"key"`) || !strings.Contains(me, `"scopes":["read"]`) {
		t.Error(me)
	}
}

// A key wins over a cookie, and a bad one is not made up for by a good cookie.
func TestKeyAndCookie(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	good := b.makeKey(t, owner, `"read"`, "").Secret
	both := func(key caller) caller { return func(r *http.Request) { owner(r); key(r) } }
	for _, c := range []struct {
		name   string
		as     caller
		status int
		has    string
	}{
		{"key", bearer(good), 200, `"kind":"key"`},
		{"key and cookie", both(bearer(good)), 200, `"kind":"key"`},
		{"small letters", header("Authorization", "bearer "+good), 200, `"kind":"key"`},
		{"spaces", header("Authorization", "Bearer   "+good+" "), 200, `"kind":"key"`},
		{"cookie and a proxy's own sign-in", both(header("Authorization", "Basic YTpi")), 200, `"kind":"session"`},
		{"a proxy's own sign-in", header("Authorization", "Basic YTpi"), 401, ""},
		{"bad key and cookie", both(bearer(good[:len(good)-1] + "0")), 401, ""},
		{"no key and cookie", both(bearer("")), 401, ""},
		{"bare word and cookie", both(header("Authorization", "Bearer")), 401, ""},
		{"another's token and cookie", both(bearer("eyJhbGciOiJSUzI1NiJ9.e30.x")), 401, ""},
		{"a session's token as a key", bearer(theSeed.grant.Token), 401, ""},
		{"two keys", func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer x", "Bearer " + good} }, 401, ""},
		{"key as basic", header("Authorization", "Basic "+good), 401, ""},
		{"key in its own header", header("X-Api-Key", good), 401, ""},
		{"key in the address", func(r *http.Request) { r.URL.RawQuery = "key=" + good }, 401, ""},
		{"key as cookie", b.cookie(good), 401, ""},
	} {
		for how, w := range map[string]*httptest.ResponseRecorder{
			"edge": b.asked(t, "GET", "/api/v1/auth/me", "", c.as), "direct": b.do(t, "GET", "/api/v1/auth/me", "", c.as),
		} {
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.has) {
				t.Errorf("%s, %s: %d %s", c.name, how, w.Code, w.Body)
			}
		}
	}
	// Also where nobody needs to be signed in a bad key is told.
	for _, path := range []string{"/api/v1/health", "/api/v1/setup", "/api/v1/openapi.json"} {
		if w := b.do(t, "GET", path, "", both(bearer("x"))); w.Code != 401 {
			t.Errorf("%s with a bad key: %d", path, w.Code)
		}
	}
	if w := b.do(t, "GET", "/livez", "", bearer("x")); w.Code != 200 {
		t.Errorf("a probe with a bad key: %d", w.Code)
	}
}

// A page elsewhere cannot send a key, so one may come from anywhere; but only
// a key that is good, and that speaks for the request.
func TestKeyFromAnotherSite(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	key := bearer(b.makeKey(t, owner, `"add"`, "").Secret)
	const path, note = "/api/v1/sources/text", `{"title":"x","text":""}`
	for _, site := range []caller{header("Sec-Fetch-Site", "cross-site"), header("Origin", "https://app.example.org"), header("Origin", "null")} {
		if w := b.asked(t, "POST", path, note, key, site); w.Code != 422 {
			t.Errorf("with a key: %d %s", w.Code, w.Body)
		}
		for name, as := range map[string]caller{
			"no key": nil, "proxy's": header("Authorization", "Basic YTpi"),
			// The edge has named a session: what else the request brings does not count.
			"named by a session": func(r *http.Request) {
				header("X-Auth-User", theSeed.owner.ID, "X-Auth-Kind", "session", "X-Auth-Session", theSeed.session.ID)(r)
				key(r)
			},
		} {
			if w := b.do(t, "POST", path, note, owner, as, site); w.Code != 403 {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		if w := b.do(t, "POST", "/api/v1/auth/logout", "", owner, bearer("bad"), site); w.Code != 401 || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("a bad key signs out from another site: %d %v", w.Code, w.Header())
		}
	}
}

// The edge's word on a key counts only while the key does.
func TestKeyNamedByTheEdge(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	key := b.makeKey(t, owner, `"read"`, "")
	named := func(user, kind, id string) caller {
		return header("X-Auth-User", user, "X-Auth-Kind", kind, "X-Auth-Session", id, "X-Auth-Scopes", "read add admin metrics")
	}
	user := theSeed.owner.ID
	all := []scenario{
		{name: "named", as: []caller{named(user, "key", key.ID)}, status: 200, has: []string{`"scopes":["read"]`}},
		{name: "another user", as: []caller{named("somebody", "key", key.ID)}, status: 401},
		{name: "a key as a session", as: []caller{named(user, "session", key.ID)}, status: 401},
		{name: "a session as a key", as: []caller{named(user, "key", theSeed.session.ID)}, status: 401},
		{name: "no kind", as: []caller{named(user, "", key.ID)}, status: 401},
		{name: "no id", as: []caller{owner, named(user, "key", "")}, status: 401},
	}
	for i := range all {
		all[i].method, all[i].path = "GET", "/api/v1/auth/me"
	}
	b.play(t, all)
	if w := b.do(t, "DELETE", "/api/v1/auth/keys/"+key.ID, "", owner); w.Code != 204 {
		t.Fatal(w.Code, w.Body)
	}
	for _, as := range []caller{named(user, "key", key.ID), bearer(key.Secret)} {
		if w := b.do(t, "GET", "/api/v1/auth/me", "", as); w.Code != 401 {
			t.Errorf("after its end: %d", w.Code)
		}
	}
	if w := b.do(t, "DELETE", "/api/v1/auth/keys/"+key.ID, "", owner); w.Code != 404 {
		t.Errorf("ended twice: %d", w.Code)
	}
}

// A key is told once; its list shows how each stands.
func TestKeyList(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	key := b.makeKey(t, owner, `"add","read"`, `,"expires_at":"`+end.Format(time.RFC3339)+`"`)
	if !strings.HasPrefix(key.Secret, "cfr_"+key.ID) || key.Begins != "cfr_"+key.ID || key.Name != "a script" || !key.ExpiresAt.Equal(end) || key.LastUsed != nil || key.State != "open" {
		t.Errorf("%+v", key)
	}
	b.makeKey(t, owner, `"metrics"`, "")
	b.do(t, "GET", "/api/v1/auth/me", "", bearer(key.Secret))
	w := b.do(t, "GET", "/api/v1/auth/keys", "", owner)
	if strings.Contains(w.Body.String(), key.Secret) || strings.Contains(b.log.String(), key.Secret[21:]) {
		t.Error("the key is told again")
	}
	l := decode[list[Key]](t, w)
	if l.Total != 2 || l.Items[1].ID != key.ID || l.Items[1].LastUsed == nil || l.Items[0].LastUsed != nil || l.Items[0].ExpiresAt != nil {
		t.Errorf("%+v", l)
	}
	first := decode[list[Key]](t, b.do(t, "GET", "/api/v1/auth/keys?limit=1", "", owner))
	second := decode[list[Key]](t, b.do(t, "GET", "/api/v1/auth/keys?limit=1&cursor="+*first.Next, "", owner))
	if second.Next != nil || second.Items[0].ID != key.ID {
		t.Errorf("%+v", second)
	}
	b.later.Store(int64(2 * time.Hour))
	if l := decode[list[Key]](t, b.do(t, "GET", "/api/v1/auth/keys", "", owner)); l.Items[1].State != auth.KeyExpired {
		t.Errorf("%+v", l)
	}
	if w := b.do(t, "GET", "/api/v1/auth/me", "", bearer(key.Secret)); w.Code != 401 {
		t.Errorf("an expired key: %d", w.Code)
	}
	for body, field := range map[string]string{
		`{"name":"x","scopes":["read"],"expires_at":"2001-01-01T00:00:00Z"}`: "expires_at",
		`{"name":"x","scopes":["read"],"expires_at":"tomorrow"}`:             "expires_at",
		`{"name":"","scopes":["read"]}`:                                      "name",
		`{"name":"x","scopes":[]}`:                                           "scopes",
		`{"name":"x","scopes":["owner"]}`:                                    "scopes",
		`{"name":"x"}`:                                                       "scopes",
	} {
		w := b.do(t, "POST", "/api/v1/auth/keys", body, owner)
		if w.Code != 422 || !strings.Contains(w.Body.String(), field) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// A stream that a key opened ends with the key.
func TestEventsEndWithTheKey(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	key := b.makeKey(t, owner, `"read"`, "")
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.ServeHTTP(httptest.NewRecorder(), request("GET", "/api/v1/events", "", bearer(key.Secret)).WithContext(ctx))
	}()
	id := auth.Identity{Kind: auth.KindSession}
	for ctx.Err() == nil { // once it was used, the stream is about to stand
		l, err := b.keeper.ListKeys(ctx, library.Page{})
		must(t, err)
		if !l.Items[0].LastUsed.IsZero() {
			break
		}
	}
	must(t, b.keeper.RevokeKey(ctx, id, key.ID))
	<-done
	if ctx.Err() != nil {
		t.Error("the stream goes on")
	}
}
