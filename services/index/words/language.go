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

// Unknown is the language of a text too short or too foreign to tell. Its
// words have the stems of all languages in a short text, and in a long one,
// which is a table or of another language, those of English.
const Unknown Language = "??"

const (
	sample = 300 // words looked at to tell a language
	// Short is how many words a text has at most to be a short one.
	Short = 40
)

// Detect tells the language of a text by its function words. It says Unknown
// unless one language has at least two of them and more than any other.
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
	if best < 2 || best == second || best*20 < len(ws) {
		return Unknown
	}
	return found
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

// StemsOf lists the stems of a folded word in a text of language l, short or
// not; the word itself is not among them.
func StemsOf(l Language, short bool, word string) []string {
	of := []Language{l}
	switch {
	case l == Unknown && short:
		of = Languages()
	case l == Unknown:
		of = []Language{"en"}
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
