package library_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func TestLeaseOrder(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var want, got []library.SourceID
		for n := range 5 {
			want = append(want, r.add(n).ID)
			time.Sleep(time.Millisecond)
		}
		for range want {
			got = append(got, r.lease().Source)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("leased %v, added %v", got, want)
			}
		}
		if _, ok := r.tryLease(); ok {
			t.Error("a leased job was leased again")
		}
	})
}

func TestLeaseWaitsForAJob(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		got := make(chan library.Lease)
		go func() {
			l, err := r.Lease(t.Context())
			if err != nil {
				t.Error(err)
			}
			got <- l
		}()
		synctest.Wait()
		s := r.add(1)
		if l := <-got; l.Source != s.ID || l.FileName != "file_1.txt" || l.Size != s.Size || l.SHA256 != s.SHA256 || l.Alone {
			t.Errorf("%+v", l)
		}
	})
}

func TestLeaseExpires(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		first := r.lease()
		r.wantStatus(s.ID, library.StatusProcessing)
		time.Sleep(library.LeaseTTL - time.Second)
		expires, err := r.Heartbeat(t.Context(), first.ID, library.Progress{Page: 3, Total: 9})
		librarytest.Must(t, err)
		if want := time.Now().Add(library.LeaseTTL); !expires.Equal(want) {
			t.Errorf("renewed until %v, want %v", expires, want)
		}
		time.Sleep(library.LeaseTTL - time.Second)
		r.wantStatus(s.ID, library.StatusProcessing)
		time.Sleep(time.Second)
		synctest.Wait()
		r.wantStatus(s.ID, library.StatusQueued)
		second := r.lease()
		if second.ID == first.ID || second.Source != s.ID || second.Alone {
			t.Errorf("%+v after %+v", second, first)
		}
		wantLost(t, r, first.ID)
		r.complete(second)
		wantJob(t, r, s.ID, library.JobDone, 0)
	})
}

// A lease ends by the clock, also when nobody is there to collect it.
func TestExpiredLeaseIsLost(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.halt()
		r.add(1)
		l := r.lease()
		time.Sleep(library.LeaseTTL)
		wantLost(t, r, l.ID)
	})
}

// What the store no longer has waiting is not leased, whatever the queue says.
func TestStoreDecidesWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		cancelled, deleted, left := r.add(1), r.add(2), r.add(3)
		_, err := r.store.Cancel(t.Context(), cancelled.ID)
		librarytest.Must(t, err)
		_, _, err = r.store.DeleteSource(t.Context(), deleted.ID)
		librarytest.Must(t, err)
		if l := r.lease(); l.Source != left.ID {
			t.Errorf("leased %s", l.Source)
		}
		if _, ok := r.tryLease(); ok {
			t.Error("leased what does not wait")
		}
	})
}

// wantLost tries every use of a lease.
func wantLost(t *testing.T, r *rig, id library.LeaseID) {
	t.Helper()
	ctx := t.Context()
	_, err := r.Heartbeat(ctx, id, library.Progress{})
	librarytest.WantKind(t, err, library.NotFound)
	_, err = r.LeasedBlob(ctx, id)
	librarytest.WantKind(t, err, library.NotFound)
	librarytest.WantKind(t, r.Complete(ctx, id, librarytest.Reading(library.TypeText, 1)), library.NotFound)
	librarytest.WantKind(t, r.Fail(ctx, id, died()), library.NotFound)
	librarytest.WantKind(t, r.Release(ctx, id), library.NotFound)
}

func wantJob(t *testing.T, r *rig, id library.SourceID, state library.JobState, attempts int) {
	t.Helper()
	l, err := r.Jobs(t.Context(), library.Page{})
	librarytest.Must(t, err)
	for _, j := range l.Items {
		if j.Source == id {
			if j.State != state || j.Attempts != attempts {
				t.Errorf("job %+v, want %s after %d attempts", j, state, attempts)
			}
			return
		}
	}
	t.Errorf("no job of %s in %+v", id, l.Items)
}

