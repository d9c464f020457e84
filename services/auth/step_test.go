package auth

import (
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/services/library"
)

// changed is text with another character, away from the end, whose last bits may
// mean nothing.
func changed(text string) string {
	at, other := len(text)-10, byte('A')
	if text[at] == other {
		other = 'B'
	}
	return text[:at] + string(other) + text[at+1:]
}

// With codes on, the password alone opens nothing: a code of the app does, once.
func TestSecondStep(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		d, _ := b.enrol(t, b.setUp(t).Identity)
		c := Client{Address: "192.0.2.9", Agent: "Other"}
		s := b.step(t, c)
		if !slices.Equal(s.Methods, []string{MethodTOTP, MethodRecovery}) {
			t.Errorf("ways on: %q", s.Methods)
		}
		sessions := len(b.a.sessions)
		for name, try := range map[string]struct{ ticket, nonce, field string }{
			"another browser": {s.Ticket, newID(), "ticket"}, "no cookie": {s.Ticket, "", "ticket"}, "no ticket": {"", s.Nonce, "ticket"},
			"a session":        {b.tokenOf(t, Identity{SessionID: slices.Collect(maps.Keys(b.a.sessions))[0]}), s.Nonce, "ticket"},
			"a changed ticket": {changed(s.Ticket), s.Nonce, "ticket"},
		} {
			_, err := b.TakeStep(t.Context(), try.ticket, try.nonce, d.code(t, 0), c)
			if e := wantKind(t, err, library.Unauthorized); e.Field != try.field {
				t.Errorf("%s: the field is %q", name, e.Field)
			}
			if _, _, err := b.LookAtStep(t.Context(), try.ticket, try.nonce, Site{}); err == nil {
				t.Errorf("%s: may look", name)
			}
		}
		if n, _ := b.RecentFailures(); n != 0 {
			t.Errorf("%d tries were counted", n)
		}
		if _, err := b.Verify(t.Context(), s.Ticket); err == nil {
			t.Error("the ticket is a session")
		}
		if look, _, err := b.restarted(t).LookAtStep(t.Context(), s.Ticket, s.Nonce, Site{}); err != nil || !look.TOTP {
			t.Errorf("after a restart: %+v, %v", look, err)
		}
		for _, code := range []string{d.wrong(t), "", "12345", d.code(t, 0) + "0", strings.Repeat("1", 1000)} {
			_, err := b.take(t, s, code, c)
			if e := wantKind(t, err, library.Unauthorized); e.Field != "code" {
				t.Errorf("the field is %q", e.Field)
			}
			time.Sleep(13 * time.Second)
		}
		if len(b.a.sessions) != sessions {
			t.Fatal("a session was made")
		}
		good := d.code(t, 0)
		g, err := b.take(t, s, good, c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Verify(t.Context(), g.Token); err != nil {
			t.Fatal(err)
		}
		for name, box := range map[string]box{"at once": b, "after a restart": b.restarted(t)} {
			_, err := box.take(t, s, d.code(t, 1), c) // the ticket once
			if e := wantKind(t, err, library.Unauthorized); e.Field != "ticket" {
				t.Errorf("%s: %v", name, err)
			}
			_, err = box.take(t, box.step(t, c), good, c) // the code once
			if e := wantKind(t, err, library.Unauthorized); e.Field != "code" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := b.restarted(t).take(t, b.step(t, c), d.code(t, 1), c); err != nil {
			t.Error("the code of a clock that is ahead:", err)
		}
		_, err = b.take(t, b.step(t, c), d.code(t, 0), c) // of a step before the latest
		wantKind(t, err, library.Unauthorized)
	})
}

// A sign-in that is not finished ends after minutes, with the password it began
// with, and with the factor itself.
func TestSecondStepEnds(t *testing.T) {
	for name, end := range map[string]func(*testing.T, box, Identity){
		"time":                func(*testing.T, box, Identity) { time.Sleep(stepTTL) },
		"another password":    func(t *testing.T, b box, _ Identity) { must(t, b.ResetPassword(t.Context(), "another password")) },
		"factors removed":     func(t *testing.T, b box, _ Identity) { must(t, b.RemoveFactors(t.Context())) },
		"factor off":          func(t *testing.T, b box, by Identity) { must(t, b.DisableTOTP(t.Context(), by)) },
		"signed out all over": func(t *testing.T, b box, by Identity) { must(t, b.LogoutEverywhere(t.Context(), by)) },
	} {
		t.Run(name, func(t *testing.T) {
			clock(t, func(t *testing.T) {
				b := newBox(t, nil)
				by := b.setUp(t).Identity
				d, _ := b.enrol(t, by)
				s := b.step(t, Client{})
				end(t, b, by)
				_, err := b.take(t, s, d.code(t, 0), Client{})
				if e := wantKind(t, err, library.Unauthorized); e.Field != "ticket" {
					t.Error(err)
				}
			})
		})
	}
}

