package librarytest

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// Store runs the suite of library.Store; open returns an empty one.
func Store(t *testing.T, open func(testing.TB) library.Store) {
	for name, f := range map[string]func(*testing.T, library.Store){
		"sources":   sources,
		"lists":     lists,
		"states":    states,
		"passages":  passages,
		"jobs":      jobs,
		"changes":   changes,
		"deletion":  deletion,
		"cancelled": cancelled,
		"at once":   atOnce,
		"archives":  archives,
		"anew":      archiveAnew,
	} {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
}

func add(t testing.TB, st library.Store, n int) library.Source {
	t.Helper()
	s, created, err := st.AddSource(t.Context(), Source(n))
	Must(t, err)
	if !created {
		t.Fatalf("source %d is known", n)
	}
	return s
}

func sources(t *testing.T, st library.Store) {
	ctx := t.Context()
	if s := add(t, st, 1); !reflect.DeepEqual(s, Source(1)) {
		t.Errorf("added %+v\nwant  %+v", s, Source(1))
	}
	same := Source(2)
	same.SHA256 = Hash(1)
	if s, created, err := st.AddSource(ctx, same); err != nil || created || s.ID != SourceID(1) {
		t.Errorf("known content: %v, created %v, %v", s.ID, created, err)
	}
	if _, err := st.Source(ctx, SourceID(2)); err == nil {
		t.Error("known content was added under a second id")
	}
	s, err := st.Source(ctx, SourceID(1))
	Must(t, err)
	if !reflect.DeepEqual(s, Source(1)) {
		t.Errorf("read %+v", s)
	}
	if s, err = st.BySHA256(ctx, Hash(1)); err != nil || s.ID != SourceID(1) {
		t.Errorf("by hash: %v, %v", s.ID, err)
	}
	for _, h := range []string{Hash(7), "", "zz", Hash(1)[:63]} {
		_, err := st.BySHA256(ctx, h)
		WantKind(t, err, library.NotFound)
	}
	for _, id := range []library.SourceID{"", SourceID(7), "no such", SourceID(1) + "0"} {
		_, err := st.Source(ctx, id)
		WantKind(t, err, library.NotFound)
		_, err = st.SetTitle(ctx, id, "x")
		WantKind(t, err, library.NotFound)
	}
	if s, err = st.SetTitle(ctx, SourceID(1), "Ein neuer Titel"); err != nil || s.Title != "Ein neuer Titel" || !s.Named {
		t.Errorf("renamed: %+v, %v", s, err)
	}
	r := Reading(library.TypePDF, 1)
	r.Title = "What the file calls itself"
	if s, _, err = st.Commit(ctx, SourceID(1), r, At(9)); err != nil || s.Title != "Ein neuer Titel" {
		t.Errorf("a reading renamed what its owner had named: %+v, %v", s, err)
	}
	add(t, st, 3)
	if s, _, err = st.Commit(ctx, SourceID(3), r, At(9)); err != nil || s.Title != r.Title {
		t.Errorf("a reading's title is not taken: %+v, %v", s, err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := st.AddSource(ended, Source(8)); err == nil {
		t.Error("a write begins after its context ended")
	}
}

// lists pages through every filter, and compares with filtering by hand.
func lists(t *testing.T, st library.Store) {
	ctx := t.Context()
	types := []library.Type{library.TypePDF, library.TypeHTML, library.TypeText}
	const n = 60
	for i := range n {
		add(t, st, i)
	}
	for i := range n {
		var err error
		switch i % 5 {
		case 0, 1:
			_, _, err = st.Commit(ctx, SourceID(i), Reading(types[i%3], 1), At(i))
		case 2:
			_, _, err = st.RecordFailure(ctx, SourceID(i), library.Reason{Code: "x", Message: "y"}, 0, time.Time{}, At(i))
		case 3:
			_, err = st.Cancel(ctx, SourceID(i))
		}
		Must(t, err)
	}
	var all []library.Source
	for i := n - 1; i >= 0; i-- {
		s, err := st.Source(ctx, SourceID(i))
		Must(t, err)
		all = append(all, s)
	}
	counted := map[library.SourceFilter]int{}
	for _, s := range all {
		counted[library.SourceFilter{Status: s.Status, Type: s.Type}]++
	}
	if got, err := st.SourceCounts(ctx); err != nil || !maps.Equal(got, counted) {
		t.Errorf("counted %v, %v; want %v", got, err, counted)
	}
	for _, status := range []library.Status{"", "queued", "ready", "failed", "cancelled", "no such"} {
		for _, typ := range []library.Type{"", "pdf", "html", "text", "epub", "no such"} {
			for _, limit := range []int{0, 1, 7, 50, 200} {
				t.Run(fmt.Sprintf("%s/%s/%d", status, typ, limit), func(t *testing.T) {
					f := library.SourceFilter{Status: status, Type: typ}
					var want []library.SourceID
					for _, s := range all {
						if (status == "" || s.Status == status) && (typ == "" || s.Type == typ) {
							want = append(want, s.ID)
						}
					}
					wantPages(t, want, limit, func(p library.Page) (library.List[library.SourceID], error) {
						l, err := st.Sources(ctx, f, p)
						out := library.List[library.SourceID]{Total: l.Total, Next: l.Next}
						for _, s := range l.Items {
							out.Items = append(out.Items, s.ID)
						}
						return out, err
					})
				})
			}
		}
	}
	// A page stands where it stood when something newer comes, or its last
	// item goes.
	first, err := st.Sources(ctx, library.SourceFilter{}, library.Page{Limit: 10})
	Must(t, err)
	add(t, st, n)
	_, _, err = st.DeleteSource(ctx, first.Items[9].ID)
	Must(t, err)
	second, err := st.Sources(ctx, library.SourceFilter{}, library.Page{Limit: 10, Cursor: first.Next})
	Must(t, err)
	if second.Items[0].ID != all[10].ID || second.Total != n {
		t.Errorf("the next page begins with %s of %d", second.Items[0].ID, second.Total)
	}
}

// wantPages walks a list by its cursors.
func wantPages[T comparable](t *testing.T, want []T, limit int, get func(library.Page) (library.List[T], error)) {
	t.Helper()
	var got []T
	for cursor := ""; ; {
		l, err := get(library.Page{Limit: limit, Cursor: cursor})
		Must(t, err)
		if l.Total != len(want) {
			t.Fatalf("total %d, want %d", l.Total, len(want))
		}
		if most := max(limit, 50*(1-min(limit, 1))); len(l.Items) > most {
			t.Fatalf("%d items on a page of %d", len(l.Items), most)
		}
		got = append(got, l.Items...)
		if l.Next == "" {
			break
		}
		if len(l.Items) == 0 || len(got) > len(want) {
			t.Fatalf("the list does not end: %v", got)
		}
		cursor = l.Next
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}

// atOnce adds, reads and deletes from many sides, with a failing write among
// them, and counts afterwards.
func atOnce(t *testing.T, st library.Store) {
	ctx := t.Context()
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				n := w*each + i
				if _, created, err := st.AddSource(ctx, Source(n)); err != nil || !created {
					t.Errorf("add %d: %v, %v", n, created, err)
				}
				if _, err := st.Cancel(ctx, "no such"); err == nil {
					t.Error("cancelled what is not there")
				}
				if _, _, err := st.Commit(ctx, SourceID(n), Reading(library.TypeText, 2), At(n)); err != nil {
					t.Errorf("commit %d: %v", n, err)
				}
				if _, _, err := st.Commit(ctx, SourceID(n), Reading(library.TypeText, 9), At(n)); err == nil {
					t.Errorf("%d was committed twice", n)
				}
				if i%5 == 0 {
					if _, _, err := st.DeleteSource(ctx, SourceID(n)); err != nil {
						t.Errorf("delete %d: %v", n, err)
					}
				}
			}
		})
	}
	wg.Wait()
	l, err := st.Sources(ctx, library.SourceFilter{Status: library.StatusReady, Type: library.TypeText}, library.Page{Limit: 200})
	Must(t, err)
	if want := workers * each * 4 / 5; l.Total != want || len(l.Items) != want {
		t.Errorf("%d items of %d, want %d", len(l.Items), l.Total, want)
	}
	seen := map[uint64]bool{}
	all, err := st.Changes(ctx, 0, 1000)
	Must(t, err)
	for _, c := range all {
		if seen[c.Seq] {
			t.Errorf("sequence %d is given twice", c.Seq)
		}
		seen[c.Seq] = true
	}
	if len(all) != workers*each {
		t.Errorf("%d changes, want the latest of each of %d sources", len(all), workers*each)
	}
}
