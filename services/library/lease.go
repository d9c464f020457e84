package library

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits on a reading, whoever sends it.
const (
	MaxPassages    = 200_000
	MaxReadingText = 32 << 20       // bytes of all passages together
	MaxPassageText = 4 * MaxPassage // bytes that one passage may at most have
)

// retryAfter is the wait after each parser death but the last.
func retryAfter(attempts int) time.Duration {
	if attempts <= 1 {
		return 5 * time.Second
	}
	return 30 * time.Second
}

// storeTrouble is the wait after a reading could not be written, as on a full
// disk; the document is not at fault.
const storeTrouble = 30 * time.Second

// errLost answers every use of a lease that is no more.
func errLost() error {
	return fault(NotFound, "", "This lease is no longer held.", "Stop reading the document.")
}

// Lease waits until a job is due, or ctx ends, and leases it.
func (l *Library) Lease(ctx context.Context) (Lease, error) {
	for {
		j, err := l.queue.take(ctx)
		if err != nil {
			return Lease{}, err
		}
		s, err := l.o.Store.Source(ctx, j.source)
		switch {
		case isKind(err, NotFound), err == nil && s.Status != StatusQueued:
			l.queue.abandon(j.lease) // it ended between the store and the queue
			continue
		case err != nil:
			l.queue.giveBack(j.lease, l.o.Now().Add(time.Second))
			return Lease{}, err
		}
		l.queue.name(j.lease, s.Title)
		j.title = s.Title
		s.Status = StatusProcessing
		v := j.view()
		l.tell(s, &v)
		known := 0
		if s.Archive != nil {
			known = s.Archive.Members
		}
		return Lease{
			ID: j.lease, Source: s.ID, FileName: s.FileName, Size: s.Size, SHA256: s.SHA256,
			Alone: j.attempts > 0 || j.losses > 1, Archive: s.Type == TypeArchive, Known: known,
			Expires: j.expires.UTC(),
		}, nil
	}
}

// Heartbeat renews a lease and records progress; NotFound when the lease was
// lost or the source was cancelled or deleted, and then the reader stops.
func (l *Library) Heartbeat(ctx context.Context, id LeaseID, p Progress) (expires time.Time, err error) {
	if p.Page < 0 || p.Total < 0 {
		return time.Time{}, fault(Invalid, "progress", "Pages are counted from 0.", "")
	}
	j, tell, ok := l.queue.renew(id, p)
	if !ok {
		return time.Time{}, errLost()
	}
	if tell {
		v := j.view()
		l.hub.publish(Event{Kind: EventJob, Job: &v})
	}
	return j.expires.UTC(), nil
}

