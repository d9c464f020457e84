package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// has checks what a page must and must not hold; a leading "!" says must not.
func has(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		not, forbidden := strings.CutPrefix(want, "!")
		switch {
		case forbidden && strings.Contains(page, not):
			t.Errorf("the page holds %q", not)
		case !forbidden && !strings.Contains(page, want):
			t.Errorf("the page does not hold %q:\n%s", want, page)
		}
	}
}

func status(t *testing.T, r *http.Response, want int) {
	t.Helper()
	if r.StatusCode != want {
		t.Errorf("%s %s answered %d, want %d", r.Request.Method, r.Request.URL, r.StatusCode, want)
	}
}

func at(t *testing.T, r *http.Response, path string) {
	t.Helper()
	if got := r.Request.URL.RequestURI(); got != path {
		t.Errorf("ended at %s, want %s", got, path)
	}
}

// The first minute of a browser without scripts.
func TestFirstMinuteWithoutScripts(t *testing.T) {
	b := newBox(t, "")
	b.reader(0)
	v := b.visitor()
	page, r := v.get("/")
	at(t, r, "/setup")
	has(t, page, `name="code"`, "Make this box yours", "!<nav", `!action="/logout"`)
	page, _ = v.get("/setup?code=ABCD-2345")
	has(t, page, `value="ABCD-2345"`)

	refused := func(code, name, pass, field, says string) {
		t.Helper()
		page, r := v.post("/setup", url.Values{"code": {code}, "username": {name}, "password": {pass}})
		status(t, r, map[string]int{"code": 403}[field]+map[bool]int{true: 422}[field != "code"])
		has(t, page, says, `role="alert"`, "!"+pass)
		if name != "" {
			has(t, page, `value="`+name+`"`)
		}
		if !regexp.MustCompile(`id="` + field + `"[^>]*aria-invalid="true"`).MatchString(page) {
			t.Errorf("the field %s is not marked", field)
		}
	}
	refused("AAAA-AAAA", owner, password, "code", "not the setup code")
	refused("abcd 2345", "\u202e", password, "username", "1 to 64 characters")
	refused("abcd 2345", owner, "sevench", "password", "at least 8 characters")

	page, r = v.post("/setup", url.Values{"code": {" abcd2345"}, "username": {owner}, "password": {password}})
	at(t, r, "/setup/reach")
	has(t, page, "Who may reach it?", `value="network" checked`)
	_, r = v.get("/setup")
	at(t, r, "/setup/reach") // where the owner left off
	_, r = v.post("/setup/reach", url.Values{"reach": {"anything"}})
	status(t, r, 422)
	page, r = v.post("/setup/reach", url.Values{"reach": {"names"}, "hosts": {"not a_host!"}})
	status(t, r, 422)
	has(t, page, "not a host name", "not a_host!")
	_, r = v.post("/setup/reach", url.Values{"reach": {"names"}, "hosts": {"https://Box.Example.org/\r\n\r\nbox2.example.org"}})
	at(t, r, "/setup/first")
	s, err := b.accounts.Settings(t.Context())
	must(t, err)
	if s.Reach != "names" || fmt.Sprint(s.Hosts) != "[box.example.org box2.example.org]" {
		t.Errorf("stored %+v", s)
	}

	_, r = v.upload("/add?for=setup", "lease.txt", lease)
	if !strings.HasPrefix(r.Request.URL.RequestURI(), "/setup/first?id=") {
		t.Fatalf("ended at %s", r.Request.URL)
	}
	id := r.Request.URL.Query().Get("id")
	b.wait(id)
	page, _ = v.get("/setup/first?id=" + id)
	has(t, page, "Ask it something", `value="Notice period"`)
	page, _ = v.get("/?q=Notice+period")
	has(t, page, "<mark>", "lease", "/library/"+id)
	_, r = v.get("/setup")
	at(t, r, "/")
}

