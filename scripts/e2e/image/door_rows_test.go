package image

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// TestDoorIsWhole: each claim about the way in has somebody who is let in, and
// somebody who is not.
func TestDoorIsWhole(t *testing.T) {
	allowed, refused := map[string]bool{}, map[string]bool{}
	for _, s := range scenes() {
		if s.status < 400 && s.status != http.StatusSeeOther {
			allowed[s.claim] = true
		} else if s.status >= 400 {
			refused[s.claim] = true
		}
	}
	for _, f := range flows() {
		allowed[f.claim], refused[f.claim] = allowed[f.claim] || f.allows, refused[f.claim] || f.refuses
	}
	for _, claim := range []string{
		"setup-code", "password-storage", "brute-force", "client-address", "sessions", "csrf", "host-header", "tls", "headers", "api-keys",
		"service-token", "edge-only", "dev-mode", "no-egress",
	} {
		if !allowed[claim] || !refused[claim] {
			t.Errorf("%s: somebody is let in %v, refused %v", claim, allowed[claim], refused[claim])
		}
	}
}

// flow is a claim that takes more than one request, or another box.
type flow struct {
	claim           string
	allows, refuses bool
	test            func(*testing.T)
}

// flows are the other tests of this suite. What no process but one can reach, and
// what goes out, is looked at by TestWhatProcessesCannotDo and by tier quiet.
func flows() []flow {
	return []flow{
		{"tls", true, true, TestDoorOverHTTPS},
		{"dev-mode", true, true, TestDoorOfDevMode},
		{"no-egress", true, true, TestWhatProcessesCannotDo},
		{"brute-force", true, true, TestDoorLimits},
		{"brute-force", true, true, TestDoorInACrowd},
		{"client-address", true, true, TestDoorBehindAProxy},
	}
}

// TestDoor plays the scenes, and then what takes several steps.
func TestDoor(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	d := openDoor(t, "-e", "COFFER_LOG_LEVEL=debug", "-e", "COFFER_ALLOWED_HOSTS=box.example.org")
	d.beforeSetup()
	o := d.owner(0)
	people, fill := d.people(o)
	seen := map[int]bool{}
	for _, s := range scenes() {
		v := people[s.who]
		if v == nil {
			v = d.visitor(d.next())
			v.known = s.who == copier
		}
		var headers, says []string
		for _, h := range s.headers {
			headers = append(headers, fill.Replace(h))
		}
		for _, text := range s.says {
			says = append(says, fill.Replace(text))
		}
		what := fmt.Sprintf("%s: %s, %s", s.claim, s.who, s.what)
		a := v.ask(fill.Replace(s.request), fill.Replace(s.body), headers...)
		a.wants(t, what, s.status, says...)
		seen[a.status] = true
	}
	for _, status := range []int{200, 202, 303, 400, 401, 403, 404, 405, 409, 413, 414, 421, 422} {
		if !seen[status] {
			t.Errorf("no scene is answered %d", status)
		}
	}
	d.forged(o)
	d.names(o)
	d.cookiesOfOthers(o)
	d.rightly(o, people[reader], people[adder], people[overseer], people[script])
	d.cleanLog("typed-by-mistake", "nobody-of-that-name", "secretquery", "6.6.6.6", "from elsewhere", "eves password", "from another life", "put in by a script")
}

