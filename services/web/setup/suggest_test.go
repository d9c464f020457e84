package setup

import (
	"testing"

	"coffer/services/library"
)

func TestSuggest(t *testing.T) {
	for _, row := range []struct {
		title string
		texts []string
		want  string
	}{
		{"Lease", []string{"The notice period is long.", "A notice period of three months, a deposit."}, "notice period"},
		{"Heat", []string{"Heizung Wartung. Die Heizung braucht Wartung, jede Heizung."}, "Heizung"},
		{"x", []string{"Pressure relief. Relief pressure. Pressure, relief."}, "Pressure"}, // pairs end at punctuation
		{"x", []string{"合同 期限 合同 期限"}, "合同 期限"},
		{"Quarterly report", []string{"1 2 3 4"}, "Quarterly"},
		{"a b", []string{"it is so", "12345678 2026-01-01 a@example.org"}, ""},
		{"", nil, ""},
		{"x", []string{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, ""},
		{"x", []string{"window window window window"}, "window"}, // a word beside itself is no pair
	} {
		var passages []library.Passage
		for _, text := range row.texts {
			passages = append(passages, library.Passage{Text: text})
		}
		if got := suggest(row.title, passages); got != row.want {
			t.Errorf("%q %q: %q, want %q", row.title, row.texts, got, row.want)
		}
	}
}
