package auth

import (
	"context"
	"errors"
	"testing"

	"coffer/services/library"
)

// resumed is the box after its store was replaced.
func (b box) resumed(t *testing.T, store *accounts) box {
	t.Helper()
	b.a = store
	return b.restarted(t)
}

func (b box) opens(t *testing.T, g Grant) bool {
	t.Helper()
	_, err := b.Verify(t.Context(), g.Token)
	if err != nil && !errors.Is(err, &library.Error{Kind: library.Unauthorized}) {
		t.Fatal(err)
	}
	return err == nil
}

// However a session ended, a copy of the store from before brings back neither
// it nor any other, and no key.
func TestStorePutBack(t *testing.T) {
	for name, end := range map[string]func(b box, mine, other Grant) error{
		"one ended":    func(b box, _, other Grant) error { return b.Logout(t.Context(), other.Identity.SessionID) },
		"others ended": func(b box, mine, _ Grant) error { return b.LogoutOthers(t.Context(), mine.Identity) },
		"everywhere":   func(b box, mine, _ Grant) error { return b.LogoutEverywhere(t.Context(), mine.Identity) },
		"password": func(b box, mine, _ Grant) error {
			_, err := b.ChangePassword(t.Context(), mine.Identity, goodPassword, "a new password")
			return err
		},
		"password reset": func(b box, _, _ Grant) error { return b.ResetPassword(t.Context(), "a new password") },
		"a start":        func(b box, _, _ Grant) error { b.restarted(t); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, nil)
			mine, other := b.setUp(t), b.logIn(t, Client{})
			_, key, err := b.CreateKey(t.Context(), mine.Identity, NewKey{Name: "script", Scopes: []string{"read"}})
			wantKind(t, err, "")
			old, marks := b.a.copied(), b.paper.marks
			wantKind(t, end(b, mine, other), "")

			now := b.resumed(t, old)
			if now.opens(t, mine) || now.opens(t, other) {
				t.Error("an old session is good again")
			}
			_, err = now.VerifyKey(t.Context(), key)
			wantKind(t, err, library.Unauthorized)
			if n := len(now.said.events); n != 1 || now.said.events[0].Kind != library.AuditPutBack || now.said.events[0].Who != library.ByBox {
				t.Errorf("%+v", now.said.events)
			}
			fresh := now.logIn(t, Client{})
			if again := now.restarted(t); !again.opens(t, fresh) || again.opens(t, mine) {
				t.Error("after the next start it is otherwise")
			}
			// The witness put back too cannot be told from what it was.
			b.paper.marks = marks
		})
	}
}

// A key that was revoked does not come back with a copy of the store from before.
func TestRevokedKeyPutBack(t *testing.T) {
	b := newBox(t, nil)
	mine := b.setUp(t).Identity
	key, text := b.makeKey(t, mine, NewKey{})
	old, kept := b.a.copied(), b.shelf.all[key.ID]
	wantKind(t, b.RevokeKey(t.Context(), mine, key.ID), "")

	b.shelf.all[key.ID] = kept
	now := b.resumed(t, old)
	_, err := now.VerifyKey(t.Context(), text)
	wantKind(t, err, library.Unauthorized)
}

// A store that is the one that the box left keeps its sessions, wherever the box
// was stopped.
func TestStoreLeft(t *testing.T) {
	b := newBox(t, nil)
	mine, other := b.setUp(t), b.logIn(t, Client{})
	before, marks := b.a.copied(), b.paper.marks
	wantKind(t, b.Logout(t.Context(), other.Identity.SessionID), "")
	after := b.a.copied()
	both := append(append([]string{}, marks...), b.paper.marks...)
	for name, c := range map[string]struct {
		store *accounts
		ended bool
	}{"stopped before": {before, false}, "stopped after": {after, true}} {
		now, was := b, c.store.owner.Mark
		now.paper = &paper{marks: both}
		now = now.resumed(t, c.store)
		if !now.opens(t, mine) || now.opens(t, other) == c.ended {
			t.Errorf("%s: mine %v, the other %v", name, now.opens(t, mine), now.opens(t, other))
		}
		if len(now.paper.marks) != 1 || now.paper.marks[0] != now.a.owner.Mark || now.a.owner.Mark == was {
			t.Errorf("%s: %q is witnessed of %q", name, now.paper.marks, now.a.owner.Mark)
		}
	}
}

// A witness that takes nothing, as on a full disk, keeps no session from ending,
// and the box says so.
func TestNoWitness(t *testing.T) {
	b := newBox(t, nil)
	mine, other := b.setUp(t), b.logIn(t, Client{})
	if f, err := b.Facts(t.Context()); err != nil || f.OldStoreOpens {
		t.Errorf("%+v, %v", f, err)
	}
	b.paper.fail = errors.New("no space")
	wantKind(t, b.Logout(t.Context(), other.Identity.SessionID), "")
	if b.opens(t, other) || !b.opens(t, mine) {
		t.Error("what was ended")
	}
	b.paper.fail = nil
	if f, _ := b.Facts(t.Context()); !f.OldStoreOpens {
		t.Error("it says that an older store would be recognised")
	}
	wantKind(t, b.Logout(t.Context(), b.logIn(t, Client{}).Identity.SessionID), "")
	if f, _ := b.Facts(t.Context()); f.OldStoreOpens {
		t.Error("it goes on saying so")
	}
	if !b.restarted(t).opens(t, mine) {
		t.Error("a session that goes on")
	}
}

// The mark of a start is given by Run, so that no request waits for it.
func TestMarkOfAStart(t *testing.T) {
	b := newBox(t, nil)
	mine := b.setUp(t)
	was := b.a.owner.Mark
	fresh := newBox(t, func(o *Options) { o.Accounts, o.Keys, o.Witness = b.a, b.shelf, b.paper })
	fresh.a = b.a
	wantKind(t, fresh.Resume(t.Context()), "")
	if !fresh.opens(t, mine) || b.a.owner.Mark != was {
		t.Error("Resume changes the store")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop() // told to stop at once, it still does this
	wantKind(t, fresh.Run(ctx), "")
	if now := b.a.owner.Mark; now == was || len(b.paper.marks) != 1 || b.paper.marks[0] != now {
		t.Errorf("the mark was %q and is %q, witnessed %q", was, now, b.paper.marks)
	}
	if !fresh.opens(t, mine) {
		t.Error("a session that goes on")
	}
}
