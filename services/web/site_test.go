package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
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
	page, r = v.get("/setup")
	at(t, r, "/setup/reach") // where the owner left off
	page, r = v.post("/setup/reach", url.Values{"reach": {"anything"}})
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

	page, r = v.upload("/add?for=setup", "lease.txt", lease)
	if !strings.HasPrefix(r.Request.URL.RequestURI(), "/setup/first?id=") {
		t.Fatalf("ended at %s", r.Request.URL)
	}
	id := r.Request.URL.Query().Get("id")
	b.wait(id)
	page, _ = v.get("/setup/first?id=" + id)
	has(t, page, "Ask it something", `value="Notice period"`)
	page, r = v.get("/?q=Notice+period")
	has(t, page, "<mark>", "lease", "/library/"+id)
	_, r = v.get("/setup")
	at(t, r, "/")
}

// The name it was opened under is offered, and cannot be dropped by mistake.
func TestWizardListsTheNameItWasOpenedUnder(t *testing.T) {
	b := newBox(t, "")
	v := b.visitor()
	v.Transport = under("coffer.example.net")
	page, r := v.get("/setup")
	status(t, r, 200)
	page, r = v.post("/setup", url.Values{"code": {setupCode}, "username": {owner}, "password": {password}})
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
		"/activity/state", "/settings", "/tray?id=" + string(src.ID), "/setup", "/setup/reach", "/setup/first?id=" + string(src.ID),
	} {
		page, r := v.get(path)
		if r.Request.URL.Path != "/login" {
			t.Errorf("%s ended at %s", path, r.Request.URL)
		}
		has(t, page, "!secret-title", "!secret words", "!"+owner)
	}
	for _, path := range []string{
		"/library/" + string(src.ID) + "/delete", "/library/" + string(src.ID) + "/rename", "/library/" + string(src.ID) + "/retry",
		"/library/" + string(src.ID) + "/cancel", "/add", "/settings/password", "/settings/access", "/settings/appearance", "/setup/reach",
		"/settings/sessions/x/end",
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
	page, r = v.post("/logout", nil) // twice is no fault
	status(t, r, 200)
}

func TestFindAndRead(t *testing.T) {
	b := newBox(t, "")
	b.reader(0)
	v := b.owner()
	page, _ := v.get("/")
	has(t, page, "The box is empty", `action="/add"`)
	long := b.furnish()
	page, _ = v.get("/")
	has(t, page, "5 sources, ready to be searched", "New in the box", "bank-statement-2025-11", "locked with a password")

	page, r := v.get("/?q=notice+period")
	status(t, r, 200)
	has(t, page, "<mark>notice</mark> <mark>period</mark>", "2 passages, in ", "Text <b>2</b>", "&amp;at=1#p1")
	page, _ = v.get("/?q=heating+curve&page=2")
	has(t, page, "21 to 40 of ", `rel="next"`, `rel="prev"`, "page ")
	page, _ = v.get("/?q=depositt")
	has(t, page, "Did you mean", "?q=deposit")
	page, _ = v.get("/?q=submarine&type=pdf&added=week")
	has(t, page, "Nothing found for “submarine”", "Search without the filters")
	page, r = v.get("/?q=" + strings.Repeat("a", 2000))
	status(t, r, 422)
	page, _ = v.get("/?q=" + url.QueryEscape(`<script>alert(1)</script>`))
	has(t, page, "!<script>alert")
	page, _ = v.get("/?q=deposit&type=exe&added=never&page=-3")
	has(t, page, "deposit", "<mark>")

	// The reader shows the part that holds the passage, and an index of all.
	page, _ = v.get("/library/" + string(long.ID) + "?q=defrost&at=100#p100")
	has(t, page, `id="p80"`, `id="p119"`, `!id="p79"`, `!id="p120"`, `<p class="folio">page 81</p>`, `class="passage target" id="p100"`,
		`href="/library/`+string(long.ID)+`?q=defrost&amp;at=120#p120"`, "<mark>defrost</mark>", "hits")
	if ticks := strings.Count(page, `class="h`); ticks < 50 || ticks > 64 {
		t.Errorf("the index has %d ticks", ticks)
	}
	for _, bad := range []string{"-1", "99999", "x", "1e3"} {
		page, r = v.get("/library/" + string(long.ID) + "?at=" + bad)
		status(t, r, 200)
		has(t, page, `id="p0"`, "!target")
	}
}

