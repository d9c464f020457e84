package auth

import (
	"context"
	"sync"
	"time"
)

// Budget names how much one caller may ask of the box in a minute. The edge
// keeps the first line of some of them (rootfs/etc/nginx/coffer/http.conf); it
// cannot tell a good session from a bad one, and these can.
type Budget string

// The budgets.
const (
	// Anonymous is what a client may ask that is not signed in. Files and the
	// probes are not counted.
	Anonymous Budget = "anonymous"
	// Requests is what one session or key may ask.
	Requests Budget = "requests"
	// Changes is how often one session or key may change something, and
	// Uploads how many documents it may send.
	Changes Budget = "changes"
	Uploads Budget = "uploads"
)

// PerMinute is how many a budget has. Those of the owner are far above what a
// person or a busy script does, and hold what has run away.
func (b Budget) PerMinute() int {
	switch b {
	case Anonymous:
		return 120
	case Changes:
		return 1200
	case Uploads:
		return 3000
	}
	return 15000
}

// Budgets counts in memory, by caller. Its zero value is not usable.
type Budgets struct {
	now func() time.Time

	mu  sync.Mutex
	all map[Budget]map[string]*meter
}

// NewBudgets returns Budgets of which nothing is used; now may be nil.
func NewBudgets(now func() time.Time) *Budgets {
	if now == nil {
		now = time.Now
	}
	all := map[Budget]map[string]*meter{}
	for _, b := range []Budget{Anonymous, Requests, Changes, Uploads} {
		all[b] = map[string]*meter{}
	}
	return &Budgets{now: now, all: all}
}

// Take charges one to a caller; Limited when nothing is left, which is not
// charged.
func (b *Budgets) Take(budget Budget, caller string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	m := b.meter(budget, caller, now)
	n := budget.PerMinute()
	if wait := m.wait(n, now); wait > 0 {
		return limited("Too many requests in a minute.", wait)
	}
	m.current++
	return nil
}

// meter returns the caller's, or one that newcomers share when too many are
// known.
func (b *Budgets) meter(budget Budget, caller string, now time.Time) *meter {
	known := b.all[budget]
	if m := known[caller]; m != nil {
		return m
	}
	if len(known) >= maxClients {
		for k, m := range known {
			if m.used(now) == 0 {
				delete(known, k)
			}
		}
	}
	if len(known) >= maxClients {
		caller = "others"
		if m := known[caller]; m != nil {
			return m
		}
	}
	m := &meter{began: now}
	known[caller] = m
	return m
}

// Used is how many one caller has used of a budget in the last minute.
func (b *Budgets) Used(budget Budget, caller string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.all[budget][caller]; m != nil {
		return m.used(b.now())
	}
	return 0
}

// Busiest is how many the busiest caller has used of a budget in the last
// minute, and how many callers there were.
func (b *Budgets) Busiest(budget Budget) (used, callers int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	for _, m := range b.all[budget] {
		if n := m.used(now); n > 0 {
			used, callers = max(used, n), callers+1
		}
	}
	return used, callers
}

// meter counts what was used in the last minute: all of this minute, and of
// the one before it the part that the last minute still covers, as if that had
// been used evenly.
type meter struct {
	began           time.Time // this minute
	current, before int
}

func (m *meter) turn(now time.Time) {
	switch gone := now.Sub(m.began); {
	case gone < 0 || gone >= 2*time.Minute:
		*m = meter{began: now}
	case gone >= time.Minute:
		*m = meter{began: m.began.Add(time.Minute), before: m.current}
	}
}

func (m *meter) used(now time.Time) int {
	m.turn(now)
	left := time.Minute - now.Sub(m.began)
	return m.current + int(int64(m.before)*int64(left)/int64(time.Minute))
}

// wait is how long until fewer than n are used; 0: now.
func (m *meter) wait(n int, now time.Time) time.Duration {
	if m.used(now) < n {
		return 0
	}
	fades, at := m.before, m.began // until at+1min, evenly
	if m.current >= n {
		fades, at = m.current, m.began.Add(time.Minute)
	} else {
		n -= m.current
	}
	// The moment at which fades*(1-t) is n-1.
	t := time.Duration(int64(time.Minute) * int64(fades-n+1) / int64(fades))
	return max(time.Second, at.Add(t).Sub(now))
}

// Caller is what the budgets of somebody who is signed in are kept by.
func (id Identity) Caller() string { return id.Kind + " " + id.UserID + " " + id.SessionID }

// Stranger is what the budget of a client that is not signed in is kept by: a
// browser that the owner has used before has one of its own, so that strangers
// behind the same address cannot use it up.
func (k *Keeper) Stranger(ctx context.Context, c Client) string {
	if c.Browser != "" {
		if owner, err := k.ownerNow(ctx); err == nil {
			if id := k.knownBrowser(owner, c); id != "" {
				return "browser " + id
			}
		}
	}
	return c.key()
}
