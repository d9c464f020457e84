package index

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"coffer/services/library"
)

// TestBestIsExact checks that leaving passages aside changes nothing: the best
// few are the first of all.
func TestBestIsExact(t *testing.T) {
	x := openTest(t)
	v := newVocabulary(3000)
	for seq := range 6 { // several parts
		texts := make([]string, 700)
		for i := range texts {
			texts[i] = v.text(5 + i%60)
		}
		apply(t, x, uint64(seq+1), document(fmt.Sprint("s", seq), v.text(4), texts...))
	}
	dropped := 0
	for range 60 {
		asked, err := read(v.question())
		if err != nil {
			t.Fatal(err)
		}
		s, err := open(x.engine)
		if err != nil {
			t.Fatal(err)
		}
		r := &run{ctx: context.Background(), x: x, s: s, asked: asked}
		if err := r.resolve(); err != nil {
			t.Fatal(err)
		}
		found, total := r.match(1)
		const n = 20
		few, err := r.best(found, n)
		if err != nil {
			t.Fatal(err)
		}
		all, err := r.best(found, total+1)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != total {
			t.Fatalf("%d scored of %d", len(all), total)
		}
		if total > 1000 && len(r.loose) > 1 {
			dropped++
		}
		if a, b := few.sorted(), all.sorted()[:min(n, total)]; !slices.Equal(a, b) {
			t.Errorf("%q: the best are %v, not %v", asked.text, a, b)
		}
		s.Close()
	}
	if dropped < 10 {
		t.Errorf("only %d queries were wide", dropped)
	}
}

// TestScoreIsBM25 computes a score by hand.
func TestScoreIsBM25(t *testing.T) {
	x := holding(t,
		document("a", "", "copper kettle copper"),
		document("b", "", "iron kettle with a long handle"),
		document("c", "", "nothing of the kind"))
	avg := float64(3+6+4) / 3
	weight := math.Log(1 + (3-1+0.5)/(1+0.5))
	tf := 2 / (1 - 0.75 + 0.75*3/avg)
	want := weight * tf * 2.2 / (tf + 1.2)
	hits := search(t, x, library.Query{Text: "copper"}).Hits
	if len(hits) != 1 || math.Abs(hits[0].Score-want) > 1e-5 {
		t.Errorf("hits %+v, want a score of %v", hits, want)
	}
}
