package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	e2e "coffer/scripts/e2e/tier"
)

// The names that tests ask for and the names that the runner hands out are the
// same, and every end-to-end package belongs to a tier.
func TestEveryTierHasARunner(t *testing.T) {
	var names, packages []string
	for _, tier := range tiers() {
		names = append(names, strings.Split(tier.name, ",")...)
		for _, r := range tier.runs {
			packages = append(packages, r.packages...)
		}
	}
	for _, want := range []string{e2e.Native, e2e.Proofs, e2e.Supervision, e2e.Quiet, e2e.ACME, e2e.Scan, e2e.Chaos, e2e.Image, e2e.Browser} {
		if !slices.Contains(names, want) {
			t.Errorf("no tier %q is run", want)
		}
		if !slices.Contains(packages, "./scripts/e2e/"+want) {
			t.Errorf("no tier runs ./scripts/e2e/%s", want)
		}
	}
}

func TestASkippedTierFailsInCI(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // nothing is installed
	for _, c := range []struct {
		ci   bool
		want int
	}{{true, 1}, {false, 0}} {
		var out bytes.Buffer
		if got := run(context.Background(), []string{"browser"}, c.ci, &out); got != c.want {
			t.Errorf("with CI %v it exits with %d, want %d", c.ci, got, c.want)
		}
		if !strings.Contains(out.String(), "skipped  browser  nginx is not installed") {
			t.Errorf("the skipped tier is not named with its reason:\n%s", out.String())
		}
	}
}