func TestParserDeathsAreCharged(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		for attempt, wait := range []time.Duration{5 * time.Second, 30 * time.Second} {
			l := r.lease()
			if l.Alone != (attempt > 0) {
				t.Errorf("attempt %d: alone %v", attempt, l.Alone)
			}
			librarytest.Must(t, r.Fail(t.Context(), l.ID, died()))
			r.wantStatus(s.ID, library.StatusQueued)
			wantJob(t, r, s.ID, library.JobWaiting, attempt+1)
			if attempt == 1 {
				r.reopen() // attempts and the wait outlast a restart
				r.run()
			}
			time.Sleep(wait - 10*time.Millisecond)
			if _, ok := r.tryLease(); ok {
				t.Errorf("attempt %d: due too soon", attempt)
			}
			time.Sleep(10 * time.Millisecond)
		}
		librarytest.Must(t, r.Fail(t.Context(), r.lease().ID, died()))
		r.wantStatus(s.ID, library.StatusFailed)
		wantJob(t, r, s.ID, library.JobFailed, library.MaxAttempts)
		time.Sleep(time.Hour)
		if _, ok := r.tryLease(); ok {
			t.Error("a final failure was leased again")
		}
		again, err := r.Retry(t.Context(), s.ID)
		librarytest.Must(t, err)
		if again.Status != library.StatusQueued || again.Reason != nil {
			t.Errorf("%+v", again)
		}
		if l := r.lease(); l.Alone || l.Source != s.ID {
			t.Errorf("a retry begins with %+v", l)
		}
	})
}

// Losing a reader, for whatever reason, charges nothing; a job that keeps
// losing them steps back behind others and is read alone.
func TestLostReadersAreNotCharged(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		time.Sleep(time.Millisecond)
		other := r.add(2)
		for i := range 12 {
			l := r.lease()
			for l.Source != s.ID {
				t.Fatalf("round %d: %s is due first", i, l.Source)
			}
			if l.Alone != (i > 1) {
				t.Errorf("round %d: alone %v", i, l.Alone)
			}
			librarytest.Must(t, r.Release(t.Context(), l.ID))
			wantJob(t, r, s.ID, library.JobWaiting, 0)
			wantInterrupted(t, r, s.ID, i+1)
			if i == 0 {
				continue // its place is kept once
			}
			l = r.lease()
			if l.Source != other.ID {
				t.Fatalf("round %d: %s holds up the queue", i, l.Source)
			}
			if i == 1 {
				librarytest.Must(t, r.Fail(t.Context(), l.ID, library.Failure{Reason: library.Reason{Code: "x", Message: "y"}}))
			} else {
				r.complete(l)
			}
			time.Sleep(time.Minute)
			other = r.add(100 + i)
		}
	})
}

// wantInterrupted looks for the reason that a job which keeps losing readers
// shows while it waits.
func wantInterrupted(t *testing.T, r *rig, id library.SourceID, losses int) {
	t.Helper()
	l, err := r.Jobs(t.Context(), library.Page{})
	librarytest.Must(t, err)
	for _, j := range l.Items {
		if j.Source == id && (losses > 1) != (j.Reason != nil && j.Reason.Code == "interrupted" && !j.NotBefore.IsZero()) {
			t.Errorf("after %d losses: %+v", losses, j)
		}
	}
}

func TestFinalFailures(t *testing.T) {
	for name, c := range map[string]struct{ give, want library.Reason }{
		"as given":     {library.Reason{Code: "encrypted", Message: "It needs a password."}, library.Reason{Code: "encrypted", Message: "It needs a password."}},
		"nothing said": {library.Reason{}, library.Reason{Code: "malformed", Message: "The document could not be read."}},
		"no message":   {library.Reason{Code: "x"}, library.Reason{Code: "malformed", Message: "The document could not be read."}},
		"hostile": {
			library.Reason{Code: "a\nb\x00", Message: "one\r\n\x1b[31mtwo\u202e" + strings.Repeat("x", 9000)},
			library.Reason{Code: "a b", Message: "one [31mtwo" + strings.Repeat("x", 489)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				s := r.add(1)
				librarytest.Must(t, r.Fail(t.Context(), r.lease().ID, library.Failure{Reason: c.give}))
				got, err := r.Source(t.Context(), s.ID)
				librarytest.Must(t, err)
				if got.Status != library.StatusFailed || *got.Reason != c.want {
					t.Errorf("%s: %+v, want %+v", got.Status, *got.Reason, c.want)
				}
			})
		})
	}
}

