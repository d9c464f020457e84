package notices

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
)

// books keeps a book as the store does: as JSON.
type books struct {
	mu   sync.Mutex
	text []byte
	fail error
}

func (b *books) NoticeBook(context.Context) (out library.NoticeBook, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil || b.text == nil {
		return out, b.fail
	}
	return out, json.Unmarshal(b.text, &out)
}

func (b *books) UpdateNoticeBook(ctx context.Context, f func(*library.NoticeBook) error) error {
	book, err := b.NoticeBook(ctx)
	if err != nil {
		return err
	}
	if err := f(&book); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text, err = json.Marshal(book)
	return err
}

// outside is init and the program that is told.
type outside struct {
	mu     sync.Mutex
	target library.NoticeTarget
	silent bool  // init does not answer
	fail   error // of sending
	got    []library.Notice
	tries  int
	block  chan struct{} // not nil: sending waits for it
}

func (o *outside) NoticeTarget(context.Context) (library.NoticeTarget, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.silent {
		return library.NoticeTarget{}, errors.New("init is silent")
	}
	return o.target, nil
}

func (o *outside) SetNoticeTarget(_ context.Context, w library.NoticeWish) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.target = library.NoticeTarget{Kind: w.Kind, Host: strings.TrimPrefix(w.Address, "http://")}
	return nil
}

func (o *outside) Send(ctx context.Context, n library.Notice) (library.NoticeReceipt, error) {
	o.mu.Lock()
	block := o.block
	o.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return library.NoticeReceipt{}, ctx.Err()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tries++
	if o.fail != nil {
		return library.NoticeReceipt{}, o.fail
	}
	o.got = append(o.got, n)
	return library.NoticeReceipt{Status: 200}, nil
}

func (o *outside) set(f func(*outside)) { o.mu.Lock(); defer o.mu.Unlock(); f(o) }

// said is what was taken, in order.
func (o *outside) said() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []string
	for _, n := range o.got {
		all = append(all, n.Title)
	}
	return strings.Join(all, " ")
}

func (o *outside) tried() int { o.mu.Lock(); defer o.mu.Unlock(); return o.tries }

type rig struct {
	*outside
	*books
	keeper *Keeper
	stop   func()
}

// start runs a keeper on what a former one left.
func start(t *testing.T, o *outside, b *books) *rig {
	t.Helper()
	k, err := New(Options{
		Books: b, Place: o, Send: o, Box: "3fa2c1d0", Log: slog.New(slog.DiscardHandler),
		Words: func(language string, e library.NoticeEvent) (string, string) {
			over := ""
			if e.Over {
				over = "-over"
			}
			return string(e.Alarm) + over, language
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	synctest.Wait()
	return &rig{o, b, k, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}}
}

func told() *outside {
	return &outside{target: library.NoticeTarget{Kind: library.NoticeWebhook, Host: "hook.lan"}}
}

// look is one of the watch's; the next follows 20 seconds later.
func (r *rig) look(codes ...library.AlarmCode) {
	var all []library.Alarm
	for _, c := range codes {
		all = append(all, library.Alarm{Code: c})
	}
	r.keeper.Seen(all)
	time.Sleep(20 * time.Second)
	synctest.Wait()
}

func (r *rig) wants(t *testing.T, want string) {
	t.Helper()
	if got := r.said(); got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

const (
	low, full = library.AlarmDiskLow, library.AlarmDiskFull
	failed    = library.AlarmBackupFailed
)

func TestOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, told(), &books{})
		defer r.stop()
		r.look()
		r.wants(t, "")
		for range 5 {
			r.look(low)
		}
		r.wants(t, "disk_low")
		r.look(low, failed)
		r.wants(t, "disk_low backup_failed")
		r.look(low) // backup_failed is missed twice and there again
		r.look(low)
		r.look(low, failed)
		r.wants(t, "disk_low backup_failed")
		for range overAfter - 1 {
			r.look(low)
		}
		r.wants(t, "disk_low backup_failed")
		r.look(low)
		r.wants(t, "disk_low backup_failed backup_failed-over")
		for range 5 {
			r.look(full) // tells how disk_low ended
		}
		r.wants(t, "disk_low backup_failed backup_failed-over disk_full")
		for range 5 {
			r.look()
		}
		r.wants(t, "disk_low backup_failed backup_failed-over disk_full disk_full-over")
		r.look(low)
		r.wants(t, "disk_low backup_failed backup_failed-over disk_full disk_full-over disk_low")
	})
}

