package config

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with the configuration.
type Fault struct {
	Name   string // the option or file at fault
	What   string
	Remedy string
}

func (f Fault) String() string { return fmt.Sprintf("%s: %s. %s", f.Name, f.What, f.Remedy) }

// Faults are all the faults of one configuration.
type Faults []Fault

func (f Faults) Error() string {
	var b strings.Builder
	if len(f) == 1 {
		b.WriteString("the configuration has a fault:")
	} else {
		fmt.Fprintf(&b, "the configuration has %d faults:", len(f))
	}
	for _, fault := range f {
		b.WriteString("\n  " + fault.String())
	}
	return b.String()
}

// nearest returns the known name closest to name, or "" when none is close: a
// third of its letters may be wrong.
func nearest(name string, known []string) string {
	own := strings.TrimPrefix(name, prefix)
	best, at := "", max(1, len(own)/3)+1
	for _, k := range known {
		if d := distance(own, strings.TrimPrefix(k, prefix)); d < at {
			best, at = k, d
		}
	}
	return best
}

// distance is the number of letters to change, add, drop or swap with their
// neighbour to turn a into b (optimal string alignment).
func distance(a, b string) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
		}
		prev2, prev = prev, row
	}
	return prev[len(b)]
}
