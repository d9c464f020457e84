// Package notices tells a program that the owner names of alarms: each that
// begins and each that ends, once.
//
// It owns what is told, to the book in the store before it is sent, so that no
// end of the process loses or repeats a notice that was taken; only one whose
// taking a crash kept from the book comes twice, under the same id. It refuses to
// hold anybody up, to know the address, and to tell of anything but the alarm:
// no title, query or file name is in a notice.
package notices

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"maps"
	"time"

	"coffer/services/library"
)

const (
	// overAfter is how many looks in a row an alarm is missed before it is told
	// that it ended: one that comes and goes is told once.
	overAfter  = 3
	maxWaiting = 50 // notices; older ones are lost
	firstWait  = 30 * time.Second
	longestGap = time.Hour
	askAgain   = 5 * time.Second // for who is told, when init did not say
)

// Options are what the wiring gives the keeper.
type Options struct {
	Books library.NoticeBooks
	Place library.NoticePlace
	Send  library.Messenger
	// Words says an event in a language.
	Words func(language string, e library.NoticeEvent) (title, text string)
	Box   string // its id
	Log   *slog.Logger
	Now   func() time.Time // nil: time.Now
}

// Keeper tells. It is safe for concurrent use.
type Keeper struct {
	o     Options
	seen  chan []library.Alarm // the latest that was not looked at
	again chan struct{}        // who is told has changed, or may work now
}

var _ library.Notices = (*Keeper)(nil)

// New returns a keeper that tells nobody before Run.
func New(o Options) (*Keeper, error) {
	if o.Books == nil || o.Place == nil || o.Send == nil || o.Words == nil || o.Log == nil {
		return nil, errors.New("notices: a book, a place, a way out, words and a log are required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Keeper{o: o, seen: make(chan []library.Alarm, 1), again: make(chan struct{}, 1)}, nil
}

// Seen takes the alarms that stand after a look. It never waits.
func (k *Keeper) Seen(all []library.Alarm) {
	for {
		select {
		case k.seen <- all:
			return
		default:
		}
		select {
		case <-k.seen: // it is older
		default:
		}
	}
}

func (k *Keeper) kick() {
	select {
	case k.again <- struct{}{}:
	default: // somebody did
	}
}

// Run tells until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	missed := map[library.AlarmCode]int{} // looks in a row
	told, known := false, false           // somebody is told; that is known
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case all := <-k.seen:
			if known {
				k.note(ctx, told, all, missed)
			}
		case <-k.again:
			known = false
		case <-timer.C:
		}
		wait := askAgain
		if !known {
			told, known = k.ask(ctx)
		}
		if known {
			wait = k.send(ctx, told)
		}
		timer.Reset(wait)
	}
}

// ask finds out whether somebody is told.
func (k *Keeper) ask(ctx context.Context) (told, known bool) {
	t, err := k.o.Place.NoticeTarget(ctx)
	if err != nil {
		if ctx.Err() == nil {
			k.o.Log.Error("who is told of alarms is not known", "err", err)
		}
		return false, false
	}
	return t.Host != "", true
}

// note writes down what began and what ended.
func (k *Keeper) note(ctx context.Context, told bool, all []library.Alarm, missed map[library.AlarmCode]int) {
	book, err := k.o.Books.NoticeBook(ctx)
	after := maps.Clone(missed)
	if err == nil && changes(&book, told, all, after, k.o.Now()) {
		err = k.o.Books.UpdateNoticeBook(ctx, func(b *library.NoticeBook) error {
			after = maps.Clone(missed)
			changes(b, told, all, after, k.o.Now())
			return nil
		})
	}
	if err == nil {
		clear(missed)
		maps.Copy(missed, after)
	}
	if err != nil && ctx.Err() == nil {
		k.o.Log.Error("an alarm could not be noted down to be told", "err", err)
	}
}

// send tells what has waited longest, and says how long there is nothing to do.
func (k *Keeper) send(ctx context.Context, told bool) time.Duration {
	book, err := k.o.Books.NoticeBook(ctx)
	now := k.o.Now()
	switch {
	case err != nil:
		if ctx.Err() == nil {
			k.o.Log.Error("what is to be told of alarms cannot be read", "err", err)
		}
		return firstWait
	case !told || len(book.Waiting) == 0:
		return longestGap
	case book.Next.After(now):
		return min(book.Next.Sub(now), longestGap)
	}
	e := book.Waiting[0]
	_, failed := k.o.Send.Send(ctx, k.notice(book.Language, e))
	if ctx.Err() != nil {
		return 0 // it is sent again, if it was not taken
	}
	now = k.o.Now()
	if failed != nil {
		k.o.Log.Warn("a notice was not taken", "alarm", string(e.Alarm), "err", failed)
	}
	wait := time.Duration(0)
	err = k.o.Books.UpdateNoticeBook(ctx, func(b *library.NoticeBook) error {
		wait = settle(b, e.ID, reasonOf(failed), now)
		return nil
	})
	if err != nil {
		k.o.Log.Error("what came of a notice could not be noted down", "err", err)
		return firstWait
	}
	return wait
}

func (k *Keeper) notice(language string, e library.NoticeEvent) library.Notice {
	title, text := k.o.Words(language, e)
	return library.Notice{NoticeEvent: e, Title: title, Text: text, Box: k.o.Box}
}

func reasonOf(err error) *library.Reason {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*library.Error](err); ok {
		return &library.Reason{Code: e.Code, Message: e.Message}
	}
	return &library.Reason{Message: "The notice could not be sent."}
}

// Notices implements library.Notices.
func (k *Keeper) Notices(ctx context.Context) (library.NoticesState, error) {
	t, err := k.o.Place.NoticeTarget(ctx)
	if err != nil {
		return library.NoticesState{}, err
	}
	book, err := k.o.Books.NoticeBook(ctx)
	s := library.NoticesState{
		NoticeTarget: t, Waiting: len(book.Waiting), Lost: book.Lost, Sent: book.Sent, Failure: book.Failure, Failed: book.Failed,
	}
	if s.Waiting > 0 {
		s.Next = book.Next
	}
	return s, err
}

// SetNotices implements library.Notices. What waits is dropped: the other
// program is told of what stands.
func (k *Keeper) SetNotices(ctx context.Context, wish library.NoticeWish, language string) error {
	if err := k.o.Place.SetNoticeTarget(ctx, wish); err != nil {
		return err
	}
	defer k.kick()
	return k.o.Books.UpdateNoticeBook(ctx, func(b *library.NoticeBook) error {
		*b = library.NoticeBook{Language: language}
		return nil
	})
}

// TryNotice implements library.Notices. Once it is taken, what waits is tried
// too.
func (k *Keeper) TryNotice(ctx context.Context, language string) (library.NoticeReceipt, error) {
	got, err := k.o.Send.Send(ctx, k.notice(language, library.NoticeEvent{ID: newID(), At: k.o.Now().UTC()}))
	if err != nil {
		return got, err
	}
	defer k.kick()
	return got, k.o.Books.UpdateNoticeBook(ctx, func(b *library.NoticeBook) error {
		b.Sent, b.Failure, b.Tries, b.Next = k.o.Now().UTC(), nil, 0, time.Time{}
		return nil
	})
}

func newID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // it does not fail; it ends the process instead
	return hex.EncodeToString(b)
}
