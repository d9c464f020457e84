package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

// someKeys puts keys of every kind into the box.
func (b *box) someKeys() {
	b.t.Helper()
	ctx := b.t.Context()
	o, err := b.accounts.Owner(ctx)
	must(b.t, err)
	now := time.Now()
	for _, k := range []library.Key{
		{ID: "aaaaaaaaaaaaaaaa", Name: "Scanner in the hall", Scopes: []string{"add"}, CreatedAt: now.AddDate(0, -2, 0), Expires: now.AddDate(0, 1, 0), LastUsed: now.Add(-20 * time.Minute)},
		{ID: "bbbbbbbbbbbbbbbb", Name: "Grafana", Scopes: []string{"metrics"}, CreatedAt: now.AddDate(0, -1, 0), LastUsed: now.Add(-5 * time.Second)},
		{ID: "cccccccccccccccc", Name: "Old laptop", Scopes: []string{"read", "add", "admin"}, CreatedAt: now.AddDate(0, -5, 0), Expires: now.AddDate(0, 0, -3), LastUsed: now.AddDate(0, 0, -9)},
		{ID: "dddddddddddddddd", Name: "A script whose name is so long that it does not fit on one line", Scopes: []string{"read"}, CreatedAt: now.AddDate(0, -6, 0), Epoch: "before"},
	} {
		k.Owner, k.Hash = o.ID, make([]byte, 32)
		if k.Epoch == "" {
			k.Epoch = o.Epoch
		}
		must(b.t, b.accounts.PutKey(ctx, k))
	}
}

// A key is made, shown once, used, asked about and revoked, without scripts.
func TestKeysPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	page, _ := v.get("/settings/keys")
	has(t, page, "No program has a key yet", `value="read" checked`, `value="90" selected`, "!cfr_", "!class=\"made\"")

	for field, form := range map[string]url.Values{
		"1 to 64 characters": {"name": {" "}, "scope": {"add"}, "ends": {"0"}},
		"at least one thing": {"name": {"Phone"}, "ends": {"0"}},
	} {
		page, r := v.post("/settings/keys", form)
		status(t, r, 422)
		has(t, page, field, `role="alert"`, `value="0" selected`, `value="`+form.Get("name")+`"`, "!cfr_")
	}
	page, r := v.post("/settings/keys", url.Values{"name": {"Phone <b>"}, "scope": {"add", "read"}, "ends": {"30"}})
	status(t, r, 201)
	if r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the key may be kept: %s", r.Header.Get("Cache-Control"))
	}
	key := regexp.MustCompile(`>(cfr_[a-z2-7]{75})</textarea>`).FindStringSubmatch(page)
	if key == nil {
		t.Fatal("no key in", page)
	}
	end := v.b.site.shell.Words.All[0].Date(time.Now().AddDate(0, 0, 30))
	has(t, page, "Phone &lt;b&gt;” is made", "cannot show it again", "/box/api/v1/sources", "ends "+end, "not used yet", "begins "+key[1][:10]+"…", "!<b>”")

	ask := func() int {
		q, err := http.NewRequestWithContext(t.Context(), "GET", b.url+"/api/v1/sources", nil)
		must(t, err)
		q.Header.Set("Authorization", "Bearer "+key[1])
		r, err := b.visitor().Do(q)
		must(t, err)
		r.Body.Close()
		return r.StatusCode
	}
	if code := ask(); code != 200 {
		t.Errorf("the key is answered %d", code)
	}
	page, _ = v.get("/settings/keys")
	has(t, page, "last used just now", "!"+key[1], "!class=\"made")

	revoke := regexp.MustCompile(`href="/box(/settings/keys\?revoke=[a-z2-7]+)"`).FindStringSubmatch(page)
	page, _ = v.get(revoke[1])
	has(t, page, "Revoke “Phone &lt;b&gt;”?", "refused at once")
	if code := ask(); code != 200 {
		t.Errorf("asking about it revokes it: %d", code)
	}
	id := strings.TrimPrefix(revoke[1], "/settings/keys?revoke=")
	page, r = v.post("/settings/keys/"+id+"/revoke", nil)
	at(t, r, "/box/settings/keys?done=revoked")
	has(t, page, "The key is revoked", "No program has a key yet")
	if code := ask(); code != 401 {
		t.Errorf("a revoked key is answered %d", code)
	}
	_, r = v.post("/settings/keys/"+id+"/revoke", nil)
	at(t, r, "/box/settings/keys?done=revoked")
	page, _ = v.get("/settings/audit")
	has(t, page, "Key made", "Phone &lt;b&gt;: read, add", "Key revoked", "!"+key[1])
}

// Every state of a key has its words, in both languages, and many have pages.
func TestKeysListed(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	b.someKeys()
	page, _ := v.get("/settings/keys")
	has(t, page, "last used 20 minutes ago", "last used just now", "does not end", "ended ", "void since the password was changed", "not used yet",
		"Look after the box", "Metrics", "begins cfr_aaaaaa…", "!Older", "!aaaaaaaaaaaaaaaaaaaa")
	v.post("/settings/appearance", url.Values{"language": {"de"}})
	page, _ = v.get("/settings/keys?revoke=aaaaaaaaaaaaaaaa")
	has(t, page, "zuletzt benutzt vor 20 Minuten", "endet nicht", "ungültig, seit das Passwort", "Nach der Box sehen", "„Scanner in the hall“ widerrufen?")
	page, _ = v.get("/settings/keys?revoke=no-such")
	has(t, page, "!class=\"made")

	o, err := b.accounts.Owner(t.Context())
	must(t, err)
	for n := range 60 {
		id := "key" + string(rune('a'+n/26)) + string(rune('a'+n%26))
		must(t, b.accounts.PutKey(t.Context(), library.Key{ID: id, Name: id, Owner: o.ID, Epoch: o.Epoch, CreatedAt: time.Now()}))
	}
	page, _ = v.get("/settings/keys")
	older := regexp.MustCompile(`rel="next" href="(/settings/keys[^"]+)"`).FindStringSubmatch(page)
	if older == nil || strings.Count(page, `<li class="row">`) != 50 {
		t.Fatalf("the first page holds %d keys", strings.Count(page, `<li class="row">`))
	}
	page, _ = v.get(strings.ReplaceAll(older[1], "&amp;", "&"))
	if n := strings.Count(page, `<li class="row">`); n != 14 {
		t.Errorf("the second page holds %d keys", n)
	}
	ask := regexp.MustCompile(`href="(/settings/keys\?revoke=aaaaaaaaaaaaaaaa[^"]*)"`).FindStringSubmatch(page)
	page, _ = v.get(strings.ReplaceAll(ask[1], "&amp;", "&"))
	has(t, page, "„Scanner in the hall“ widerrufen?")
}
