package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"coffer/services/index/words"
)

// window chooses the bytes of text to show: at most about max, from the start
// of a word to the end of one, around the marks that cover most of the query.
func window(text string, ws []words.Word, marks []span, max int) (from, to int) {
	first, last := bestMarks(marks, max)
	if first < 0 {
		return 0, endOf(text, ws, 0, max)
	}
	shown := marks[last].end - marks[first].start
	// A third of what is left stands before the first mark.
	from = startOf(text, ws, marks[first].start, (max-shown)/3)
	return from, endOf(text, ws, from, max)
}

// bestMarks finds the run of marks within max bytes that has most clauses, and
// then most marks; the first of equals. It returns -1 when there is none.
func bestMarks(marks []span, max int) (first, last int) {
	first = -1
	best := 0
	for i := range marks {
		seen := map[int]bool{}
		for j := i; j < len(marks) && (j == i || marks[j].end-marks[i].start <= max); j++ {
			seen[marks[j].clause] = true
			if score := 1000*len(seen) + j - i + 1; score > best {
				best, first, last = score, i, j
			}
		}
	}
	return first, last
}

// startOf returns the start of a word at most n bytes before at, which is one.
func startOf(text string, ws []words.Word, at, n int) int {
	if n < 0 {
		n = 0
	}
	if at <= n {
		return 0
	}
	for _, w := range ws {
		if w.Start >= at-n {
			return min(w.Start, at)
		}
	}
	return at
}

// endOf returns the end of a word at most max bytes behind from; a word longer
// than that is cut.
func endOf(text string, ws []words.Word, from, max int) int {
	limit := from + max
	if limit >= len(text) {
		return len(text)
	}
	end, next := -1, limit
	for _, w := range ws {
		stop := w.End
		if w.Form == words.Pair {
			stop = w.Mid
		}
		if stop > limit {
			next = min(limit, w.Start)
			break
		}
		if stop > from {
			end = stop
		}
	}
	if end < 0 {
		for limit > from && !utf8.RuneStart(text[limit]) {
			limit--
		}
		return limit
	}
	// What follows the word up to the next one, such as a full stop, stays.
	if next > end {
		for next > end && !utf8.RuneStart(text[next]) {
			next--
		}
		end += len(strings.TrimRightFunc(text[end:next], unicode.IsSpace))
	}
	return end
}
