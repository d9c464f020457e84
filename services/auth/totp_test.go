package auth

import (
	"bytes"
	"encoding/base32"
	"image/png"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/services/library"
)

// The reference values of RFC 6238, appendix B, cut to six digits, are codes of
// their own step, of one before and of one after.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	secret := base32.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		own := at / totpPeriod
		for away := int64(-3); away <= 3; away++ {
			now := time.Unix(at+away*totpPeriod, 0)
			if now.Unix() < 0 {
				continue
			}
			step, ok := stepOf(secret, code, now, -1)
			if want := away >= -totpSkew && away <= totpSkew; ok != want || ok && step != own {
				t.Errorf("%s at %d%+d: step %d, %v", code, at, away, step, ok)
			}
		}
		if _, ok := stepOf(secret, code, time.Unix(at, 0), own); ok {
			t.Errorf("%s is good twice", code)
		}
		if _, ok := stepOf(secret, code, time.Unix(at, 0), own-1); !ok {
			t.Errorf("%s is not good after the one before", code)
		}
	}
}

func TestEnrolment(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		by := b.setUp(t).Identity
		e, err := b.BeginTOTP(t.Context(), by, "box.lan")
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(e.URI)
		if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Coffer:Ada@box.lan" {
			t.Errorf("%s, %v", e.URI, err)
		}
		q := u.Query()
		if q.Get("issuer") != "Coffer" || q.Get("secret") != e.Secret || q.Get("period") != "30" || q.Get("digits") != "6" || q.Get("algorithm") != "SHA1" || len(e.Secret) != 32 {
			t.Errorf("%s", e.URI)
		}
		scannable(t, e.QR)
		if b.a.owner.Factors.On() {
			t.Error("a secret that is not confirmed is on")
		}
		again, err := b.ResumeTOTP(t.Context(), by, e.Ticket, "box.lan")
		if err != nil || again.Secret != e.Secret || again.URI != e.URI || !bytes.Equal(again.QR, e.QR) {
			t.Errorf("shown again: %+v, %v", again, err)
		}
		d := device{e.Secret}
		other := b.logIn(t, Client{}).Identity
		for name, c := range map[string]struct {
			by           Identity
			ticket, code string
			want         library.Kind
		}{
			"a wrong code":     {by, e.Ticket, d.wrong(t), library.Invalid},
			"none":             {by, e.Ticket, "", library.Invalid},
			"an old code":      {by, e.Ticket, d.code(t, -2), library.Invalid},
			"another browser":  {other, e.Ticket, d.code(t, 0), library.Conflict},
			"a session's":      {by, b.tokenOf(t, by), d.code(t, 0), library.Conflict},
			"no ticket":        {by, "", d.code(t, 0), library.Conflict},
			"a changed ticket": {by, changed(e.Ticket), d.code(t, 0), library.Conflict},
			"a key":            {Identity{Kind: KindKey, SessionID: by.SessionID}, e.Ticket, d.code(t, 0), library.Forbidden},
		} {
			codes, err := b.ConfirmTOTP(t.Context(), c.by, c.ticket, c.code)
			if wantKind(t, err, c.want); codes != nil || b.a.owner.Factors.On() {
				t.Errorf("%s: on", name)
			}
		}
		late, err := b.BeginTOTP(t.Context(), by, "")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(enrolTTL)
		_, err = b.ConfirmTOTP(t.Context(), by, late.Ticket, device{late.Secret}.code(t, 0))
		wantKind(t, err, library.Conflict)
		_, err = b.BeginTOTP(t.Context(), by, "")
		wantKind(t, err, library.Unproved)
		if err := b.Reauthenticate(t.Context(), by, goodPassword, ""); err != nil {
			t.Fatal(err)
		}
		e, err = b.BeginTOTP(t.Context(), by, "")
		if err != nil {
			t.Fatal(err)
		}
		codes, err := b.ConfirmTOTP(t.Context(), by, e.Ticket, " "+device{e.Secret}.code(t, 0)[:3]+" "+device{e.Secret}.code(t, 0)[3:])
		if err != nil || len(codes) != RecoveryCodes {
			t.Fatal(codes, err)
		}
		_, err = b.ConfirmTOTP(t.Context(), by, e.Ticket, device{e.Secret}.code(t, 1))
		wantKind(t, err, library.Conflict)
		_, err = b.BeginTOTP(t.Context(), by, "")
		wantKind(t, err, library.Conflict)
		if s, err := b.Factors(t.Context()); err != nil || !s.TOTP || !s.Readable || s.RecoveryLeft != 10 || s.Since.IsZero() {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := b.Verify(t.Context(), b.tokenOf(t, other)); err != nil {
			t.Error("another browser is signed out", err)
		}
	})
}

// scannable checks that a picture is a square of modules, of which the outer four on
// each side are white and the next corner is black.
func scannable(t *testing.T, picture []byte) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(picture))
	must(t, err)
	side := img.Bounds().Dx() / qrModule
	if img.Bounds().Dx() != side*qrModule || img.Bounds().Dy() != img.Bounds().Dx() || (side-2*qrQuiet-17)%4 != 0 {
		t.Fatalf("the picture has %v", img.Bounds())
	}
	dark := func(x, y int) bool {
		r, _, _, _ := img.At(x*qrModule+qrModule/2, y*qrModule+qrModule/2).RGBA()
		return r == 0
	}
	for y := range side {
		for x := range side {
			if out := min(x, y, side-1-x, side-1-y) < qrQuiet; out && dark(x, y) {
				t.Fatalf("the quiet zone is not, at %d, %d", x, y)
			}
		}
	}
	for _, at := range [][2]int{{qrQuiet, qrQuiet}, {side - 1 - qrQuiet, qrQuiet}, {qrQuiet, side - 1 - qrQuiet}} {
		if !dark(at[0], at[1]) {
			t.Errorf("no corner at %v", at)
		}
	}
}

// Names with what otpauth addresses are cut at, and hosts that are addresses.
func TestAccountAt(t *testing.T) {
	for _, c := range []struct{ name, host, want string }{
		{"Ada", "box.lan", "Ada@box.lan"}, {"Ada", "", "Ada"}, {"A:da", "192.0.2.1", "A da@192.0.2.1"}, {"Ada", "2001:db8::1", "Ada"},
	} {
		if got := accountAt(c.name, c.host); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// Of two secrets that are confirmed at once one counts.
func TestEnrolmentRace(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		by := b.setUp(t).Identity
		var won atomic.Int32
		var wg sync.WaitGroup
		b.writes.Lock()
		for range 4 {
			e, err := b.BeginTOTP(t.Context(), by, "")
			must(t, err)
			wg.Go(func() {
				if _, err := b.ConfirmTOTP(t.Context(), by, e.Ticket, device{e.Secret}.code(t, 0)); err == nil {
					won.Add(1)
				}
			})
		}
		for range 10_000 {
			runtime.Gosched() // whoever wants to write waits by then
		}
		b.writes.Unlock()
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d secrets count", won.Load())
		}
	})
}
