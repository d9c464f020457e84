// Package tier names the test tiers that need more than Go: a machine to run
// nginx on, a container engine, a browser, other inits.
//
// It owns their names and how a test asks for one. It refuses to guess whether
// a machine can run a tier: the runner (scripts/tiers) decides and says so.
package tier

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Variable lists the tiers to run, separated by commas.
const Variable = "COFFER_TIERS"

// The tiers.
const (
	Native      = "native"
	Proofs      = "proofs"
	Supervision = "supervision"
	Chaos       = "chaos"
	Image       = "image"
	Browser     = "browser"
	Quiet       = "quiet"
	ACME        = "acme"
	Scan        = "scan"
)

// Need skips the test unless its tier was asked for.
func Need(t *testing.T, name string) {
	t.Helper()
	if !slices.Contains(strings.Split(os.Getenv(Variable), ","), name) {
		t.Skipf("tier %s: run it by make test, or with %s=%s", name, Variable, name)
	}
}

// Folder makes a folder for the test that every user of this machine may enter,
// which those of t.TempDir do not allow.
func Folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "coffer-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("the test's folder stays: %v", err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
