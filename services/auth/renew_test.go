package auth

import (
	"testing"
	"time"

	"coffer/services/library"
)

// A session ends after 30 days without use.
func TestUnusedSessionEnds(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		time.Sleep(SessionTTL - time.Second)
		if _, err := b.restarted(t).Verify(t.Context(), g.Token); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		_, err := b.Verify(t.Context(), g.Token)
		wantKind(t, err, library.Unauthorized)
		_, err = b.Identify(t.Context(), g.Identity.UserID, g.Identity.SessionID)
		wantKind(t, err, library.Unauthorized)
		if _, due, err := b.Renew(t.Context(), g.Identity, Client{}); due || err != nil {
			t.Error("an ended session is renewed", err)
		}
		if all, _ := b.Sessions(t.Context()); len(all) != 0 {
			t.Error("an expired session is listed")
		}
		b.logIn(t, Client{})
		if len(b.a.sessions) != 1 {
			t.Error("an expired session is kept for ever")
		}
	})
}

// A session in use is renewed once a day, and ends after 90 days all the same.
func TestRenew(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		first, renewed, made := g, 0, time.Now()
		use := func() error {
			if _, err := b.Verify(t.Context(), g.Token); err != nil {
				return err
			}
			next, due, err := b.Renew(t.Context(), g.Identity, Client{Browser: g.Browser})
			if err != nil {
				t.Fatal(err)
			}
			if due {
				was, is := b.knownBrowser(b.owner, Client{Browser: g.Browser}), b.knownBrowser(b.owner, Client{Browser: next.Browser})
				if next.Identity.SessionID != g.Identity.SessionID || is != was || is == "" {
					t.Errorf("it became %+v", next)
				}
				g, renewed = next, renewed+1
			}
			return nil
		}
		for time.Since(made) < SessionMax {
			if err := use(); err != nil {
				t.Fatalf("after %v: %v", time.Since(made), err)
			}
			if g.Expires.Sub(made) > SessionMax {
				t.Fatalf("it lasts until %v", g.Expires.Sub(made))
			}
			time.Sleep(10 * time.Hour)
		}
		if err := use(); err == nil {
			t.Error("it outlives its last day")
		}
		if renewed < 15 || renewed > 90 {
			t.Errorf("renewed %d times", renewed)
		}
		_, err := b.Verify(t.Context(), first.Token)
		wantKind(t, err, library.Unauthorized)
	})
}

// Where a session was last seen is kept with when.
func TestSeenAt(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		time.Sleep(seenEvery)
		if _, err := b.Verify(WithClient(t.Context(), Client{Address: "198.51.100.9"}), g.Token); err != nil {
			t.Fatal(err)
		}
		if s := b.a.sessions[g.Identity.SessionID]; s.Address != "198.51.100.9" || !s.LastSeen.Equal(time.Now()) {
			t.Errorf("%+v", s)
		}
	})
}
