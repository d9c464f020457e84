package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"coffer/services/library"
)

// scenario is one request and what its answer must and must not have.
type scenario struct {
	name         string
	method, path string
	body         string
	as           []caller
	status       int
	has, hasNot  []string
}

func (b *box) play(t *testing.T, all []scenario) {
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			w := b.do(t, s.method, s.path, s.body, s.as...)
			if w.Code != s.status {
				t.Errorf("%d, want %d: %s", w.Code, s.status, w.Body)
			}
			for _, text := range s.has {
				if !strings.Contains(w.Body.String(), text) {
					t.Errorf("%q is not in %s", text, w.Body)
				}
			}
			for _, text := range s.hasNot {
				if strings.Contains(w.Body.String(), text) {
					t.Errorf("%q is in %s", text, w.Body)
				}
			}
		})
	}
}

// Without the edge's token nothing but the probes answers, whoever the
// headers claim to be.
func TestEdgeOnly(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	claims := header("X-Auth-User", theSeed.owner.ID, "X-Auth-Kind", "session", "X-Auth-Session", theSeed.session.ID, "X-Auth-Scopes", "admin")
	for _, token := range []caller{without("X-Edge-Token"), header("X-Edge-Token", ""), header("X-Edge-Token", edgeToken[:31]), header("X-Edge-Token", edgeToken+"x"), header("X-Edge-Token", "undefined")} {
		for _, path := range []string{
			"/api/v1/auth/me", "/api/v1/sources", "/api/v1/health", "/api/v1/health/auth", "/api/v1/setup",
			"/api/v1/openapi.json", "/_edge/verify", "/", "/nothing", "/setup",
		} {
			for _, as := range []caller{nil, claims, owner} {
				if w := b.do(t, "GET", path, "", token, as); w.Code != http.StatusUnauthorized {
					t.Errorf("GET %s: %d", path, w.Code)
				}
			}
		}
		for _, path := range []string{"/livez", "/readyz"} {
			if w := b.do(t, "GET", path, "", token, header("Host", "whatever.example.org")); w.Code != http.StatusOK {
				t.Errorf("GET %s: %d", path, w.Code)
			}
		}
		if w := b.do(t, "POST", "/livez", "", token); w.Code != http.StatusUnauthorized {
			t.Errorf("POST /livez: %d", w.Code)
		}
	}
}

// With the edge's token the headers count, and only for a session that lives.
func TestIdentityHeaders(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	user, session := theSeed.owner.ID, theSeed.session.ID
	named := func(user, session string) caller {
		return header("X-Auth-User", user, "X-Auth-Kind", "session", "X-Auth-Session", session, "X-Auth-Scopes", "read add admin")
	}
	b.play(t, []scenario{
		{name: "named", method: "GET", path: "/api/v1/auth/me", as: []caller{named(user, session)}, status: 200, has: []string{`"Ada"`}},
		{name: "cookie", method: "GET", path: "/api/v1/auth/me", as: []caller{owner}, status: 200, has: []string{`"Ada"`}},
		{name: "nobody", method: "GET", path: "/api/v1/auth/me", status: 401},
		{name: "another user", method: "GET", path: "/api/v1/auth/me", as: []caller{named("somebody", session)}, status: 401, hasNot: []string{"Ada"}},
		{name: "another session", method: "GET", path: "/api/v1/auth/me", as: []caller{named(user, "MADEUP")}, status: 401},
		{name: "no session", method: "GET", path: "/api/v1/auth/me", as: []caller{named(user, "")}, status: 401},
		{name: "bad header and good cookie", method: "GET", path: "/api/v1/auth/me", as: []caller{owner, named(user, "MADEUP")}, status: 401},
		{name: "cookie of the other scheme", method: "GET", path: "/api/v1/auth/me", as: []caller{owner, header("X-Forwarded-Proto", "https")}, status: 401},
		{name: "non-ASCII cookie", method: "GET", path: "/api/v1/auth/me", as: []caller{header("Cookie", b.cookies.Box+"=é; coffer_"+b.cookies.Box+"=é")}, status: 401},
		{name: "non-ASCII cookie beside ours", method: "GET", path: "/api/v1/auth/me", as: []caller{header("Cookie", "name=Zöe; coffer_"+b.cookies.Box+"="+theSeed.grant.Token)}, status: 200},
		{name: "tossed cookie beside ours", method: "GET", path: "/api/v1/auth/me", as: []caller{header("Cookie", "coffer_"+b.cookies.Box+"=x.y.z; coffer_"+b.cookies.Box+"="+theSeed.grant.Token)}, status: 200},
	})
	must(t, b.keeper.Logout(t.Context(), session))
	if w := b.do(t, "GET", "/api/v1/auth/me", "", named(user, session)); w.Code != 401 {
		t.Errorf("after sign-out: %d", w.Code)
	}
}

