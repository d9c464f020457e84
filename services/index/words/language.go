package words

import (
	"slices"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
)

// Language is an ISO 639-1 code of a language that stems are known for, or
// Unknown.
type Language string

// Unknown is the language of a short text that cannot be told: a title, a note.
// Its words have the stems of all languages.
const Unknown Language = "??"

const (
	sample = 300 // words looked at to tell a language
	short  = 40  // words of a short text
)

// Detect tells the language of a text by its function words: one language has
// at least two of them, and more than any other. A text in which none does is
// Unknown when it is short; a long one is a table, or of a language without
// stems here, and counts as English.
func Detect(ws []Word) Language {
	if len(ws) > sample {
		ws = ws[:sample]
	}
	var hits [16]int
	for _, w := range ws {
		for bits := functionWord(w.Text); bits != 0; bits &= bits - 1 {
			hits[lowest(bits)]++
		}
	}
	best, second := 0, 0
	found := Unknown
	for i, l := range Languages() {
		switch n := hits[i]; {
		case n > best:
			best, second, found = n, best, l
		case n > second:
			second = n
		}
	}
	switch {
	case best >= 2 && best > second && best*20 >= len(ws):
		return found
	case len(ws) <= short:
		return Unknown
	}
	return "en"
}

func lowest(bits uint16) int {
	n := 0
	for bits&1 == 0 {
		bits >>= 1
		n++
	}
	return n
}

// Languages lists the languages that stems are known for.
func Languages() []Language {
	return []Language{"en", "de", "fr", "es", "it", "pt", "nl", "sv", "ru"}
}

// StemsOf lists the stems of a folded word in a text of language l; the word
// itself is not among them.
func StemsOf(l Language, word string) []string {
	of := []Language{l}
	if l == Unknown {
		of = Languages()
	}
	var stems []string
	for _, l := range of {
		if s := Stem(l, word); s != word && !slices.Contains(stems, s) {
			stems = append(stems, s)
		}
	}
	return stems
}

// Stem returns the stem of a folded word in a language: the word itself where
// no stems are known, for words of fewer than three bytes, and for numbers.
// The algorithms are Snowball's (snowballstem.org), fed with folded words.
func Stem(l Language, word string) string {
	if len(word) < 3 || '0' <= word[0] && word[0] <= '9' {
		return word
	}
	var stem func(*snowballstem.Env) bool
	switch l {
	case "en":
		stem = english.Stem
	case "de":
		stem = german.Stem
	case "fr":
		stem = french.Stem
	case "es":
		stem = spanish.Stem
	case "it":
		stem = italian.Stem
	case "pt":
		stem = portuguese.Stem
	case "nl":
		stem = dutch.Stem
	case "sv":
		stem = swedish.Stem
	case "ru":
		stem = russian.Stem
	default:
		return word
	}
	env := snowballstem.NewEnv(word)
	stem(env)
	return env.Current()
}
