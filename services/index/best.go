package index

import (
	"cmp"
	"container/heap"
	"slices"

	"coffer/services/library"
)

// worstFirst is a heap of candidates with the worst on top.
type worstFirst []candidate

// compare puts the better of two first; later passages win a tie, being newer
// as a rule.
func compare(c, d candidate) int {
	return cmp.Or(cmp.Compare(d.score, c.score), cmp.Compare(d.part, c.part), cmp.Compare(d.n, c.n))
}

func (h worstFirst) Len() int           { return len(h) }
func (h worstFirst) Less(i, j int) bool { return compare(h[j], h[i]) < 0 }
func (h worstFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *worstFirst) Push(x any)        { *h = append(*h, x.(candidate)) }
func (h *worstFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

var _ heap.Interface = (*worstFirst)(nil)

// sorted empties the heap, best first.
func (h worstFirst) sorted() []candidate {
	slices.SortFunc(h, compare)
	return h
}

// sortedFacets lists the types, most hits first.
func sortedFacets(counts map[library.Type]int) []library.Facet {
	var fs []library.Facet
	for t, n := range counts {
		fs = append(fs, library.Facet{Type: t, Count: n})
	}
	slices.SortFunc(fs, func(f, g library.Facet) int {
		return cmp.Or(cmp.Compare(g.Count, f.Count), cmp.Compare(f.Type, g.Type))
	})
	return fs
}
