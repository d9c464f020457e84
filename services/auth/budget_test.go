package auth

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"coffer/services/library"
)

// TestBudgets fills each budget, is refused, and is let in again when the
// answer said, not before.
func TestBudgets(t *testing.T) {
	for _, budget := range []Budget{Anonymous, Requests, Changes, Uploads} {
		for name, before := range map[string]time.Duration{"at once": 0, "over two minutes": 40 * time.Second} {
			now := time.Unix(1e9, 0)
			b := NewBudgets(func() time.Time { return now })
			n := budget.PerMinute()
			for i := range n {
				if i == n/2 {
					now = now.Add(before)
				}
				if err := b.Take(budget, "a"); err != nil {
					t.Fatalf("%s, %s: refused after %d: %v", budget, name, i, err)
				}
			}
			var limit *library.Error
			if err := b.Take(budget, "a"); !errors.As(err, &limit) || limit.Kind != library.Limited || limit.RetryAfter < 1 || limit.RetryAfter > 121 {
				t.Fatalf("%s, %s: after %d: %v", budget, name, n, err)
			}
			if err := b.Take(budget, "b"); err != nil {
				t.Errorf("%s, %s: another caller: %v", budget, name, err)
			}
			if used, callers := b.Busiest(budget); used != n || callers != 2 || b.Used(budget, "a") != n || b.Used(budget, "c") != 0 {
				t.Errorf("%s, %s: the busiest of %d used %d, a %d", budget, name, callers, used, b.Used(budget, "a"))
			}
			wait := time.Duration(limit.RetryAfter) * time.Second
			now = now.Add(wait - 2*time.Second)
			if err := b.Take(budget, "a"); err == nil && budget == Anonymous {
				t.Errorf("%s, %s: let in two seconds before its time", budget, name)
			}
			now = now.Add(2 * time.Second)
			if err := b.Take(budget, "a"); err != nil {
				t.Errorf("%s, %s: after the wait of %v: %v", budget, name, wait, err)
			}
			now = now.Add(3 * time.Minute)
			if used, callers := b.Busiest(budget); used != 0 || callers != 0 {
				t.Errorf("%s, %s: three minutes later %d by %d", budget, name, used, callers)
			}
		}
	}
}

// TestBudgetsAreBounded: as many callers as there are addresses take no more
// memory, and those who were known before keep their own.
func TestBudgetsAreBounded(t *testing.T) {
	now := time.Unix(1e9, 0)
	b := NewBudgets(func() time.Time { return now })
	for i := range 2 * maxClients {
		_ = b.Take(Anonymous, fmt.Sprint(i))
	}
	if n := len(b.all[Anonymous]); n > maxClients+1 {
		t.Errorf("%d callers are remembered", n)
	}
	if err := b.Take(Anonymous, "0"); err != nil {
		t.Errorf("one who was known: %v", err)
	}
	if err := b.Take(Anonymous, "newcomer"); err == nil {
		t.Error("newcomers do not share a budget")
	}
	now = now.Add(3 * time.Minute)
	if err := b.Take(Anonymous, "newcomer"); err != nil {
		t.Errorf("later: %v", err)
	}
}
