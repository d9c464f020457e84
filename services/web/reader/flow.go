package reader

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"coffer/services/library"
)

// Of lines that are judged by how they fill a page.
const (
	narrowest = 30   // characters of a line that may be one of a column
	filled    = 0.85 // of the longest line: so long is one with the word that did not fit
	prosaic   = 0.75 // of a line's characters are letters, in prose
)

// breaksLines tells whether a text has line breaks that come from the width of
// pages and not from who wrote it.
func breaksLines(src library.Source) bool { return src.Type == library.TypePDF }

// flow takes out the breaks of a paragraph that the width of a page made. A
// break stays where the next word would still have fitted, before a mark of a
// list, and beside lines that are no prose, like those of a table.
func flow(block string) string {
	lines := strings.Split(block, "\n")
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l))
	}
	if len(lines) == 1 || width < narrowest {
		return block
	}
	var b strings.Builder
	b.Grow(len(block))
	b.WriteString(lines[0])
	for i, next := range lines[1:] {
		by := "\n"
		switch {
		case !runsOn(lines[i], next, width):
		case spaceless(last(lines[i])) && spaceless(first(next)):
			by = ""
		default:
			by = " "
		}
		b.WriteString(by)
		b.WriteString(next)
	}
	return b.String()
}

func runsOn(line, next string, width int) bool {
	word, _, _ := strings.Cut(next, " ")
	if spaceless(first(next)) {
		word = "." // its first sign could have stood on the line
	}
	long := utf8.RuneCountInString(line) + 1 + utf8.RuneCountInString(word)
	return float64(long) > filled*float64(width) && prose(line) && !listed(next)
}

// prose tells a line of text from one of figures, of dots that lead to a page,
// or of a program.
func prose(line string) bool {
	letters, signs := 0, 0
	for _, r := range line {
		switch {
		case unicode.IsLetter(r) || unicode.IsMark(r):
			letters++
		case r != ' ':
			signs++
		}
	}
	return letters > 0 && float64(letters) >= prosaic*float64(letters+signs) && !strings.Contains(line, "...")
}

// listed tells whether a line begins with a mark of a list: a sign, or a number
// or single letter with a point or bracket behind it.
func listed(line string) bool {
	mark, rest, spaced := strings.Cut(line, " ")
	if !spaced || rest == "" {
		return false
	}
	switch mark {
	case "-", "–", "—", "*", "•", "◦", "▪", "‣", "·", "○", "●", "■", "□":
		return true
	}
	inner := strings.TrimRight(strings.TrimLeft(mark, "(["), ".)]")
	if inner == mark || inner == "" {
		return false
	}
	digits := strings.Trim(inner, "0123456789.") == "" && len(inner) <= 8
	return digits || utf8.RuneCountInString(inner) == 1
}

// spaceless tells whether r is of a script that is written without spaces and
// broken between any two signs.
func spaceless(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }

func first(line string) rune {
	r, _ := utf8.DecodeRuneInString(line)
	return r
}

func last(line string) rune {
	r, _ := utf8.DecodeLastRuneInString(line)
	return r
}
