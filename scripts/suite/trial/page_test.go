package trial

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestPage keeps docs/supervision.md about the cases that there are.
func TestPage(t *testing.T) {
	data, err := os.ReadFile("../../../docs/supervision.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| case ") && !strings.HasPrefix(line, "| --- ") {
			rows++
		}
	}
	if want := len(Cases()) + 1; rows != want {
		t.Errorf("the table has %d rows, not %d; run: make suite", rows, want)
	}
	for _, c := range Cases() {
		// Ours is the first column.
		if row := fmt.Sprintf("\n| %s | %s | pass |", c.Name, c.What); !strings.Contains(string(data), row) {
			t.Errorf("no row %q; run: make suite", strings.TrimSpace(row))
		}
	}
	for _, s := range append([]Subject{Ours()}, References()...) {
		if !strings.Contains(string(data), "\n### "+s.Name) {
			t.Errorf("%s is not told of; run: make suite", s.Name)
		}
	}
}
