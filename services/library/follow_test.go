package library_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// wantIndexed waits until the index follows, and compares.
func wantIndexed(t *testing.T, r *rig, docs int) {
	t.Helper()
	time.Sleep(time.Second)
	synctest.Wait()
	if _, _, got := r.index.Counts(); got != docs {
		t.Fatalf("%d documents in the index, want %d; log: %s", got, docs, r.log)
	}
	last, err := r.store.LastChange(t.Context())
	librarytest.Must(t, err)
	if applied, _ := r.index.Applied(); applied != last && docs > 0 {
		t.Errorf("applied %d of %d", applied, last)
	}
}

func TestIndexFollows(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		began := time.Now()
		s := r.add(1)
		r.complete(r.lease())
		synctest.Wait()
		r.wantStatus(s.ID, library.StatusReady)
		if took := time.Since(began); took > 0 {
			t.Errorf("a lone document waited %v for the index", took)
		}
		wantIndexed(t, r, 1)
		librarytest.Must(t, r.Delete(t.Context(), s.ID))
		wantIndexed(t, r, 0)
		if c, err := r.store.Changes(t.Context(), 0, 10); err != nil || len(c) > 0 {
			t.Errorf("an applied deletion is kept: %v, %v", c, err)
		}
	})
}

func TestBulkSharesBatches(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		const n = 100
		for i := range n {
			r.add(i)
		}
		for range n {
			r.complete(r.lease())
			time.Sleep(5 * time.Millisecond)
		}
		wantIndexed(t, r, n)
		if applies, _, _ := r.index.Counts(); applies > n/5 {
			t.Errorf("%d batches for %d documents", applies, n)
		}
	})
}

// A box that ends between a commit and the index catches up at the next start.
func TestCatchesUpAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.halt()
		s := r.add(1)
		r.complete(r.lease())
		time.Sleep(time.Minute)
		r.wantStatus(s.ID, library.StatusProcessing) // not yet searchable
		r.reopen()
		r.run()
		wantIndexed(t, r, 1)
		r.wantStatus(s.ID, library.StatusReady)
	})
}

func TestForeignIndexIsRebuilt(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for i := range 3 {
			r.add(i)
			r.complete(r.lease())
		}
		wantIndexed(t, r, 3)
		r.halt()
		r.index.Pretend(1 << 40)
		r.reopen()
		r.run()
		wantIndexed(t, r, 3)
		if _, resets, _ := r.index.Counts(); resets != 1 {
			t.Errorf("%d resets", resets)
		}
	})
}

func TestIndexInTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		resets bool
	}{
		"damaged":   {errors.New("a segment cannot be read"), true},
		"full disk": {&library.Error{Kind: library.Full, Message: "The disk is full."}, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.index.Break(c.err)
				s := r.add(1)
				r.complete(r.lease())
				time.Sleep(20 * time.Second)
				r.wantStatus(s.ID, library.StatusReady) // it was read; nobody is kept waiting
				r.index.Break(nil)
				time.Sleep(time.Minute)
				wantIndexed(t, r, 1)
				if _, resets, _ := r.index.Counts(); (resets > 0) != c.resets {
					t.Errorf("%d resets", resets)
				}
				if !strings.Contains(r.log.String(), "index does not follow") {
					t.Error("nothing is logged")
				}
			})
		})
	}
}

func TestSearchFillsIn(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for i := range 3 {
			r.add(i)
			r.complete(r.lease())
		}
		wantIndexed(t, r, 3)
		res, err := r.Search(t.Context(), library.Query{Text: "page 2"})
		librarytest.Must(t, err)
		if res.Total != 3 || len(res.Hits) != 3 {
			t.Fatalf("%+v", res)
		}
		for _, h := range res.Hits {
			if h.Source.Title == "" || h.Source.Status != library.StatusReady || h.Page != 2 || h.Passage != 1 ||
				!strings.Contains(h.Snippet, "<mark>page 2</mark>") || strings.Contains(h.Snippet, "<markup>") {
				t.Errorf("%+v", h)
			}
		}
		// The index still holds what the store does not.
		r.index.Break(errors.New("stuck"))
		librarytest.Must(t, r.Delete(t.Context(), res.Hits[0].Source.ID))
		res, err = r.Search(t.Context(), library.Query{Text: "page 2"})
		librarytest.Must(t, err)
		if res.Total != 2 || len(res.Hits) != 2 {
			t.Errorf("a deleted source is found: %+v", res)
		}
		r.index.Break(nil)
	})
}

func TestQueriesRefused(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		now := time.Now()
		for field, queries := range map[string][]library.Query{
			"q":      {{}, {Text: " \t\n"}, {Text: strings.Repeat("ü", 1001)}},
			"limit":  {{Text: "x", Limit: -1}, {Text: "x", Limit: 101}},
			"offset": {{Text: "x", Offset: -1}, {Text: "x", Offset: 10_001}},
			"from":   {{Text: "x", From: now, To: now}, {Text: "x", From: now, To: now.Add(-1)}},
		} {
			for i, q := range queries {
				_, err := r.Search(t.Context(), q)
				librarytest.WantKind(t, err, library.Invalid)
				if e, _ := errors.AsType[*library.Error](err); e.Field != field {
					t.Errorf("%s %d: field %s", field, i, e.Field)
				}
			}
		}
		for _, q := range []library.Query{{Text: strings.Repeat("ü", 1000)}, {Text: "\xff x"}, {Text: "x", Limit: 100, Offset: 10_000}} {
			_, err := r.Search(t.Context(), q)
			librarytest.WantKind(t, err, "")
		}
	})
}

func TestFinishedJobsArePruned(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.add(1)
		r.complete(r.lease())
		time.Sleep(23 * time.Hour)
		synctest.Wait()
		if c := fmt.Sprint(r.JobCounts()); !strings.Contains(c, "done:1") {
			t.Errorf("pruned within the day: %s", c)
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if c := fmt.Sprint(r.JobCounts()); !strings.Contains(c, "done:0") {
			t.Errorf("kept for ever: %s", c)
		}
	})
}
