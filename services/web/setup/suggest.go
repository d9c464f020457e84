package setup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"coffer/services/library"
)

// suggestFrom is how many passages a suggestion is made from.
const suggestFrom = 30

// suggest picks words to search for: the pair of long words that stands side
// by side most often in the first passages, else the most frequent long word.
// It needs no list of common words in any language: those are short. It is
// empty when nothing stands out.
func suggest(title string, passages []library.Passage) string {
	pairs, words := newTally(), newTally()
	for _, p := range passages {
		var before string
		for _, field := range strings.Fields(p.Text) {
			w := strings.TrimFunc(field, func(r rune) bool { return !unicode.IsLetter(r) })
			if !telling(w) {
				before = ""
				continue
			}
			words.add(w)
			if before != "" && !strings.EqualFold(before, w) {
				pairs.add(before + " " + w)
			}
			before = w
			if w != field {
				before = "" // a sentence or a clause ends here
			}
		}
	}
	if pair, n := pairs.most(); n > 1 {
		return pair
	}
	if word, _ := words.most(); word != "" {
		return word
	}
	for _, w := range strings.Fields(title) {
		if telling(w) {
			return w
		}
	}
	return ""
}

// telling reports a word that is worth searching for: letters only, and long;
// in scripts that write short words, two letters are enough.
func telling(w string) bool {
	n := utf8.RuneCountInString(w)
	first, _ := utf8.DecodeRuneInString(w)
	long := 6
	if unicode.In(first, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana) {
		long = 2
	}
	return n >= long && n <= 24 && strings.IndexFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

// tally counts phrases without regard to case, and remembers which came first.
type tally struct {
	count map[string]int
	shown map[string]string // as written first
	order []string
}

func newTally() *tally { return &tally{count: map[string]int{}, shown: map[string]string{}} }

func (t *tally) add(phrase string) {
	k := strings.ToLower(phrase)
	if t.count[k] == 0 {
		t.order = append(t.order, k)
		t.shown[k] = phrase
	}
	t.count[k]++
}

func (t *tally) most() (phrase string, n int) {
	for _, k := range t.order {
		if t.count[k] > n {
			phrase, n = t.shown[k], t.count[k]
		}
	}
	return phrase, n
}
