package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
)

func (b box) makeKey(t *testing.T, by Identity, want NewKey) (library.Key, string) {
	t.Helper()
	if want.Name == "" {
		want.Name = "nightly backup"
	}
	if want.Scopes == nil {
		want.Scopes = []string{"read"}
	}
	key, text, err := b.CreateKey(t.Context(), by, want)
	if err != nil {
		t.Fatal(err)
	}
	return key, text
}

func TestKeyText(t *testing.T) {
	shape := regexp.MustCompile(`^cfr_[a-z2-7]{75}$`)
	seen := map[string]bool{}
	for range 200 {
		id, text := newKeyText()
		if got, ok := keyIDOf(text); !ok || got != id || !shape.MatchString(text) || !strings.HasPrefix(text, KeyPrefix+id) || seen[text] || seen[id] {
			t.Fatalf("%q of %q", text, id)
		}
		seen[text], seen[id] = true, true
		// One wrong character, wherever it is, and two that changed places.
		for i := range text {
			other := byte('a')
			if text[i] == other {
				other = 'b'
			}
			if _, ok := keyIDOf(text[:i] + string(other) + text[i+1:]); ok {
				t.Fatalf("%q with another character at %d is a key", text, i)
			}
		}
	}
	_, text := newKeyText()
	for _, odd := range []string{
		"", "cfr_", text[:len(text)-1], text + "a", " " + text, text + " ", strings.ToUpper(text), "CFR_" + text[4:], text[4:],
		strings.Replace(text, "cfr_", "cfx_", 1), text[:40] + "\x00" + text[41:], text[:40] + "é" + text[42:], strings.Repeat("a", 1<<20),
	} {
		if id, ok := keyIDOf(odd); ok {
			t.Errorf("%.100q is a key with the id %q", odd, id)
		}
	}
}

func TestVerifyKey(t *testing.T) {
	b := newBox(t, nil)
	owner := b.setUp(t).Identity
	key, text := b.makeKey(t, owner, NewKey{Name: " Nächtlich ", Scopes: []string{"add", "read", "add"}})
	id, err := b.VerifyKey(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	if id.Kind != KindKey || id.UserID != owner.UserID || id.SessionID != key.ID || !slices.Equal(id.Scopes, []string{"read", "add"}) || id.Has("admin") {
		t.Errorf("%+v", id)
	}
	if key.Name != "Nächtlich" || !key.Expires.IsZero() {
		t.Errorf("%+v", key)
	}
	// A restart knows it still; what is kept does not hold it.
	if again, err := b.restarted(t).VerifyKey(t.Context(), text); err != nil || again.SessionID != id.SessionID {
		t.Errorf("after a restart %+v, %v", again, err)
	}
	secret := text[len(KeyPrefix)+keyIDLen:]
	if kept := fmt.Sprintf("%+v %s", b.shelf.all[key.ID], b.shelf.all[key.ID].Hash); strings.Contains(kept, secret) || len(key.Hash) != 32 {
		t.Errorf("what is kept tells the key: %s", kept)
	}
	if said := b.log.String() + fmt.Sprintf("%+v", b.said); strings.Contains(said, secret) || strings.Contains(said, secret[:20]) {
		t.Error("a log tells the key")
	}

	_, other := newKeyText()
	mixed := text[:len(KeyPrefix)+keyIDLen] + other[len(KeyPrefix)+keyIDLen:len(other)-keySumLen]
	for name, bad := range map[string]string{
		"empty": "", "junk": "junk", "prefix": KeyPrefix, "cut": text[:len(text)-1], "unknown": other,
		"another secret": mixed + keySum(mixed), "its id": key.ID, "its hash": string(key.Hash),
	} {
		_, err := b.VerifyKey(t.Context(), bad)
		if err == nil {
			t.Errorf("%s opens", name)
			continue
		}
		wantKind(t, err, library.Unauthorized)
	}
	if _, err := b.Verify(t.Context(), text); err == nil {
		t.Error("a key is a session")
	}
	for _, c := range []struct{ user, id string }{{"somebody", key.ID}, {"", key.ID}, {owner.UserID, "no such"}, {owner.UserID, ""}, {owner.UserID, owner.SessionID}} {
		_, err := b.IdentifyKey(t.Context(), c.user, c.id)
		wantKind(t, err, library.Unauthorized)
	}
	if _, err := b.Identify(t.Context(), owner.UserID, key.ID); err == nil {
		t.Error("the id of a key is one of a session")
	}
}

// A trouble with the store is no verdict on a key.
func TestKeyWithoutStore(t *testing.T) {
	b := newBox(t, nil)
	_, text := b.makeKey(t, b.setUp(t).Identity, NewKey{})
	b.shelf.failing(&library.Error{Kind: library.Internal, Message: "no"})
	_, err := b.restarted(t).VerifyKey(t.Context(), text)
	wantKind(t, err, library.Internal)
	if _, err := newBox(t, nil).VerifyKey(t.Context(), text); err == nil {
		t.Error("a key opens a box that has no owner")
	}
}

func TestKeyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t, nil)
		owner := b.setUp(t).Identity
		key, text := b.makeKey(t, owner, NewKey{Expires: time.Now().Add(time.Hour)})
		time.Sleep(time.Hour - time.Second)
		if _, err := b.VerifyKey(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		_, err := b.VerifyKey(t.Context(), text)
		wantKind(t, err, library.Unauthorized)
		_, err = b.IdentifyKey(t.Context(), owner.UserID, key.ID)
		wantKind(t, err, library.Unauthorized)

		if err := b.Reauthenticate(t.Context(), owner, goodPassword, ""); err != nil {
			t.Fatal(err)
		}
		key, text = b.makeKey(t, owner, NewKey{})
		if _, err := b.VerifyKey(t.Context(), text); err != nil {
			t.Fatal(err)
		}
		ended := b.KeyEnded(t.Context(), key.ID)
		if err := b.RevokeKey(t.Context(), owner, key.ID); err != nil {
			t.Fatal(err)
		}
		<-ended
		<-b.KeyEnded(t.Context(), key.ID)
		for _, box := range []box{b, b.restarted(t)} {
			_, err = box.VerifyKey(t.Context(), text)
			wantKind(t, err, library.Unauthorized)
		}
		wantKind(t, b.RevokeKey(t.Context(), owner, key.ID), library.NotFound)
	})
}