// The name it was opened under is offered, and cannot be dropped by mistake.
func TestWizardListsTheNameItWasOpenedUnder(t *testing.T) {
	b := newBox(t, "")
	v := b.visitor()
	v.Transport = under("coffer.example.net")
	_, r := v.get("/setup")
	status(t, r, 200)
	page, r := v.post("/setup", url.Values{"code": {setupCode}, "username": {owner}, "password": {password}})
	status(t, r, 200)
	has(t, page, "coffer.example.net</textarea>", `value="names" checked`, "You opened it under coffer.example.net")
	page, r = v.post("/setup/reach", url.Values{"reach": {"network"}, "hosts": {""}})
	status(t, r, 422)
	has(t, page, "lock yourself out")
	_, r = v.post("/setup/reach", url.Values{"reach": {"names"}, "hosts": {"coffer.example.net"}})
	status(t, r, 200)
	_, r = v.get("/library")
	status(t, r, 200)
	v.Transport = under("stranger.example.net")
	_, r = v.get("/library")
	status(t, r, 421)
}

// under sends requests with another Host.
type under string

func (h under) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = string(h)
	return http.DefaultTransport.RoundTrip(r)
}

func TestNothingIsShownToStrangers(t *testing.T) {
	b := newBox(t, "")
	b.reader(0)
	b.owner()
	src := b.put("secret-title.txt", "secret words")
	v := b.visitor()
	for _, path := range []string{
		"/", "/?q=secret", "/library", "/library/" + string(src.ID), "/library/" + string(src.ID) + "/delete", "/add", "/activity",
		"/activity/state", "/settings", "/settings/account", "/settings/access", "/settings/audit", "/settings/appearance", "/settings/about", "/tray?id=" + string(src.ID), "/setup", "/setup/reach", "/setup/first?id=" + string(src.ID),
	} {
		page, r := v.get(path)
		if r.Request.URL.Path != "/login" {
			t.Errorf("%s ended at %s", path, r.Request.URL)
		}
		has(t, page, "!secret-title", "!secret words", "!"+owner)
	}
	for _, path := range []string{
		"/library/" + string(src.ID) + "/delete", "/library/" + string(src.ID) + "/rename", "/library/" + string(src.ID) + "/retry",
		"/library/" + string(src.ID) + "/cancel", "/add", "/settings/account/password", "/settings/access", "/settings/appearance", "/setup/reach",
		"/settings/account/sessions/x/end", "/settings/account/others/end", "/settings/account/everywhere/end",
	} {
		_, r := v.post(path, url.Values{"title": {"taken"}, "text": {"taken"}, "reach": {"names"}, "hosts": {"evil.example"}})
		if r.Request.URL.Path != "/login" {
			t.Errorf("POST %s ended at %s", path, r.Request.URL)
		}
	}
	if s, err := b.lib.Source(t.Context(), src.ID); err != nil || s.Title != "secret-title" {
		t.Errorf("the source changed: %+v %v", s, err)
	}
	page, r := v.post("/setup", url.Values{"code": {setupCode}, "username": {"Eve"}, "password": {"another password"}})
	at(t, r, "/login")
	has(t, page, "Sign in")
}

func TestSignInLeadsToLocalPagesOnly(t *testing.T) {
	b := newBox(t, "/box")
	b.owner()
	for _, row := range []struct{ next, want string }{
		{"/box/library?status=failed", "/box/library?status=failed"},
		{"/box/library/x?q=a%20b&at=2", "/box/library/x?q=a%20b&at=2"},
		{"/box/", "/box/"},
		{"", "/box/"},
		{"/library", "/box/"}, // not of this box
		{"//evil.example/", "/box/"},
		{"/box//evil.example", "/box/"},
		{`/box/\evil.example`, "/box/"},
		{`/box\evil`, "/box/"},
		{"https://evil.example/", "/box/"},
		{"javascript:alert(1)", "/box/"},
		{"/box/\r\nSet-Cookie: a=b", "/box/"},
		{"/boxer", "/box/"},
		{"/box/login?next=/box/", "/box/"},
		{"/box/logout", "/box/"},
		{"/box/api/v1/events", "/box/"},
		{"/box/" + strings.Repeat("a", 3000), "/box/"},
	} {
		v := b.visitor()
		v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		_, r := v.post("/login", url.Values{"username": {owner}, "password": {password}, "next": {row.next}})
		if got := r.Header.Get("Location"); got != row.want || r.StatusCode != http.StatusSeeOther {
			t.Errorf("%q leads to %q (%d), want %q", row.next, got, r.StatusCode, row.want)
		}
	}
}

