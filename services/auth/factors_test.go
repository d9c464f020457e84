package auth

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"

	"coffer/services/library"
)

// device is an authenticator app.
type device struct{ secret string }

// code is what it shows, so many steps from now.
func (d device) code(t testing.TB, steps int64) string {
	t.Helper()
	code, err := hotp.GenerateCode(d.secret, uint64(time.Now().Unix()/totpPeriod+steps))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// wrong is a code that none of the steps around now has.
func (d device) wrong(t testing.TB) string {
	t.Helper()
	for _, guess := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666"} {
		if !slices.Contains([]string{d.code(t, -2), d.code(t, -1), d.code(t, 0), d.code(t, 1), d.code(t, 2)}, guess) {
			return guess
		}
	}
	panic("seven codes of five")
}

// enrol turns codes on, and waits until the next one counts.
func (b box) enrol(t *testing.T, by Identity) (device, []string) {
	t.Helper()
	e, err := b.BeginTOTP(t.Context(), by, "box.lan")
	if err != nil {
		t.Fatal(err)
	}
	d := device{e.Secret}
	recovery, err := b.ConfirmTOTP(t.Context(), by, e.Ticket, d.code(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(totpPeriod * time.Second)
	return d, recovery
}

// step is a sign-in whose password was right.
func (b box) step(t *testing.T, c Client) *Step {
	t.Helper()
	e, err := b.Login(t.Context(), "Ada", goodPassword, c)
	if err != nil {
		t.Fatal(err)
	}
	if e.Step == nil || e.Token != "" || e.Browser != "" {
		t.Fatalf("the password alone signs in: %+v", e)
	}
	return e.Step
}

func (b box) take(t *testing.T, s *Step, code string, c Client) (Grant, error) {
	t.Helper()
	return b.TakeStep(t.Context(), s.Ticket, s.Nonce, code, c)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A recovery code signs in once, however it is typed; made anew, those before
// are void.
func TestRecoveryCodes(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		first := b.setUp(t)
		by := first.Identity
		_, recovery := b.enrol(t, by)
		shape := regexp.MustCompile(`^[a-z2-7]{4}(-[a-z2-7]{4}){3}$`)
		for i, code := range recovery {
			if !shape.MatchString(code) || slices.Contains(recovery[:i], code) {
				t.Errorf("%q", recovery)
			}
		}
		b.said.take()
		left := func(want int) {
			t.Helper()
			if s, err := b.restarted(t).Factors(t.Context()); err != nil || s.RecoveryLeft != want {
				t.Errorf("%d left, want %d (%v)", s.RecoveryLeft, want, err)
			}
		}
		left(10)
		for i, typed := range []string{recovery[0], strings.ToUpper(recovery[1]), " " + strings.ReplaceAll(recovery[2], "-", " ") + "\n"} {
			if _, err := b.take(t, b.step(t, Client{}), typed, Client{}); err != nil {
				t.Errorf("%q: %v", typed, err)
			}
			left(9 - i)
			_, err := b.restarted(t).take(t, b.step(t, Client{}), recovery[i], Client{})
			wantKind(t, err, library.Unauthorized)
		}
		if got := b.said.take(); len(got) != 6 || !slices.Contains(got, "recovery_used session") || strings.Contains(strings.Join(got, " "), recovery[0]) {
			t.Errorf("on record: %q", got)
		}
		time.Sleep(time.Minute)
		ctx := as(t.Context(), first, Client{})
		fresh, err := b.RenewRecovery(ctx, by)
		if err != nil || len(fresh) != 10 {
			t.Fatal(fresh, err)
		}
		left(10)
		_, err = b.take(t, b.step(t, Client{}), recovery[5], Client{})
		wantKind(t, err, library.Unauthorized)
		if _, err = b.take(t, b.step(t, Client{}), fresh[5], Client{}); err != nil {
			t.Error(err)
		}
		if got := b.said.take(); got[0] != "recovery_made session" {
			t.Errorf("on record: %q", got)
		}
	})
}

// What needs a proof needs the code too, once codes are on; turned off, the
// password is enough again.
func TestFactorsNeedProof(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		by := g.Identity
		ctx := as(t.Context(), g, Client{Address: "192.0.2.1"})
		_, err := b.RenewRecovery(ctx, by)
		wantKind(t, err, library.Conflict)
		wantKind(t, b.DisableTOTP(ctx, by), library.Conflict)
		wantKind(t, b.RemoveFactors(ctx), library.Conflict)
		d, recovery := b.enrol(t, by)
		time.Sleep(ProofLasts)
		b.said.take()
		refused := func(what string) {
			t.Helper()
			_, err := b.RenewRecovery(ctx, by)
			wantKind(t, err, library.Unproved)
			wantKind(t, b.DisableTOTP(ctx, by), library.Unproved)
			if !b.a.owner.Factors.On() {
				t.Fatal(what)
			}
		}
		refused("time")
		if e := wantKind(t, b.Reauthenticate(ctx, by, "wrong", d.code(t, 0)), library.Forbidden); e.Field != "password" {
			t.Errorf("the field is %q", e.Field)
		}
		refused("a wrong password")
		for _, code := range []string{"", d.wrong(t)} {
			if e := wantKind(t, b.Reauthenticate(ctx, by, goodPassword, code), library.Forbidden); e.Field != "code" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		refused("a wrong code")
		if got := b.said.take(); !slices.Equal(got, []string{"password_refused session", "factor_failed session", "factor_failed session"}) {
			t.Errorf("on record: %q", got)
		}
		if err := b.Reauthenticate(ctx, by, goodPassword, d.code(t, 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.RenewRecovery(ctx, by); err != nil {
			t.Fatal(err)
		}
		time.Sleep(ProofLasts)
		wantKind(t, b.Reauthenticate(ctx, by, goodPassword, recovery[0]), library.Forbidden)
		if err := b.Reauthenticate(ctx, by, goodPassword, d.code(t, 0)); err != nil {
			t.Fatal(err)
		}
		key := Identity{UserID: by.UserID, Kind: KindKey, SessionID: by.SessionID}
		wantKind(t, b.DisableTOTP(ctx, key), library.Forbidden)
		if err := b.DisableTOTP(ctx, by); err != nil {
			t.Fatal(err)
		}
		if got := b.said.take(); !slices.Contains(got, "factor_off session") {
			t.Errorf("on record: %q", got)
		}
		if f := b.a.owner.Factors; f.On() || len(f.Recovery) > 0 {
			t.Errorf("%+v", f)
		}
		b.logIn(t, Client{})
		time.Sleep(ProofLasts)
		if err := b.Reauthenticate(ctx, by, goodPassword, ""); err != nil {
			t.Fatal(err)
		}
	})
}

// A secret key that is lost takes the codes of the app with it, and locks nobody
// out who has recovery codes.
func TestOtherSecretKey(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		d, recovery := b.enrol(t, b.setUp(t).Identity)
		other := newBox(t, func(o *Options) {
			o.Accounts, o.Keys, o.Witness, o.SecretKey = b.a, b.shelf, b.paper, bytes.Repeat([]byte{8}, 32)
		})
		other.a = b.a
		s := other.step(t, Client{})
		if !slices.Equal(s.Methods, []string{MethodRecovery}) {
			t.Errorf("ways on: %q", s.Methods)
		}
		if f, err := other.Factors(t.Context()); err != nil || !f.TOTP || f.Readable {
			t.Errorf("%+v, %v", f, err)
		}
		for _, code := range []string{d.code(t, 0), device{}.code(t, 0)} {
			_, err := other.take(t, s, code, Client{})
			wantKind(t, err, library.Unauthorized)
		}
		if _, err := other.take(t, s, recovery[0], Client{}); err != nil {
			t.Error(err)
		}
	})
}