// beforeSetup is what a box without an owner says to strangers.
func (d *door) beforeSetup() {
	d.t.Helper()
	v := d.visitor(d.next())
	v.get("/api/v1/setup").wants(d.t, "an unowned box", 200, `"needed":true`)
	v.get("/setup", "Host", "evil.example").wants(d.t, "the wizard under any name", 200)
	// The edge asks who is asking before the API looks at the name.
	for path, status := range map[string]int{"/login": 421, "/api/v1/health": 421, "/library": 303, "/api/v1/sources": 401, "/api/v1/auth/me": 401} {
		v.get(path, "Host", "evil.example").wants(d.t, "setup-code: "+path+" under another name before setup", status)
	}
	for _, path := range []string{"/api/v1/sources", "/api/v1/auth/keys", "/api/v1/settings", "/api/v1/logs/init"} {
		v.get(path).wants(d.t, "setup-code: "+path+" of an unowned box", 401)
	}
	for _, code := range []string{"", "AAAA-AAAA"} {
		v.post("/api/v1/setup", fmt.Sprintf(`{"code": %q, "username": "eve", "password": "eves password"}`, code)).wants(d.t, "setup-code: "+code, 403, "!owner")
	}
	v.post("/api/v1/restore", "no backup", "X-Setup-Code", "AAAA-AAAA").wants(d.t, "setup-code: a restore by a wrong code", 403)
	v.post("/api/v1/auth/login", `{"username": "eve", "password": "eves password"}`).wants(d.t, "a sign-in to an unowned box", 401)
	if _, err := try("exec", d.id, "test", "-e", "/data/service-token"); err == nil {
		d.t.Error("service-token: an unowned box has one")
	}
}

// next counts the strangers, so that no two have one address.
func (d *door) next() int {
	d.strangers++
	return d.strangers
}

// people makes those of the scenes, and says what the words in braces are.
func (d *door) people(o *visitor) (map[string]*visitor, *strings.Replacer) {
	d.t.Helper()
	key := func(scopes, until string) (id, text string) {
		var made struct{ ID, Key string }
		a := o.post("/api/v1/auth/keys", fmt.Sprintf(`{"name": "a script", "scopes": [%q]%s}`, scopes, until))
		if err := json.Unmarshal([]byte(a.body), &made); err != nil || a.status != http.StatusCreated {
			d.t.Fatalf("%d %s", a.status, a.body)
		}
		d.hide("the key "+made.ID, made.Key)
		return made.ID, made.Key
	}
	_, read := key("read", "")
	_, add := key("add", "")
	_, admin := key("admin", "")
	_, over := key("read", fmt.Sprintf(`, "expires_at": %q`, time.Now().Add(2*time.Second).Format(time.RFC3339Nano)))
	id, gone := key("read", "")
	ended := time.After(2 * time.Second)
	o.ask("DELETE /api/v1/auth/keys/"+id, "").wants(d.t, "revoking a key", 204)
	token := d.serviceToken("")
	<-ended

	var session, mark string
	for name, value := range d.secrets {
		switch {
		case strings.Contains(name, "_known of"):
			mark = value
		case strings.Contains(name, "the cookie "):
			session = value
		}
	}
	bent := session[:len(session)-1] + "A"
	if bent == session {
		bent = session[:len(session)-1] + "Q"
	}
	var me struct{ ID string }
	_ = json.Unmarshal([]byte(o.get("/api/v1/auth/me").body), &me)
	var list struct{ Items []struct{ ID string } }
	_ = json.Unmarshal([]byte(o.get("/api/v1/auth/sessions").body), &list)
	if me.ID == "" || len(list.Items) != 1 {
		d.t.Fatal("the owner has no session")
	}
	d.keepPrivate("the owner's id", me.ID)
	host := strings.TrimPrefix(d.at, "http://")
	fill := strings.NewReplacer(
		"{code}", d.code, "{name}", box.Owner, "{password}", box.Password, "{host}", host, "{ip}", o.address.String(),
		"{cookie}", d.cookie, "{session}", session, "{bent}", bent, "{mark}", mark,
		"{unsigned}", "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJvd25lciIsImV4cCI6NDEwMjQ0NDgwMH0.",
		"{id}", me.ID, "{sid}", list.Items[0].ID, "{read}", read, "{cut}", read[:len(read)-1], "{capitals}", strings.ToUpper(read),
	)
	n := d.next
	return map[string]*visitor{
		owner: o, reader: d.program(n(), read), adder: d.program(n(), add), overseer: d.program(n(), admin), script: d.program(n(), token),
		expired: d.program(n(), over), revoked: d.program(n(), gone),
	}, fill
}