// Whatever the moment of its end, what was taken is not told again and what was
// not is.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, b := told(), &books{}
		r := start(t, o, b)
		r.look(low)
		r.wants(t, "disk_low")
		r.stop()
		r = start(t, o, b)
		for range 5 {
			r.look(low)
		}
		r.wants(t, "disk_low")
		o.set(func(o *outside) { o.fail = errors.New("down") })
		r.look(low, failed)
		r.stop() // between the alarm and its notice
		if o.tried() == 1 {
			t.Error("nothing was tried")
		}
		o.set(func(o *outside) { o.fail = nil })
		r = start(t, o, b)
		time.Sleep(firstWait)
		r.look(low, failed)
		r.wants(t, "disk_low backup_failed")
		r.stop()
		r = start(t, o, b) // it ended while nobody looked
		for range overAfter {
			r.look()
		}
		r.wants(t, "disk_low backup_failed disk_low-over backup_failed-over")
		r.stop()
		r = start(t, o, b)
		r.look()
		r.wants(t, "disk_low backup_failed disk_low-over backup_failed-over")
		r.stop()
	})
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := told()
		o.fail = &library.Error{Kind: library.Conflict, Code: "answered", Message: "It answered 503."}
		r := start(t, o, &books{})
		defer r.stop()
		begun := time.Now()
		r.look(low)
		if o.tried() != 1 {
			t.Fatalf("%d tries at once", o.tried())
		}
		s, err := r.keeper.Notices(t.Context())
		if err != nil || s.Waiting != 1 || s.Failure == nil || s.Failure.Message != "It answered 503." || !s.Next.Equal(begun.Add(firstWait)) {
			t.Errorf("%+v, %v", s, err)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		// 30 s, 1, 2, 4, 8, 16, 32 min, then each hour
		if n := o.tried(); n < 28 || n > 32 {
			t.Errorf("%d tries in a day", n)
		}
		o.set(func(o *outside) { o.fail = nil })
		if _, err := r.keeper.TryNotice(t.Context(), "en"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.wants(t, " disk_low") // the test has no code
		s, err = r.keeper.Notices(t.Context())
		if err != nil || s.Waiting != 0 || s.Failure != nil || s.Sent.IsZero() || !s.Next.IsZero() {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// A program that takes for ever holds nobody up, and what is too much is lost
// from its oldest end and counted.
func TestNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := told()
		o.block = make(chan struct{})
		r := start(t, o, &books{})
		defer r.stop()
		for range 1000 {
			r.keeper.Seen([]library.Alarm{{Code: low}})
		}
		if s, err := r.keeper.Notices(t.Context()); err != nil {
			t.Errorf("%+v, %v", s, err)
		}
		close(o.block)
		o.set(func(o *outside) { o.fail, o.block = errors.New("down"), nil })
		synctest.Wait()
		for n := range maxWaiting + 7 {
			r.look(library.AlarmCode(fmt.Sprintf("alarm-%d", n)), low)
		}
		s, err := r.keeper.Notices(t.Context())
		if err != nil || s.Waiting != maxWaiting || s.Lost == 0 {
			t.Errorf("%d wait, %d lost, %v", s.Waiting, s.Lost, err)
		}
	})
}

func TestNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, b := &outside{}, &books{}
		r := start(t, o, b)
		defer r.stop()
		r.look(low)
		if b.text != nil || o.tried() != 0 {
			t.Errorf("wrote %s, tried %d times", b.text, o.tried())
		}
		// Whoever is told from now on hears of what stands, in the language of now.
		if err := r.keeper.SetNotices(t.Context(), library.NoticeWish{Kind: library.NoticeNtfy, Address: "http://a.lan"}, "de"); err != nil {
			t.Fatal(err)
		}
		r.look(low)
		r.wants(t, "disk_low")
		if o.got[0].Text != "de" || o.got[0].Box != "3fa2c1d0" || len(o.got[0].ID) != 16 {
			t.Errorf("%+v", o.got[0])
		}
		if err := r.keeper.SetNotices(t.Context(), library.NoticeWish{Kind: library.NoticeNtfy, Address: "http://b.lan"}, "en"); err != nil {
			t.Fatal(err)
		}
		r.look(low)
		r.wants(t, "disk_low disk_low")
		if err := r.keeper.SetNotices(t.Context(), library.NoticeWish{}, "en"); err != nil {
			t.Fatal(err)
		}
		r.look(low, failed)
		r.look()
		r.wants(t, "disk_low disk_low")
	})
}

// Before init and the store say how it is, nothing is told and nothing is lost.
func TestSilentInit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, b := told(), &books{fail: errors.New("the disk is full")}
		o.silent = true
		r := start(t, o, b)
		defer r.stop()
		r.look(low)
		o.set(func(o *outside) { o.silent = false })
		r.look(low)
		r.wants(t, "")
		b.mu.Lock()
		b.fail = nil
		b.mu.Unlock()
		r.look(low)
		r.wants(t, "disk_low")
	})
}