func TestSignIn(t *testing.T) {
	b := newBox(t, "")
	b.owner()
	v := b.visitor()
	page, r := v.get("/library?status=failed")
	at(t, r, "/login?next=%2Flibrary%3Fstatus%3Dfailed")
	has(t, page, `value="/library?status=failed"`)
	for range 5 {
		page, r = v.post("/login", url.Values{"username": {owner}, "password": {"wrong password"}})
		status(t, r, 401)
		has(t, page, "Name or password is wrong.", `value="`+owner+`"`, "!wrong password")
	}
	page, r = v.post("/login", url.Values{"username": {owner}, "password": {password}})
	status(t, r, 429)
	has(t, page, "Too many wrong passwords", "Try again in")
	if r.Header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
}

func TestSignOut(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	_, r := v.get("/logout")
	status(t, r, 405)
	page, r := v.post("/logout", nil)
	at(t, r, "/login?done=out")
	has(t, page, "You are signed out.")
	_, r = v.get("/library")
	at(t, r, "/login?next=%2Flibrary")
	_, r = v.post("/logout", nil) // twice is no fault
	status(t, r, 200)
}

// What no page has, and what is refused before any page, looks like a page.
func TestRefusalsArePages(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	for _, row := range []struct {
		method, path, host string
		status             int
		says               string
	}{
		{"GET", "/nothing/here", "", 404, "Nothing is here"},
		{"DELETE", "/library", "", 405, "That did not work"},
		{"GET", "/library", "stranger.example", 421, "does not answer to this name"},
		{"GET", "/library/none", "", 404, "Nothing is here"},
		{"GET", "/library/none/delete", "", 404, "Nothing is here"},
	} {
		req, err := http.NewRequest(row.method, b.url+row.path, nil)
		must(t, err)
		req.Header.Set("Accept", "text/html,*/*;q=0.8")
		if row.host != "" {
			req.Host = row.host
		}
		r, err := v.Do(req)
		page := body(t, r, err)
		status(t, r, row.status)
		has(t, page, row.says, "</html>", r.Header.Get("X-Request-Id"), "!There is nothing here")
	}
	// A fault of our own is logged once, and its cause is not shown.
	b.accounts.Close()
	req, err := http.NewRequest("GET", b.url+"/settings", nil)
	must(t, err)
	req.Header.Set("Accept", "text/html")
	r, err := v.Do(req)
	page := body(t, r, err)
	status(t, r, 500)
	has(t, page, "Something went wrong in the box", "not touched", r.Header.Get("X-Request-Id"), "!bbolt", "!database")
}