// Whoever commands the machine removes factors: the password is enough again,
// sessions stay, nobody waits, and it is on record.
func TestRemoveFactors(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		wantKind(t, b.RemoveFactors(t.Context()), library.Conflict)
		g := b.setUp(t)
		d, recovery := b.enrol(t, g.Identity)
		for n := range failuresTogether {
			b.take(t, b.step(t, stranger(n)), d.wrong(t), stranger(n))
		}
		b.said.take()
		must(t, b.RemoveFactors(t.Context()))
		if got := b.said.take(); !slices.Equal(got, []string{"factors_removed console"}) {
			t.Errorf("on record: %q", got)
		}
		for _, box := range []box{b, b.restarted(t)} {
			if g := box.logIn(t, stranger(99)); g.Token == "" {
				t.Error("still asked for a code")
			}
			if f, err := box.Factors(t.Context()); err != nil || f.TOTP || f.RecoveryLeft != 0 {
				t.Errorf("%+v, %v", f, err)
			}
		}
		if _, err := b.Verify(t.Context(), g.Token); err != nil {
			t.Error("a session has ended:", err)
		}
		fresh, _ := b.enrol(t, b.logIn(t, Client{}).Identity)
		_, err := b.take(t, b.step(t, Client{}), recovery[0], Client{})
		wantKind(t, err, library.Unauthorized)
		_, err = b.take(t, b.step(t, Client{}), d.code(t, 0), Client{})
		wantKind(t, err, library.Unauthorized)
		if _, err := b.take(t, b.step(t, Client{}), fresh.code(t, 0), Client{}); err != nil {
			t.Error(err)
		}
	})
}

// Neither the secret nor any code can be read from the store, the log or the
// tokens of a sign-in.
func TestFactorsAreKeptSealed(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		d, recovery := b.enrol(t, b.setUp(t).Identity)
		s := b.step(t, Client{})
		b.take(t, s, d.wrong(t), Client{})
		b.take(t, s, recovery[0], Client{})
		stored, err := json.Marshal(b.a.owner)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := base32.StdEncoding.DecodeString(d.secret)
		for _, secret := range []string{d.secret, string(raw), recovery[0], recovery[1], plainCode(recovery[1]), s.Nonce, d.wrong(t)} {
			for where, text := range map[string]string{"store": string(stored), "sealed": string(b.a.owner.Factors.TOTP), "log": b.log.String(), "ticket": s.Ticket} {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in the %s", secret, where)
				}
			}
		}
	})
}
