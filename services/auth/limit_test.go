package auth

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
)

// clock runs f in a bubble in which waiting takes no time.
func clock(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func stranger(i int) Client { return Client{Address: fmt.Sprintf("198.51.%d.%d", i/256, i%256)} }

func TestSetupCodeLimit(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		for range 3 {
			wantKind(t, b.CheckSetupCode(t.Context(), "wrong", stranger(1)), library.Forbidden)
		}
		e := wantKind(t, b.CheckSetupCode(t.Context(), "ABCD-2345", stranger(1)), library.Limited)
		if e.RetryAfter != 60 {
			t.Errorf("wait %d s", e.RetryAfter)
		}
		wantKind(t, b.CheckSetupCode(t.Context(), "ABCD-2345", stranger(2)), "")
		time.Sleep(59 * time.Second)
		if e := wantKind(t, b.CheckSetupCode(t.Context(), "ABCD-2345", stranger(1)), library.Limited); e.RetryAfter != 1 {
			t.Errorf("wait %d s", e.RetryAfter)
		}
		time.Sleep(time.Second)
		// Right codes are not counted, so the wizard may check as often as it likes.
		for range 10 {
			wantKind(t, b.CheckSetupCode(t.Context(), "ABCD-2345", stranger(1)), "")
		}
	})
}

func TestSetupCodeLimitTogether(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		for i := range codesTogether {
			wantKind(t, b.CheckSetupCode(t.Context(), "wrong", stranger(i)), library.Forbidden)
		}
		wantKind(t, b.CheckSetupCode(t.Context(), "wrong", stranger(999)), library.Limited)
		time.Sleep(time.Minute)
		wantKind(t, b.CheckSetupCode(t.Context(), "ABCD-2345", stranger(999)), "")
	})
}

func TestLoginLimitPerClient(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		b.setUp(t)
		login := func(c Client, password string, want library.Kind) *library.Error {
			t.Helper()
			_, err := b.Login(t.Context(), "Ada", password, c)
			return wantKind(t, err, want)
		}
		for range 5 {
			login(stranger(1), "wrong", library.Unauthorized)
		}
		if e := login(stranger(1), goodPassword, library.Limited); e.RetryAfter != 60 {
			t.Errorf("wait %d s", e.RetryAfter)
		}
		login(stranger(2), goodPassword, "")
		time.Sleep(time.Minute)
		login(stranger(1), goodPassword, "")
		// A success clears the slate: right passwords are never limited.
		for range 20 {
			login(stranger(1), goodPassword, "")
		}
	})
}

// One host has 2^64 IPv6 addresses and one allowance; an IPv4 address is the
// same one written as IPv6.
func TestLimitKey(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"", "192.0.2.1", false},
	} {
		if (Client{Address: c.a}.key() == Client{Address: c.b}.key()) != c.same {
			t.Errorf("%s, %s: not %v", c.a, c.b, c.same)
		}
	}
}

func TestGlobalBackoff(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		n := 0
		fail := func(times int) {
			t.Helper()
			for range times {
				n++
				_, err := b.Login(t.Context(), "Ada", "wrong", stranger(n))
				wantKind(t, err, library.Unauthorized)
			}
		}
		for _, wait := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
			fail(10)
			_, err := b.Login(t.Context(), "Ada", goodPassword, stranger(0))
			if e := wantKind(t, err, library.Limited); e.RetryAfter != int(wait.Seconds()) {
				t.Errorf("wait %d s, want %v", e.RetryAfter, wait)
			}
			// Who is in stays in, and the owner's browser gets in.
			if _, err := b.Verify(t.Context(), g.Token); err != nil {
				t.Error(err)
			}
			time.Sleep(wait - time.Second)
			_, err = b.Login(t.Context(), "Ada", goodPassword, stranger(0))
			wantKind(t, err, library.Limited)
			time.Sleep(time.Second)
		}
		fail(9)
		if _, err := b.Login(t.Context(), "Ada", goodPassword, stranger(0)); err != nil {
			t.Fatal(err)
		}
		fail(9) // the count began anew, and so did the backoff
		fail(1)
		_, err := b.Login(t.Context(), "Ada", goodPassword, stranger(0))
		if e := wantKind(t, err, library.Limited); e.RetryAfter != 60 {
			t.Errorf("after a success: wait %d s", e.RetryAfter)
		}
	})
}