func TestSettings(t *testing.T) {
	b := newBox(t, "")
	other, v := b.owner(), b.visitor()
	v.post("/login", url.Values{"username": {owner}, "password": {password}})
	page, r := v.get("/settings")
	at(t, r, "/settings/account")
	has(t, page, "Signed in as Ada", "This browser", "Go-http-client/1.1")
	end := regexp.MustCompile(`/settings/account/sessions/[^/]+/end`).FindAllString(page, -1)
	if len(end) != 1 {
		t.Fatalf("%d sessions can be ended, want the other one", len(end))
	}
	_, r = v.post(end[0], nil)
	at(t, r, "/settings/account?done=session")
	_, r = other.get("/settings")
	at(t, r, "/login?next=%2Fsettings")
	other.post("/login", url.Values{"username": {owner}, "password": {password}})
	page, r = v.post("/settings/account/others/end", nil)
	at(t, r, "/settings/account?done=others")
	has(t, page, "All other browsers are signed out", "!Sign out all others")
	_, r = other.get("/settings")
	at(t, r, "/login?next=%2Fsettings")

	page, r = v.post("/settings/account/password", url.Values{"old": {"wrong password"}, "new": {"a new password"}})
	status(t, r, 403)
	has(t, page, "The current password is wrong", "!a new password")
	_, r = v.post("/settings/account/password", url.Values{"old": {password}, "new": {"short"}})
	status(t, r, 422)
	_, r = v.post("/settings/account/password", url.Values{"old": {password}, "new": {"a new password"}})
	at(t, r, "/settings/account?done=password")
	_, r = other.post("/login", url.Values{"username": {owner}, "password": {password}})
	status(t, r, 401)

	other.post("/login", url.Values{"username": {owner}, "password": {"a new password"}})
	page, r = other.post("/settings/account/everywhere/end", nil)
	at(t, r, "/login?done=everywhere")
	has(t, page, "Every browser is signed out")
	_, r = v.get("/settings")
	at(t, r, "/login?next=%2Fsettings")
	v.post("/login", url.Values{"username": {owner}, "password": {"a new password"}})

	page, r = v.post("/settings/access", url.Values{"reach": {"proxy"}, "hosts": {"box.example.org"}})
	at(t, r, "/settings/access?done=access")
	has(t, page, "box.example.org</textarea>", `value="proxy" checked`)
	_, r = v.post("/settings/access", url.Values{"reach": {"proxy"}, "hosts": {"a b c/../d !"}})
	status(t, r, 422)
}

func TestLanguageAndTheme(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	page, _ := v.get("/library")
	has(t, page, `<html lang="en" dir="ltr">`, "Library")
	v.post("/settings/appearance", url.Values{"theme": {"dark"}, "language": {"de"}})
	page, _ = v.get("/library")
	has(t, page, `<html lang="de" dir="ltr" data-theme="dark">`, "Bibliothek", "!Library")
	v.post("/settings/appearance", url.Values{"theme": {`"><script>`}, "language": {"xx"}})
	page, _ = v.get("/library")
	has(t, page, `<html lang="en" dir="ltr">`, "!<script>")
	v.post("/settings/appearance", url.Values{})
	req, err := http.NewRequest("GET", b.url+"/login", nil)
	must(t, err)
	req.Header.Set("Accept-Language", "de-CH, en;q=0.5")
	r, err := http.DefaultClient.Do(req)
	has(t, body(t, r, err), `lang="de"`, "Anmelden")
}

func TestHeadersAndFixedFiles(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	for _, path := range []string{"/", "/library", "/settings", "/library/none", "/tray", "/activity/state"} {
		_, r := v.get(path)
		if got := r.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s is cached: %q", path, got)
		}
	}
	page, r := v.get("/manifest.webmanifest")
	has(t, page, `"start_url": "./"`)
	if got := r.Header.Get("Content-Type"); got != "application/manifest+json" {
		t.Errorf("the manifest is %s", got)
	}
	_, r = v.get("/favicon.ico")
	status(t, r, 200)
	page, _ = v.get("/library")
	for _, m := range regexp.MustCompile(`(href|src|action|data-live|data-events|data-api|data-items|data-base)="(/[^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[2], "/box") {
			t.Errorf("%s is outside the base path", m[0])
		}
	}
	for _, m := range regexp.MustCompile(`"/box(/static/[^"?]*\?v=[0-9a-f]{12})"`).FindAllStringSubmatch(page, -1) {
		_, r := v.get(m[1])
		status(t, r, 200)
	}
}
