package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
)

// tokenFile is the file in memory.
type tokenFile struct {
	mu    sync.Mutex
	key   string
	fails error
	lost  error // of a write that was done
}

// now is what is in it; put is what somebody else does to it.
func (f *tokenFile) now() string { f.mu.Lock(); defer f.mu.Unlock(); return f.key }

func (f *tokenFile) put(key string) { f.mu.Lock(); defer f.mu.Unlock(); f.key = key }

func (f *tokenFile) Path() string { return "/data/service-token" }

func (f *tokenFile) Sum(context.Context) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.key == "" || f.fails != nil {
		return nil, f.fails
	}
	sum := sha256.Sum256([]byte(f.key))
	return sum[:], nil
}

func (f *tokenFile) Write(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails == nil {
		f.key = key
	}
	return errors.Join(f.fails, f.lost)
}

func (f *tokenFile) Remove(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails == nil {
		f.key = ""
	}
	return f.fails
}

// tokens counts the service tokens that are kept.
func (b box) tokens() (n int) {
	for _, k := range b.shelf.all {
		if k.Service {
			n++
		}
	}
	return n
}

func TestServiceToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &tokenFile{}
		b := newBox(t, func(o *Options) { o.TokenFile = file })
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.RunToken(ctx) }()
		file.put("of a box that was here before")
		time.Sleep(10 * time.Minute)
		if file.now() != "" {
			t.Fatal("a box without an owner has a token")
		}
		grant := b.setUp(t)
		owner := grant.Identity
		opens := func(text, when string) {
			t.Helper()
			id, err := b.VerifyKey(t.Context(), text)
			if err != nil || !id.Has(ScopeRead) || !id.Has(ScopeAdd) || id.Has(ScopeAdmin) || id.Has(ScopeMetrics) {
				t.Errorf("%s: %+v, %v", when, id, err)
			}
		}
		void := func(text, when string) {
			t.Helper()
			if _, err := b.VerifyKey(t.Context(), text); err == nil {
				t.Errorf("%s: it opens", when)
			}
		}
		synctest.Wait() // it follows the setup at once
		first := file.now()
		opens(first, "after the setup")
		state, err := b.Token(t.Context())
		if err != nil || !state.On || state.Missing || state.Key.Expires.Sub(state.Key.CreatedAt).Round(time.Hour) != TokenLasts {
			t.Errorf("%+v, %v", state, err)
		}

		// It is replaced in its time, and the one before works for a day.
		time.Sleep(TokenRenews - time.Hour)
		if file.now() != first {
			t.Fatal("it is replaced early")
		}
		time.Sleep(2 * time.Hour)
		second := file.now()
		if second == first {
			t.Fatal("it is not replaced")
		}
		opens(first, "in the overlap")
		opens(second, "the new one")
		time.Sleep(TokenOverlap)
		void(first, "after the overlap")
		opens(second, "after the overlap")

		// What somebody puts into the file, or takes away, is put right.
		for _, text := range []string{"", "junk", first} {
			file.put(text)
			time.Sleep(2 * tokenEvery)
			if file.now() == text {
				t.Errorf("%.10q stays", text)
			}
			opens(file.now(), "put right")
		}

		// A new password voids it, and another takes its place.
		before := file.now()
		if err := b.Reauthenticate(t.Context(), owner, goodPassword, ""); err != nil {
			t.Fatal(err)
		}
		if err := b.anotherEpoch(t); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		void(before, "a new password")
		opens(file.now(), "after a new password")
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// anotherEpoch begins another epoch, as a new password does.
func (b box) anotherEpoch(t *testing.T) error {
	t.Helper()
	was, err := b.readOwner(t.Context())
	if err != nil {
		return err
	}
	b.writes.Lock()
	defer b.writes.Unlock()
	_, err = b.void(t.Context(), *was, func(*library.Owner) error { return nil })
	return err
}

