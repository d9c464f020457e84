package parser

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"coffer/services/parser/wire"
)

// tick is how often a reading child is looked at.
const tick = 100 * time.Millisecond

// watch kills a child that breaks a limit while it reads one document.
type watch struct {
	child   *process
	limits  Limits
	started time.Duration // processor time at the start
	last    atomic.Int64  // when the child was last heard, in nanoseconds
	handed  atomic.Int64  // when it had the whole document, 0 before
	done    chan struct{}
	joined  sync.WaitGroup
	verdict atomic.Pointer[wire.Failure]
}

func startWatch(ctx context.Context, child *process, l Limits) *watch {
	w := &watch{child: child, limits: l, started: child.cpu(), done: make(chan struct{})}
	w.heard()
	w.joined.Go(func() { w.run(ctx) })
	return w
}

func (w *watch) heard() { w.last.Store(time.Now().UnixNano()) }

func (w *watch) hasDocument() {
	w.heard()
	w.handed.Store(w.last.Load())
}

// breach kills the child for a reason; the first one counts.
func (w *watch) breach(f *wire.Failure) {
	w.verdict.CompareAndSwap(nil, f)
	w.child.kill()
}

func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-ctx.Done():
			w.breach(unavailable())
			return
		case now := <-ticker.C:
			if f := w.check(now); f != nil {
				w.breach(f)
				return
			}
		}
	}
}

func (w *watch) check(now time.Time) *wire.Failure {
	if w.child.cpu()-w.started > w.limits.CPU {
		return tooSlow()
	}
	handed := w.handed.Load()
	if handed == 0 {
		return nil // the pace is the peer's; the relay has its own deadline
	}
	if now.UnixNano()-handed > int64(w.limits.Wall) || now.UnixNano()-w.last.Load() > int64(w.limits.Stall) {
		return tooSlow()
	}
	return nil
}

// stop ends the watch and returns its verdict, nil when no limit was broken.
func (w *watch) stop() *wire.Failure {
	close(w.done)
	w.joined.Wait()
	return w.verdict.Load()
}

func tooSlow() *wire.Failure {
	return &wire.Failure{Code: wire.CodeTimeout, Died: true,
		Message: "Reading the document took too long and was stopped. It may be damaged, or made to keep a reader busy. If you trust it, save it anew in the program that made it and add that."}
}

func tooMuch() *wire.Failure {
	return &wire.Failure{Code: wire.CodeTooLarge, Died: true,
		Message: "The document yields more text than Coffer reads from one document. Split it and add the parts."}
}

func unavailable() *wire.Failure {
	return &wire.Failure{Code: wire.CodeUnavailable,
		Message: "The parser is not available now. The document is read again later."}
}

// crashed names the end of a child that nobody killed, by what it said last.
func crashed(complaint string) *wire.Failure {
	switch {
	case strings.Contains(complaint, "out of memory"), strings.Contains(complaint, "cannot allocate memory"):
		return &wire.Failure{Code: wire.CodeMemory, Died: true,
			Message: "Reading the document takes more memory than one document may use. Split it, or save it in a simpler format, and add that."}
	default:
		return &wire.Failure{Code: wire.CodeCrashed, Died: true,
			Message: "The document made its reader crash, most likely because it is damaged. Nothing else was affected. If you trust it, save it anew in the program that made it and add that."}
	}
}
