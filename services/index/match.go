package index

import (
	"github.com/RoaringBitmap/roaring/v2"

	"coffer/services/library"
)

// dates finds the passages of sources added in the time asked for.
func (r *run) dates() error {
	if r.query.From.IsZero() && r.query.To.IsZero() {
		return nil
	}
	for _, p := range r.s.parts {
		in := roaring.New()
		for _, span := range rangesOf(r.query.From, r.query.To) {
			var inner error
			err := p.terms(fieldAdded, span.first, span.end, func(t string) bool {
				b, err := p.passages(fieldAdded, t)
				inner = err
				in.Or(b)
				return err == nil
			})
			if err == nil {
				err = inner
			}
			if err != nil {
				return err
			}
		}
		r.added = append(r.added, in)
	}
	return nil
}

// match finds, in each part, the passages that have every phrase, at least
// so many of the words, nothing excluded, and the right date; and their number.
func (r *run) match(least int) (found []*roaring.Bitmap, total int) {
	for i := range r.s.parts {
		var hit *roaring.Bitmap
		for _, g := range r.need {
			if hit == nil {
				hit = g.parts[i].all.Clone()
			} else {
				hit.And(g.parts[i].all)
			}
		}
		if least > 0 {
			some := atLeast(r.loose, i, least)
			if hit == nil {
				hit = some
			} else {
				hit.And(some)
			}
		}
		for _, g := range r.refuse {
			hit.AndNot(g.parts[i].all)
		}
		if r.added != nil {
			hit.And(r.added[i])
		}
		found = append(found, hit)
		total += int(hit.GetCardinality())
	}
	return found, total
}

// atLeast finds the passages of part i that at least so many groups have.
func atLeast(gs []*group, i, least int) *roaring.Bitmap {
	all := make([]*roaring.Bitmap, len(gs))
	for n, g := range gs {
		all[n] = g.parts[i].all
	}
	switch {
	case least <= 1:
		return roaring.FastOr(all...)
	case least == len(all):
		return roaring.FastAnd(all...)
	}
	// level[k] holds the passages that more than k of the groups so far have.
	level := make([]*roaring.Bitmap, least)
	for k := range level {
		level[k] = roaring.New()
	}
	for _, b := range all {
		for k := least - 1; k > 0; k-- {
			level[k].Or(roaring.And(level[k-1], b))
		}
		level[0].Or(b)
	}
	return level[least-1]
}

// facets counts what was found by type, and keeps the type asked for.
func (r *run) facets(found []*roaring.Bitmap, res *library.Results) error {
	counts := map[library.Type]int{}
	for i, p := range r.s.parts {
		var of *roaring.Bitmap
		err := p.terms(fieldType, "", "", func(t string) bool {
			b, err := p.passages(fieldType, t)
			if err != nil {
				return true
			}
			if t == string(r.query.Type) {
				of = b
			}
			if n := int(found[i].AndCardinality(b)); n > 0 && t != "" {
				counts[library.Type(t)] += n
			}
			return true
		})
		if err != nil {
			return err
		}
		switch {
		case r.query.Type == "":
		case of == nil:
			found[i] = roaring.New()
		default:
			found[i].And(of)
		}
		res.Total += int(found[i].GetCardinality())
	}
	res.Facets = sortedFacets(counts)
	return nil
}
