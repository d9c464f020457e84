package library_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
	"coffer/services/store/blobs"
)

// rig is a library on disk with an index in memory, and what it logs.
type rig struct {
	*library.Library
	t     testing.TB
	store *fragile
	blobs *blobs.Dir
	index *librarytest.Index
	dir   string
	log   *lines
	halt  func() // ends Run
}

// fragile is a store whose writes fail when told to.
type fragile struct {
	*store.Store
	mu     sync.Mutex
	commit error
	remove func() error
}

func (f *fragile) failCommits(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commit = err
}

func (f *fragile) Commit(ctx context.Context, id library.SourceID, r library.Reading, now time.Time) (library.Source, uint64, error) {
	f.mu.Lock()
	err := f.commit
	f.mu.Unlock()
	if err != nil {
		return library.Source{}, 0, err
	}
	return f.Store.Commit(ctx, id, r, now)
}

func (f *fragile) DeleteSource(ctx context.Context, id library.SourceID) (library.Source, bool, error) {
	f.mu.Lock()
	remove := f.remove
	f.mu.Unlock()
	if remove != nil {
		if err := remove(); err != nil {
			return library.Source{}, false, err
		}
	}
	return f.Store.DeleteSource(ctx, id)
}

type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// open opens a rig in a folder; run starts its Run.
func open(t testing.TB, dir string) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, log: &lines{}, index: librarytest.NewIndex(), halt: func() {}}
	st, err := store.Open(dir + "/store")
	librarytest.Must(t, err)
	r.store = &fragile{Store: st}
	r.blobs, err = blobs.Open(dir + "/blobs")
	librarytest.Must(t, err)
	r.reopen()
	t.Cleanup(func() {
		r.halt()
		librarytest.Must(t, r.blobs.Close())
		librarytest.Must(t, st.Close())
	})
	return r
}

// reopen makes a new library of the same parts, as after a restart.
func (r *rig) reopen() {
	r.t.Helper()
	r.halt()
	r.halt = func() {}
	var err error
	r.Library, err = library.Open(r.t.Context(), library.Options{
		Store: r.store, Blobs: r.blobs, Index: r.index, MaxUpload: 1 << 20, Log: slog.New(slog.NewTextHandler(r.log, nil)),
	})
	librarytest.Must(r.t, err)
}

func (r *rig) run() {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := r.Run(ctx); err != nil {
			r.t.Errorf("Run: %v", err)
		}
	})
	r.halt = sync.OnceFunc(func() { stop(); wg.Wait() })
}

// on has the library run on other originals.
func (r *rig) on(b library.Blobs) {
	r.t.Helper()
	r.halt()
	var err error
	r.Library, err = library.Open(r.t.Context(), library.Options{Store: r.store, Blobs: b, Index: r.index, MaxUpload: 1 << 20})
	librarytest.Must(r.t, err)
	r.run()
}

// bubble plays f with a running rig in a time of its own.
func bubble(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := open(t, dir)
		r.run()
		f(t, r)
		r.halt()
	})
}

func (r *rig) add(n int) library.Source {
	r.t.Helper()
	s, created, err := r.Add(r.t.Context(), fmt.Sprintf("file_%d.txt", n), strings.NewReader(fmt.Sprint("content ", n)))
	librarytest.Must(r.t, err)
	if !created {
		r.t.Fatalf("file %d is known", n)
	}
	return s
}

// lease leases what is due now, or fails.
func (r *rig) lease() library.Lease {
	r.t.Helper()
	l, ok := r.tryLease()
	if !ok {
		r.t.Fatal("nothing is due")
	}
	return l
}

func (r *rig) tryLease() (library.Lease, bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 1)
	defer cancel()
	l, err := r.Lease(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return l, false
	}
	librarytest.Must(r.t, err)
	return l, true
}

func (r *rig) complete(l library.Lease) {
	r.t.Helper()
	librarytest.Must(r.t, r.Complete(r.t.Context(), l.ID, librarytest.Reading(library.TypeText, 2)))
}

func (r *rig) wantStatus(id library.SourceID, want library.Status) {
	r.t.Helper()
	s, err := r.Source(r.t.Context(), id)
	librarytest.Must(r.t, err)
	if s.Status != want {
		r.t.Fatalf("%s is %s, want %s (reason %+v)", id, s.Status, want, s.Reason)
	}
}

func died() library.Failure {
	return library.Failure{Reason: library.Reason{Code: "crashed", Message: "It broke its reader."}, ParserDied: true}
}
