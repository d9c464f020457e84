package diagnostics

import (
	"regexp"
	"slices"
	"strings"
)

// shape is a rule that knows a secret by what it looks like.
type shape struct {
	name  string
	match *regexp.Regexp
	group int                    // of match that has to go
	judge func(text string) bool // of that group; nil: all
	// needs are small letters, one of which is in all that matches; nil: unknown.
	// A text without them is not looked at, which makes most of a log quick.
	needs []string
	// joined looks also across the ends of lines, for what is told from words
	// by how it begins.
	joined bool
	// spans may match over ends of lines; others are tried line by line.
	spans bool
}

// find is where the rule strikes in a text. small is the text in small letters.
func (r shape) find(text, small string) (hits []hit) {
	if !r.needed(small) {
		return nil
	}
	if r.spans {
		return r.within(text, 0, nil)
	}
	for from := 0; from < len(text); {
		to := lineEnd(text, from)
		if r.needed(small[from:to]) {
			hits = r.within(text[from:to], from, hits)
		}
		from = to + 1
	}
	return hits
}

func (r shape) needed(small string) bool {
	return r.needs == nil || slices.ContainsFunc(r.needs, func(s string) bool { return strings.Contains(small, s) })
}

// within adds where the rule strikes in a part of the text that begins at at.
func (r shape) within(part string, at int, hits []hit) []hit {
	for _, m := range r.match.FindAllStringSubmatchIndex(part, -1) {
		if from, to := m[2*r.group], m[2*r.group+1]; r.strikes(part, from, to) {
			hits = append(hits, hit{at + from, at + to, r.name})
		}
	}
	return hits
}

func (r shape) strikes(text string, from, to int) bool {
	return from >= 0 && from < to && (r.judge == nil || r.judge(text[from:to])) && !(r.name == "hex" && float(text, from, to))
}

// across is where the rule strikes over the end of a line.
func (r shape) across(text string, seams []view) (hits []hit) {
	if !r.joined {
		return nil
	}
	for _, v := range seams {
		joined := string(v.text)
		if !r.needed(strings.ToLower(joined)) {
			continue
		}
		for _, m := range r.match.FindAllStringSubmatchIndex(joined, -1) {
			from, to := m[2*r.group], m[2*r.group+1]
			if !r.strikes(joined, from, to) {
				continue
			}
			if h := (hit{int(v.from[from]), int(v.to[to-1]), r.name}); strings.Contains(text[h.from:h.to], "\n") {
				hits = append(hits, h)
			}
		}
	}
	return hits
}

// float reports the digits after the point of a number such as 2.5276e+11.
func float(text string, from, to int) bool {
	return from > 0 && text[from-1] == '.' && text[to-1] == 'e' && to < len(text) && (text[to] == '+' || text[to] == '-') &&
		!strings.ContainsFunc(text[from:to-1], isLetter)
}

// seams are the words in the middle of which lines end, joined: each the last of
// a line and the first of the next, or of several where a line is one word.
func seams(text string) (all []view) {
	var v view
	whole := false // the last line was one word, which goes on
	for from := 0; from <= len(text); {
		to := lineEnd(text, from)
		first, last := from, to
		for first < to && space(text[first]) {
			first++
		}
		for last > first && space(text[last-1]) {
			last--
		}
		if from = to + 1; first == last {
			continue
		}
		head := first
		for head < last && inWord(text[head]) {
			head++
		}
		tail := last
		for tail > first && inWord(text[tail-1]) {
			tail--
		}
		if len(v.text) > 0 || whole {
			v.addRange(text, first, head)
		}
		whole = head == last && first < last
		if !whole {
			if len(v.text) > 0 {
				all = append(all, v)
			}
			v = view{}
			v.addRange(text, tail, last)
		} else if len(v.text) == 0 {
			v.addRange(text, first, last)
		}
	}
	if len(v.text) > 0 {
		all = append(all, v)
	}
	return all
}

// inWord reports a byte of what is told across the ends of lines.
func inWord(b byte) bool {
	return b > ' ' && strings.IndexByte("\"'`<>(),;", b) < 0
}
