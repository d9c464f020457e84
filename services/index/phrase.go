package index

import (
	"github.com/RoaringBitmap/roaring/v2"
	segment "github.com/blevesearch/scorch_segment_api/v2"
)

// phrase finds the passages of a part in which the words of a phrase stand
// side by side, in the text or in the title.
func (p *part) phrase(ws []place) (groupPart, error) {
	gp := groupPart{all: roaring.New(), freqs: map[uint32]tally{}}
	for _, field := range []string{fieldText, fieldTitle} {
		err := p.aligned(field, ws, func(n uint32, times int) {
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
			return groupPart{}, err
		}
	}
	return gp, nil
}

// aligned calls f for each live passage in which the words stand at their
// distances, with how often they do.
func (p *part) aligned(field string, ws []place, f func(n uint32, times int)) error {
	lists := make([][]segment.PostingsList, len(ws))
	var all *roaring.Bitmap // live passages with every word
	for i, w := range ws {
		terms := []string{w.text}
		if w.lone {
			var err error
			if terms, err = p.beginnings(field, w.text); err != nil {
				return err
			}
		}
		some := roaring.New()
		for _, t := range terms {
			l, err := p.list(field, t)
			if err != nil {
				return err
			}
			if l != nil {
				lists[i] = append(lists[i], l)
				some.Or(bitmap(l))
			}
		}
		if all == nil {
			all = p.live(some)
		} else {
			all = roaring.And(all, some)
		}
		if all.IsEmpty() {
			return nil
		}
	}
	readers := make([]placeReader, len(ws))
	for i := range ws {
		for _, l := range lists[i] {
			readers[i].read(l, roaring.And(bitmap(l), all))
		}
	}
	for it := all.Iterator(); it.HasNext(); {
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