// serviceToken reads the file as its owner on the host would, once another key
// than old is in it, and looks who may.
func (d *door) serviceToken(old string) string {
	d.t.Helper()
	token := old
	for end := time.Now().Add(2 * time.Minute); (token == "" || token == old) && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		token, _ = try("exec", d.id, "cat", "/data/service-token")
	}
	d.hide("the service token", token)
	if got := d.sh(d.t, "stat -c '%u %a' /data/service-token"); got != "10002 600" {
		d.t.Errorf("service-token: the file is %s", got)
	}
	for _, user := range []string{"10001", "10003", "10004", "10005", "65534"} {
		if text, err := try("exec", "-u", user+":"+user, d.id, "cat", "/data/service-token"); err == nil {
			d.t.Errorf("service-token: user %s reads %q", user, text)
		}
	}
	return token
}

// names are requests that no client library sends.
func (d *door) names(o *visitor) {
	d.t.Helper()
	host := strings.TrimPrefix(d.at, "http://")
	for text, status := range map[string][]int{
		"GET http://" + host + "/library HTTP/1.1\r\nHost: evil.example\r\n\r\n":                                                     {421},
		"GET http://evil.example/library HTTP/1.1\r\nHost: " + host + "\r\n\r\n":                                                     {303}, // to sign in: the header counts
		"GET /api/v1/health HTTP/1.1\r\nHost: " + host + "\r\nHost: evil.example\r\n\r\n":                                            {400},
		"GET /api/v1/health HTTP/1.1\r\n\r\n":                                                                                        {400},
		"GET /api/v1/health HTTP/1.0\r\n\r\n":                                                                                        {421},
		"GET /api/v1/health HTTP/1.1\r\nHost: a b\r\n\r\n":                                                                           {400},
		"GET /api/v1/health HTTP/1.1\r\nHost: user@evil.example\r\n\r\n":                                                             {400, 421},
		"GET /api/v1/health HTTP/1.1\r\nHost: " + host + "\r\nCookie: \xff\xfe=\x80\r\n\r\n":                                         {200},
		"GET /api/v1/health\x00 HTTP/1.1\r\nHost: " + host + "\r\n\r\n":                                                              {400},
		"GET /api/v1/health HTTP/9.9\r\nHost: " + host + "\r\n\r\n":                                                                  {505},
		"POST /api/v1/auth/login HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: -1\r\n\r\n":                                       {400},
		"POST /api/v1/auth/login HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": {400},
	} {
		if a := d.visitor(d.next()).raw(text); !slices.Contains(status, a.status) {
			d.t.Errorf("host-header: %q: %d, want %v", text, a.status, status)
		}
	}
	o.get("/api/v1/auth/me", "Host", "box.example.org").wants(d.t, "host-header: a listed name", 200)
}

// cookiesOfOthers: whatever lies in the jar of a browser, it neither lets
// somebody in nor keeps the owner out.
func (d *door) cookiesOfOthers(o *visitor) {
	d.t.Helper()
	for name, junk := range map[string]string{
		"garbage":       d.cookie + "=garbage; coffer=; ;;=; a=b",
		"non-ASCII":     d.cookie + "=Åse Žižek 李; \xff\xfe=\x80",
		"large":         d.cookie + "=" + strings.Repeat("A", 12_000),
		"many":          strings.Repeat(d.cookie+"=x; ", 200),
		"another box's": "coffer_0123abcd=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA; coffer_0123abcd_known=a.b.c",
	} {
		v := d.visitor(d.next())
		v.get("/api/v1/auth/me", "Cookie", junk).wants(d.t, "sessions: "+name+" cookies", 401)
		v.get("/", "Cookie", junk).wants(d.t, "sessions: a page with "+name+" cookies", 303)
		v.get("/login", "Cookie", junk).wants(d.t, "sessions: the sign-in with "+name+" cookies", 200)
	}
	d.visitor(d.next()).get("/login", "Cookie", strings.Repeat("A", 40_000)).wants(d.t, "sessions: cookies beyond all bounds", 400)
	o.get("/api/v1/auth/me", "Cookie", "other=\xff\xfe; coffer_0123abcd=x").wants(d.t, "sessions: the owner among them", 200)
}

