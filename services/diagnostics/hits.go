package diagnostics

import (
	"cmp"
	"slices"
	"strings"
)

// hit is a part of a text that has to go.
type hit struct {
	from, to int
	rule     string
}

// merge sorts hits and joins those that overlap; the first names the rule.
func merge(hits []hit) []hit {
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(a.from-b.from, b.to-a.to, strings.Compare(a.rule, b.rule))
	})
	var out []hit
	for _, h := range hits {
		if last := len(out) - 1; last >= 0 && h.from < out[last].to {
			out[last].to = max(out[last].to, h.to)
			continue
		}
		out = append(out, h)
	}
	return out
}

const placeholderBegins = "[redacted:"

func placeholder(rule string) string { return placeholderBegins + rule + "]" }

// blank puts the name of the rule in the place of each hit. The ends of lines
// within stay.
func blank(text string, hits []hit) string {
	var b strings.Builder
	at := 0
	for _, h := range hits {
		b.WriteString(text[at:h.from])
		b.WriteString(placeholder(h.rule))
		b.WriteString(strings.Repeat("\n", strings.Count(text[h.from:h.to], "\n")))
		at = h.to
	}
	b.WriteString(text[at:])
	return b.String()
}
