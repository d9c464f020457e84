package index

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestRangesHoldTheirTimes checks ranges of terms against comparing times.
func TestRangesHoldTheirTimes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	spans := []time.Duration{1, time.Microsecond, time.Millisecond, time.Second, time.Hour, 24 * time.Hour, 365 * 24 * time.Hour}
	near := func() time.Time {
		at := added
		for range 1 + rng.IntN(3) {
			at = at.Add(spans[rng.IntN(len(spans))] * time.Duration(rng.IntN(7)-3))
		}
		return at
	}
	held := 0
	for range 20_000 {
		from, to, at := near(), near(), near()
		if rng.IntN(10) == 0 {
			from = time.Time{}
		}
		if rng.IntN(10) == 0 {
			to = time.Time{}
		}
		want := (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to))
		terms := dayTerms(at)
		times := 0
		for _, r := range rangesOf(from, to) {
			if slices.ContainsFunc(terms, func(s string) bool { return s >= r.first && s < r.end }) {
				times++
			}
		}
		if (times > 0) != want || times > 1 {
			t.Fatalf("%v from %v to %v: in %d ranges, want %v", at, from, to, times, want)
		}
		if want {
			held++
		}
	}
	if held < 1000 {
		t.Errorf("only %d times were within", held)
	}
}

func TestTimesOutsideTheRange(t *testing.T) {
	old, late := time.Time{}.AddDate(1, 0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	if !(instant(old) < instant(added) && instant(added) < instant(late)) {
		t.Error("old, new and late are out of order")
	}
	if instant(added) >= instant(added.Add(1)) {
		t.Error("a nanosecond is lost")
	}
}
