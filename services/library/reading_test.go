package library_test

import (
	"strings"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func TestHostileReadings(t *testing.T) {
	text := func(s string) []library.Passage { return []library.Passage{{Text: s}} }
	for name, reading := range map[string]library.Reading{
		"no type":         {Passages: text("x")},
		"unknown type":    {Type: "exe", Passages: text("x")},
		"no passages":     {Type: "text"},
		"empty passage":   {Type: "text", Passages: text("")},
		"long passage":    {Type: "text", Passages: text(strings.Repeat("x", library.MaxPassageText+1))},
		"negative page":   {Type: "pdf", Passages: []library.Passage{{Page: -1, Text: "x"}}},
		"absurd page":     {Type: "pdf", Passages: []library.Passage{{Page: 1 << 40, Text: "x"}}},
		"negative pages":  {Type: "pdf", Pages: -1, Passages: text("x")},
		"absurd pages":    {Type: "pdf", Pages: 1 << 40, Passages: text("x")},
		"too many":        {Type: "text", Passages: make([]library.Passage, library.MaxPassages+1)},
		"too much text":   {Type: "text", Passages: repeat(strings.Repeat("x", library.MaxPassageText), library.MaxReadingText/library.MaxPassageText+1)},
		"two, one is bad": {Type: "text", Passages: append(text("x"), text("")...)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				s := r.add(1)
				librarytest.WantKind(t, r.Complete(t.Context(), r.lease().ID, reading), library.Invalid)
				r.wantStatus(s.ID, library.StatusFailed) // not for ever in the queue
			})
		})
	}
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		librarytest.Must(t, r.Complete(t.Context(), r.lease().ID, library.Reading{
			Type: "text", Title: "a\x00b\n\u202ec" + strings.Repeat("ü", 600),
			Passages: []library.Passage{{Source: "another", Number: 99, Text: "not \xff UTF-8"}},
		}))
		got, err := r.store.Source(t.Context(), s.ID)
		librarytest.Must(t, err)
		if want := "ab c" + strings.Repeat("ü", 496); got.Title != want {
			t.Errorf("title %q", got.Title)
		}
		p, err := r.Passages(t.Context(), s.ID, 0, 9)
		librarytest.Must(t, err)
		if len(p) != 1 || p[0] != (library.Passage{Source: s.ID, Text: "not \uFFFD UTF-8"}) {
			t.Errorf("%+v", p)
		}
	})
}

func repeat(s string, n int) (out []library.Passage) {
	for range n {
		out = append(out, library.Passage{Text: s})
	}
	return out
}