// A late reader changes nothing, whoever was first.
func TestLateReaders(t *testing.T) {
	for name, first := range map[string]func(*rig, library.Source, library.Lease) error{
		"cancelled": func(r *rig, s library.Source, _ library.Lease) error {
			_, err := r.Cancel(r.t.Context(), s.ID)
			return err
		},
		"deleted": func(r *rig, s library.Source, _ library.Lease) error { return r.Delete(r.t.Context(), s.ID) },
		"done": func(r *rig, s library.Source, l library.Lease) error {
			return r.Complete(r.t.Context(), l.ID, librarytest.Reading(library.TypeText, 2))
		},
		"failed": func(r *rig, s library.Source, l library.Lease) error {
			return r.Fail(r.t.Context(), l.ID, library.Failure{})
		},
		"died":     func(r *rig, s library.Source, l library.Lease) error { return r.Fail(r.t.Context(), l.ID, died()) },
		"released": func(r *rig, s library.Source, l library.Lease) error { return r.Release(r.t.Context(), l.ID) },
		"all released": func(r *rig, s library.Source, l library.Lease) error {
			r.ReleaseAll(r.t.Context())
			return nil
		},
		"cancelled and retried": func(r *rig, s library.Source, _ library.Lease) error {
			if _, err := r.Cancel(r.t.Context(), s.ID); err != nil {
				return err
			}
			_, err := r.Retry(r.t.Context(), s.ID)
			return err
		},
		"restarted": func(r *rig, _ library.Source, _ library.Lease) error { r.reopen(); r.run(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				s := r.add(1)
				l := r.lease()
				librarytest.Must(t, first(r, s, l))
				before, beforeErr := r.store.Source(t.Context(), s.ID)
				wantLost(t, r, l.ID)
				after, afterErr := r.store.Source(t.Context(), s.ID)
				if before.Status != after.Status || before.Passages != after.Passages || errors.Is(beforeErr, afterErr) != (beforeErr == nil && afterErr == nil) {
					t.Errorf("%+v (%v) became %+v (%v)", before, beforeErr, after, afterErr)
				}
			})
		})
	}
}

// A disk that is full when a reading comes gives the lease back, uncharged and
// not at once.
func TestCommitOnAFullDisk(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		r.store.failCommits(&library.Error{Kind: library.Full, Message: "The disk is full."})
		l := r.lease()
		err := r.Complete(t.Context(), l.ID, librarytest.Reading(library.TypeText, 1))
		librarytest.WantKind(t, err, library.Full)
		wantLost(t, r, l.ID)
		r.wantStatus(s.ID, library.StatusQueued)
		if _, ok := r.tryLease(); ok {
			t.Error("it is due at once, and the queue spins")
		}
		r.store.failCommits(nil)
		time.Sleep(time.Minute)
		r.complete(r.lease())
		wantJob(t, r, s.ID, library.JobDone, 0)
	})
}

func TestLeasesAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for n := range 70 {
			r.add(n)
		}
		var held []library.Lease
		for {
			l, ok := r.tryLease()
			if !ok {
				break
			}
			held = append(held, l)
		}
		if len(held) != 64 {
			t.Fatalf("%d leases at once", len(held))
		}
		got := make(chan error)
		go func() { _, err := r.Lease(t.Context()); got <- err }()
		synctest.Wait()
		r.complete(held[0])
		librarytest.Must(t, <-got)
	})
}
