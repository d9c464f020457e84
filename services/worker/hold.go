package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"coffer/services/library"
	"coffer/services/parser/wire"
)

// A lease is renewed this often, and sooner when a page is done, but not
// sooner than the shorter time.
const (
	renewEvery     = library.LeaseTTL / 6
	renewAtSoonest = 400 * time.Millisecond
)

// errLost is the cause that ends a reading whose lease is no longer held.
var errLost = errors.New("the lease is lost")

// hold renews a lease while its document is read.
type hold struct {
	cancel context.CancelCauseFunc
	done   chan struct{}
	moved  chan struct{} // holds one sign of progress

	mu sync.Mutex
	at library.Progress
}

// hold returns a context that ends when the lease is lost.
func (r *reader) hold(ctx context.Context, lease library.Lease) (context.Context, *hold) {
	ctx, cancel := context.WithCancelCause(ctx)
	h := &hold{cancel: cancel, done: make(chan struct{}), moved: make(chan struct{}, 1)}
	go func() {
		defer close(h.done)
		r.renew(ctx, lease, h)
	}()
	return ctx, h
}

// end stops the renewals and waits until they have stopped.
func (h *hold) end() {
	h.cancel(nil)
	<-h.done
}

// progress notes how far the parser is; it never waits.
func (h *hold) progress(p wire.Progress) {
	h.move(library.Progress{Page: p.Page, Total: p.Total})
}

// files is progress through an archive.
func (h *hold) files(done, total int) {
	h.move(library.Progress{Page: done, Total: total, Files: true})
}

func (h *hold) move(at library.Progress) {
	h.mu.Lock()
	h.at = at
	h.mu.Unlock()
	select {
	case h.moved <- struct{}{}:
	default:
	}
}

func (r *reader) renew(ctx context.Context, lease library.Lease, h *hold) {
	for {
		pause(ctx, renewAtSoonest)
		t := time.NewTimer(renewEvery - renewAtSoonest)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-h.moved:
			t.Stop()
		case <-t.C:
		}
		h.mu.Lock()
		at := h.at
		h.mu.Unlock()
		_, err := r.o.Link.Heartbeat(ctx, lease.ID, at)
		if errors.Is(err, &library.Error{Kind: library.NotFound}) {
			h.cancel(errLost)
			return
		}
		if err != nil && ctx.Err() == nil {
			r.o.Log.Warn("lease not renewed", "source", lease.Source, "err", err)
		}
	}
}
