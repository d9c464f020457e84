package index

import (
	"math"

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

// scores has a place for each passage of a part.
type scores struct {
	sum []float32 // score so far
	tf  []float32 // of the group at hand; zero between groups
}

func (sc *scores) fit(n uint64) {
	if uint64(len(sc.sum)) < n {
		sc.sum, sc.tf = make([]float32, n), make([]float32, n)
	}
}

// add adds what a group says of the passages in which. avg are the averages of
// the whole index.
func (sc *scores) add(g *group, gp groupPart, which *roaring.Bitmap, avg lengths) error {
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
			sc.tf[p.Number()] += float32(weight * float64(p.Frequency()) / (1 - b + b/(norm*norm*mean)))
		}
	}
	for n, t := range gp.freqs {
		sc.tf[n] += float32(float64(t.text) + titleWeight*float64(t.title))
	}
	w := g.idf * g.weight
	for it := roaring.And(gp.all, which).Iterator(); it.HasNext(); {
		n := it.Next()
		sc.sum[n] += float32(w * saturation(float64(sc.tf[n])))
		sc.tf[n] = 0
	}
	for n := range gp.freqs {
		sc.tf[n] = 0
	}
	return nil
}
