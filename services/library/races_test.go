package library_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// Everything at once: each source ends in exactly one state, and the queue is
// empty in the end.
func TestRaces(t *testing.T) {
	r := open(t, t.TempDir())
	r.run()
	ctx, cancel := context.WithCancel(t.Context())
	var readers, owners sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			for n := i; ; n++ {
				l, err := r.Lease(ctx)
				if err != nil {
					return
				}
				switch n % 5 {
				case 0:
					err = r.Release(t.Context(), l.ID)
				case 1:
					err = r.Fail(t.Context(), l.ID, library.Failure{})
				default:
					err = r.Complete(t.Context(), l.ID, librarytest.Reading(library.TypeText, 2))
				}
				if err != nil && !errors.Is(err, &library.Error{Kind: library.NotFound}) {
					t.Error(err)
				}
			}
		})
	}
	for i := range 4 {
		owners.Go(func() {
			for n := range 30 {
				s := r.add(i*1000 + n)
				switch n % 4 {
				case 0:
					r.Cancel(t.Context(), s.ID)
					r.Retry(t.Context(), s.ID)
				case 1:
					r.Cancel(t.Context(), s.ID)
				case 2:
					if err := r.Delete(t.Context(), s.ID); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	owners.Wait()
	deadline := time.Now().Add(20 * time.Second)
	for {
		c := r.JobCounts()
		if c[library.JobWaiting]+c[library.JobRunning] == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("stuck: %v", c)
		}
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	readers.Wait()
	librarytest.Must(t, r.store.Queue(t.Context(), func(j library.Job) error { t.Errorf("a job waits: %+v", j); return nil }))
}
