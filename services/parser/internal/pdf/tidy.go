package pdf

import (
	"strings"
	"unicode"
)

// parted is PDFium's mark for a hyphen at the end of a line.
const parted = '\ufffe'

// tidy gives the text of a page plain line ends and joins words that a hyphen
// parts at the end of a line. A sign that is drawn but says nothing, like the
// bullets of a private font, still parts the words beside it, and a soft
// hyphen that is drawn within a line is a hyphen.
func tidy(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == parted:
			return -1
		case r == '\u00ad':
			return '-'
		case r >= smallA && r < smallA+26:
			return 'A' + r - smallA
		case r >= oldZero && r < oldZero+10:
			return '0' + r - oldZero
		case r != '\n' && unicode.In(r, unicode.Cc, unicode.Co):
			return ' '
		}
		return r
	}, text)
}

// Where Adobe's fonts keep small capitals and old-style figures, among the
// characters of private use (Adobe Glyph List, Asmall and zerooldstyle).
const (
	smallA  = 0xf761
	oldZero = 0xf730
)