// Of many who bring the same code, or the same ticket, one gets in.
func TestSecondStepRace(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		d, recovery := b.enrol(t, b.setUp(t).Identity)
		for name, code := range map[string]string{"app": d.code(t, 0), "recovery": recovery[0]} {
			var won atomic.Int32
			var wg sync.WaitGroup
			for i := range 8 {
				c := stranger(i)
				s := b.step(t, c)
				wg.Go(func() {
					if _, err := b.take(t, s, code, c); err == nil {
						won.Add(1)
					}
				})
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Errorf("%s: %d got in", name, won.Load())
			}
			b.limits.forgive()
		}
		time.Sleep(time.Minute)
		s := b.step(t, stranger(9))
		var won atomic.Int32
		var wg sync.WaitGroup
		for i, code := range []string{d.code(t, 0), recovery[1], recovery[2], recovery[3]} {
			wg.Go(func() {
				if _, err := b.take(t, s, code, stranger(i)); err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || len(b.a.owner.Factors.Recovery) < 8 {
			t.Errorf("%d got in with one ticket, %d recovery codes are left", won.Load(), len(b.a.owner.Factors.Recovery))
		}
	})
}

// Wrong codes count as wrong passwords do, for one client, for strangers and for
// a session; and who has the password cannot begin the count anew with it.
func TestCodesAreLimited(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		d, _ := b.enrol(t, g.Identity)
		c := stranger(1)
		var s *Step
		for range loginsPerClient {
			s = b.step(t, c)
			_, err := b.take(t, s, d.wrong(t), c)
			wantKind(t, err, library.Unauthorized)
		}
		_, err := b.take(t, s, d.code(t, 0), c)
		if e := wantKind(t, err, library.Limited); e.RetryAfter < 1 || e.RetryAfter > 60 {
			t.Errorf("again after %d s", e.RetryAfter)
		}
		_, err = b.Login(t.Context(), "Ada", goodPassword, c)
		wantKind(t, err, library.Limited)
		for n := range failuresTogether - loginsPerClient {
			_, err := b.take(t, b.step(t, stranger(10+n)), d.wrong(t), stranger(10+n))
			wantKind(t, err, library.Unauthorized)
		}
		_, err = b.take(t, s, d.code(t, 0), stranger(50))
		wantKind(t, err, library.Limited)
		own := Client{Address: "203.0.113.9", Browser: g.Browser}
		if _, err := b.restarted(t).take(t, b.step(t, own), d.code(t, 0), own); err != nil {
			t.Error("strangers lock the owner's browser out:", err)
		}

		// A session is limited by itself, and changing the password to what it
		// is gives no more tries.
		b = newBox(t, nil)
		g = b.setUp(t)
		d, _ = b.enrol(t, g.Identity)
		for range loginsPerBrowser - 1 {
			wantKind(t, b.Reauthenticate(t.Context(), g.Identity, goodPassword, d.wrong(t)), library.Forbidden)
		}
		if g, err = b.ChangePassword(t.Context(), g.Identity, goodPassword, goodPassword); err != nil {
			t.Fatal(err)
		}
		wantKind(t, b.Reauthenticate(t.Context(), g.Identity, goodPassword, d.wrong(t)), library.Forbidden)
		wantKind(t, b.Reauthenticate(t.Context(), g.Identity, goodPassword, d.code(t, 0)), library.Limited)
	})
}

// A backoff that begins while others wait for their turn holds for them too.
func TestCodesWaitingForTheirTurn(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		d, _ := b.enrol(t, b.setUp(t).Identity)
		const many = 3 * failuresTogether
		wrong := d.wrong(t)
		var looked atomic.Int32
		var wg sync.WaitGroup
		var steps []*Step
		for i := range many {
			steps = append(steps, b.step(t, stranger(i)))
		}
		b.writes.Lock()
		for i, s := range steps {
			wg.Go(func() {
				_, err := b.take(t, s, wrong, stranger(i))
				if errors.Is(err, &library.Error{Kind: library.Unauthorized}) {
					looked.Add(1)
				}
			})
		}
		for waiting := 0; waiting < many; runtime.Gosched() {
			b.limits.mu.Lock()
			waiting = len(b.limits.logins.at)
			b.limits.mu.Unlock()
		}
		b.writes.Unlock()
		wg.Wait()
		if looked.Load() != failuresTogether {
			t.Errorf("%d of %d wrong codes were looked at", looked.Load(), many)
		}
	})
}
