package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// shelf is what most tests search.
func shelf() []library.Document {
	return []library.Document{
		document("bread", "Baking bread", "Flour, water and salt make the dough. Let it rest overnight in a cool place.",
			"Bake the loaf until it is brown. The crust should crackle."),
		document("boats", "Notes on boats", "A wooden boat wants paint every spring. Salt water is hard on it.",
			"The running rigging was replaced."),
		document("run", "Marathon", "She runs every morning and has run for years."),
		document("german", "Rechnungen", "Die Rechnungen für das Haus liegen in der Küche, und Herr Müller bezahlt sie nicht."),
		document("japan", "日本", "東京都は日本の首都である。水は大切だ。"),
		document("arabic", "عربي", "ذهب مُحَمَّد إلى المدرسة"),
		document("hebrew", "עברית", "שָׁלוֹם לכולם"),
		document("emoji", "Party", "See you tonight 🎉 bring cake"),
		document("script", "Hostile", "<script>alert('salt')</script> & more"),
		document("code", "Versions", "Upgrade to 3.14.2, mail to someone@example.com, call parse_url()."),
	}
}

func TestSearchFinds(t *testing.T) {
	x := holding(t, shelf()...)
	for _, c := range []struct{ name, query, want string }{
		{"a word", "dough", "bread/0"},
		{"case", "DOUGH", "bread/0"},
		{"all of two words", "salt water", "boats/0 bread/0"},
		{"all of three, across nothing", "wooden boat paint", "boats/0"},
		{"fewer when not all are there", "wooden submarine", "boats/0"},
		{"none of the words", "submarine zeppelin", ""},
		{"a title on its first passage", "notes", "boats/0"},
		{"a phrase, and a word that is elsewhere", `"salt water" dough`, "boats/0"},
		{"title and text together", "baking overnight", "bread/0"},
		{"another form", "running", "boats/1 run/0"},
		{"the other way", "run", "boats/1 run/0"},
		{"a phrase", `"salt water"`, "boats/0"},
		{"a phrase the other way round", `"water salt"`, ""},
		{"a phrase with a gap", `"wooden paint"`, ""},
		{"a phrase over a comma", `"water and salt"`, "bread/0"},
		{"a phrase does not stem", `"run morning"`, ""},
		{"one quoted word is meant as written", `"running"`, "boats/1"},
		{"a phrase in a title", `"notes on"`, "boats/0"},
		{"a phrase not across title and text", `"boats a"`, ""},
		{"two phrases", `"salt water" "every spring"`, "boats/0"},
		{"phrase and word", `"salt water" paint`, "boats/0"},
		{"an open quote runs to the end", `"salt water`, "boats/0"},
		{"curly quotes", "“salt water”", "boats/0"},
		{"excluded word", "salt -dough", "boats/0 script/0"},
		{"excluded phrase", `salt -"salt water"`, "bread/0 script/0"},
		{"hyphen inside a word", "over-night", ""},
		{"minus alone", "salt - dough", "bread/0"},
		{"nothing but exclusion", "-salt", ""},
		{"a question", "how do I let the dough rest in a cool place?", "bread/0"},
		{"diacritics", "muller", "german/0"},
		{"diacritics in a phrase", `"Herr Muller"`, "german/0"},
		{"decomposed diacritics", "Mu\u0308ller", "german/0"},
		{"German form", "Rechnung", "german/0"},
		{"German form, folded", "hauser", "german/0"},
		{"Han", "東京", "japan/0"},
		{"Han inside a run", "首都", "japan/0"},
		{"one Han", "水", "japan/0"},
		{"Han phrase", `"日本の首都"`, "japan/0"},
		{"Han that is not there", "大阪", ""},
		{"Han in the other order", `"都京"`, ""},
		{"Han title", "日本", "japan/0"},
		{"Arabic with and without vowels", "محمد", "arabic/0"},
		{"Hebrew without points", "שלום", "hebrew/0"},
		{"emoji", "🎉", "emoji/0"},
		{"another emoji", "🚀", ""},
		{"number", "3.14", "code/0"},
		{"number in quotes", `"3.14.2"`, "code/0"},
		{"another number", `"3.15"`, ""},
		{"address", "someone@example.com", "code/0"},
		{"markup is text", "script", "script/0"},
		{"no words", "?!.,", ""},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := search(t, x, library.Query{Text: c.query})
			found := strings.Fields(places(res.Hits))
			slices.Sort(found)
			got := strings.Join(found, " ")
			if got != c.want {
				t.Errorf("%q finds %q, want %q", c.query, got, c.want)
			}
			for _, h := range res.Hits {
				if !marked(x, c.query, h) {
					t.Errorf("nothing is marked in %s/%d", h.Source.ID, h.Passage)
				}
			}
			if res.Total != len(res.Hits) {
				t.Errorf("total %d of %d hits", res.Total, len(res.Hits))
			}
		})
	}
}

