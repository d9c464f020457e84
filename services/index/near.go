package index

import (
	"math"

	"github.com/RoaringBitmap/roaring/v2"
	segment "github.com/blevesearch/scorch_segment_api/v2"
)

// Passages in which neighbours of the query stand near one another go up, as
// in Rasolofo and Savoy, Term Proximity Scoring (2003): a pair adds to the
// score as a word of the lesser weight would that stood 1/d² times for each
// time the two are d words apart.
const (
	nearest    = 50 // passages looked at, best first
	nearWindow = 5  // words
	nearWeight = 0.5
)

// near adds what nearness says to the candidates and sorts them again.
func (r *run) near(cs worstFirst) error {
	if len(r.loose) < 2 || len(cs) < 2 {
		return nil
	}
	for i := range r.s.parts {
		which := roaring.New()
		at := map[uint32]*candidate{}
		for k := range cs {
			if cs[k].part == i {
				which.Add(cs[k].n)
				at[cs[k].n] = &cs[k]
			}
		}
		if which.IsEmpty() {
			continue
		}
		readers := make([]*placeReader, len(r.loose))
		for k, g := range r.loose {
			readers[k] = &placeReader{}
			for _, l := range g.parts[i].lists {
				if !l.title {
					readers[k].read(l.postings, roaring.And(l.in, which))
				}
			}
		}
		for it := which.Iterator(); it.HasNext(); {
			n := it.Next()
			for _, pr := range readers {
				if err := pr.at(uint64(n)); err != nil {
					return err
				}
			}
			for k := 1; k < len(readers); k++ {
				if x := nearness(readers[k-1].positions, readers[k].positions); x > 0 {
					w := math.Min(r.loose[k-1].idf, r.loose[k].idf)
					at[n].score += float32(nearWeight * w * saturation(x))
				}
			}
		}
	}
	cs.sorted()
	return nil
}

// nearness sums 1/d² over the pairs of positions at most a window apart.
func nearness(a, b []uint64) (x float64) {
	for _, p := range a {
		for _, q := range b {
			if d := math.Abs(float64(p) - float64(q)); d > 0 && d <= nearWindow {
				x += 1 / (d * d)
			}
		}
	}
	return x
}

// placeReader reads the positions of a word, passage by passage.
type placeReader struct {
	its       []segment.PostingsIterator
	heads     []segment.Posting // the next one of each iterator
	positions []uint64          // in the passage last read
}

// read adds the passages of a list that are in which.
func (pr *placeReader) read(l segment.PostingsList, which *roaring.Bitmap) {
	pr.its = append(pr.its, within(l, which, true))
	pr.heads = append(pr.heads, nil)
}

// at reads the positions in passage n, which is behind the one before it.
func (pr *placeReader) at(n uint64) error {
	pr.positions = pr.positions[:0]
	for i, it := range pr.its {
		for pr.heads[i] == nil || pr.heads[i].Number() < n {
			head, err := it.Next()
			if err != nil {
				return err
			}
			if head == nil {
				head = end{}
			}
			pr.heads[i] = head
		}
		if pr.heads[i].Number() == n {
			pr.positions = positions(pr.heads[i], pr.positions)
		}
	}
	return nil
}

func (pr *placeReader) has(pos uint64) bool {
	for _, p := range pr.positions {
		if p == pos {
			return true
		}
	}
	return false
}

// end stands for the posting behind the last one.
type end struct{ segment.Posting }

func (end) Number() uint64 { return 1<<64 - 1 }

// positions appends the positions that newText packed.
func positions(p segment.Posting, to []uint64) []uint64 {
	for _, l := range p.Locations() {
		pos := l.Pos()
		to = append(to, pos)
		for _, step := range l.ArrayPositions() {
			pos += step
			to = append(to, pos)
		}
	}
	return to
}

// within iterates over the passages of a list that are in which, a subset.
func within(l segment.PostingsList, which *roaring.Bitmap, places bool) segment.PostingsIterator {
	it := l.Iterator(true, true, places, nil)
	if o, ok := it.(segment.OptimizablePostingsIterator); ok && which.GetCardinality() != l.Count() {
		o.ReplaceActual(which)
	}
	return it
}
