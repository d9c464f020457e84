package auth

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/services/auth/authtest"
	"coffer/services/library"
)

func home() Site { return Site{Host: "box.lan", Origin: "https://box.lan:8443"} }

func newAuthenticator(t testing.TB, at Site) *authtest.Authenticator {
	t.Helper()
	return authtest.New(t, at.Name(), at.Origin)
}

// passkey adds one.
func (b box) passkey(t *testing.T, by Identity, at Site) (*authtest.Authenticator, []string) {
	t.Helper()
	a := newAuthenticator(t, at)
	asked, err := b.BeginPasskey(t.Context(), by, at)
	must(t, err)
	recovery, err := b.AddPasskey(t.Context(), by, asked.Ticket, " Key ", a.Create(t, asked.Options), at)
	must(t, err)
	return a, recovery
}

// A passkey is the second step of a sign-in, once for each ticket, and only
// where it was made.
func TestPasskeyStep(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		a, recovery := b.passkey(t, b.setUp(t).Identity, home())
		if len(recovery) != RecoveryCodes {
			t.Fatalf("%d recovery codes", len(recovery))
		}
		c := Client{Address: "192.0.2.9", Site: home()}
		for _, elsewhere := range []Site{{Host: "box.lan", Origin: "http://box.lan"}, {Host: "other.lan", Origin: "https://other.lan"}, {Host: "192.0.2.1", Origin: "https://192.0.2.1"}, {}} {
			s := b.step(t, Client{Site: elsewhere})
			if s.Passkey != nil || !slices.Equal(s.Methods, []string{MethodRecovery}) {
				t.Errorf("at %v: %q, %s", elsewhere, s.Methods, s.Passkey)
			}
		}
		other := newAuthenticator(t, home())
		for name, lie := range map[string]func(s *Step) []byte{
			"another origin":     func(s *Step) []byte { l := *a; l.Origin = "https://evil.example"; return l.Get(t, s.Passkey) },
			"another port":       func(s *Step) []byte { l := *a; l.Origin = "https://box.lan"; return l.Get(t, s.Passkey) },
			"another RP ID":      func(s *Step) []byte { l := *a; l.Host = "lan"; return l.Get(t, s.Passkey) },
			"another credential": func(s *Step) []byte { return other.Get(t, s.Passkey) },
			"another key":        func(s *Step) []byte { l := *a; l.Key = other.Key; return l.Get(t, s.Passkey) },
			"another challenge":  func(*Step) []byte { l := *a; return l.Get(t, b.step(t, c).Passkey) },
			"a creation":         func(s *Step) []byte { return a.Create(t, s.Passkey) },
			"nothing":            func(*Step) []byte { return nil },
			"too long": func(s *Step) []byte {
				l := *a
				return append(l.Get(t, s.Passkey), bytes.Repeat([]byte(" "), maxAnswer)...)
			},
			"a count gone back": func(s *Step) []byte { l := *a; l.Count = 0; return l.Get(t, s.Passkey) },
		} {
			s := b.step(t, c)
			_, err := b.TakeStepByPasskey(t.Context(), s.Ticket, s.Nonce, lie(s), c)
			if e := wantKind(t, err, library.Unauthorized); e.Field != "passkey" {
				t.Errorf("%s: the field is %q", name, e.Field)
			}
			if copied(err) != (name == "a count gone back") {
				t.Errorf("%s: %v", name, err)
			}
			time.Sleep(2 * time.Minute)
		}
		if n, _ := b.RecentFailures(); n == 0 {
			t.Error("wrong answers are not counted")
		}
		s := b.step(t, c)
		if !slices.Equal(s.Methods, []string{MethodPasskey, MethodRecovery}) {
			t.Errorf("ways on: %q", s.Methods)
		}
		good := a.Get(t, s.Passkey)
		for name, nonce := range map[string]string{"another browser": newID(), "no cookie": ""} {
			_, err := b.TakeStepByPasskey(t.Context(), s.Ticket, nonce, good, c)
			if e := wantKind(t, err, library.Unauthorized); e.Field != "ticket" {
				t.Errorf("%s: the field is %q", name, e.Field)
			}
		}
		if _, err := b.restarted(t).TakeStepByPasskey(t.Context(), s.Ticket, s.Nonce, good, c); err != nil {
			t.Fatal(err, errors.Unwrap(err))
		}
		_, err := b.restarted(t).TakeStepByPasskey(t.Context(), s.Ticket, s.Nonce, a.Get(t, s.Passkey), c)
		if e := wantKind(t, err, library.Unauthorized); e.Field != "ticket" {
			t.Errorf("the ticket twice: %v", err)
		}
		f, err := b.restarted(t).Factors(t.Context())
		must(t, err)
		if f.TOTP || !f.On() || len(f.Passkeys) != 1 || f.Passkeys[0].Used.IsZero() || f.Passkeys[0].Name != "Key" {
			t.Errorf("%+v", f)
		}
	})
}

