package web

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"coffer/services/library"
)

// /settings leads to the first section; each says which one it is, leads to
// all others, and is the owner's alone.
func TestSectionsOfSettings(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	page, r := v.get("/settings")
	at(t, r, "/box/settings/account")
	all := regexp.MustCompile(`<li><a href="(/box/settings/[a-z-]+)"`).FindAllStringSubmatch(page, -1)
	if len(all) != len(sections(Options{}, nil)) {
		t.Fatalf("%d links to sections", len(all))
	}
	for _, link := range all {
		path := strings.TrimPrefix(link[1], "/box")
		page, r := v.get(path)
		status(t, r, 200)
		has(t, page, `<a href="`+link[1]+`" aria-current="page">`, `href="/box/settings" aria-current="page"`,
			"/box/static/settings.css?v=", "!/box/static/settings.js")
		if n := strings.Count(page, `<li><a href="/box/settings/`); n != len(all) {
			t.Errorf("%s leads to %d sections", path, n)
		}
		page, r = b.visitor().get(path)
		if !strings.HasSuffix(r.Request.URL.Path, "/login") || strings.Contains(page, `class="sections"`) {
			t.Errorf("a stranger gets to %s", path)
		}
	}
}

func TestAuditPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	stranger := b.visitor()
	for range 3 {
		stranger.post("/login", url.Values{"username": {"<b>ada"}, "password": {"not-the-password"}})
	}
	v.post("/settings/access", url.Values{"reach": {"names"}, "hosts": {"box.example.org"}})
	page, _ := v.get("/settings/audit")
	has(t, page, "The box got its owner", "Wrong name or password <b>3 times</b>", "by somebody unknown", "192.168.1.20",
		"Settings changed", "hosts, reach", "Go-http-client/1.1", "!not-the-password", "!&lt;b&gt;ada", "!Older")
	page, _ = v.get("/settings/audit?kind=sign_in_failed")
	has(t, page, `value="sign_in_failed" selected`, "3 times", "!hosts, reach")
	page, _ = v.get("/settings/audit?kind=sign_out")
	has(t, page, "Nothing of this kind")
	page, r := v.get("/settings/audit?kind=%22%3E%3Cscript%3E")
	status(t, r, 200)
	has(t, page, "hosts, reach", "!<script>")
	_, r = v.get("/settings/audit?cursor=zz")
	status(t, r, 422)

	for n := range 60 {
		must(t, b.accounts.Record(t.Context(), library.AuditEntry{
			Time: b.site.shell.Now(), Kind: library.AuditSignOut, Who: library.ByConsole, Detail: "number " + string(rune('a'+n%26)),
		}))
	}
	page, _ = v.get("/settings/audit?kind=sign_out")
	older := regexp.MustCompile(`rel="next" href="/box(/settings/audit[^"]+)"`).FindStringSubmatch(page)
	if older == nil || strings.Count(page, `<li class="row">`) != 50 {
		t.Fatalf("the first page holds %d events", strings.Count(page, `<li class="row">`))
	}
	page, _ = v.get(strings.ReplaceAll(older[1], "&amp;", "&"))
	has(t, page, "by a command in the container", "Newest", "!Older")
	if n := strings.Count(page, `<li class="row">`); n != 10 {
		t.Errorf("the second page holds %d events", n)
	}
}
