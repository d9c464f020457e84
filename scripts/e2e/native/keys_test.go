package native

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

// Keys through the real edge: what each opens, what none does, and their end.
func TestKeys(t *testing.T) {
	tier.Need(t, tier.Native)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := box.Init(ctx, binary, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kill(b)
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}
	type key struct{ ID, Key string }
	newKey := func(scopes ...string) (key, *box.Client) {
		t.Helper()
		var k key
		if err := b.Post(ctx, "/api/v1/auth/keys", map[string]any{"name": "a script", "scopes": scopes}, &k); err != nil {
			t.Fatal(err)
		}
		c := box.Dial(b.URL)
		// A key comes from anywhere: no page can send one unasked.
		c.Headers = map[string]string{"Authorization": "Bearer " + k.Key, "Origin": "https://elsewhere.example"}
		return k, c
	}
	reads, reader := newKey("read")
	_, adder := newKey("add")
	_, admin := newKey("read", "add", "admin", "metrics")
	want := func(what string, err error, code int) {
		t.Helper()
		if code == http.StatusOK && err != nil || code != http.StatusOK && !box.IsStatus(err, code) {
			t.Errorf("%s: %v, want %d", what, err, code)
		}
	}
	name, body := papers.Mixed(0)
	_, err = adder.Upload(ctx, name, body)
	want("upload with add", err, 200)
	_, err = reader.Upload(ctx, name, body)
	want("upload with read", err, 403)
	_, err = reader.Searchable(ctx, papers.Token(0))
	want("search with read", err, 200)
	_, err = adder.Search(ctx, papers.Token(0))
	want("search with add", err, 403)
	want("another key", admin.Post(ctx, "/api/v1/auth/keys", map[string]any{"name": "x", "scopes": []string{"admin"}}, nil), 403)
	want("the end of a key", admin.Do(ctx, "DELETE", "/api/v1/auth/keys/"+reads.ID, "", nil, nil), 403)
	want("the password", admin.Post(ctx, "/api/v1/auth/password", map[string]string{"current_password": box.Password, "new_password": "another password"}, nil), 403)
	want("the settings", admin.Do(ctx, "PATCH", "/api/v1/settings", "application/json", strings.NewReader(`{"any_host":true}`), nil), 403)
	want("a page", admin.Get(ctx, "/settings/account", nil), 403)
	want("a form of a page", admin.Do(ctx, "POST", "/settings/account/everywhere", "application/x-www-form-urlencoded", strings.NewReader("x=1"), nil), 403)

	// The owner's cookie does not make up for a bad key.
	last := reads.Key[len(reads.Key)-1:]
	for what, authorization := range map[string]string{
		"mistyped": "Bearer " + strings.TrimSuffix(reads.Key, last) + "0", "empty": "Bearer ", "another's": "Bearer eyJhbGciOiJub25lIn0.e30.",
	} {
		b.Headers = map[string]string{"Authorization": authorization}
		want(what+" key with a good cookie", b.Get(ctx, "/api/v1/auth/me", nil), 401)
		want(what+" key with a good cookie, public", b.Get(ctx, "/api/v1/setup", nil), 401)
	}
	b.Headers = map[string]string{"Authorization": "Basic YTpi"}
	want("a proxy's own sign-in", b.Get(ctx, "/api/v1/auth/me", nil), 200)
	b.Headers = nil
	forger := box.Dial(b.URL)
	forger.Headers = map[string]string{"X-Auth-User": "forged", "X-Auth-Kind": "key", "X-Auth-Session": reads.ID}
	want("forged headers", forger.Get(ctx, "/api/v1/auth/me", nil), 401)

	want("its end", b.Do(ctx, "DELETE", "/api/v1/auth/keys/"+reads.ID, "", nil, nil), 200)
	want("after its end", reader.Get(ctx, "/api/v1/sources", nil), 401)
	want("a new password", b.Post(ctx, "/api/v1/auth/password", map[string]string{"current_password": box.Password, "new_password": "another password"}, nil), 200)
	want("after a new password", admin.Get(ctx, "/api/v1/sources", nil), 401)
	want("the owner", b.Get(ctx, "/api/v1/sources", nil), 200)
	if strings.Contains(b.Log(), reads.Key[4:]) {
		t.Error("the log tells a key")
	}
	stop(t, b, (*box.Native).Stop)
}