func TestTokenAtWill(t *testing.T) {
	file := &tokenFile{}
	b := newBox(t, func(o *Options) { o.TokenFile = file })
	owner := b.setUp(t).Identity
	if err := b.lookAfterToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := file.key
	key, err := b.VerifyKey(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(context.Context, Identity) (Token, error){b.RenewToken, b.DropToken} {
		_, err := change(t.Context(), key)
		wantKind(t, err, library.Forbidden) // a key changes no keys
	}
	state, err := b.RenewToken(t.Context(), owner)
	if err != nil || !state.On || state.Key.ID == "" || file.key == first {
		t.Errorf("%+v, %v", state, err)
	}
	_, err = b.VerifyKey(t.Context(), first)
	wantKind(t, err, library.Unauthorized) // at once
	if n := b.tokens(); n != 1 {
		t.Errorf("%d are kept", n)
	}
	second := file.key
	if state, err = b.DropToken(t.Context(), owner); err != nil || state.On || file.key != "" || b.tokens() != 0 {
		t.Errorf("%+v, %v, %q", state, err, file.key)
	}
	_, err = b.VerifyKey(t.Context(), second)
	wantKind(t, err, library.Unauthorized)
	if err := b.lookAfterToken(t.Context()); err != nil || file.key != "" {
		t.Errorf("off, and there is %q, %v", file.key, err)
	}
	if state, err = b.RenewToken(t.Context(), owner); err != nil || !state.On || file.key == "" {
		t.Errorf("on again: %+v, %v", state, err)
	}
	// Unproved, it is not changed.
	stale := owner
	stale.SessionID = "another"
	if _, err := b.DropToken(t.Context(), stale); err == nil || file.key == "" {
		t.Errorf("without a proof: %v", err)
	}
	if f := b.tokenFacts(t.Context()); !f.Token || !f.TokenOpens || f.TokenStays || f.TokenDays != 0 {
		t.Errorf("%+v", f)
	}
}

// Whatever is stopped, the file holds a key that opens, and what is left over is
// short-lived.
func TestTokenInterrupted(t *testing.T) {
	file := &tokenFile{}
	b := newBox(t, func(o *Options) { o.TokenFile = file })
	owner := b.setUp(t).Identity
	if err := b.lookAfterToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A key that was made and did not get into the file.
	stray, text, err := b.Keeper.makeKey(t.Context(), NewKey{Name: TokenName, Scopes: tokenScopes(), Expires: time.Now().Add(TokenLasts)}, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.VerifyKey(t.Context(), text); err != nil { // in memory, too
		t.Fatal(err)
	}
	ended := b.KeyEnded(t.Context(), stray.ID)
	if err := b.lookAfterToken(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.shelf.all[stray.ID].Expires; got.After(time.Now().Add(TokenOverlap)) {
		t.Errorf("what is left over lives until %v", got)
	}
	if l := b.keys.get(stray.ID); l == nil || l.k.Expires.After(time.Now().Add(TokenOverlap)) {
		t.Error("memory has another end")
	}
	if err := b.RevokeKey(t.Context(), owner, stray.ID); err != nil {
		t.Fatal(err)
	}
	<-ended // a stream that it opened ends with it all the same

	// An answer that got lost: what is in the file is good all the same.
	was := file.key
	file.lost = errors.New("no answer")
	if _, err := b.RenewToken(t.Context(), owner); err != nil {
		t.Error(err)
	}
	if _, err := b.VerifyKey(t.Context(), file.key); err != nil || file.key == was {
		t.Errorf("what is in the file opens nothing: %v", err)
	}
	file.lost = nil

	file.fails = errors.New("no such folder")
	n := b.tokens()
	if _, err := b.RenewToken(t.Context(), owner); err == nil {
		t.Error("what cannot be written is no trouble")
	}
	if b.tokens() > n {
		t.Error("a key that is in no file stays")
	}
	if f := b.tokenFacts(t.Context()); f.TokenOpens {
		t.Errorf("%+v", f)
	}
}

// A copy of the store from before the token was replaced brings the one before
// back no more than any other key that has ended, and another is made.
func TestTokenPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := &tokenFile{}
		b := newBox(t, func(o *Options) { o.TokenFile = file })
		b.setUp(t)
		look := func(b box) {
			t.Helper()
			if err := b.lookAfterToken(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		look(b)
		first := file.key
		time.Sleep(TokenRenews)
		copied, kept := b.a.copied(), maps.Clone(b.shelf.all)
		look(b)
		second := file.key
		time.Sleep(TokenOverlap)

		b.shelf.all = kept
		now := b.resumed(t, copied)
		now.o.TokenFile = file
		look(now)
		for _, text := range []string{first, second} {
			_, err := now.VerifyKey(t.Context(), text)
			wantKind(t, err, library.Unauthorized)
		}
		if _, err := now.VerifyKey(t.Context(), file.key); err != nil || file.key == second {
			t.Errorf("what is in the file: %v", err)
		}
	})
}
