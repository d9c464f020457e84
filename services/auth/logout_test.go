package auth

import (
	"testing"

	"coffer/services/library"
)

func TestLogoutOthers(t *testing.T) {
	b := newBox(t, nil)
	mine, second, third := b.setUp(t), b.logIn(t, Client{}), b.logIn(t, Client{})
	_, key, err := b.CreateKey(t.Context(), mine.Identity, NewKey{Name: "script", Scopes: []string{"read"}})
	wantKind(t, err, "")
	watched := b.Ended(t.Context(), third.Identity.SessionID)
	for _, by := range []Identity{{}, {UserID: mine.Identity.UserID, Kind: KindKey, Scopes: Scopes()}} {
		wantKind(t, b.LogoutOthers(t.Context(), by), library.Forbidden)
		wantKind(t, b.LogoutEverywhere(t.Context(), by), library.Forbidden)
	}
	if _, err := b.Verify(t.Context(), second.Token); err != nil {
		t.Fatal("what was refused ended a session:", err)
	}
	wantKind(t, b.LogoutOthers(t.Context(), mine.Identity), "")
	for name, k := range map[string]*Keeper{"same process": b.Keeper, "restarted": b.restarted(t).Keeper} {
		for _, g := range []Grant{second, third} {
			_, err := k.Verify(t.Context(), g.Token)
			wantKind(t, err, library.Unauthorized)
		}
		if _, err := k.Verify(t.Context(), mine.Token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := k.VerifyKey(t.Context(), key); err != nil {
			t.Errorf("%s: a key ended too: %v", name, err)
		}
	}
	select {
	case <-watched:
	default:
		t.Error("another browser's streams go on")
	}
}

func TestLogoutEverywhere(t *testing.T) {
	b := newBox(t, nil)
	mine, other := b.setUp(t), b.logIn(t, Client{})
	_, key, err := b.CreateKey(t.Context(), mine.Identity, NewKey{Name: "script", Scopes: []string{"read"}})
	wantKind(t, err, "")
	before := b.a.owner.Epoch
	wantKind(t, b.LogoutEverywhere(t.Context(), mine.Identity), "")
	for _, k := range []*Keeper{b.Keeper, b.restarted(t).Keeper} {
		for _, g := range []Grant{mine, other} {
			_, err := k.Verify(t.Context(), g.Token)
			wantKind(t, err, library.Unauthorized)
		}
		_, err := k.VerifyKey(t.Context(), key)
		wantKind(t, err, library.Unauthorized)
	}
	if len(b.a.sessions) != 0 || b.a.owner.Epoch == before || len(b.a.owner.Epoch) < 20 {
		t.Errorf("%d sessions, epoch %q after %q", len(b.a.sessions), b.a.owner.Epoch, before)
	}
	if _, err := b.Verify(t.Context(), b.logIn(t, Client{}).Token); err != nil {
		t.Error(err)
	}
}