// A changed password voids every key, in memory and after a restart, and so
// does a store that is put back to before it.
func TestPasswordVoidsKeys(t *testing.T) {
	b := newBox(t, nil)
	owner := b.setUp(t).Identity
	_, text := b.makeKey(t, owner, NewKey{})
	before := maps.Clone(b.shelf.all)
	if _, err := b.VerifyKey(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if _, err := b.ChangePassword(t.Context(), owner, goodPassword, "another password"); err != nil {
		t.Fatal(err)
	}
	b.shelf.all = before
	for _, box := range []box{b, b.restarted(t)} {
		_, err := box.VerifyKey(t.Context(), text)
		wantKind(t, err, library.Unauthorized)
	}
	if l, err := b.ListKeys(t.Context(), library.Page{}); err != nil || l.Items[0].State != KeyVoid {
		t.Errorf("%+v, %v", l, err)
	}
	if _, text := b.makeKey(t, owner, NewKey{}); text == "" {
		t.Error("no new key")
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	b := newBox(t, nil)
	owner := b.setUp(t).Identity
	good := NewKey{Name: "n", Scopes: []string{"read"}}
	for name, c := range map[string]struct {
		change func(*NewKey)
		field  string
	}{
		"no name":        {func(k *NewKey) { k.Name = " " }, "name"},
		"a long name":    {func(k *NewKey) { k.Name = strings.Repeat("ü", 65) }, "name"},
		"a control":      {func(k *NewKey) { k.Name = "a\nb" }, "name"},
		"no scope":       {func(k *NewKey) { k.Scopes = nil }, "scopes"},
		"another scope":  {func(k *NewKey) { k.Scopes = []string{"read", "owner"} }, "scopes"},
		"an empty scope": {func(k *NewKey) { k.Scopes = []string{""} }, "scopes"},
		"over already":   {func(k *NewKey) { k.Expires = time.Now().Add(-time.Second) }, "expires_at"},
	} {
		want := good
		c.change(&want)
		_, text, err := b.CreateKey(t.Context(), owner, want)
		if e := wantKind(t, err, library.Invalid); e.Field != c.field || text != "" {
			t.Errorf("%s: %+v, %q", name, e, text)
		}
	}
	_, text := b.makeKey(t, owner, NewKey{Scopes: Scopes()})
	program, err := b.VerifyKey(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	for name, by := range map[string]Identity{"a key": program, "nobody": {}} {
		_, _, err := b.CreateKey(t.Context(), by, good)
		wantKind(t, err, library.Forbidden)
		wantKind(t, b.RevokeKey(t.Context(), by, program.SessionID), library.Forbidden)
		if _, err := b.ChangePassword(t.Context(), by, goodPassword, "another password"); err == nil {
			t.Errorf("%s changes the password", name)
		}
	}
	for n := range MaxKeys - 1 {
		b.shelf.all[fmt.Sprint(n)] = library.Key{ID: fmt.Sprint(n)}
	}
	_, _, err = b.CreateKey(t.Context(), owner, good)
	wantKind(t, err, library.Conflict)
}

// What was done with keys is on record, without the key.
func TestKeysAreAudited(t *testing.T) {
	b := newBox(t, nil)
	owner := b.setUp(t).Identity
	ctx := WithIdentity(t.Context(), owner)
	key, _, err := b.CreateKey(ctx, owner, NewKey{Name: "phone", Scopes: []string{"add", "read"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.RevokeKey(ctx, owner, key.ID); err != nil {
		t.Fatal(err)
	}
	l, err := b.Events(ctx, library.AuditFilter{}, library.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []library.AuditEntry{
		{Kind: library.AuditKeyCreated, Who: library.BySession, Detail: "phone: read, add"},
		{Kind: library.AuditKeyRevoked, Who: library.BySession, Detail: "phone"},
	} {
		if got := l.Items[len(l.Items)-2+i]; got.Kind != want.Kind || got.Who != want.Who || got.Detail != want.Detail {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

// Use is written at most once a minute, however often and however many, and
// when the process ends; what cannot be written is tried again.
func TestUseIsWrittenOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t, nil)
		owner := b.setUp(t).Identity
		var ids, texts []string
		for range 20 {
			key, text := b.makeKey(t, owner, NewKey{})
			ids, texts = append(ids, key.ID), append(texts, text)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.RunKeys(ctx) }()
		all := func() {
			for range 10 {
				for _, text := range texts {
					if _, err := b.VerifyKey(ctx, text); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(time.Second)
			}
		}
		all()
		if uses, _ := b.shelf.written(ids[0]); uses != 0 {
			t.Errorf("%d writes within the first minute", uses)
		}
		l, err := b.ListKeys(ctx, library.Page{})
		if err != nil || time.Since(l.Items[0].LastUsed) > 2*time.Second {
			t.Errorf("the list does not know of the last use: %+v, %v", l.Items[0], err)
		}
		time.Sleep(time.Minute)
		if uses, used := b.shelf.written(ids[0]); uses != 1 || used.IsZero() {
			t.Errorf("%d writes, last used %v", uses, used)
		}
		time.Sleep(10 * time.Minute) // idle
		if uses, _ := b.shelf.written(ids[0]); uses != 1 {
			t.Errorf("%d writes of nothing new", uses-1)
		}
		b.shelf.failing(errors.New("full"))
		all()
		time.Sleep(2 * time.Minute)
		b.shelf.failing(nil)
		time.Sleep(time.Minute)
		if _, used := b.shelf.written(ids[19]); time.Since(used) > 4*time.Minute {
			t.Errorf("lost when the store failed: %v ago", time.Since(used))
		}
		all()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, used := b.shelf.written(ids[19]); time.Since(used) > 2*time.Second {
			t.Errorf("lost at the end: %v ago", time.Since(used))
		}
	})
}

func TestListKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t, nil)
		owner := b.setUp(t).Identity
		var want []string
		for n := range 25 {
			key, _ := b.makeKey(t, owner, NewKey{Name: fmt.Sprint(n), Expires: time.Now().Add(time.Hour)})
			want = append([]string{key.ID}, want...)
			time.Sleep(time.Duration(n%2) * time.Second) // two at a time
		}
		slices.SortStableFunc(want, func(x, y string) int {
			return b.shelf.all[y].CreatedAt.Compare(b.shelf.all[x].CreatedAt)
		})
		for _, limit := range []int{0, 1, 7, 200} {
			var got []string
			p := library.Page{Limit: limit}
			for {
				l, err := b.ListKeys(t.Context(), p)
				if err != nil || l.Total != 25 || limit > 0 && len(l.Items) > limit {
					t.Fatal(l, err)
				}
				for _, e := range l.Items {
					if e.State != KeyOpen {
						t.Errorf("%+v", e)
					}
					got = append(got, e.ID)
				}
				if p.Cursor = l.Next; l.Next == "" {
					break
				}
			}
			for i := range got { // those of one moment stand in any order, but the same
				if len(got) != 25 || !b.shelf.all[got[i]].CreatedAt.Equal(b.shelf.all[want[i]].CreatedAt) {
					t.Fatalf("limit %d: %v", limit, got)
				}
			}
			slices.Sort(got)
			if len(slices.Compact(got)) != 25 {
				t.Errorf("limit %d: one stands twice", limit)
			}
		}
		// One that has expired is listed for a while, and then gone.
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go b.RunKeys(ctx)
		time.Sleep(2 * time.Hour)
		if l, err := b.ListKeys(ctx, library.Page{}); err != nil || l.Total != 25 || l.Items[0].State != KeyExpired {
			t.Errorf("%+v, %v", l, err)
		}
		time.Sleep(keepEnded)
		if l, err := b.ListKeys(ctx, library.Page{}); err != nil || l.Total != 0 {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

// However many keys there are, one is found by one look, and then by none.
func TestKeysAreReadOnce(t *testing.T) {
	b := newBox(t, nil)
	owner := b.setUp(t).Identity
	var texts []string
	for range 50 {
		_, text := b.makeKey(t, owner, NewKey{})
		texts = append(texts, text)
	}
	b = b.restarted(t)
	before := b.shelf.reads
	var wg sync.WaitGroup
	for range 8 {
		for _, text := range texts {
			wg.Go(func() {
				if _, err := b.VerifyKey(t.Context(), text); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if n := b.shelf.reads - before; n != 50 {
		t.Errorf("50 keys were read %d times", n)
	}
}
