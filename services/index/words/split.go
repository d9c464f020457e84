package words

import (
	"unicode"
	"unicode/utf8"
)

// Form says how a word stands in the text.
type Form uint8

// The forms. A run of a script without spaces gives Pairs and one Tail; a run
// of one character gives a Lone.
const (
	Plain Form = iota
	Pair
	Tail
	Lone
)

// Word is one word of a text: the bytes [Start, End) of it, folded. For the
// forms of scripts without spaces, Mid is where the first character ends.
type Word struct {
	Text            string
	Start, Mid, End int
	Form            Form
}

// Split returns the words of text in order. The place of a word in the result
// is its position: neighbours in text are neighbours there. Invalid UTF-8
// separates words.
func Split(text string) []Word {
	s := splitter{text: text, words: make([]Word, 0, len(text)/5+1)}
	for s.at < len(text) {
		r, n := s.rune()
		switch classOf(r) {
		case letter:
			s.plain()
		case dense:
			s.dense()
		case symbol:
			s.add(Plain, s.at, s.at+n, s.at+n)
			s.at += n
		default:
			s.at += n
		}
	}
	return s.words
}

type splitter struct {
	text  string
	at    int
	words []Word
	run   []int // ends of the characters of a dense run
}

func (s *splitter) rune() (rune, int) {
	if c := s.text[s.at]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	r, n := utf8.DecodeRuneInString(s.text[s.at:])
	if r == utf8.RuneError && n == 1 {
		return ' ', 1
	}
	return r, n
}

func (s *splitter) add(f Form, start, mid, end int) {
	if t := Fold(s.text[start:end]); t != "" {
		s.words = append(s.words, Word{Text: t, Start: start, Mid: mid, End: end, Form: f})
	}
}

// plain reads a run of letters, digits and what stands on them.
func (s *splitter) plain() {
	start, end := s.at, s.at
	for s.at < len(s.text) {
		r, n := s.rune()
		c := classOf(r)
		if c != letter && c != mark {
			break
		}
		s.at += n
		if !invisible(r) {
			end = s.at
		}
	}
	s.add(Plain, start, end, end)
}

// dense reads a run of a script without spaces, character by character; a
// character takes the marks that follow it.
func (s *splitter) dense() {
	start := s.at
	s.run = s.run[:0]
	for s.at < len(s.text) {
		r, n := s.rune()
		c := classOf(r)
		switch {
		case c == dense && (len(s.run) == 0 || !kanaVoice(r)):
			s.run = append(s.run, s.at+n)
		case c == mark || c == dense:
			s.run[len(s.run)-1] = s.at + n
		}
		if c != dense && c != mark {
			break
		}
		s.at += n
	}
	last := len(s.run) - 1
	for i, mid := range s.run {
		switch {
		case i < last:
			s.add(Pair, start, mid, s.run[i+1])
		case last > 0:
			s.add(Tail, start, mid, mid)
		default:
			s.add(Lone, start, mid, mid)
		}
		start = mid
	}
}

// kanaVoice tells the half-width voicing marks, which are letters in Unicode.
func kanaVoice(r rune) bool { return r == 0xFF9E || r == 0xFF9F }

type class uint8

const (
	space class = iota
	letter
	mark   // goes with the character before it
	dense  // of a script written without spaces
	symbol // a word by itself
)

func classOf(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return letter
		}
		return space
	case r < 0x0E00: // the alphabets
		switch {
		case unicode.IsLetter(r), unicode.IsNumber(r):
			return letter
		case unicode.IsMark(r), invisible(r):
			return mark
		case unicode.Is(unicode.So, r):
			return symbol
		}
		return space
	case r >= 0x4E00 && r <= 0x9FFF, r >= 0xAC00 && r <= 0xD7A3: // most of Han, Hangul
		return dense
	case invisible(r):
		return mark
	case kanaVoice(r), unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Bopomofo, unicode.Yi),
		r == 'ー', r == 'ｰ':
		if unicode.IsMark(r) {
			return mark
		}
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return dense
		}
		return space
	case unicode.IsMark(r):
		return mark
	case unicode.IsLetter(r), unicode.IsNumber(r):
		return letter
	case unicode.Is(unicode.So, r):
		return symbol
	}
	return space
}