// rightly ends with what changes the box: what was refused before has changed
// nothing, and what ends a session ends every copy of it.
func (d *door) rightly(o *visitor, keys ...*visitor) {
	d.t.Helper()
	o.get("/api/v1/settings").wants(d.t, "csrf: what cross-site requests changed", 200, `"any_host":false`)
	o.get("/api/v1/egress").wants(d.t, "no-egress: what went out", 200, `"destinations":[]`)
	a := o.get("/api/v1/audit?limit=200")
	a.wants(d.t, "client-address: the record of what was done", 200, `"sign_in_failed"`, "!6.6.6.6")

	again := d.visitor(d.next())
	again.signIn(box.Password).wants(d.t, "sessions: another browser", 200)
	copied := d.visitor(d.next())
	copied.known = true
	copied.web.Jar = again.web.Jar
	copied.get("/api/v1/auth/me").wants(d.t, "sessions: a copy of its cookie", 200)
	var list struct {
		Items []struct {
			ID      string
			Current bool
		}
	}
	if err := json.Unmarshal([]byte(again.get("/api/v1/auth/sessions").body), &list); err != nil {
		d.t.Fatal(err)
	}
	for _, s := range list.Items {
		if s.Current {
			o.ask("DELETE /api/v1/auth/sessions/"+s.ID, "").wants(d.t, "sessions: ending one", 204)
		}
	}
	copied.known, again.known = false, false
	copied.get("/api/v1/auth/me").wants(d.t, "sessions: the copy of one that was ended", 401)
	again.get("/api/v1/auth/me").wants(d.t, "sessions: one that was ended", 401)
	o.get("/api/v1/auth/me").wants(d.t, "sessions: another one", 200)

	d.newPassword(o, keys)
}

// newPassword: a long one counts to its last character, the store does not hold
// it, and what was let in by the one before is not let in any more; nor is
// anybody after the owner has signed all out.
func (d *door) newPassword(o *visitor, keys []*visitor) {
	d.t.Helper()
	long := strings.Repeat("from another life ", 56) + "and the last one"
	d.hide("the new password", long)
	browser := d.visitor(d.next())
	browser.signIn(box.Password).wants(d.t, "sessions: a browser before the new password", 200)
	o.post("/api/v1/auth/password", fmt.Sprintf(`{"current_password": %q, "new_password": %q}`, box.Password, long)).wants(d.t, "password-storage: a long one", 200)
	browser.known = false
	browser.get("/api/v1/auth/me").wants(d.t, "sessions: that browser after it", 401)
	o.get("/api/v1/auth/me").wants(d.t, "sessions: the one that set it", 200)
	for _, k := range keys {
		k.get("/api/v1/sources").wants(d.t, "api-keys: a key after a new password", 401)
	}
	old := d.secrets["the service token"]
	d.program(d.next(), d.serviceToken(old)).get("/api/v1/sources").wants(d.t, "service-token: the one after a new password", 200)
	d.visitor(d.next()).signIn(long[:len(long)-1]).wants(d.t, "password-storage: one character less", 401)
	d.visitor(d.next()).signIn(box.Password).wants(d.t, "password-storage: the old one", 401)
	browser.signIn(long).wants(d.t, "password-storage: the new one", 200)

	// "$2a$12$" is how bcrypt begins, in base64.
	if n := d.sh(d.t, "grep -aoE 'JDJ[a-zA-Z0-9]{5}J' /data/store/coffer.db | sort -u"); n != "JDJhJDEyJ" {
		d.t.Errorf("password-storage: the store has hashes that begin %q", n)
	}
	for _, text := range []string{"another life", box.Password} {
		if _, err := try("exec", d.id, "grep", "-qa", text, "/data/store/coffer.db"); err == nil {
			d.t.Errorf("password-storage: the store holds %q", text)
		}
	}

	o.ask("DELETE /api/v1/auth/sessions?which=all", "").wants(d.t, "sessions: signing everybody out", 204)
	o.known, browser.known = false, false
	for _, v := range []*visitor{o, browser} {
		v.get("/api/v1/auth/me").wants(d.t, "sessions: after everybody was signed out", 401)
	}
}
