package index

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/services/library"
)

// vocabulary makes words whose frequencies follow Zipf's law, as in text.
type vocabulary struct {
	words []string
	zipf  *rand.Zipf
	rng   *rand.Rand
}

func newVocabulary(n int) *vocabulary {
	rng := rand.New(rand.NewPCG(1, 2))
	v := &vocabulary{rng: rng, zipf: rand.NewZipf(rng, 1.07, 2.7, uint64(n-1))}
	syllables := strings.Fields("ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu")
	seen := map[string]bool{}
	for len(v.words) < n {
		var b strings.Builder
		for range 1 + rng.IntN(4) + len(v.words)/(n/2+1) {
			b.WriteString(syllables[rng.IntN(len(syllables))])
		}
		if w := b.String(); !seen[w] {
			seen[w] = true
			v.words = append(v.words, w)
		}
	}
	return v
}

func (v *vocabulary) word() string { return v.words[v.zipf.Uint64()] }

func (v *vocabulary) text(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(v.word())
	}
	return b.String()
}

// question is a query of one to five words: most of them ordinary ones, as
// people ask, some of them frequent.
func (v *vocabulary) question() string {
	var ws []string
	for range 1 + v.rng.IntN(5) {
		ws = append(ws, v.word())
	}
	return strings.Join(ws, " ")
}

// fill applies n passages, ten to a source, in batches of a hundred sources.
func fill(b testing.TB, x *Index, n int) time.Duration {
	v := newVocabulary(200_000)
	types := []library.Type{library.TypePDF, library.TypeText, library.TypeHTML}
	var spent time.Duration
	for id := 0; id < n/10; {
		var docs []library.Document
		for ; id < n/10 && len(docs) < 100; id++ {
			texts := make([]string, 10)
			for i := range texts {
				texts[i] = v.text(150 + v.rng.IntN(150))
			}
			d := document(fmt.Sprintf("source%07d", id), v.text(5), texts...)
			d.Source.Type = types[id%3]
			d.Source.AddedAt = added.Add(time.Duration(id) * time.Minute)
			docs = append(docs, d)
		}
		began := time.Now()
		if err := x.Apply(context.Background(), uint64(id), docs, nil); err != nil {
			b.Fatal(err)
		}
		spent += time.Since(began)
	}
	return spent
}

// stocked opens an index with n passages. COFFER_BENCH_INDEX names a folder
// where it is kept between runs.
func stocked(b *testing.B, n int) *Index {
	dir := os.Getenv("COFFER_BENCH_INDEX")
	if dir == "" {
		dir = b.TempDir()
	}
	dir = filepath.Join(dir, fmt.Sprint(n))
	x, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { x.Close() })
	if seq, _ := x.Applied(); seq == 0 {
		spent := fill(b, x, n)
		b.Logf("indexed %d passages in %v: %.0f a second", n, spent.Round(time.Millisecond), float64(n)/spent.Seconds())
	}
	return x
}

// BenchmarkSearch prints the time of searches and how it grows with the index.
func BenchmarkSearch(b *testing.B) {
	p99 := map[int]time.Duration{}
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := stocked(b, n)
			v := newVocabulary(200_000)
			runtime.LockOSThread() // so that the thread's processor time is the search's
			defer runtime.UnlockOSThread()
			var took, spent []time.Duration
			for b.Loop() {
				q := library.Query{Text: v.question()}
				began, used := time.Now(), threadTime(b)
				if _, err := x.Search(context.Background(), q); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
				spent = append(spent, threadTime(b)-used)
			}
			slices.Sort(took)
			slices.Sort(spent)
			p99[n] = spent[len(spent)*99/100]
			ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
			b.ReportMetric(ms(took[len(took)/2]), "ms-p50")
			b.ReportMetric(ms(took[len(took)*99/100]), "ms-p99")
			b.ReportMetric(ms(p99[n]), "cpu-ms-p99")
		})
	}
	if p99[10_000] > 0 {
		b.Logf("p99 of processor time at ten times the passages: %.1f times", float64(p99[100_000])/float64(p99[10_000]))
	}
}

func threadTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(rusageThread, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const rusageThread = 1 // RUSAGE_THREAD of getrusage(2)

// BenchmarkOpen prints the time to open and close an index, and what an open
// one keeps on the heap after searches.
func BenchmarkOpen(b *testing.B) {
	const n = 100_000
	x := stocked(b, n)
	v := newVocabulary(200_000)
	for range 100 {
		if _, err := x.Search(context.Background(), library.Query{Text: v.question()}); err != nil {
			b.Fatal(err)
		}
	}
	v = nil
	kept := heapInUse()
	dir := x.dir
	close1(b, x)
	kept -= heapInUse()
	for b.Loop() {
		close1(b, reopen(b, dir))
	}
	b.ReportMetric(float64(kept)/(1<<20), "MiB-heap")
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkApply prints how fast single documents of one passage become
// searchable, each on disk before the next.
func BenchmarkApply(b *testing.B) {
	x := openTest(b)
	v := newVocabulary(20_000)
	seq := uint64(0)
	for b.Loop() {
		seq++
		apply(b, x, seq, document(fmt.Sprint("s", seq), v.text(4), v.text(300)))
	}
}

// BenchmarkHighlight prints the time to mark a whole passage.
func BenchmarkHighlight(b *testing.B) {
	x := openTest(b)
	v := newVocabulary(20_000)
	text := "the " + v.text(300) + " and of"
	q := strings.Join(strings.Fields(text)[10:14], " ")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		x.Highlight(q, text, 300)
	}
}
