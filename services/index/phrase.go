package index

import (
	"github.com/RoaringBitmap/roaring/v2"
	segment "github.com/blevesearch/scorch_segment_api/v2"
)

// phrase finds the passages in which the words of a phrase stand side by side,
// in the text or in the title.
func (r *resolver) phrase(g *group) error {
	for i, p := range r.s.parts {
		gp := &g.parts[i]
		gp.all, gp.freqs = roaring.New(), map[uint32]tally{}
		for _, field := range []string{fieldText, fieldTitle} {
			err := r.aligned(p, field, g.words, func(n uint32, times int) {
				t := gp.freqs[n]
				if field == fieldTitle {
					t.title = times
				} else {
					t.text = times
				}
				gp.freqs[n] = t
				gp.all.Add(n)
			})
			if err != nil {
				return err
			}
		}
		g.found += int(gp.all.GetCardinality())
	}
	return nil
}

// aligned calls f for each live passage of a part in which the words stand at
// their distances, with how often they do.
func (r *resolver) aligned(p *part, field string, ws []place, f func(n uint32, times int)) error {
	lists := make([][]segment.PostingsList, len(ws))
	var both *roaring.Bitmap
	for i, w := range ws {
		texts := []form{{text: w.text}}
		if w.lone {
			var err error
			if texts, err = r.beginning(w.text); err != nil {
				return err
			}
		}
		some := roaring.New()
		for _, t := range texts {
			l, err := p.list(field, t.text)
			if err != nil {
				return err
			}
			if l != nil {
				lists[i] = append(lists[i], l)
				some.Or(bitmap(l))
			}
		}
		if both == nil {
			both = p.live(some)
		} else {
			both = roaring.And(both, some)
		}
		if both.IsEmpty() {
			return nil
		}
	}
	readers := make([]placeReader, len(ws))
	for i := range ws {
		for _, l := range lists[i] {
			readers[i].read(l, roaring.And(bitmap(l), both))
		}
	}
	for it := both.Iterator(); it.HasNext(); {
		n := it.Next()
		for i := range readers {
			if err := readers[i].at(uint64(n)); err != nil {
				return err
			}
		}
		times := 0
		for _, pos := range readers[0].positions {
			here := true
			for i := 1; i < len(readers) && here; i++ {
				here = readers[i].has(pos + uint64(ws[i].offset-ws[0].offset))
			}
			if here {
				times++
			}
		}
		if times > 0 {
			f(n, times)
		}
	}
	return nil
}