// marked tells whether Highlight shows why a passage of the shelf was found.
func marked(x *Index, q string, h library.Hit) bool {
	for _, d := range shelf() {
		if d.Source.ID == h.Source.ID {
			_, n := x.Highlight(q, d.Passages[h.Passage].Text, 0)
			_, m := x.Highlight(q, d.Source.Title, 0)
			return n+m > 0
		}
	}
	return false
}

// places writes hits as source/passage, in their order.
func places(hits []library.Hit) string {
	var s []string
	for _, h := range hits {
		s = append(s, fmt.Sprintf("%s/%d", h.Source.ID, h.Passage))
	}
	return strings.Join(s, " ")
}

func TestNeighboursGoFirst(t *testing.T) {
	filler := strings.Repeat("lorem ipsum dolor ", 10)
	x := holding(t,
		document("apart", "", "copper "+filler+"kettle"),
		document("close", "", filler+"copper kettle"),
		document("reversed", "", "kettle of copper "+filler))
	if got := places(search(t, x, library.Query{Text: "copper kettle"}).Hits); got != "close/0 reversed/0 apart/0" {
		t.Errorf("order %q", got)
	}
}

func TestWordAsWrittenGoesFirst(t *testing.T) {
	x := holding(t,
		document("a", "", "the sailor was sailing with us to the island"),
		document("b", "", "the sailor was a sail with us to the island"),
		document("c", "", "the sailor has sails with us to the island"))
	if got := places(search(t, x, library.Query{Text: "sails"}).Hits); !strings.HasPrefix(got, "c/0") || !strings.Contains(got, "a/0") {
		t.Errorf("order %q", got)
	}
}

func TestLanguagesDoNotMix(t *testing.T) {
	// In German corner and corn share a stem; in this text they must not.
	x := holding(t,
		document("corn", "", "The corn that we had in the field was cut by the men."),
		document("corner", "", "He was at the corner of the street, and it was cold."),
		document("german", "", "Die Rechnungen für das Haus liegen in der Küche und nicht im Keller."))
	if got := places(search(t, x, library.Query{Text: "corner"}).Hits); got != "corner/0" {
		t.Errorf("corner finds %q", got)
	}
	if got := places(search(t, x, library.Query{Text: "Rechnung"}).Hits); got != "german/0" {
		t.Errorf("Rechnung finds %q", got)
	}
}

