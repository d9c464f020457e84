package orders

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"coffer/appliance/certs"
)

var now = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)

var wish = Wish{Directory: LetsEncrypt, Names: []string{"box.example.org"}}

// never and always draw the ends of a chance.
func never() float64  { return 0 }
func always() float64 { return 1 }

// made is a certificate of a life, that began at now.
func made(t *testing.T, life time.Duration, names ...string) *certs.Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotBefore: now, NotAfter: now.Add(life)}
	der, failed := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	private, bad := x509.MarshalPKCS8PrivateKey(key)
	if err := errors.Join(err, failed, bad); err != nil {
		t.Fatal(err)
	}
	p, err := certs.Parse(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ordered is a book in which p came at now.
func ordered(p *certs.Pair, w *Window) *Book {
	b := &Book{}
	b.Begin(wish, now)
	b.Succeed(p, Result{Window: w}, "account", now)
	return b
}

func TestNothingIsThereYet(t *testing.T) {
	var b Book
	if at := b.Due(wish, nil, now); !at.Equal(now) {
		t.Errorf("due at %v", at)
	}
}

const day = 24 * time.Hour

func TestRenewal(t *testing.T) {
	window := func(from, to time.Duration) *Window { return &Window{Start: now.Add(from), End: now.Add(to)} }
	for name, row := range map[string]struct {
		life     time.Duration
		window   *Window
		from, to time.Duration
	}{
		"two thirds":                  {90 * day, nil, 60 * day, 60 * day},
		"two thirds of a short life":  {6 * day, nil, 4 * day, 4 * day},
		"as the authority says":       {90 * day, window(50*day, 52*day), 50 * day, 52 * day},
		"at once, the authority says": {90 * day, window(-2*day, -1*day), 12 * time.Hour, 12 * time.Hour},
		"at once, of a short life":    {6 * time.Hour, window(-2*day, -1*day), time.Hour, time.Hour},
		"too late":                    {90 * day, window(89*day, 91*day), 75 * day, 75 * day},
		"a window that is none":       {90 * day, window(50*day, 50*day), 60 * day, 60 * day},
	} {
		p := made(t, row.life, "box.example.org")
		b := ordered(p, row.window)
		at := b.Due(wish, p, now)
		if at.Before(now.Add(row.from)) || at.After(now.Add(row.to)) {
			t.Errorf("%s: after %v", name, at.Sub(now))
		}
	}
}

// An authority's window counts for the certificate that it spoke of.
func TestAWindowOfAnother(t *testing.T) {
	p := made(t, 90*day, "box.example.org")
	b := ordered(p, &Window{Start: now.Add(10 * day), End: now.Add(11 * day)})
	other := wish
	other.Directory = "https://other.example/directory"
	if at := b.RenewAt(other, p); !at.Equal(now.Add(60 * day)) {
		t.Errorf("%v", at)
	}
	if b.Account(wish, p) != "account" || b.Account(other, p) != "" || b.Account(wish, made(t, 90*day, "box.example.org")) != "" {
		t.Error("it is taken for the account's")
	}
}

func TestWhatIsNotWhatIsWished(t *testing.T) {
	p := made(t, 90*day, "box.example.org")
	b := ordered(p, nil)
	later := now.Add(2 * time.Hour)
	for name, w := range map[string]Wish{
		"another name":      {Directory: LetsEncrypt, Names: []string{"box.example.org", "two.example.org"}},
		"another authority": {Directory: "https://other.example/directory", Names: wish.Names},
	} {
		if at := b.Due(w, p, later); !at.Equal(later) {
			t.Errorf("%s: after %v", name, at.Sub(later))
		}
	}
	if at := b.Due(wish, nil, later); !at.Equal(later) {
		t.Errorf("it is gone: after %v", at.Sub(later))
	}
	if at := b.Due(wish, p, later); !at.Equal(now.Add(60 * day)) {
		t.Errorf("it is there: after %v", at.Sub(later))
	}
}

// The longer it fails, the longer is waited, up to a bound, and never exactly
// as long as all others wait.
func TestBackoff(t *testing.T) {
	for code, want := range map[certs.Code][]time.Duration{
		Unreachable: {time.Minute, 3 * time.Minute, 9 * time.Minute, 27 * time.Minute, 81 * time.Minute, 243 * time.Minute, 6 * time.Hour, 6 * time.Hour},
		NotReached:  {15 * time.Minute, 45 * time.Minute, 135 * time.Minute, 405 * time.Minute, 12 * time.Hour, 12 * time.Hour},
		Refused:     {time.Hour, 4 * time.Hour, 16 * time.Hour, day, day},
		Limited:     {time.Hour, 4 * time.Hour, 16 * time.Hour, day, day},
	} {
		for _, c := range []chance{never, always} {
			var b Book
			at := now
			for n, wait := range want {
				b.begin(wish, at, c)
				b.Failures--
				b.undo()
				b.fail(&Failure{Code: code}, at, c)
				wait += time.Duration(float64(wait) * c() / 4)
				if got := b.Next.Sub(at); got != wait || b.Failures != n+1 {
					t.Errorf("%s, failure %d: %v, want %v", code, n+1, got, wait)
				}
				if due := b.Due(wish, nil, at.Add(time.Second)); due.Before(b.Next) {
					t.Errorf("%s, failure %d: due %v before", code, n+1, b.Next.Sub(due))
				}
				at = b.Next
			}
		}
	}
}

// What an authority says about being asked again counts more.
func TestAPause(t *testing.T) {
	for name, row := range map[string]struct{ asked, least time.Duration }{
		"long": {3 * day, 3 * day}, "short": {time.Second, time.Second}, "for ever": {400 * day, 30 * day}, "over": {-day, time.Minute},
	} {
		var b Book
		b.Begin(wish, now)
		b.Fail(&Failure{Code: Limited, Until: now.Add(row.asked)}, now)
		if wait := b.Next.Sub(now); wait < row.least || wait > row.least*5/4+2*time.Minute {
			t.Errorf("%s: %v", name, wait)
		}
		if free := b.Free(wish, now); row.asked > 0 && free.Sub(now) != row.least && name != "short" {
			t.Errorf("%s: the owner's hand is free after %v", name, free.Sub(now))
		}
		// Other names at the same authority wait too; another authority is asked.
		if at := b.Due(Wish{Directory: wish.Directory, Names: []string{"two.example.org"}}, nil, now); row.asked > 0 && at.Sub(now) < row.asked && at.Sub(now) < 30*day {
			t.Errorf("%s: other names after %v", name, at.Sub(now))
		}
		if at := b.Due(Wish{Directory: "https://other.example/"}, nil, now); !at.Equal(now) {
			t.Errorf("%s: another authority after %v", name, at.Sub(now))
		}
	}
}

// Nobody asks more than five times in an hour, also when the wish changes each
// time, and not for orders that go well either.
func TestTriesAreCounted(t *testing.T) {
	var b Book
	at := now
	for n := range perHour {
		w := Wish{Directory: LetsEncrypt, Names: []string{string(rune('a'+n)) + ".example.org"}}
		if free := b.Free(w, at); !free.Equal(at) {
			t.Fatalf("try %d: free after %v", n, free.Sub(at))
		}
		b.Begin(w, at)
		b.Drop()
		at = at.Add(time.Minute)
	}
	if free := b.Free(wish, at); !free.Equal(now.Add(time.Hour)) {
		t.Errorf("free after %v", free.Sub(now))
	}
	if due := b.Due(wish, nil, at); !due.Equal(now.Add(time.Hour)) {
		t.Errorf("due after %v", due.Sub(now))
	}
	if free := b.Free(wish, now.Add(-day)); !free.Equal(now.Add(-day)) {
		t.Errorf("a clock that was set back holds up for %v", free.Sub(now.Add(-day)))
	}
}

// What ends in between has failed, when the box is there again.
func TestInterrupted(t *testing.T) {
	var b Book
	b.Begin(wish, now)
	if b.Problem == nil || b.Problem.Code != Interrupted || !b.Due(wish, nil, now.Add(time.Second)).After(now.Add(59*time.Second)) {
		t.Errorf("%+v", b)
	}
	// On a clock that was set back it is not waited for longer than it was meant.
	if at := b.Due(wish, nil, now.AddDate(-1, 0, 0)); at.Sub(now.AddDate(-1, 0, 0)) > 2*time.Minute {
		t.Errorf("due after %v", at.Sub(now.AddDate(-1, 0, 0)))
	}
}

// An authority is asked about renewals as it likes, within reason.
func TestAskingAboutRenewals(t *testing.T) {
	p := made(t, 90*day, "box.example.org")
	for name, row := range map[string]struct {
		window *Window
		err    error
		ask    time.Duration
	}{
		"as it says":     {&Window{Start: now, End: now.Add(day), Again: now.Add(6 * time.Hour)}, nil, 6 * time.Hour},
		"at once":        {&Window{Start: now, End: now.Add(day), Again: now}, nil, time.Hour},
		"never":          {&Window{Start: now, End: now.Add(day), Again: now.AddDate(1, 0, 0)}, nil, day},
		"it says naught": {nil, nil, 7 * day},
		"it is away":     {nil, errors.New("away"), 6 * time.Hour},
	} {
		b := ordered(p, nil)
		b.Heard(row.window, row.err, now)
		if at := b.AskAt(wish, p); at.Sub(now) != row.ask {
			t.Errorf("%s: after %v", name, at.Sub(now))
		}
	}
	b := ordered(p, &Window{Start: now.Add(10 * day), End: now.Add(30 * day)})
	drawn := b.Made.Renew
	for range 20 {
		b.Heard(&Window{Start: now.Add(10 * day), End: now.Add(30 * day)}, nil, now)
		b.Heard(nil, errors.New("away"), now)
	}
	if !b.Made.Renew.Equal(drawn) {
		t.Error("the same window is drawn from again")
	}
}

// What the last orders came to is remembered, each once.
func TestPast(t *testing.T) {
	var b Book
	for n := range maxPast + 5 {
		b.Begin(wish, now.Add(time.Duration(n)*time.Hour))
		switch n % 3 {
		case 0:
			b.Fail(&Failure{Code: NotReached}, now.Add(time.Duration(n)*time.Hour+time.Minute))
		case 1:
			b.Drop()
		}
	}
	var codes []certs.Code
	for _, o := range b.Past {
		codes = append(codes, o.Problem.Code)
	}
	want := []certs.Code{Interrupted, NotReached, Interrupted, NotReached, Interrupted, NotReached, Interrupted, NotReached, Interrupted}
	if !slices.Equal(codes[len(codes)-len(want):], want) || len(codes) != maxPast {
		t.Errorf("%q", codes)
	}
	p := made(t, 90*day, "box.example.org")
	b.Begin(wish, now)
	b.Succeed(p, Result{}, "account", now)
	if last := b.Past[len(b.Past)-1]; last.Problem != nil || !last.Until.Equal(p.Expires()) || b.Problem != nil {
		t.Errorf("%+v", last)
	}
}

func TestNames(t *testing.T) {
	private := "https://ca.home.arpa/acme/directory"
	for name, row := range map[string]struct{ public, private bool }{
		"box.example.org": {true, true}, "Box.Example.org.": {true, true}, "nas": {false, true}, "nas.lan": {false, true}, "a.internal": {false, true},
		"192.168.1.5": {}, "::1": {}, "localhost": {}, "*.example.org": {}, "a b.example.org": {}, "": {}, "x_y.example.org": {},
	} {
		if Fit(LetsEncrypt, name) != row.public || Fit(private, name) != row.private {
			t.Errorf("%q", name)
		}
	}
	if got := Fitting(LetsEncrypt, []string{"a.example.org", "nas.lan", "A.example.org.", "10.0.0.1"}); !slices.Equal(got, []string{"a.example.org"}) {
		t.Errorf("%q", got)
	}
	if !Public("https://acme-staging-v02.api.letsencrypt.org/directory") || Public("https://letsencrypt.org.example/") || Public("https://notletsencrypt.org/") {
		t.Error("who is public")
	}
	if AccountName(LetsEncrypt) == AccountName(private) {
		t.Error("two authorities share an account's key")
	}
}

func TestEveryFailureHasARemedy(t *testing.T) {
	for _, c := range Codes() {
		if f := Faultf(c, "so"); f.Remedy == "" {
			t.Errorf("%s has none", c)
		}
	}
}
