package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Clean makes text fit to be stored and searched: valid UTF-8 in NFC, without
// control, formatting and unassigned characters and soft hyphens, with
// ligatures and Arabic presentation forms spelt out, and with no run of spaces
// or of more than two line breaks.
func Clean(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	spaces, lines := 0, 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			r = unicode.ReplacementChar
		}
		i += n
		switch {
		case r == '\r':
			if i < len(text) && text[i] == '\n' {
				continue
			}
			r = '\n'
		case r == '\u2028', r == '\u2029', r == '\u0085', r == '\v', r == '\f':
			r = '\n'
		}
		switch {
		case r == '\n':
			spaces = 0
			if lines++; lines <= 2 {
				b.WriteByte('\n')
			}
			continue
		case unicode.IsSpace(r):
			spaces++
			continue
		case drop(r):
			continue
		}
		if spaces > 0 && lines == 0 && b.Len() > 0 {
			b.WriteByte(' ')
		}
		spaces, lines = 0, 0
		if s, ok := spell(r); ok {
			b.WriteString(s)
		} else {
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

// plain tells whether text is ASCII that Clean would not change.
func plain(text string) bool {
	before := byte('\n')
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= utf8.RuneSelf || c < ' ' && c != '\n' || c == 0x7f {
			return false
		}
		if (c == ' ' || c == '\n') && (before == ' ' || before == '\n') {
			return false
		}
		before = c
	}
	return before != ' '
}

// drop tells whether r says nothing to a reader: controls, directional marks,
// soft hyphens, byte order marks, tags, private and unassigned characters. The
// joiners that Persian and Indic scripts need stay.
func drop(r rune) bool {
	switch {
	case r == '\u200c' || r == '\u200d':
		return false
	case r < ' ', r >= 0x7f && r < 0xa0, r == '\u00ad', r == '\u200b', r == '\ufeff':
		return true
	case r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
		return true
	}
	return r > 0xff && unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs)
}

// spell returns the letters of a ligature or presentation form.
func spell(r rune) (string, bool) {
	if r >= 0xfb00 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc || r >= 0x01c4 && r <= 0x01cc || r == 0x0132 || r == 0x0133 {
		return norm.NFKC.String(string(r)), true
	}
	return "", false
}

// Line cleans text that is one line, like a title.
func Line(text string) string {
	return strings.Join(strings.Fields(Clean(text)), " ")
}
