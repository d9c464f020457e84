package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/config"
)

// A service's environment is what its row says, whatever init's own has.
func TestEnvironmentOfServices(t *testing.T) {
	t.Setenv("A_SECRET_OF_INIT", "x")
	got := plan{cfg: &config.Config{TimeZone: time.UTC}}.env(2)
	want := []string{"TZ=UTC", "GOMAXPROCS=2", "HOME=/", "TMPDIR=/nonexistent"}
	if !slices.Equal(got, want) {
		t.Errorf("%s; want %s", strings.Join(got, " "), strings.Join(want, " "))
	}
}
