package diagnostics

import (
	"math"
	"strings"
)

const (
	shortestRandom = 16  // characters of a word that may be drawn by lot
	leastBits      = 3.0 // of entropy in each of its characters
)

// random reports a word that nobody would write: long, of many different
// characters, and of more than one kind of them, which change often. Names of
// programs and paths change seldom.
func random(word string) bool {
	for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return r == '/' || r == '.' || r == '\n' || r == ' ' }) {
		if drawn(part) {
			return true
		}
	}
	// Base64 has slashes; what is between them may be short.
	n := strings.Count(word, "/")
	return n > 0 && n <= 4 && !strings.Contains(word, ".") && drawn(strings.ReplaceAll(word, "/", ""))
}

func drawn(s string) bool {
	s = strings.Trim(s, "=-_.~!$^*+")
	if len(s) < shortestRandom || bits(s) < leastBits {
		return false
	}
	digits, letters, runs, capitals := 0, 0, 0, 0
	before := rune(0)
	for _, r := range s {
		switch {
		case isDigit(r):
			digits++
		case isLetter(r):
			letters++
		}
		k := kindOf(r)
		if k != before && !(before == 'A' && k == 'a') && k != '-' {
			runs++
		}
		if before == 'A' && k == 'A' {
			capitals++
		}
		before = k
	}
	n := digits + letters
	switch {
	case letters == 0 || n == 0:
		return false // a number, a time
	case digits >= 2:
		return float64(n)/float64(runs) < 4.2
	case digits == 1:
		return float64(n)/float64(runs) < 3.5
	}
	return mixed(s) && capitals >= 2 && float64(n)/float64(runs) < 4.2 && bits(s) > 3.4
}

// kindOf is one rune for each kind of character.
func kindOf(r rune) rune {
	switch {
	case isDigit(r):
		return '0'
	case isLower(r):
		return 'a'
	case isUpper(r):
		return 'A'
	}
	return '-'
}

// bits is Shannon's entropy of a text, in bits for each byte.
func bits(s string) float64 {
	var count [256]int
	for i := range len(s) {
		count[s[i]]++
	}
	sum := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(s))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}
