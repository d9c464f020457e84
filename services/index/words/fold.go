package words

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxWord bounds a folded word, in bytes. Longer ones are cut there, in
// passages and in queries alike.
const MaxWord = 64

// Fold returns the form of a word under which it is found. It may be empty.
func Fold(s string) string {
	plain, lower := true, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		plain = plain && c < utf8.RuneSelf
		lower = lower && (c < 'A' || c > 'Z')
	}
	switch {
	case plain && lower:
	case plain:
		s = strings.ToLower(s)
	default:
		s = foldRunes(s)
	}
	return cut(s, MaxWord)
}

func foldRunes(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	var base rune
	for _, r := range norm.NFKD.String(s) {
		if dropped(r) && !(r == breve && (base == 'и' || base == 'И')) {
			continue
		}
		base = r
		r = unicode.ToLower(r)
		if to, ok := plainLetter(r); ok {
			b.WriteString(to)
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// breve stays on и: й is a letter of its own.
const breve = '\u0306'

// dropped tells the runes that do not count: the diacritics of alphabets, the
// vowel points of Hebrew and Arabic, and invisible format characters. The
// vowel signs of Indic scripts and the voicing marks of Kana do count.
func dropped(r rune) bool {
	switch {
	case r >= 0x0300 && r <= 0x036F, // combining diacritics
		r >= 0x1AB0 && r <= 0x1AFF, r >= 0x1DC0 && r <= 0x1DFF,
		r >= 0x20D0 && r <= 0x20FF, r >= 0xFE20 && r <= 0xFE2F,
		r >= 0x0483 && r <= 0x0487,              // Cyrillic
		r >= 0x0591 && r <= 0x05C7,              // Hebrew
		r >= 0x0610 && r <= 0x061A, r == 0x0640, // Arabic signs, tatweel
		r >= 0x064B && r <= 0x065F, r == 0x0670,
		r >= 0x06D6 && r <= 0x06DC, r >= 0x06DF && r <= 0x06E8, r >= 0x06EA && r <= 0x06ED:
		return true
	}
	return invisible(r)
}

// invisible tells characters that join or direct text without being seen:
// soft hyphen, joiners, direction marks, variation selectors.
func invisible(r rune) bool {
	return r >= 0x00AD && unicode.Is(unicode.Cf, r) ||
		r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0100 && r <= 0xE01EF
}

// plainLetter spells letters that Unicode does not decompose.
func plainLetter(r rune) (string, bool) {
	switch r {
	case 'ß':
		return "ss", true
	case 'æ':
		return "ae", true
	case 'œ':
		return "oe", true
	case 'ø':
		return "o", true
	case 'đ', 'ð':
		return "d", true
	case 'ł':
		return "l", true
	case 'þ':
		return "th", true
	case 'ı':
		return "i", true
	case 'ħ':
		return "h", true
	case 'ŧ':
		return "t", true
	case 'ς':
		return "σ", true
	}
	return "", false
}

// cut shortens s to at most n bytes, at a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
