package index

import (
	"context"
	"testing"
	"time"

	"coffer/services/library"
)

var added = time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)

func document(id, title string, texts ...string) library.Document {
	d := library.Document{Source: library.Source{ID: library.SourceID(id), Title: title, Type: library.TypeText, AddedAt: added}}
	for i, text := range texts {
		d.Passages = append(d.Passages, library.Passage{Source: d.Source.ID, Number: i, Text: text})
	}
	return d
}

func openTest(t testing.TB) *Index {
	t.Helper()
	x, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

// apply applies documents or fails the test.
func apply(t testing.TB, x *Index, seq uint64, docs ...library.Document) {
	t.Helper()
	if err := x.Apply(context.Background(), seq, docs, nil); err != nil {
		t.Fatal(err)
	}
}

// search searches or fails the test.
func search(t testing.TB, x *Index, q library.Query) library.Results {
	t.Helper()
	res, err := x.Search(context.Background(), q)
	if err != nil {
		t.Fatalf("search for %q: %v", q.Text, err)
	}
	return res
}

// holding returns an index that holds docs.
func holding(t testing.TB, docs ...library.Document) *Index {
	t.Helper()
	x := openTest(t)
	apply(t, x, 1, docs...)
	return x
}
