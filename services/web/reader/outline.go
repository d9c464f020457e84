package reader

import (
	"context"
	"fmt"
	"sync"

	"coffer/services/library"
)

// outline is the page of each passage of a text.
type outline struct{ pages []int }

const (
	batch    = 500 // passages read at a time
	maxParts = 64  // ticks of the index
	countNow = 400 // passages whose hits are counted before the page is sent
)

// key names what was computed of a text, which changes when it is read again.
func key(src library.Source, query string) string {
	return fmt.Sprintf("%s %d %s", src.ID, src.ReadyAt.UnixMilli(), query)
}

// each calls f for every passage of a source, in order.
func (s *Site) each(ctx context.Context, id library.SourceID, f func(library.Passage)) error {
	for from := 0; ; from += batch {
		list, err := s.shell.Library.Passages(ctx, id, from, batch)
		if err != nil {
			return err
		}
		for _, p := range list {
			f(p)
		}
		if len(list) < batch {
			return nil
		}
	}
}

func (s *Site) outline(ctx context.Context, src library.Source) (outline, error) {
	return s.outlines.get(key(src, ""), func() (outline, error) {
		var o outline
		err := s.each(ctx, src.ID, func(p library.Passage) { o.pages = append(o.pages, p.Page) })
		return o, err
	})
}

// counted reports that the marks of a text are known or soon counted.
func (s *Site) counted(src library.Source, query string) bool {
	return src.Passages <= countNow || s.counts.has(key(src, query))
}

// marks counts the marks of each passage.
func (s *Site) marks(ctx context.Context, src library.Source, query string) ([]int, error) {
	return s.counts.get(key(src, query), func() ([]int, error) {
		var counts []int
		err := s.each(ctx, src.ID, func(p library.Passage) {
			n := 0
			for _, b := range blocks(src, p.Text) {
				_, marks := s.shell.Library.Highlight(query, b)
				n += marks
			}
			counts = append(counts, n)
		})
		return counts, err
	})
}

// index cuts the text into ticks: a page each, or several when there are too
// many, or passages where the format has no pages.
func (p *Page) index(o outline, counts []int, from, to int) []Part {
	last := len(o.pages) - 1
	if last < 1 {
		return nil
	}
	unit := func(n int) int { return n }
	name := p.W.Reader.Part
	if o.pages[last] > 0 {
		unit, name = func(n int) int { return max(0, o.pages[n]-1) }, p.W.Kinds.Page
	}
	units := unit(last) + 1
	if units < 2 {
		return nil
	}
	width := (units + maxParts - 1) / maxParts
	var parts []Part
	var hits []int
	first := -1 // unit of the tick
	for n := range o.pages {
		u := unit(n) / width
		if u != first {
			first = u
			a, b := u*width+1, min(units, (u+1)*width)
			label := p.W.Number(a)
			if b > a {
				label = fmt.Sprintf(p.W.Reader.Range, p.W.Number(a), p.W.Number(b))
			}
			parts = append(parts, Part{Link: p.at(n, ""), Label: fmt.Sprintf(name, label)})
			hits = append(hits, 0)
		}
		i := len(parts) - 1
		if n < len(counts) {
			hits[i] += counts[n]
		}
		if n >= from && n < to {
			parts[i].Here = true
		}
	}
	most := 0
	for _, h := range hits {
		most = max(most, h)
	}
	for i, h := range hits {
		if h > 0 {
			parts[i].Heat = 1 + 3*h/most
			parts[i].Label += ", " + p.W.For(p.W.Reader.PartHits, h)
		}
	}
	return parts
}

// recent keeps the values that were asked for last. Two callers that miss at
// once both compute.
type recent[T any] struct {
	mu     sync.Mutex
	most   int
	keys   []string // oldest first
	values map[string]T
}

func newRecent[T any](most int) *recent[T] {
	return &recent[T]{most: most, values: map[string]T{}}
}

func (r *recent[T]) has(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.values[key]
	return ok
}

func (r *recent[T]) get(key string, compute func() (T, error)) (T, error) {
	r.mu.Lock()
	v, ok := r.values[key]
	r.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := compute()
	if err != nil {
		return v, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.values[key]; !ok {
		r.keys = append(r.keys, key)
	}
	r.values[key] = v
	for len(r.keys) > r.most {
		delete(r.values, r.keys[0])
		r.keys = r.keys[1:]
	}
	return v, nil
}