func TestFacetsAndFilters(t *testing.T) {
	var docs []library.Document
	for i, typ := range []library.Type{"pdf", "pdf", "pdf", "html", "html", "text"} {
		d := document(fmt.Sprint("s", i), "", "a common word")
		d.Source.Type = typ
		d.Source.AddedAt = added.AddDate(0, 0, i)
		docs = append(docs, d)
	}
	x := holding(t, docs...)
	all := []library.Facet{{Type: "pdf", Count: 3}, {Type: "html", Count: 2}, {Type: "text", Count: 1}}
	for _, c := range []struct {
		name   string
		q      library.Query
		total  int
		facets []library.Facet
	}{
		{"no filter", library.Query{}, 6, all},
		{"type keeps the facets", library.Query{Type: "html"}, 2, all},
		{"type without hits", library.Query{Type: "epub"}, 0, all},
		{"from is included", library.Query{From: added.AddDate(0, 0, 4)}, 2, []library.Facet{{Type: "html", Count: 1}, {Type: "text", Count: 1}}},
		{"to is not included", library.Query{To: added.AddDate(0, 0, 1)}, 1, []library.Facet{{Type: "pdf", Count: 1}}},
		{"a nanosecond later", library.Query{To: added.AddDate(0, 0, 1).Add(1)}, 2, []library.Facet{{Type: "pdf", Count: 2}}},
		{"between", library.Query{From: added.AddDate(0, 0, 2), To: added.AddDate(0, 0, 4)}, 2, []library.Facet{{Type: "html", Count: 1}, {Type: "pdf", Count: 1}}},
		{"between and type", library.Query{From: added.AddDate(0, 0, 2), To: added.AddDate(0, 0, 4), Type: "pdf"}, 1, []library.Facet{{Type: "html", Count: 1}, {Type: "pdf", Count: 1}}},
		{"empty time", library.Query{From: added, To: added}, 0, nil},
		{"backwards", library.Query{From: added.AddDate(1, 0, 0), To: added}, 0, nil},
		{"another zone", library.Query{To: added.In(time.FixedZone("", 3600)).Add(1)}, 1, []library.Facet{{Type: "pdf", Count: 1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.q.Text = "common"
			res := search(t, x, c.q)
			if res.Total != c.total || len(res.Hits) != c.total {
				t.Errorf("total %d, %d hits, want %d", res.Total, len(res.Hits), c.total)
			}
			if !slices.Equal(res.Facets, c.facets) {
				t.Errorf("facets %v, want %v", res.Facets, c.facets)
			}
		})
	}
}

func TestPaging(t *testing.T) {
	var docs []library.Document
	for i := range 230 {
		docs = append(docs, document(fmt.Sprintf("s%03d", i), "", strings.Repeat("word ", 1+i%7)+"filler text"))
	}
	x := holding(t, docs...)
	seen := map[string]bool{}
	var last float64
	for offset := 0; offset < 230; offset += 30 {
		res := search(t, x, library.Query{Text: "word", Limit: 30, Offset: offset})
		if res.Total != 230 {
			t.Fatalf("total %d", res.Total)
		}
		for _, h := range res.Hits {
			if id := string(h.Source.ID); seen[id] {
				t.Errorf("%s twice", id)
			} else {
				seen[id] = true
			}
			if last != 0 && h.Score > last {
				t.Errorf("score %v after %v", h.Score, last)
			}
			last = h.Score
		}
	}
	if len(seen) != 230 {
		t.Errorf("%d of 230 seen", len(seen))
	}
	if n := len(search(t, x, library.Query{Text: "word"}).Hits); n != 20 {
		t.Errorf("%d hits without a limit", n)
	}
	if n := len(search(t, x, library.Query{Text: "word", Offset: 5000}).Hits); n != 0 {
		t.Errorf("%d hits behind the end", n)
	}
}

func TestQueryLimits(t *testing.T) {
	x := holding(t, shelf()...)
	for _, c := range []struct {
		name  string
		q     library.Query
		field string // "": accepted
	}{
		{"longest", library.Query{Text: strings.Repeat("é", maxQuery)}, ""},
		{"too long", library.Query{Text: strings.Repeat("é", maxQuery+1)}, "q"},
		{"most words", library.Query{Text: strings.Repeat("salt ", maxWords)}, ""},
		{"too many words", library.Query{Text: strings.Repeat("salt ", maxWords+1)}, "q"},
		{"too many words in a phrase", library.Query{Text: `"` + strings.Repeat("salt ", maxWords+1) + `"`}, "q"},
		{"too many characters without spaces", library.Query{Text: strings.Repeat("水", maxWords+2)}, "q"},
		{"highest limit", library.Query{Text: "salt", Limit: maxLimit}, ""},
		{"limit too high", library.Query{Text: "salt", Limit: maxLimit + 1}, "limit"},
		{"negative limit", library.Query{Text: "salt", Limit: -1}, "limit"},
		{"negative offset", library.Query{Text: "salt", Offset: -1}, "offset"},
		{"offset too high", library.Query{Text: "salt", Offset: maxOffset + 1}, "offset"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := x.Search(context.Background(), c.q)
			if c.field == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *library.Error
			if !errors.As(err, &e) || e.Kind != library.Invalid || e.Field != c.field || e.Message == "" || e.Hint == "" {
				t.Errorf("error %#v", err)
			}
		})
	}
}

func TestSearchStopsWithItsContext(t *testing.T) {
	x := holding(t, shelf()...)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Search(ctx, library.Query{Text: "salt"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSearchWhileApplying(t *testing.T) {
	x := holding(t, shelf()...)
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-done:
					return
				default:
				}
				res, err := x.Search(context.Background(), library.Query{Text: "salt water"})
				if err != nil || res.Total < 2 {
					t.Errorf("%d hits, %v", res.Total, err)
					return
				}
				x.Highlight("salt water", "Salt water is hard on it.", 0)
			}
		}()
	}
	for i := range 20 {
		apply(t, x, uint64(i+2), append(shelf(), document(fmt.Sprint("extra", i), "", "salt water again"))...)
	}
	close(done)
	wg.Wait()
	if n := search(t, x, library.Query{Text: `"salt water again"`}).Total; n != 20 {
		t.Errorf("%d of 20", n)
	}
}

func FuzzSearch(f *testing.F) {
	x := holding(f, shelf()...)
	for _, s := range []string{`"salt water" -dough`, `-"`, `"`, "-", "--", "-\"a", "東", "\xff\"", `„a“b”`, "AND OR NOT (", "a*?~^:\\/", "+salt", "text:salt"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, q string) {
		res, err := x.Search(context.Background(), library.Query{Text: q})
		var e *library.Error
		if err != nil && (!errors.As(err, &e) || e.Kind != library.Invalid) {
			t.Fatalf("%q: %v", q, err)
		}
		if res.Total < len(res.Hits) || res.DidYouMean == q && q != "" {
			t.Fatalf("%q: %+v", q, res)
		}
		x.Highlight(q, q, 0)
	})
}
