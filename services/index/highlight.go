package index

import (
	"html"
	"slices"
	"strings"

	"coffer/services/index/words"
)

// Highlight marks in text what query finds there, as escaped HTML whose only
// markup is <mark>, and counts the marks. With max > 0 it returns the window
// of about max bytes of text that shows most of the query, with … where text
// is left out; otherwise all of text.
func (x *Index) Highlight(query, text string, max int) (string, int) {
	q, err := read(cutQuery(query))
	if err != nil {
		q = question{}
	}
	ws := words.Split(text)
	marks := newMarker(q, ws).marks(ws)
	from, to := 0, len(text)
	if max > 0 && len(text) > max {
		from, to = window(text, ws, marks, max)
	}
	return render(text, marks, from, to)
}

// cutQuery keeps what a search would take.
func cutQuery(q string) string {
	n := 0
	for i := range q {
		if n == maxQuery {
			return q[:i]
		}
		n++
	}
	return q
}

// span is a stretch of text that a clause of the query matched.
type span struct {
	start, end int
	clause     int
}

// marker finds the words of a query in a text.
type marker struct {
	exact    map[string]int   // word to clause
	stems    map[string]int   // of the text's language, to clause
	begin    [256]bool        // first bytes of stems; a word begins as its stem does
	lone     map[string]int   // character to clause
	phrases  map[string][]int // first word to clauses
	clauses  []clause
	language words.Language // of the text
}

func newMarker(q question, ws []words.Word) *marker {
	m := &marker{
		exact:    map[string]int{},
		stems:    map[string]int{},
		lone:     map[string]int{},
		phrases:  map[string][]int{},
		clauses:  q.clauses,
		language: words.Detect(ws),
	}
	for i, c := range q.clauses {
		first := c.words[0]
		switch {
		case c.excluded:
		case len(c.words) > 1:
			m.phrases[first.text] = append(m.phrases[first.text], i)
			if first.lone {
				m.phrases[""] = append(m.phrases[""], i)
			}
		case first.lone:
			m.lone[first.text] = i
		default:
			m.exact[first.text] = i
			if !c.phrase {
				for _, s := range m.stemsOf(first.text) {
					m.stems[s] = i
					m.begin[s[0]] = true
				}
			}
		}
	}
	return m
}

// stemsOf lists the stems of a word in the text, and the word.
func (m *marker) stemsOf(word string) []string {
	return append(words.StemsOf(m.language, word), word)
}

// marks returns what matched in the words of a text, in order, without overlaps.
func (m *marker) marks(ws []words.Word) []span {
	var found []span
	known := map[string]int{} // word to clause, or -1
	for i, w := range ws {
		if k, ok := m.word(w, known); ok {
			end := w.End
			if _, lone := m.lone[m.clauses[k].words[0].text]; lone && w.Form == words.Pair {
				end = w.Mid
			}
			found = append(found, span{w.Start, end, k})
		}
		for _, k := range append(m.phrases[""], m.phrases[w.Text]...) {
			if end, ok := m.phrase(m.clauses[k].words, ws[i:]); ok {
				found = append(found, span{w.Start, end, k})
			}
		}
	}
	return joined(found)
}

// word tells which clause a word belongs to. known remembers answers.
func (m *marker) word(w words.Word, known map[string]int) (int, bool) {
	if k, ok := m.exact[w.Text]; ok {
		return k, true
	}
	if m.begin[w.Text[0]] {
		k, ok := known[w.Text]
		if !ok {
			k = m.byStem(w.Text)
			known[w.Text] = k
		}
		if k >= 0 {
			return k, true
		}
	}
	if w.Form != words.Plain {
		for first, k := range m.lone {
			if strings.HasPrefix(w.Text, first) {
				return k, true
			}
		}
	}
	return 0, false
}

// byStem tells which clause shares a stem with a word, or -1.
func (m *marker) byStem(word string) int {
	for _, s := range m.stemsOf(word) {
		if k, ok := m.stems[s]; ok {
			return k
		}
	}
	return -1
}

// phrase tells whether a phrase begins with the first of ws, and where it ends.
func (m *marker) phrase(ps []place, ws []words.Word) (end int, ok bool) {
	for _, p := range ps {
		at := p.offset - ps[0].offset
		if at >= len(ws) {
			return 0, false
		}
		w := ws[at]
		switch {
		case w.Text == p.text:
			end = w.End
		case p.lone && w.Form == words.Pair && strings.HasPrefix(w.Text, p.text):
			end = w.Mid
		default:
			return 0, false
		}
	}
	return end, true
}

// joined sorts spans and joins those that overlap.
func joined(found []span) []span {
	slices.SortStableFunc(found, func(a, b span) int { return a.start - b.start })
	out := found[:0]
	for _, s := range found {
		if n := len(out); n > 0 && s.start < out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}

// render escapes the bytes from from to to, with marks.
func render(text string, marks []span, from, to int) (string, int) {
	var b strings.Builder
	b.Grow(to - from + 64)
	n, at := 0, from
	if from > 0 {
		b.WriteString("…")
	}
	for _, s := range marks {
		if s.start < from || s.end > to {
			continue
		}
		b.WriteString(html.EscapeString(text[at:s.start]))
		b.WriteString("<mark>")
		b.WriteString(html.EscapeString(text[s.start:s.end]))
		b.WriteString("</mark>")
		at = s.end
		n++
	}
	b.WriteString(html.EscapeString(text[at:to]))
	if to < len(text) {
		b.WriteString("…")
	}
	return b.String(), n
}