// LeasedBlob opens the original that a live lease is for. When it is gone
// from the disk, or is not all there, the source fails with that reason.
func (l *Library) LeasedBlob(ctx context.Context, id LeaseID) (io.ReadSeekCloser, error) {
	j, ok := l.queue.leased(id)
	if !ok {
		return nil, errLost()
	}
	s, err := l.o.Store.Source(ctx, j.source)
	if err != nil {
		return nil, err
	}
	f, err := l.o.Blobs.Open(s.SHA256)
	if isKind(err, NotFound) {
		return nil, l.failOriginal(ctx, id, s, Reason{
			Code:    "original_missing",
			Message: "The original is no longer on the disk. Add the file again, then retry.",
		})
	}
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil && size != s.Size {
		err = l.failOriginal(ctx, id, s, Reason{
			Code:    "original_damaged",
			Message: "The original on the disk is damaged: its length is not what it was. Check the disk, add the file again, then retry.",
		})
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (l *Library) failOriginal(ctx context.Context, id LeaseID, s Source, r Reason) error {
	l.o.Log.Error("original is missing or damaged", "source", s.ID, "sha256", s.SHA256)
	if err := l.Fail(ctx, id, Failure{Reason: r}); err != nil {
		return err
	}
	return errLost()
}

// Complete commits a reading under a live lease. A reading that breaks the
// limits fails the source instead, so that it is not read for ever.
func (l *Library) Complete(ctx context.Context, id LeaseID, r Reading) error {
	if err := checkReading(&r); err != nil {
		if failed := l.Fail(ctx, id, Failure{Reason: Reason{
			Code: "malformed", Message: "What was read from the document cannot be kept. Convert it to PDF or text and add that.",
		}}); failed != nil {
			return failed
		}
		return err
	}
	return l.finish(ctx, id, func(j job) error {
		l.follower.expect(j.source)
		_, seq, err := l.o.Store.Commit(ctx, j.source, r, l.o.Now())
		if err != nil {
			l.follower.forget(j.source)
			return err
		}
		l.queue.remove(j.source)
		l.follower.settle(j.source, seq)
		return nil
	})
}

// Fail records a failure under a live lease.
func (l *Library) Fail(ctx context.Context, id LeaseID, f Failure) error {
	f.Reason = *tidied(f.Reason)
	return l.finish(ctx, id, func(j job) error {
		attempts, now, notBefore := j.attempts, l.o.Now(), time.Time{}
		if f.ParserDied {
			if attempts++; attempts < MaxAttempts {
				notBefore = now.Add(retryAfter(attempts))
			}
		}
		s, stored, err := l.o.Store.RecordFailure(ctx, j.source, f.Reason, attempts, notBefore, now)
		if err != nil {
			return err
		}
		l.tell(s, &stored)
		if notBefore.IsZero() {
			l.queue.remove(j.source)
			l.o.Log.Warn("source failed", "source", s.ID, "code", f.Reason.Code, "attempts", attempts)
		} else {
			l.queue.push(j.source, notBefore, attempts)
		}
		return nil
	})
}

// finish runs end, which writes to the store, for the job of a live lease
// while no one else changes its source. The store has the last word: where it
// says that the source is gone or not to be read, the lease was lost.
func (l *Library) finish(ctx context.Context, id LeaseID, end func(job) error) error {
	j, ok := l.queue.leased(id)
	if !ok {
		return errLost()
	}
	defer l.sources.lock(string(j.source))()
	if j, ok = l.queue.leased(id); !ok {
		return errLost()
	}
	err := end(j)
	switch {
	case err == nil:
		return nil
	case isKind(err, NotFound), isKind(err, Conflict):
		l.queue.abandon(id)
		return errLost()
	case isKind(err, Invalid):
		return err
	}
	l.queue.giveBack(id, l.o.Now().Add(storeTrouble))
	l.o.Log.Error("reading could not be written", "source", j.source, "err", err)
	l.tellWaiting(ctx, j.source)
	return err
}

// Release gives a lease back unread; it charges nothing.
func (l *Library) Release(ctx context.Context, id LeaseID) error {
	j, ok := l.queue.giveBack(id, time.Time{})
	if !ok {
		return errLost()
	}
	l.tellWaiting(ctx, j.source)
	return nil
}

// ReleaseAll gives every lease back: the reader that held them is gone.
func (l *Library) ReleaseAll(ctx context.Context) {
	for _, j := range l.queue.running() {
		if err := l.Release(ctx, j.lease); err == nil {
			l.o.Log.Warn("lease returned from a reader that is gone", "source", j.source)
		}
	}
}

// checkReading tidies what a reader found and refuses what no reader of ours
// would send.
func checkReading(r *Reading) error {
	bad := func(what string) error {
		return fault(Invalid, "reading", "The reading cannot be kept.", what)
	}
	switch r.Type {
	case TypePDF, TypeDOCX, TypeHTML, TypeMarkdown, TypeText, TypeCSV, TypeEPUB:
	default:
		return bad("unknown type")
	}
	r.Title = clean(r.Title, MaxTitle)
	if r.Pages < 0 || r.Pages > 1_000_000 {
		return bad("impossible number of pages")
	}
	if len(r.Passages) == 0 || len(r.Passages) > MaxPassages {
		return bad(fmt.Sprintf("%d passages", len(r.Passages)))
	}
	total := 0
	for i := range r.Passages {
		p := &r.Passages[i]
		p.Number = i
		if p.Page < 0 || p.Page > 1_000_000 {
			return bad("impossible page number")
		}
		if len(p.Text) == 0 || len(p.Text) > MaxPassageText {
			return bad(fmt.Sprintf("a passage of %d bytes", len(p.Text)))
		}
		if total += len(p.Text); total > MaxReadingText {
			return bad("too much text")
		}
		if !utf8.ValidString(p.Text) {
			p.Text = strings.ToValidUTF8(p.Text, "\uFFFD")
		}
	}
	return nil
}