// Passkeys are added up to the cap, each answer once, and removed; recovery
// codes come with the first factor and go with the last.
func TestPasskeysComeAndGo(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		by := b.setUp(t).Identity
		asked, err := b.BeginPasskey(t.Context(), by, home())
		must(t, err)
		a := newAuthenticator(t, home())
		for name, try := range map[string]struct {
			ticket, name string
			answer       []byte
			kind         library.Kind
		}{
			"malformed CBOR":  {asked.Ticket, "Key", []byte(strings.Replace(string(a.Create(t, asked.Options)), `"attestationObject":"`, `"attestationObject":"_w`, 1)), library.Invalid},
			"no JSON":         {asked.Ticket, "Key", []byte("{"), library.Invalid},
			"an assertion":    {asked.Ticket, "Key", a.Get(t, asked.Options), library.Invalid},
			"no name":         {asked.Ticket, " ", a.Create(t, asked.Options), library.Invalid},
			"a long name":     {asked.Ticket, strings.Repeat("é", 65), a.Create(t, asked.Options), library.Invalid},
			"another purpose": {b.askedOf(t, b.proofs, by.SessionID), "Key", a.Create(t, asked.Options), library.Conflict},
			"another session": {b.askedOf(t, b.newcomers, "another"), "Key", a.Create(t, asked.Options), library.Conflict},
		} {
			_, err := b.AddPasskey(t.Context(), by, try.ticket, try.name, try.answer, home())
			if wantKind(t, err, try.kind); err == nil {
				t.Error(name)
			}
		}
		answer := a.Create(t, asked.Options)
		recovery, err := b.AddPasskey(t.Context(), by, asked.Ticket, "Key", answer, home())
		if err != nil || len(recovery) != RecoveryCodes {
			t.Fatal(recovery, err)
		}
		f, _ := b.Factors(t.Context())
		must(t, b.RemovePasskey(t.Context(), by, f.Passkeys[0].ID))
		if f, _ = b.restarted(t).Factors(t.Context()); f.On() || f.RecoveryLeft != 0 {
			t.Errorf("after the last: %+v", f)
		}
		_, err = b.AddPasskey(t.Context(), by, asked.Ticket, "Key", answer, home())
		if e := wantKind(t, err, library.Conflict); e.Field != "ticket" {
			t.Errorf("the answer twice: %v", err)
		}
		_, first := b.passkey(t, by, home())
		for range MaxPasskeys - 1 {
			if _, more := b.passkey(t, by, home()); len(first) == 0 || more != nil {
				t.Fatal("recovery codes come with the first factor alone")
			}
		}
		_, err = b.BeginPasskey(t.Context(), by, home())
		wantKind(t, err, library.Conflict)
		wantKind(t, b.RemovePasskey(t.Context(), by, "none"), library.NotFound)
		_, err = b.BeginPasskey(t.Context(), by, Site{Host: "127.0.0.1", Origin: "http://127.0.0.1"})
		wantKind(t, err, library.Conflict)
		time.Sleep(ProofLasts)
		f, _ = b.Factors(t.Context())
		wantKind(t, b.RemovePasskey(t.Context(), by, f.Passkeys[0].ID), library.Unproved)
		_, err = b.BeginPasskey(t.Context(), by, home())
		wantKind(t, err, library.Unproved)
		must(t, b.RemoveFactors(t.Context()))
		if f, _ = b.restarted(t).Factors(t.Context()); f.On() {
			t.Errorf("from the console: %+v", f)
		}
	})
}

// askedOf is a ticket of a session.
func (b box) askedOf(t *testing.T, s signer, session string) string {
	t.Helper()
	owner, err := b.ownerNow(t.Context())
	must(t, err)
	ticket, err := s.signed(claims{Epoch: owner.Epoch, Nonce: nonceHash(session)}, owner.ID, newID(), time.Now().Add(stepTTL))
	must(t, err)
	return ticket
}

// A passkey stands in for a code where the owner is asked again, once.
func TestReauthenticateByPasskey(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		by := b.setUp(t).Identity
		a, _ := b.passkey(t, by, home())
		time.Sleep(ProofLasts)
		asked, err := b.AskPasskey(t.Context(), by, home())
		must(t, err)
		good := a.Get(t, asked.Options)
		wantKind(t, b.ReauthenticateByPasskey(t.Context(), by, "wrong password", asked.Ticket, good, home()), library.Forbidden)
		e := wantKind(t, b.ReauthenticateByPasskey(t.Context(), by, goodPassword, asked.Ticket, []byte("{}"), home()), library.Forbidden)
		if e.Field != "passkey" {
			t.Errorf("the field is %q", e.Field)
		}
		wantKind(t, b.Reauthenticate(t.Context(), by, goodPassword, ""), library.Forbidden)
		must(t, b.ReauthenticateByPasskey(t.Context(), by, goodPassword, asked.Ticket, good, home()))
		must(t, b.Proved(t.Context(), by))
		wantKind(t, b.ReauthenticateByPasskey(t.Context(), by, goodPassword, asked.Ticket, a.Get(t, asked.Options), home()), library.Conflict)
		_, err = b.AskPasskey(t.Context(), by, Site{Host: "other.lan", Origin: "https://other.lan"})
		wantKind(t, err, library.Conflict)
	})
}