func TestQuietHourStartsOver(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		b.setUp(t)
		for i := range 9 {
			b.Login(t.Context(), "Ada", "wrong", stranger(i))
		}
		time.Sleep(time.Hour + time.Second)
		for i := range 9 {
			b.Login(t.Context(), "Ada", "wrong", stranger(i))
		}
		_, err := b.Login(t.Context(), "Ada", goodPassword, stranger(99))
		wantKind(t, err, "")
	})
}

// Strangers cannot keep the owner's own browser out, and it cannot guess
// without end either.
func TestKnownBrowser(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		g := b.setUp(t)
		for i := range 10 {
			b.Login(t.Context(), "Ada", "wrong", stranger(i))
		}
		own := Client{Address: "198.51.0.1", Browser: g.Browser}
		again := b.logIn(t, own)

		for i := range 10 {
			b.Login(t.Context(), "Ada", "wrong", stranger(100+i))
		}
		other := newBox(t, func(o *Options) { o.SecretKey[0]++ })
		foreign := other.setUp(t)
		for name, token := range map[string]string{
			"forged": "x.y.z", "of another box": foreign.Browser, "a session's": g.Token, "none": "",
		} {
			_, err := b.Login(t.Context(), "Ada", goodPassword, Client{Address: "203.0.113.1", Browser: token})
			if wantKind(t, err, library.Limited) == nil {
				t.Error(name)
			}
		}
		own.Browser = again.Browser
		for range 5 {
			_, err := b.Login(t.Context(), "Ada", "wrong", own)
			wantKind(t, err, library.Unauthorized)
		}
		_, err := b.Login(t.Context(), "Ada", goodPassword, own)
		wantKind(t, err, library.Limited)
		time.Sleep(time.Minute)
		b.logIn(t, own)

		// The mark is no session.
		_, err = b.Verify(t.Context(), g.Browser)
		wantKind(t, err, library.Unauthorized)
	})
}

// Many guesses at once get no further than one after the other.
func TestLimitHoldsInParallel(t *testing.T) {
	b := newBox(t, nil)
	b.setUp(t)
	for range maxHashing { // nobody is hashed until all have come in
		b.hashing <- struct{}{}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	tried := map[library.Kind]int{}
	for i := range 60 {
		wg.Go(func() {
			_, err := b.Login(t.Context(), "Ada", "wrong", stranger(i))
			mu.Lock()
			defer mu.Unlock()
			tried[err.(*library.Error).Kind]++
		})
	}
	for in := 0; in < 60; time.Sleep(time.Millisecond) {
		b.limits.mu.Lock()
		in = len(b.limits.logins.at)
		b.limits.mu.Unlock()
	}
	for range maxHashing {
		<-b.hashing
	}
	wg.Wait()
	// maxHashing comparisons can be under way when the tenth failure is counted.
	if n := tried[library.Unauthorized]; n < 10 || n > 10+maxHashing-1 {
		t.Errorf("%d guesses got through", n)
	}
}

func TestRecentFailures(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		b.setUp(t)
		if n, last := b.RecentFailures(); n != 0 || !last.IsZero() {
			t.Errorf("%d, %v", n, last)
		}
		b.Login(t.Context(), "Ada", "wrong", stranger(1))
		b.Login(t.Context(), "Eve", "wrong", stranger(1))
		failed := time.Now()
		b.logIn(t, stranger(1))
		time.Sleep(15 * time.Minute)
		if n, last := b.RecentFailures(); n != 2 || !last.Equal(failed) {
			t.Errorf("%d, %v", n, last)
		}
		time.Sleep(time.Second)
		if n, last := b.RecentFailures(); n != 0 || !last.Equal(failed) {
			t.Errorf("later: %d, %v", n, last)
		}
	})
}

func TestWindowIsBounded(t *testing.T) {
	w := window{n: 2, per: time.Minute}
	now := time.Now()
	for i := range 3 * maxClients {
		w.take(fmt.Sprint(i), now)
	}
	if len(w.at) > maxClients+1 {
		t.Errorf("%d clients remembered", len(w.at))
	}
	if w.wait("a newcomer", now) <= 0 {
		t.Error("newcomers have no limit when the table is full")
	}
	w.take("later", now.Add(time.Minute))
	if len(w.at) != 1 {
		t.Errorf("%d clients remembered after a minute", len(w.at))
	}
}
