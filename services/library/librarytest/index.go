package librarytest

import (
	"context"
	"html"
	"sort"
	"strings"
	"sync"

	"coffer/services/library"
)

// Index finds passages that contain the query's text as it stands. It is for
// tests that need an index but are not about one.
type Index struct {
	mu      sync.Mutex
	docs    map[library.SourceID]library.Document
	applied uint64
	applies int
	resets  int
	err     error
}

var _ library.Index = (*Index)(nil)

// NewIndex returns an empty index.
func NewIndex() *Index { return &Index{docs: map[library.SourceID]library.Document{}} }

// Break makes Apply fail with err, until it is nil.
func (x *Index) Break(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.err = err
}

// Pretend makes the index claim that it holds the changes up to seq.
func (x *Index) Pretend(seq uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.applied = seq
}

// Counts says how often the index was written and emptied, and what it holds.
func (x *Index) Counts() (applies, resets, docs int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.applies, x.resets, len(x.docs)
}

// Applied implements library.Index.
func (x *Index) Applied() (uint64, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.applied, nil
}

// Apply implements library.Index.
func (x *Index) Apply(_ context.Context, seq uint64, docs []library.Document, removed []library.SourceID) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		return x.err
	}
	for _, d := range docs {
		x.docs[d.Source.ID] = d
	}
	for _, id := range removed {
		delete(x.docs, id)
	}
	x.applied = seq
	x.applies++
	return nil
}

// Search implements library.Index.
func (x *Index) Search(_ context.Context, q library.Query) (library.Results, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out library.Results
	for id, d := range x.docs {
		for _, p := range d.Passages {
			if strings.Contains(p.Text, q.Text) {
				out.Hits = append(out.Hits, library.Hit{Source: library.Source{ID: id}, Passage: p.Number, Score: 1})
			}
		}
	}
	sort.Slice(out.Hits, func(a, b int) bool { return out.Hits[a].Source.ID > out.Hits[b].Source.ID })
	out.Total = len(out.Hits)
	return out, nil
}

// Highlight implements library.Index.
func (x *Index) Highlight(q, text string, _ int) (string, int) {
	marked := "<mark>" + html.EscapeString(q) + "</mark>"
	return strings.ReplaceAll(html.EscapeString(text), html.EscapeString(q), marked), strings.Count(text, q)
}

// Reset implements library.Index.
func (x *Index) Reset() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.docs, x.applied = map[library.SourceID]library.Document{}, 0
	x.resets++
	return nil
}

// Close implements library.Index.
func (x *Index) Close() error { return nil }