// A page is small before its text, also for a long source.
func TestPagesAreSmall(t *testing.T) {
	b := newBox(t, "")
	b.reader(0)
	v := b.owner()
	long := b.put("Long.pdf", manual(2400))
	page, _ := v.get("/library/" + string(long.ID) + "?q=heating&at=1200")
	text := 0
	for _, m := range regexp.MustCompile(`(?s)<section class="passage.*?</section>`).FindAllString(page, -1) {
		text += len(m)
	}
	if frame := len(page) - text; frame > 60_000 {
		t.Errorf("the reader is %d bytes without its text", frame)
	}
	if len(page) > 160_000 {
		t.Errorf("the reader is %d bytes", len(page))
	}
	start := time.Now()
	v.get("/library/" + string(long.ID) + "?q=heating&at=1300")
	t.Logf("a part of a counted text of 2,400 pages: %v, %d bytes", time.Since(start), len(page))
	start = time.Now()
	v.get("/library/" + string(long.ID) + "?q=pressure&at=1300")
	t.Logf("one that is counted first: %v", time.Since(start))
	for _, path := range []string{"/", "/library", "/activity", "/settings", "/add"} {
		if page, _ := v.get(path); len(page) > 60_000 {
			t.Errorf("%s is %d bytes", path, len(page))
		}
	}
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

func TestChangeASource(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	src := b.waiting("lease.txt", lease)
	here := "/library/" + string(src.ID)
	page, _ := v.get(here)
	has(t, page, "Waiting", "Stop", `!form="retry"`)
	page, r := v.post(here+"/cancel", nil)
	at(t, r, here+"?done=stopped")
	has(t, page, "Stopped", "Retry")
	page, r = v.post(here+"/cancel", nil) // in the wrong state: shown as it is
	at(t, r, here)
	_, r = v.post(here+"/retry?back=activity", nil)
	at(t, r, "/activity?done=retried")
	b.reader(0)
	b.wait(string(src.ID))

	page, r = v.post(here+"/rename", url.Values{"title": {" "}})
	status(t, r, 422)
	has(t, page, "1 to 500 characters")
	page, r = v.post(here+"/rename", url.Values{"title": {`<b>"New" & 'old'</b>`}})
	at(t, r, here+"?done=renamed")
	has(t, page, "Renamed.", "&lt;b&gt;", `!<b>"New"`)

	page, _ = v.get(here + "/delete")
	has(t, page, "Delete this source?", "cannot be undone")
	if _, err := b.lib.Source(t.Context(), src.ID); err != nil {
		t.Fatal("asking deleted it")
	}
	page, r = v.post(here+"/delete", nil)
	at(t, r, "/library?done=deleted")
	has(t, page, "The source is deleted.")
	page, r = v.get(here)
	status(t, r, 404)
	has(t, page, "Nothing is here", r.Header.Get("X-Request-Id"))
	_, r = v.post(here+"/delete", nil)
	at(t, r, "/library?done=deleted")
}

func TestAddWithoutScripts(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	page, r := v.upload("/add", "one.txt", "one")
	if !strings.HasPrefix(r.Request.URL.Path, "/library/") {
		t.Errorf("one file ended at %s", r.Request.URL)
	}
	_, r = v.upload("/add", "two.txt", "two", "three.txt", "three")
	at(t, r, "/activity?done=added")
	page, r = v.post("/add", url.Values{"title": {"Key safe"}, "text": {"The code is on the back."}})
	has(t, page, "Key safe")
	for _, form := range []url.Values{{}, {"title": {"x"}}, {"text": {"x"}}, {"title": {" "}, "text": {" "}}} {
		page, r = v.post("/add", form)
		status(t, r, 422)
		has(t, page, "Nothing was sent", `role="alert"`)
	}
	page, r = v.upload("/add") // a form without a file chosen
	status(t, r, 422)
	page, r = v.broken("/add")
	status(t, r, 422)
	has(t, page, "ended early")
	l, err := b.lib.Sources(t.Context(), library.SourceFilter{}, library.Page{})
	must(t, err)
	if l.Total != 4 {
		t.Errorf("%d sources, want 4", l.Total)
	}
}

func TestActivityAndTray(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	page, _ := v.get("/activity")
	has(t, page, "All quiet")
	src := b.waiting("waiting.txt", "waiting")
	page, _ = v.get("/tray?id=" + string(src.ID) + "&id=none")
	has(t, page, "Waiting", "waiting", "!data-settled")
	b.reader(0)
	b.wait(string(src.ID))
	failed := b.put("bad.pdf", "broken encrypted It has a password.")
	page, _ = v.get("/activity")
	has(t, page, "Finished today", "Failed", "It has a password.", "/retry?back=activity", "1 source needs you")
	page, _ = v.get("/activity/state")
	has(t, page, `id="attention"`, `id="work"`, "1 failed", "!<html")
	page, _ = v.get("/tray?id=" + string(src.ID) + "&id=" + string(failed.ID))
	has(t, page, "Open", "It has a password.", `data-act="again"`, "data-settled")
	page, _ = v.get("/library?status=failed")
	has(t, page, "bad", "!>waiting<")
	page, _ = v.get("/library?status=cancelled&type=pdf")
	has(t, page, "No source is like that")
}

func TestSettings(t *testing.T) {
	b := newBox(t, "")
	other, v := b.owner(), b.visitor()
	v.post("/login", url.Values{"username": {owner}, "password": {password}})
	page, _ := v.get("/settings")
	has(t, page, "Signed in as Ada", "This browser", "0.1.0-test", "Go-http-client/1.1")
	end := regexp.MustCompile(`/settings/sessions/[^/]+/end`).FindAllString(page, -1)
	if len(end) != 1 {
		t.Fatalf("%d sessions can be ended, want the other one", len(end))
	}
	_, r := v.post(end[0], nil)
	at(t, r, "/settings?done=session")
	_, r = other.get("/settings")
	at(t, r, "/login?next=%2Fsettings")

	page, r = v.post("/settings/password", url.Values{"old": {"wrong password"}, "new": {"a new password"}})
	status(t, r, 403)
	has(t, page, "The current password is wrong", "!a new password")
	page, r = v.post("/settings/password", url.Values{"old": {password}, "new": {"short"}})
	status(t, r, 422)
	_, r = v.post("/settings/password", url.Values{"old": {password}, "new": {"a new password"}})
	at(t, r, "/settings?done=password")
	_, r = other.post("/login", url.Values{"username": {owner}, "password": {password}})
	status(t, r, 401)

	page, r = v.post("/settings/access", url.Values{"reach": {"proxy"}, "hosts": {"box.example.org"}})
	at(t, r, "/settings?done=access")
	has(t, page, "box.example.org</textarea>", `value="proxy" checked`)
	page, r = v.post("/settings/access", url.Values{"reach": {"proxy"}, "hosts": {"a b c/../d !"}})
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

// wait waits until a source is read.
func (b *box) wait(id string) {
	b.t.Helper()
	for range 500 {
		s, err := b.lib.Source(b.t.Context(), library.SourceID(id))
		must(b.t, err)
		if s.Status == library.StatusReady {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Fatalf("%s was not read", id)
}

// upload sends files as a form does: names and contents in turn.
func (v *visitor) upload(path string, files ...string) (string, *http.Response) {
	v.b.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for i := 0; i < len(files); i += 2 {
		part, err := w.CreateFormFile("file", files[i])
		must(v.b.t, err)
		part.Write([]byte(files[i+1]))
	}
	if len(files) == 0 {
		_, err := w.CreateFormFile("file", "")
		must(v.b.t, err)
	}
	w.Close()
	r, err := v.Post(v.b.url+path, w.FormDataContentType(), &form)
	return body(v.b.t, r, err), r
}

// broken sends a form that ends in the middle of a file.
func (v *visitor) broken(path string) (string, *http.Response) {
	v.b.t.Helper()
	form := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"half.txt\"\r\n\r\nhalf of it"
	r, err := v.Post(v.b.url+path, "multipart/form-data; boundary=x", strings.NewReader(form))
	return body(v.b.t, r, err), r
}
