package diagnostics

import (
	"regexp"
	"sort"
	"strings"
)

// Configured is what stands for a secret that is set.
const Configured = "configured"

// Shapes removes what looks like a secret. It is safe for concurrent use.
type Shapes struct {
	rules                    []shape
	assigned, listed, entity *regexp.Regexp
	pemEnd                   *regexp.Regexp
	marks                    *regexp.Regexp
}

// NewShapes returns the rules.
func NewShapes() *Shapes {
	return &Shapes{
		rules: shapes(), assigned: assigned(), listed: listed(), entity: regexp.MustCompile(`^(?:` + entity + `)`),
		pemEnd: regexp.MustCompile(`-----END [A-Za-z0-9 ]+-----`), marks: regexp.MustCompile(mark),
	}
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
	hits = append(hits, words(text)...)
	small, seams := smallLetters(text), seams(text)
	hits = append(hits, split(text, seams)...)
	for _, rule := range s.rules {
		hits = append(hits, rule.find(text, small)...)
		hits = append(hits, rule.across(text, seams)...)
	}
	return merge(s.outside(text, hits))
}

// smallLetters is text with small ones of the Latin letters, each byte in its
// place.
func smallLetters(text string) string {
	b := []byte(text)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
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
		for _, m := range marks[reaching(marks, h.from):] {
			if m[0] >= h.to {
				break
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

// reaching is the first of the marks that ends after at.
func reaching(marks [][]int, at int) int {
	return sort.Search(len(marks), func(i int) bool { return marks[i][1] > at })
}
