package index

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"coffer/services/library"
)

// plainBM25 is the nDCG@10 of plain BM25 on Cranfield.
const plainBM25 = 0.379

// TestCranfield measures ranking over the whole path: Apply, then Search, by
// source with its best passage.
func TestCranfield(t *testing.T) {
	corpus := os.Getenv("COFFER_CORPUS")
	if corpus == "" {
		t.Skip("corpus tier: COFFER_CORPUS is not set")
	}
	dir := filepath.Join(corpus, "cranfield")
	x := openTest(t)
	docs := cranfieldDocuments(t, filepath.Join(dir, "cran.all.1400.xml"))
	if err := x.Apply(context.Background(), 1, docs, nil); err != nil {
		t.Fatal(err)
	}
	relevant := cranfieldJudgements(t, filepath.Join(dir, "cranqrel.trec.txt"))
	var sum float64
	queries := cranfieldQueries(t, filepath.Join(dir, "cran.qry.xml"))
	for i, q := range queries {
		res, err := x.Search(context.Background(), library.Query{Text: q, Limit: 50})
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		sum += ndcg(sources(res.Hits), relevant[i+1], 10)
	}
	got := sum / float64(len(queries))
	t.Logf("nDCG@10 over %d documents and %d queries: %.4f (plain BM25 %.3f)", len(docs), len(queries), got, plainBM25)
	if got <= plainBM25 {
		t.Errorf("nDCG@10 is %.4f, not above %.3f", got, plainBM25)
	}
}

// sources lists the sources of hits, each at its best passage.
func sources(hits []library.Hit) []string {
	var ids []string
	for _, h := range hits {
		if id := string(h.Source.ID); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func ndcg(ids []string, relevant map[string]bool, k int) float64 {
	var got, ideal float64
	for i := range k {
		gain := 1 / math.Log2(float64(i)+2)
		if i < len(relevant) {
			ideal += gain
		}
		if i < len(ids) && relevant[ids[i]] {
			got += gain
		}
	}
	if ideal == 0 {
		return 0
	}
	return got / ideal
}

func element(name string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)<` + name + `>(.*?)</` + name + `>`)
}

func cranfieldDocuments(t *testing.T, path string) []library.Document {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var docs []library.Document
	for _, m := range element("doc").FindAllSubmatch(raw, -1) {
		get := func(name string) string {
			if f := element(name).FindSubmatch(m[1]); f != nil {
				return strings.TrimSpace(string(f[1]))
			}
			return ""
		}
		docs = append(docs, document(get("docno"), get("title"), passagesOfText(get("text"))...))
	}
	return docs
}

// passagesOfText cuts at paragraphs or sentences, as a parser does.
func passagesOfText(text string) (ps []string) {
	for len(text) > library.MaxPassage {
		at := strings.LastIndex(text[:library.MaxPassage], " . ")
		if at < library.MaxPassage/2 {
			at = library.MaxPassage - 3
		}
		ps = append(ps, text[:at+3])
		text = text[at+3:]
	}
	return append(ps, text)
}

func cranfieldQueries(t *testing.T, path string) (qs []string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range element("title").FindAllSubmatch(raw, -1) {
		qs = append(qs, strings.Join(strings.Fields(string(m[1])), " "))
	}
	return qs
}

func cranfieldJudgements(t *testing.T, path string) map[int]map[string]bool {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[int]map[string]bool{}
	for s := bufio.NewScanner(f); s.Scan(); {
		var q, zero, grade int
		var doc string
		if _, err := fmt.Sscan(s.Text(), &q, &zero, &doc, &grade); err != nil {
			t.Fatal(err)
		}
		if out[q] == nil {
			out[q] = map[string]bool{}
		}
		if grade > 0 {
			out[q][doc] = true
		}
	}
	return out
}
