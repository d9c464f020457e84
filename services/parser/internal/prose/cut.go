package prose

import (
	"unicode"
	"unicode/utf8"
)

// cut returns where to end a passage of text: after the last line break or
// sentence between aim/2 and most bytes, else the last space, else the last
// whole character. It is at least 1 and at most most.
func cut(text string, aim, most int) int {
	var sentence, line, space int
	var before rune
	for i, r := range text {
		if i > most {
			break
		}
		switch {
		case r == '\n' && i >= aim/2:
			line = i
			if ends(before) {
				sentence = i
			}
		case unicode.IsSpace(r):
			if ends(before) && i >= aim/2 {
				sentence = i
			}
			space = i
		case endsWide(before) && i >= aim/2:
			sentence = i
		}
		if r != '"' && r != '\'' && r != ')' && r != '”' && r != '’' && r != '»' {
			before = r
		}
	}
	switch {
	case sentence > 0:
		return sentence
	case line > 0:
		return line
	case space > 0:
		return space
	}
	n := most
	for n > 1 && !utf8.RuneStart(text[n]) {
		n--
	}
	return n
}

// ends tells whether r ends a sentence when a space follows.
func ends(r rune) bool {
	switch r {
	case '.', '!', '?', '…', '؟', '۔', '।', '։', ':', ';':
		return true
	}
	return endsWide(r)
}

// endsWide tells whether r ends a sentence by itself, as in Chinese and
// Japanese, which put no space after it.
func endsWide(r rune) bool {
	switch r {
	case '。', '！', '？', '．', '｡':
		return true
	}
	return false
}
