package diagnostics

import (
	"regexp"
	"strings"
)

// Configured is what stands for a secret that is set.
const Configured = "configured"

// Shapes removes what looks like a secret. It is safe for concurrent use.
type Shapes struct {
	rules    []shape
	assigned *regexp.Regexp
	pemEnd   *regexp.Regexp
	marks    *regexp.Regexp
}

// NewShapes returns the rules.
func NewShapes() *Shapes {
	return &Shapes{rules: shapes(), assigned: assigned(), pemEnd: regexp.MustCompile(`-----END [A-Za-z0-9 ]+-----`), marks: regexp.MustCompile(mark)}
}

// mark is what stands for something that was removed, or for a name.
const mark = `\[(?:redacted|address|host|user|path|id):[a-z0-9-]+\]`

// replaced reports a value that begins with such a mark; the rest of it is
// judged by itself.
func replaced(v string) bool {
	for _, kind := range []string{"redacted:", "address:", "host:", "user:", "path:", "id:"} {
		if strings.HasPrefix(strings.TrimPrefix(v, "["), kind) {
			return true
		}
	}
	return false
}

// Clean returns text without what looks like a secret. Lines stay lines.
func (s *Shapes) Clean(text string) (string, Counts, error) {
	counts := Counts{}
	for range maxRounds {
		hits := s.find(text)
		if len(hits) == 0 {
			return text, counts, nil
		}
		for _, h := range hits {
			counts[h.rule]++
		}
		text = blank(text, hits)
	}
	return "", counts, ErrUnclean
}

// Look counts what is there.
func (s *Shapes) Look(text string) Counts {
	counts := Counts{}
	for _, h := range s.find(text) {
		counts[h.rule]++
	}
	return counts
}

func (s *Shapes) find(text string) []hit {
	hits := append(s.assignments(text), s.blocks(text)...)
	joined := join(text)
	for _, rule := range s.rules {
		hits = append(hits, rule.find(plainView(text), text)...)
		if rule.joined && len(joined.text) < len(text) {
			for _, h := range rule.find(joined, string(joined.text)) {
				if strings.Contains(text[h.from:h.to], "\n") {
					hits = append(hits, h)
				}
			}
		}
	}
	return merge(s.outside(text, hits))
}

// find is where the rule strikes in a view, told in the original.
func (r shape) find(v view, text string) (hits []hit) {
	for _, at := range r.match.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[2*r.group], at[2*r.group+1]
		if from < 0 || from == to || r.judge != nil && !r.judge(text[from:to]) || r.name == "hex" && float(text, from, to) {
			continue
		}
		hits = append(hits, hit{int(v.from[from]), int(v.to[to-1]), r.name})
	}
	return hits
}

// float reports the digits after the point of a number such as 2.5276e+11.
func float(text string, from, to int) bool {
	return from > 0 && text[from-1] == '.' && text[to-1] == 'e' && to < len(text) && (text[to] == '+' || text[to] == '-') &&
		!strings.ContainsFunc(text[from:to-1], isLetter)
}

// join leaves the ends of lines out, with the space about them.
func join(text string) view {
	v := newView(len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\n' {
			v.add(text[i], int32(i), int32(i+1))
			continue
		}
		for i+1 < len(text) && space(text[i+1]) {
			i++
		}
	}
	return v
}

// outside takes out of each hit the marks that are there already, so that what
// is clean stays as it is.
func (s *Shapes) outside(text string, hits []hit) (out []hit) {
	if len(hits) == 0 {
		return nil
	}
	marks := s.marks.FindAllStringIndex(text, -1)
	for _, h := range hits {
		for _, m := range marks {
			if m[1] <= h.from || m[0] >= h.to {
				continue
			}
			if m[0] > h.from {
				out = append(out, hit{h.from, m[0], h.rule})
			}
			h.from = m[1]
		}
		if h.from < h.to {
			out = append(out, h)
		}
	}
	for i := range out {
		h := &out[i]
		for h.from < h.to && strings.IndexByte(" \t\n\"'`;,)}]>\\", text[h.from]) >= 0 {
			h.from++
		}
		for h.to > h.from && strings.IndexByte(" \t\n\"'`;,)}]>\\", text[h.to-1]) >= 0 {
			h.to--
		}
	}
	n := 0
	for _, h := range out {
		if h.from < h.to {
			out[n] = h
			n++
		}
	}
	return out[:n]
}
