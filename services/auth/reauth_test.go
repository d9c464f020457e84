package auth

import (
	"slices"
	"testing"
	"time"

	"coffer/services/library"
)

// What would do lasting harm in the wrong hands wants a proof of the last
// minutes, also after a restart; a sign-in is one, being signed in is none.
func TestProofGrowsOld(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		by := b.setUp(t).Identity
		want := func(what string, kind library.Kind) {
			t.Helper()
			for _, box := range []box{b, b.restarted(t)} {
				_, text, err := box.CreateKey(t.Context(), by, NewKey{Name: "script", Scopes: []string{"read"}})
				if wantKind(t, err, kind); (kind == "") != (text != "") {
					t.Errorf("%s: the key %q", what, text)
				}
			}
		}
		want("after setup", "")
		time.Sleep(ProofLasts - time.Second)
		want("just before", "")
		if left, err := b.ProofLeft(t.Context(), by); left != time.Second || err != nil {
			t.Errorf("%v left, %v", left, err)
		}
		time.Sleep(time.Second)
		want("ten minutes later", library.Unproved)
		wantKind(t, b.Reauthenticate(t.Context(), by, "wrong", ""), library.Forbidden)
		want("after a wrong password", library.Unproved)
		if err := b.Reauthenticate(t.Context(), by, goodPassword, ""); err != nil {
			t.Fatal(err)
		}
		want("after the right one", "")

		// Using the session and renewing it are no proofs.
		for range 3 {
			time.Sleep(25 * time.Hour)
			if _, err := b.Verify(t.Context(), b.tokenOf(t, by)); err != nil {
				t.Fatal(err)
			}
			if _, due, err := b.Renew(t.Context(), by, Client{}); !due || err != nil {
				t.Fatal(due, err)
			}
		}
		want("days later", library.Unproved)
		if other := b.logIn(t, Client{}).Identity; other.SessionID != by.SessionID {
			want("while another browser has just signed in", library.Unproved)
			by = other
		}
		want("after signing in", "")
		s := b.a.sessions[by.SessionID]
		s.AuthTime = time.Now().Add(time.Minute)
		b.a.sessions[by.SessionID] = s
		b = b.restarted(t)
		want("when the clock was set back", library.Unproved)
	})
}

// tokenOf is a fresh token of a session.
func (b box) tokenOf(t *testing.T, id Identity) string {
	t.Helper()
	s := b.a.sessions[id.SessionID]
	token, err := b.sessions.sign(s.Owner, s.ID, s.Epoch, s.Expires)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Passwords cannot be guessed here any faster than at the front door, guessing
// keeps nobody else out, and neither a key nor an ended session proves anything.
func TestReauthenticate(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		ctx := as(t.Context(), g, Client{Address: "192.0.2.1"})
		b.said.take()
		for range loginsPerBrowser {
			e := wantKind(t, b.Reauthenticate(ctx, g.Identity, "wrong", ""), library.Forbidden)
			if e.Field != "password" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		if got := b.said.take(); !slices.Equal(got, slices.Repeat([]string{"password_refused session"}, loginsPerBrowser)) {
			t.Errorf("on record: %q", got)
		}
		if e := wantKind(t, b.Reauthenticate(ctx, g.Identity, goodPassword, ""), library.Limited); e.RetryAfter < 1 || e.RetryAfter > 60 {
			t.Errorf("again after %d s", e.RetryAfter)
		}
		b.logIn(t, stranger(1))
		time.Sleep(time.Minute)
		if err := b.Reauthenticate(ctx, g.Identity, goodPassword, ""); err != nil {
			t.Fatal(err)
		}
		_, text := b.makeKey(t, g.Identity, NewKey{Scopes: Scopes()})
		program, err := b.VerifyKey(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, b.Reauthenticate(ctx, program, goodPassword, ""), library.Forbidden)
		if _, err := b.ProofLeft(ctx, program); err == nil {
			t.Error("a key has a proof")
		}
		if err := b.Logout(ctx, g.Identity.SessionID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, b.Reauthenticate(ctx, g.Identity, goodPassword, ""), library.Unauthorized)
		_, _, err = b.CreateKey(ctx, g.Identity, NewKey{Name: "x", Scopes: []string{"read"}})
		wantKind(t, err, library.Unauthorized)
		if len(b.a.sessions) != 1 {
			t.Errorf("%d sessions: an ended one came back", len(b.a.sessions))
		}
	})
}
