package diagnostics

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
)

// Shapes of words that need no expression: runs of one set of characters. They
// are looked for everywhere, and so by hand.

const (
	shortestHex    = 12 // digits of a word that is all hex, with letters among them
	longHex        = 24 // digits of hex that need no ends
	shortestBase32 = 16
	shortestPadded = 6  // characters of base64 before == or, one more, =
	shortestLine   = 16 // characters of each line of an encoded block
	shortestLast   = 4  // of its last
	shortestText   = 16 // characters of base64 that may hold a text
)

// words are the hex, base32, base64 and random words of a text.
func words(text string) (hits []hit) {
	add := func(from, to int, rule string) { hits = append(hits, hit{from, to, rule}) }
	for _, digits := range []func(byte) bool{smallHex, capitalHex} {
		runs(text, digits, shortestHex, func(from, to int) {
			word := text[from:to]
			if (len(word) >= longHex || alone(text, from, to) && lettersAndDigits(word)) && !float(text, from, to) {
				add(from, to, "hex")
			}
		})
	}
	runs(text, base32, shortestBase32, func(from, to int) {
		if alone(text, from, to) {
			add(from, to, "base32")
		}
	})
	runs(text, encoded64, shortestPadded, func(from, to int) {
		switch pad := padding(text, to); {
		case pad == 2:
			add(from, to+2, "base64")
		case pad == 1 && to-from > shortestPadded && ends(text, to+1) && mixed(text[from:to]):
			add(from, to+1, "base64")
		case readable(text[from:to]):
			add(from, to+pad, "base64")
		}
	})
	runs(text, drawable, shortestRandom, func(from, to int) {
		if to += padding(text, to); random(text[from:to]) {
			add(from, to, "entropy")
		}
	})
	return append(hits, encodedLines(text)...)
}

// Bounds of a random word in the middle of which a line ends, in characters.
const (
	shortestSplit = 20
	shortestSide  = 6
)

// split are the random words in the middle of which lines end. Neither part has
// to look like one.
func split(text string, seams []view) (hits []hit) {
	for _, v := range seams {
		runs(string(v.text), drawable, shortestSplit, func(from, to int) {
			h := hit{int(v.from[from]), int(v.to[to-1]), "entropy"}
			first := strings.IndexByte(text[h.from:h.to], '\n')
			last := strings.LastIndexByte(text[h.from:h.to], '\n')
			if first < shortestSide || h.to-h.from-last <= shortestSide || pathlike(text[h.from:h.from+first]) || pathlike(text[h.from+last+1:h.to]) {
				return
			}
			if whole := string(v.text[from:to]); drawn(whole) || readable(whole) {
				hits = append(hits, h)
			}
		})
	}
	return hits
}

// pathlike reports words with slashes between them, like those that stand in each
// line of a stack.
func pathlike(s string) bool {
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/._- \t", r) })
	return strings.Contains(s, "/") && !slices.ContainsFunc(words, func(w string) bool { return strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" })
}

// readable reports base64 that holds a text: what reads as such by chance is
// shorter than it has to be here.
func readable(word string) bool {
	if len(word) < shortestText {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(word))
	return err == nil && !bytes.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r > '~' })
}

// runs tells the longest parts of a text that are of one set of characters, if
// they have as many as least.
func runs(text string, in func(byte) bool, least int, tell func(from, to int)) {
	for i := 0; i < len(text); i++ {
		if !in(text[i]) {
			continue
		}
		from := i
		for i < len(text) && in(text[i]) {
			i++
		}
		if i-from >= least {
			tell(from, i)
		}
	}
}

// encodedLines are the blocks of lines of base64 and nothing else.
func encodedLines(text string) (hits []hit) {
	var block hit // its lines so far; the rule is set while there is one
	for from := 0; from < len(text); {
		to := lineEnd(text, from)
		line := strings.Trim(text[from:to], " \t\r")
		n := len(strings.TrimRight(line, "="))
		pure := len(line)-n <= 2 && strings.IndexFunc(line[:n], func(r rune) bool { return r > 127 || !encoded64(byte(r)) }) < 0
		switch {
		case block.rule != "" && pure && n >= shortestLast:
			block.to = to
		case pure && n >= shortestLine:
			block = hit{from, to, "encoded-lines"}
		}
		if from = to + 1; (!pure || n < shortestLine || from >= len(text)) && block.rule != "" {
			if inner := text[block.from:block.to]; strings.Contains(inner, "\n") && random(inner) {
				hits = append(hits, block)
			}
			block = hit{}
		}
	}
	return hits
}

func smallHex(b byte) bool   { return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' }
func capitalHex(b byte) bool { return b >= '0' && b <= '9' || b >= 'A' && b <= 'F' }
func base32(b byte) bool     { return b >= '2' && b <= '7' || b >= 'A' && b <= 'Z' }
func encoded64(b byte) bool  { return encoded(b) && b != '=' }
func drawable(b byte) bool   { return encoded64(b) || strings.IndexByte("~.!$^*", b) >= 0 }

// alone reports that no letter, digit or underscore is beside.
func alone(text string, from, to int) bool {
	return (from == 0 || !inName(text[from-1])) && (to == len(text) || !inName(text[to]))
}

func inName(b byte) bool { return encoded64(b) && strings.IndexByte("+/-", b) < 0 }

// padding is the number of = at i, two at most.
func padding(text string, i int) (n int) {
	for n < 2 && i+n < len(text) && text[i+n] == '=' {
		n++
	}
	return n
}

// ends reports that a word ends at i.
func ends(text string, i int) bool {
	return i == len(text) || space(text[i]) || strings.IndexByte(",;)}]\"'", text[i]) >= 0
}
