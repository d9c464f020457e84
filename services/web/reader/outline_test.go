package reader

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"coffer/services/library"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

func TestIndex(t *testing.T) {
	pages := func(n, each int) (o outline) {
		for i := range n {
			o.pages = append(o.pages, i/each+1)
		}
		return o
	}
	for _, row := range []struct {
		name       string
		o          outline
		counts     []int
		from, to   int
		ticks      int
		first      string
		hot, here  int
		firstHeats string
	}{
		{"nothing", outline{}, nil, 0, 0, 0, "", 0, 0, ""},
		{"one passage", outline{pages: []int{0}}, nil, 0, 1, 0, "", 0, 0, ""},
		{"one page of three passages", outline{pages: []int{1, 1, 1}}, nil, 0, 3, 0, "", 0, 0, ""},
		{"no pages", outline{pages: make([]int, 5)}, []int{0, 2, 0, 0, 8}, 0, 5, 5, "passage 1", 2, 5, "01004"},
		{"pages", pages(10, 2), []int{1, 1, 0, 0, 0, 0, 0, 0, 0, 1}, 2, 4, 5, "page 1, 2 hits", 2, 1, "40002"},
		{"many pages", pages(2400, 1), nil, 0, 40, 64, "page 1 to 38", 0, 2, ""},
		{"a book that starts on page 7", outline{pages: []int{7, 8}}, nil, 0, 2, 2, "page 7", 0, 2, "00"},
		{"pages out of order", outline{pages: []int{3, 1, 2}}, nil, 0, 3, 3, "page 3", 0, 3, "000"},
	} {
		p := &Page{Frame: shell.Frame{W: words.NewCatalogue().Named("en")}, Query: "x"}
		parts := p.index(row.o, row.counts, row.from, row.to)
		if len(parts) != row.ticks {
			t.Errorf("%s: %d ticks, want %d", row.name, len(parts), row.ticks)
			continue
		}
		hot, here, heats := 0, 0, ""
		for _, part := range parts {
			heats += fmt.Sprint(part.Heat)
			if part.Heat > 0 {
				hot++
			}
			if part.Here {
				here++
			}
		}
		if row.ticks > 0 && parts[0].Label != row.first || hot != row.hot || here != row.here || !strings.HasPrefix(heats, row.firstHeats) {
			t.Errorf("%s: first %q, %d hot, %d here, %s", row.name, parts[0].Label, hot, here, heats)
		}
	}
}

func TestRecentKeepsTheLast(t *testing.T) {
	r := newRecent[int](2)
	made := 0
	get := func(key string) int {
		v, err := r.get(key, func() (int, error) { made++; return made, nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if get("a") != 1 || get("b") != 2 || get("c") != 3 || get("b") != 2 {
		t.Error("a value was made twice")
	}
	if r.has("a") || !r.has("c") || get("a") != 4 {
		t.Error("the oldest value was kept")
	}
	if _, err := r.get("d", func() (int, error) { return 0, errors.New("no") }); err == nil || r.has("d") {
		t.Error("a failure was kept")
	}
}

func TestBlocks(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"", ""}, {"\n\n \n\n", ""}, {"one", "one"}, {"one\ntwo", "one\ntwo"}, {"one\n\ntwo\n\n\nthree ", "one|two|three"},
	} {
		if got := strings.Join(blocks(library.Source{}, row.in), "|"); got != row.want {
			t.Errorf("%q: %q, want %q", row.in, got, row.want)
		}
	}
	if got := blocks(library.Source{Type: library.TypePDF}, "a line of a page that was broken off by\nits width"); len(got) != 1 || strings.Contains(got[0], "\n") {
		t.Errorf("lines of a page: %q", got)
	}
	if key(library.Source{ID: "a"}, "b c") == key(library.Source{ID: "a"}, "b") {
		t.Error("two queries have one key")
	}
}
