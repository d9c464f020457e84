package index

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"coffer/services/library"
)

// The limits of looking for another spelling.
const (
	rare          = 3     // hits; fewer are little
	maxMisspelt   = 4     // words corrected in one query
	maxSpellings  = 20000 // terms looked at for one word
	spellingTime  = 50 * time.Millisecond
	spellingEdits = 2
)

// suggest offers the query with its unknown words spelt as words that the
// index knows, if that finds more.
func (r *run) suggest(res *library.Results) error {
	until := time.Now().Add(spellingTime)
	better := map[string]string{}
	for _, c := range r.asked.clauses {
		if c.excluded {
			continue
		}
		for _, w := range c.words {
			if len(better) == maxMisspelt || time.Now().After(until) || r.ctx.Err() != nil {
				break
			}
			known, err := r.frequency(w.text)
			if err != nil {
				return err
			}
			if w.lone || known > 0 && (known >= rare || r.strict >= rare) {
				continue
			}
			to, err := r.spelling(w.text, known, until)
			if err != nil {
				return err
			}
			if to != "" {
				better[w.text] = to
			}
		}
	}
	if len(better) == 0 {
		return nil
	}
	text := respell(r.asked.text, better)
	asked, err := read(text)
	if err != nil {
		return nil // a longer spelling broke a limit: nothing to offer
	}
	again := &run{ctx: r.ctx, x: r.x, s: r.s, query: r.query, asked: asked}
	if err := again.resolve(); err != nil {
		return err
	}
	if _, total := again.match(wanted(len(again.loose))); total > r.strict {
		res.DidYouMean = text
	}
	return nil
}

// respell replaces words of a query in place.
func respell(text string, better map[string]string) string {
	var b strings.Builder
	done := 0
	for _, c := range parse(text).clauses {
		for _, w := range c.words {
			if to, ok := better[w.text]; ok && !c.excluded {
				b.WriteString(text[done:w.start])
				b.WriteString(to)
				done = w.end
			}
		}
	}
	b.WriteString(text[done:])
	return b.String()
}

// frequency is how many passages have a term, in text or title.
func (r *run) frequency(term string) (n int, err error) {
	for _, p := range r.s.parts {
		for _, field := range []string{fieldText, fieldTitle} {
			b, err := p.passages(field, term)
			if err != nil {
				return 0, err
			}
			n += int(p.live(b).GetCardinality())
		}
	}
	return n, nil
}

// spelling returns the most likely word that was meant by a term which known
// passages have: near in spelling, and frequent. An edit more must be paid for
// by a hundredfold frequency.
func (r *run) spelling(term string, known int, until time.Time) (string, error) {
	runes := []rune(term)
	edits := spellingEdits
	switch {
	case len(runes) < 3 || strings.ContainsAny(term, "0123456789"):
		return "", nil
	case len(runes) < 5:
		edits = 1
	}
	best, bestScore := "", math.Inf(-1)
	seen := map[string]bool{}
	for _, field := range []string{fieldText, fieldTitle} {
		// The automaton counts a swap of neighbours as two edits.
		dict, err := r.s.FieldDictFuzzy(field, term, spellingEdits, "")
		if err != nil {
			return "", err
		}
		for range maxSpellings {
			e, err := dict.Next()
			if err != nil {
				return "", err
			}
			if e == nil || time.Now().After(until) {
				break
			}
			to := strings.Clone(e.Term)
			if seen[to] || to == term || utf8.RuneCountInString(to) < 3 {
				continue
			}
			seen[to] = true
			d := distance(runes, []rune(to))
			if d > edits {
				continue
			}
			n, err := r.frequency(to)
			if err != nil {
				return "", err
			}
			if n == 0 || known > 0 && n < 10*known {
				continue
			}
			score := math.Log(float64(n)) - float64(d)*math.Log(100)
			if first, _ := utf8.DecodeRuneInString(to); first != runes[0] {
				score -= math.Log(10) // few err in the first letter
			}
			if score > bestScore || score == bestScore && to < best {
				best, bestScore = to, score
			}
		}
	}
	return best, nil
}

// distance is the number of insertions, deletions, substitutions and swaps of
// neighbours that lead from a to b (optimal string alignment).
func distance(a, b []rune) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		now, last, before := rows[i%3], rows[(i+2)%3], rows[(i+1)%3]
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
