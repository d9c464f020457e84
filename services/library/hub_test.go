package library_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// next receives one event, or fails.
func next(t testing.TB, feed <-chan library.Event) library.Event {
	t.Helper()
	select {
	case e, open := <-feed:
		if !open {
			t.Fatal("the feed ended")
		}
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event")
	}
	panic("unreachable")
}

func wantQuiet(t testing.TB, feed <-chan library.Event) {
	t.Helper()
	synctest.Wait()
	select {
	case e := <-feed:
		t.Errorf("unexpected %s %+v", e.Kind, e)
	default:
	}
}

// words says what a source's events tell, in order.
func words(t testing.TB, feed <-chan library.Event, n int) (out []string) {
	t.Helper()
	for range n {
		e := next(t, feed)
		switch {
		case e.Kind == library.EventJob:
			out = append(out, fmt.Sprintf("job %s", e.Job.State))
		case e.Deleted != "":
			out = append(out, "gone")
		case e.Kind == library.EventSource:
			out = append(out, fmt.Sprintf("source %s", e.Source.Status))
		default:
			out = append(out, string(e.Kind))
		}
	}
	return out
}

func wantWords(t testing.TB, feed <-chan library.Event, want ...string) {
	t.Helper()
	if got := words(t, feed, len(want)); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

func TestEventsOfALife(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		feed := r.Subscribe(t.Context(), 0)
		synctest.Wait()
		s := r.add(1)
		wantWords(t, feed, "source queued", "job waiting")
		l := r.lease()
		wantWords(t, feed, "source processing", "job running")
		librarytest.Must(t, r.Release(t.Context(), l.ID))
		wantWords(t, feed, "source queued", "job waiting")
		l = r.lease()
		wantWords(t, feed, "source processing", "job running")
		time.Sleep(library.LeaseTTL)
		wantWords(t, feed, "source queued", "job waiting")
		time.Sleep(time.Second) // it lost two readers, and steps back
		l = r.lease()
		wantWords(t, feed, "source processing", "job running")
		librarytest.Must(t, r.Fail(t.Context(), l.ID, library.Failure{}))
		wantWords(t, feed, "source failed", "job failed")
		_, err := r.Retry(t.Context(), s.ID)
		librarytest.Must(t, err)
		wantWords(t, feed, "source queued", "job waiting")
		_, err = r.Cancel(t.Context(), s.ID)
		librarytest.Must(t, err)
		wantWords(t, feed, "source cancelled")
		_, err = r.Retry(t.Context(), s.ID)
		librarytest.Must(t, err)
		r.complete(r.lease())
		wantWords(t, feed, "source queued", "job waiting", "source processing", "job running", "source ready", "job done")
		_, err = r.Rename(t.Context(), s.ID, "A better name")
		librarytest.Must(t, err)
		wantWords(t, feed, "source ready")
		librarytest.Must(t, r.Delete(t.Context(), s.ID))
		wantWords(t, feed, "gone")
		r.Announce()
		wantWords(t, feed, "box")
		wantQuiet(t, feed)
	})
}

func TestProgressIsThrottled(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.add(1)
		l := r.lease()
		feed := r.Subscribe(t.Context(), 0)
		synctest.Wait()
		count := make(chan int)
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			n := 0
			for {
				select {
				case <-feed:
					n++
				case <-ctx.Done():
					count <- n
					return
				}
			}
		}()
		for page := range 1000 {
			_, err := r.Heartbeat(t.Context(), l.ID, library.Progress{Page: page + 1, Total: 1000})
			librarytest.Must(t, err)
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		stop()
		if n := <-count; n < 15 || n > 21 {
			t.Errorf("%d events in 10 s of pages", n)
		}
		_, err := r.Heartbeat(t.Context(), l.ID, library.Progress{Page: -1})
		librarytest.WantKind(t, err, library.Invalid)
	})
}

func TestResuming(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		start := r.LastEvent()
		ids := make([]uint64, 0, 5)
		for range 5 {
			r.Announce()
			ids = append(ids, r.LastEvent())
		}
		for i, id := range ids {
			if id != start+uint64(i)+1 {
				t.Fatalf("ids %v after %d", ids, start)
			}
		}
		for _, c := range []struct {
			name  string
			last  uint64
			first uint64
			kind  library.EventKind
		}{
			{"from the start", start, ids[0], library.EventBox},
			{"from the middle", ids[2], ids[3], library.EventBox},
			{"before the start", start - 1, ids[4], library.EventReset},
			{"from long ago", 1, ids[4], library.EventReset},
			{"from the future", ids[4] + 9, ids[4], library.EventReset},
		} {
			ctx, stop := context.WithCancel(t.Context())
			if e := next(t, r.Subscribe(ctx, c.last)); e.ID != c.first || e.Kind != c.kind {
				t.Errorf("%s: %s %d, want %s %d", c.name, e.Kind, e.ID, c.kind, c.first)
			}
			stop()
		}
		feed := r.Subscribe(t.Context(), ids[4])
		wantQuiet(t, feed)
	})
}

// A restart at any later time numbers higher, so that a browser's last id is
// never taken for a new one.
func TestIDsGrowOverARestart(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for range 100 {
			r.Announce()
		}
		last := r.LastEvent()
		time.Sleep(time.Second)
		r.reopen()
		r.run()
		r.Announce()
		if e := next(t, r.Subscribe(t.Context(), last)); e.Kind != library.EventReset || e.ID <= last {
			t.Errorf("%s %d after %d", e.Kind, e.ID, last)
		}
	})
}

func TestSlowSubscriberHoldsUpNobody(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx, stop := context.WithCancel(t.Context())
		slow, quick := r.Subscribe(ctx, 0), r.Subscribe(ctx, 0)
		synctest.Wait()
		for range 5000 {
			r.Announce()
			if e := next(t, quick); e.Kind != library.EventBox {
				t.Fatalf("the quick one gets %s", e.Kind)
			}
		}
		seen := next(t, slow) // it had that one in its hand
		for e := next(t, slow); e.ID < r.LastEvent(); e = next(t, slow) {
			if e.Kind == library.EventBox && e.ID != seen.ID+1 {
				t.Fatalf("a gap without a reset: %d after %d", e.ID, seen.ID)
			}
			seen = e
		}
		stop()
		synctest.Wait()
		if _, open := <-slow; open {
			t.Error("the feed does not end with its context")
		}
	})
}
