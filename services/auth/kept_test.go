package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
)

// running is a box whose Run runs until the end of the test, or until killed,
// which writes nothing more.
func (b box) running(t *testing.T) (kill func()) {
	t.Helper()
	if err := b.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = b.Run(ctx)
	}()
	kill = func() {
		b.a.mu.Lock()
		b.a.fail = errors.New("killed")
		b.a.mu.Unlock()
		stop()
		<-over
		b.a.mu.Lock()
		b.a.fail = nil
		b.a.mu.Unlock()
	}
	t.Cleanup(func() { stop(); <-over })
	return kill
}

func (b box) wrong(t *testing.T, c Client) {
	t.Helper()
	_, err := b.Login(t.Context(), "Ada", "wrong", c)
	wantKind(t, err, library.Unauthorized)
}

// What strangers have tried counts after the process was killed; the owner's
// own browser gets in.
func TestLimitsOutliveTheProcess(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		kill := b.running(t)
		g := b.setUp(t)
		for i := range failuresTogether {
			b.wrong(t, stranger(i))
		}
		kill() // at once: the backoff is kept before its failure is answered
		b = b.restarted(t)
		_, err := b.Login(t.Context(), "Ada", goodPassword, stranger(99))
		if e := wantKind(t, err, library.Limited); e.RetryAfter != 60 {
			t.Errorf("strangers wait %d s", e.RetryAfter)
		}
		if f, err := b.Facts(t.Context()); err != nil || !f.LimitsLast {
			t.Errorf("%+v, %v", f, err)
		}
		if n, last := b.RecentFailures(); n != failuresTogether || !last.Equal(time.Now()) {
			t.Errorf("%d recent failures, the last %v", n, last)
		}
		time.Sleep(20 * time.Second)
		b = b.restarted(t) // waiting goes on while nothing runs
		_, err = b.Login(t.Context(), "Ada", goodPassword, stranger(99))
		if e := wantKind(t, err, library.Limited); e.RetryAfter != 40 {
			t.Errorf("later they wait %d s", e.RetryAfter)
		}
		b.logIn(t, Client{Address: "192.0.2.1", Browser: g.Browser})
	})
}

// The tries of each client and the step of the backoff are kept within
// keepWithin.
func TestEachCountOutlivesTheProcess(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		kill := b.running(t)
		for range codesPerClient {
			wantKind(t, b.CheckSetupCode(t.Context(), "wrong", stranger(1)), library.Forbidden)
		}
		time.Sleep(keepWithin)
		synctest.Wait()
		kill()
		b = b.restarted(t)
		wantKind(t, b.CheckSetupCode(t.Context(), "ABCD-2345", stranger(1)), library.Limited)
		wantKind(t, b.CheckSetupCode(t.Context(), "ABCD-2345", stranger(2)), "")

		g := b.setUp(t)
		kill = b.running(t)
		own := Client{Address: "192.0.2.7", Browser: g.Browser}
		for range loginsPerClient {
			b.wrong(t, stranger(1))
		}
		for range loginsPerBrowser {
			b.wrong(t, own)
		}
		time.Sleep(keepWithin)
		synctest.Wait()
		kill()
		b = b.restarted(t)
		for _, c := range []Client{stranger(1), own} {
			_, err := b.Login(t.Context(), "Ada", goodPassword, c)
			wantKind(t, err, library.Limited)
		}
		for i := range failuresTogether - loginsPerClient { // the others counted before
			b.wrong(t, stranger(10+i))
		}
		_, err := b.Login(t.Context(), "Ada", goodPassword, stranger(99))
		wantKind(t, err, library.Limited)

		time.Sleep(time.Minute)
		b = b.restarted(t)
		for i := range failuresTogether {
			b.wrong(t, stranger(20+i))
		}
		_, err = b.Login(t.Context(), "Ada", goodPassword, stranger(99))
		if e := wantKind(t, err, library.Limited); e.RetryAfter != 300 {
			t.Errorf("the second wait is %d s", e.RetryAfter)
		}
	})
}

// A success is kept too.
func TestSuccessOutlivesTheProcess(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		kill := b.running(t)
		b.setUp(t)
		for i := range failuresTogether - 1 {
			b.wrong(t, stranger(i))
		}
		b.logIn(t, stranger(50))
		time.Sleep(keepWithin)
		synctest.Wait()
		kill()
		b = b.restarted(t)
		b.wrong(t, stranger(60))
		b.logIn(t, stranger(61))
	})
}

// However many fail, there is one write in keepWithin, and one row of bounded
// size.
func TestKeepingIsBounded(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		kill := b.running(t)
		now := time.Now()
		for i := range 3 * maxClients {
			b.limits.logins.take(fmt.Sprint(i), now)
			b.limits.failed("a browser", now)
			b.unkept.mark()
		}
		time.Sleep(2 * keepWithin)
		synctest.Wait()
		if n := len(b.a.guesses.Tries["logins"]); b.a.kept > 2 || n != maxKept || len(b.a.guesses.Recent) != maxRecent {
			t.Errorf("%d writes, %d clients, %d failures", b.a.kept, n, len(b.a.guesses.Recent))
		}
		was := b.a.kept
		time.Sleep(time.Hour)
		synctest.Wait()
		if b.a.kept != was {
			t.Errorf("%d writes while nothing happens", b.a.kept-was)
		}
		kill()
	})
}

// A clock that is set back makes no wait longer.
func TestClockSetBack(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		b.running(t)
		b.setUp(t)
		for i := range failuresTogether {
			b.wrong(t, stranger(i))
		}
		back := newBox(t, func(o *Options) {
			o.Accounts = b.a
			o.Now = func() time.Time { return time.Now().AddDate(-40, 0, 0) }
		})
		if err := back.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err := back.Login(t.Context(), "Ada", goodPassword, stranger(99))
		if e := wantKind(t, err, library.Limited); e.RetryAfter != 60 {
			t.Errorf("strangers wait %d s", e.RetryAfter)
		}
		time.Sleep(time.Minute)
		_, err = back.Login(t.Context(), "Ada", goodPassword, stranger(99))
		wantKind(t, err, "")
		if n, _ := back.RecentFailures(); n != 0 {
			t.Errorf("%d failures lie ahead", n)
		}
	})
}

// A disk that takes nothing keeps nobody out who is right, counts on in
// memory, and the box does not claim otherwise.
func TestKeepingOnAFullDisk(t *testing.T) {
	b := newBox(t, nil)
	if f, _ := b.Facts(t.Context()); f.LimitsLast {
		t.Error("limits that nobody took up are said to last")
	}
	if err := b.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.setUp(t)
	b.a.full = true
	for i := range failuresTogether {
		b.wrong(t, stranger(i))
	}
	_, err := b.Login(t.Context(), "Ada", goodPassword, stranger(99))
	wantKind(t, err, library.Limited)
	if f, _ := b.Facts(t.Context()); f.LimitsLast {
		t.Error("limits that are not on disk are said to last")
	}
	b.a.full = false
	if f, _ := b.Facts(t.Context()); !f.LimitsLast {
		t.Error("limits are not written once there is room")
	}
}
