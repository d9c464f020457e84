package reader

import (
	"strings"
	"testing"
)

func TestFlow(t *testing.T) {
	for name, row := range map[string]struct{ in, want string }{
		"one line":  {"Only this line, which is long enough for a column", "Only this line, which is long enough for a column"},
		"paragraph": {"The notice period is three months to the\nend of a quarter, unless both sides have\nagreed otherwise.", "The notice period is three months to the end of a quarter, unless both sides have agreed otherwise."},
		"two paragraphs without a blank line": {"The notice period is three months to the\nend of a quarter.\nRent is due on the third working day of\nevery month.",
			"The notice period is three months to the end of a quarter.\nRent is due on the third working day of every month."},
		"heading":    {"Notice\nThe notice period is three months to the\nend of a quarter.", "Notice\nThe notice period is three months to the end of a quarter."},
		"address":    {"Ada Lovelace\n12 St James's Square\nLondon", "Ada Lovelace\n12 St James's Square\nLondon"},
		"list":       {"What the tenant pays for by the month is\n• the rent as it stands in the contract\n• heating and water by what was used then\n(a) and also what is agreed on elsewhere\n2. once a year", ""},
		"table":      {"Rent for March 2024    1200.00    14.02.\nRent for April 2024    1250.00    14.03.\nRent for May 2024      1250.00    14.04.", ""},
		"contents":   {"1 On the notice period of tenants ...... 12\n2 On the rent that is to be paid ....... 14", ""},
		"accents":    {"Äußerungen über die Größe der Wohnungen\nmüssen schriftlich gemacht werden.", "Äußerungen über die Größe der Wohnungen müssen schriftlich gemacht werden."},
		"no letters": {strings.Repeat("- ", 30) + "\n" + strings.Repeat("- ", 30), ""},
		"no spaces":  {"租客和房东都可以在季度末之前三个月以书面形式解除本合同除非双方另\n有约定。\n租金在每月第三个工作日到期。", "租客和房东都可以在季度末之前三个月以书面形式解除本合同除非双方另有约定。\n租金在每月第三个工作日到期。"},
		// What looks like a mark but belongs to the sentence runs on.
		"bracket": {"The notice period is three months to the\n(calendar) quarter, unless both sides did\nagree otherwise.", "The notice period is three months to the (calendar) quarter, unless both sides did agree otherwise."},
	} {
		want := row.want
		if want == "" {
			want = row.in
		}
		if got := flow(row.in); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}