func TestVerify(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	w := b.do(t, "GET", "/_edge/verify", "", owner)
	h := w.Header()
	if w.Code != 200 || w.Body.Len() != 0 || h.Get("X-Auth-User") != theSeed.owner.ID || h.Get("X-Auth-Kind") != "session" ||
		h.Get("X-Auth-Scopes") != "read add admin metrics" || h.Get("X-Auth-Session") != theSeed.session.ID {
		t.Errorf("%d %v %s", w.Code, h, w.Body)
	}
	for name, as := range map[string]caller{
		"nobody":           nil,
		"junk":             b.cookie("junk"),
		"non-ASCII cookie": header("Cookie", "coffer_"+b.cookies.Box+"=Zöe"),
		"only headers":     header("X-Auth-User", theSeed.owner.ID, "X-Auth-Session", theSeed.session.ID),
		"other scheme":     func(r *http.Request) { owner(r); r.Header.Set("X-Forwarded-Proto", "https") },
	} {
		w := b.do(t, "GET", "/_edge/verify", "", as)
		if w.Code != 401 || w.Header().Get("X-Auth-User") != "" || w.Body.Len() != 0 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}

// unreached are backups that nobody gets to.
type unreached struct{ library.Backups }

// Every route that is not public answers 401 to nobody, before it looks at the
// body or tells whether a thing exists.
func TestEveryRouteNeedsAnIdentity(t *testing.T) {
	b, _ := newOwnedBox(t, func(o *Options) { o.Backups = unreached{} })
	public := map[string]bool{
		"GET /livez": true, "HEAD /livez": true, "GET /readyz": true, "HEAD /readyz": true, "GET /_edge/verify": true, "GET /_edge/facts": true, // for the edge and for init
		"GET /api/v1/health": true, "GET /api/v1/health/auth": true, "GET /api/v1/setup": true, "POST /api/v1/setup": true,
		"POST /api/v1/auth/login": true, "POST /api/v1/auth/factor": true, "POST /api/v1/auth/logout": true, "GET /api/v1/openapi.json": true,
	}
	closed := 0
	for _, r := range b.Routes() {
		if public[r.Method+" "+r.Path] {
			continue
		}
		closed++
		path := strings.ReplaceAll(r.Path, ":id", "unknown")
		for n, body := range []string{"", "{", "not json"} {
			client := header("X-Client-Addr", fmt.Sprintf("203.0.%d.%d", n, closed)) // one alone could not ask so much
			if w := b.do(t, r.Method, path, body, client); w.Code != 401 {
				t.Errorf("%s %s with %q: %d", r.Method, path, body, w.Code)
			}
		}
	}
	if closed < 15 {
		t.Errorf("only %d routes need an identity", closed)
	}
}

func TestBasePath(t *testing.T) {
	b, _ := newOwnedBox(t, func(o *Options) { o.BasePath = "/box" })
	owner := b.cookie(theSeed.grant.Token)
	for path, status := range map[string]int{
		"/box/api/v1/auth/me": 200, "/api/v1/auth/me": 404, "/box/livez": 200, "/livez": 200, "/box/readyz": 200, "/readyz": 200, "/_edge/verify": 200,
	} {
		if w := b.do(t, "GET", path, "", owner); w.Code != status {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := b.do(t, "POST", "/box/api/v1/auth/logout", "", owner, header("X-Forwarded-Proto", "https"))
	if c := w.Header().Get("Set-Cookie"); !strings.HasPrefix(c, "__Secure-coffer_") || !strings.Contains(c, "Path=/box") {
		t.Error(c)
	}
	if w := b.do(t, "GET", "/box/api/v1/openapi.json", ""); !strings.Contains(w.Body.String(), `"/box/api/v1"`) {
		t.Error("the document has another server")
	}
}

func TestNewRefuses(t *testing.T) {
	b := newBox(t, nil)
	good := Options{Library: b.lib, Keeper: b.keeper, Accounts: b.accounts, EdgeToken: edgeToken, MaxUpload: 1}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no library":        func(o *Options) { o.Library = nil },
		"no keeper":         func(o *Options) { o.Keeper = nil },
		"no accounts":       func(o *Options) { o.Accounts = nil },
		"no edge token":     func(o *Options) { o.EdgeToken = "" },
		"short edge token":  func(o *Options) { o.EdgeToken = "short" },
		"base path open":    func(o *Options) { o.BasePath = "box"; o.Cookies.BasePath = "box" },
		"base path a slash": func(o *Options) { o.BasePath = "/"; o.Cookies.BasePath = "/" },
		"cookies elsewhere": func(o *Options) { o.Cookies.BasePath = "/x" },
		"a listed name bad": func(o *Options) { o.Hosts.Fixed = []string{"a b"} },
		"nothing to upload": func(o *Options) { o.MaxUpload = 0 },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
