package index

import (
	"cmp"
	"container/heap"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// BM25 as Robertson and Zaragoza give it (The Probabilistic Relevance
// Framework: BM25 and Beyond, 2009), with its usual parameters. A title is a
// second field in the manner of BM25F: its words count titleWeight times.
const (
	k1          = 1.2
	b           = 0.75
	titleWeight = 2.0
)

// idf is the weight of a word that n of all passages have; never negative.
func idf(n, all int) float64 {
	return math.Log(1 + (float64(all-n)+0.5)/(float64(n)+0.5))
}

// lengths are the average numbers of words in a passage and in a title.
type lengths struct{ text, title float64 }

func (s *snapshot) lengths() lengths {
	return lengths{
		text:  math.Max(1, float64(s.state.words)/math.Max(1, float64(s.passages))),
		title: math.Max(1, float64(s.state.titled)/math.Max(1, float64(s.state.titles))),
	}
}

// saturation is how much a word that stands x times counts.
func saturation(x float64) float64 { return x * (k1 + 1) / (x + k1) }

// most is the most that a group can add to a score.
func (g *group) most() float64 { return g.idf * g.weight * (k1 + 1) }

// scores has a place for each passage of each part.
type scores struct {
	parts []partScores
}

type partScores struct {
	sum []float32 // score so far
	tf  []float32 // of the group at hand; zero between groups
}

func (sc *scores) fit(parts []*part) {
	for len(sc.parts) < len(parts) {
		sc.parts = append(sc.parts, partScores{})
	}
	for i, p := range parts {
		if ps := &sc.parts[i]; uint64(len(ps.sum)) < p.size {
			ps.sum, ps.tf = make([]float32, p.size), make([]float32, p.size)
		}
	}
}

// best scores what was found by the groups and returns the best n, in order.
//
// The groups that can add most come first. Before each further one, passages
// are left aside that could not get among the best any more, were all groups
// left to give them their most (MaxScore; Turtle and Flood, 1995).
func (r *run) best(found []*roaring.Bitmap, n int) (worstFirst, error) {
	sc := r.x.scratch.Get().(*scores)
	sc.fit(r.s.parts)
	gs := slices.Concat(r.need, r.loose)
	slices.SortStableFunc(gs, func(g, h *group) int { return cmp.Compare(h.most(), g.most()) })
	left := 0.0
	for _, g := range gs {
		left += g.most()
	}
	avg := r.s.lengths()
	running := slices.Clone(found)
	for k, g := range gs {
		if k > 0 && g.found > 20*n {
			if top := sc.top(running, n); len(top) == n {
				sc.drop(running, top[0].score-float32(left)*1.001)
			}
		}
		left -= g.most()
		for i := range running {
			if err := r.ctx.Err(); err != nil {
				return nil, err
			}
			if err := sc.parts[i].add(g, g.parts[i], running[i], avg); err != nil {
				return nil, err
			}
		}
	}
	top := sc.top(running, n)
	for i, in := range found {
		in.Iterate(func(n uint32) bool {
			sc.parts[i].sum[n] = 0
			return true
		})
	}
	r.x.scratch.Put(sc)
	return top, nil
}

// top returns the n best so far of what is in, the worst of them first.
func (sc *scores) top(in []*roaring.Bitmap, n int) worstFirst {
	best := make(worstFirst, 0, n+1)
	for i := range in {
		sum := sc.parts[i].sum
		in[i].Iterate(func(at uint32) bool {
			c := candidate{sum[at], i, at}
			switch {
			case len(best) < n:
				heap.Push(&best, c)
			case c.score >= best[0].score && compare(c, best[0]) < 0:
				best[0] = c
				heap.Fix(&best, 0)
			}
			return true
		})
	}
	return best
}

// drop leaves aside the passages that score less than least so far.
func (sc *scores) drop(in []*roaring.Bitmap, least float32) {
	for i := range in {
		sum := sc.parts[i].sum
		var kept []uint32
		in[i].Iterate(func(n uint32) bool {
			if sum[n] >= least {
				kept = append(kept, n)
			}
			return true
		})
		in[i] = roaring.BitmapOf(kept...)
	}
}

// add adds what a group says of the passages in which. avg are the averages of
// the whole index.
func (ps partScores) add(g *group, gp groupPart, which *roaring.Bitmap, avg lengths) error {
	for _, l := range gp.lists {
		it := within(l.postings, roaring.And(l.in, which), false)
		mean, weight := avg.text, l.weight
		if l.title {
			mean, weight = avg.title, l.weight*titleWeight
		}
		for {
			p, err := it.Next()
			if err != nil {
				return err
			}
			if p == nil {
				break
			}
			norm := p.Norm() // 1 by the root of the length
			ps.tf[p.Number()] += float32(weight * float64(p.Frequency()) / (1 - b + b/(norm*norm*mean)))
		}
	}
	for n, t := range gp.freqs {
		ps.tf[n] += float32(float64(t.text) + titleWeight*float64(t.title))
	}
	w := g.idf * g.weight
	roaring.And(gp.all, which).Iterate(func(n uint32) bool {
		ps.sum[n] += float32(w * saturation(float64(ps.tf[n])))
		ps.tf[n] = 0
		return true
	})
	for n := range gp.freqs {
		ps.tf[n] = 0
	}
	return nil
}
