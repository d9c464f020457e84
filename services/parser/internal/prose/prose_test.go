package prose_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/prose/prosetest"
	"coffer/services/parser/wire"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "As it is.", "As it is."},
		{"ligatures", "of\ufb01ce di\ufb00erent", "office different"},
		{"arabic forms", "\ufefb", "\u0644\u0627"},
		{"soft hyphen", "co\u00adop", "coop"},
		{"NFC", "e\u0301", "é"},
		{"controls", "a\x00b\x01c\x7f", "abc"},
		{"not UTF-8", "a\xffb", "a\uFFFDb"},
		{"surrogate bytes", "a\xed\xa0\x80b", "a\uFFFD\uFFFD\uFFFDb"},
		{"direction marks", "\u202bשלום\u202c", "שלום"},
		{"joiners stay", "می\u200cخواهم", "می\u200cخواهم"},
		{"spaces", "a \t\u00a0 b", "a b"},
		{"line ends", "a\r\nb\rc\u2028d", "a\nb\nc\nd"},
		{"empty lines", "a\n\n\n\nb", "a\n\nb"},
		{"byte order mark inside", "a\ufeffb", "ab"},
		{"noncharacter", "a\ufffeb", "ab"},
		{"wide characters stay", "漢字 ｶﾀｶﾅ", "漢字 ｶﾀｶﾅ"},
		{"emoji stay", "👩\u200d🔬 ok", "👩\u200d🔬 ok"},
	} {
		if got := prose.Clean(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func write(steps func(w *prose.Writer) error) prosetest.Reading {
	return prosetest.Read(nil, func(_ []byte, w *prose.Writer) (wire.Head, error) { return wire.Head{}, steps(w) })
}

// TestNothingIsDropped: whatever the shape of a text, its words come out once,
// in order, in passages of valid UTF-8 within bounds.
func TestNothingIsDropped(t *testing.T) {
	sentence := "The quick brown fox number %d jumps over the lazy dog. "
	var long strings.Builder
	for i := range 500 {
		fmt.Fprintf(&long, sentence, i)
	}
	for name, text := range map[string]string{
		"one word":      "word",
		"short blocks":  strings.Repeat("a\n\nbb\n\nccc\n\n", 400),
		"sentences":     long.String(),
		"no sentence":   strings.Repeat("word ", 3000),
		"one long word": strings.Repeat("x", 10_000),
		"chinese":       strings.Repeat("我們去看電影。他們不去", 500),
		"wide word":     strings.Repeat("語", 5000),
		"lines":         strings.Repeat("a line of a poem\n", 400),
	} {
		got := write(func(w *prose.Writer) error { return w.Text(text) })
		var all strings.Builder
		for i, p := range got.Passages {
			if len(p.Text) > limits.PassageMax+utf8.UTFMax || p.Text == "" || !utf8.ValidString(p.Text) {
				t.Errorf("%s: passage %d has %d bytes", name, i, len(p.Text))
			}
			if len(got.Passages) > 3 && i < len(got.Passages)-1 && len(p.Text) < limits.PassageAim/3 {
				t.Errorf("%s: passage %d of %d has only %d bytes", name, i, len(got.Passages), len(p.Text))
			}
			all.WriteString(p.Text)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if squeeze(all.String()) != squeeze(text) {
			t.Errorf("%s: the text changed", name)
		}
	}
}

func TestPassagesEndAtSentences(t *testing.T) {
	got := write(func(w *prose.Writer) error {
		return w.Block(strings.Repeat("One two three four five six seven. ", 200))
	})
	for _, p := range got.Passages {
		if !strings.HasSuffix(p.Text, "seven.") {
			t.Fatalf("ends with %q", p.Text[len(p.Text)-20:])
		}
	}
}

func TestPassagesKeepToTheirPage(t *testing.T) {
	got := write(func(w *prose.Writer) error {
		w.Page(1, 2)
		w.Block("one")
		w.Page(2, 2)
		return w.Block("two")
	})
	if len(got.Passages) != 2 || got.Passages[0] != (wire.Passage{Page: 1, Text: "one"}) || got.Passages[1] != (wire.Passage{Page: 2, Text: "two"}) {
		t.Fatalf("%+v", got.Passages)
	}
}

func TestTooMuchTextIsRefused(t *testing.T) {
	block := strings.Repeat("a sentence of words. ", 50)
	got := write(func(w *prose.Writer) error {
		for range 1 << 20 {
			if err := w.Block(block); err != nil {
				return err
			}
		}
		return nil
	})
	if got.Code != wire.CodeTooLarge {
		t.Fatalf("%v", got.Err)
	}
}

func TestErrorOfTheReceiverEndsTheDocument(t *testing.T) {
	broken := errors.New("broken pipe")
	w := prose.NewWriter(func(wire.Passage) error { return broken }, func(wire.Progress) error { return nil })
	w.Block("a")
	if err := w.Close(); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if err := w.Block("b"); !errors.Is(err, broken) {
		t.Fatal(err)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\ufb01\xff\u00ad\r\n\n\n b")
	f.Fuzz(func(t *testing.T, s string) {
		got := prose.Clean(s)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\r\u00ad\ufeff") {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}
