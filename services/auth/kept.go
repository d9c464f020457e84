package auth

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"coffer/services/library"
	"coffer/weaken"
)

const (
	// keepWithin is how long at most what was counted is in memory only. Many
	// failures within it are one write.
	keepWithin = time.Second
	// maxKept is how many callers of one limit are written down.
	maxKept = 512
)

// flag says that something has changed since it was last looked at.
type flag chan struct{}

func (f flag) mark() {
	select {
	case f <- struct{}{}:
	default:
	}
}

// Resume takes up what an earlier process counted, and finds out whether the
// store is the one that it left. It comes before the first request.
func (k *Keeper) Resume(ctx context.Context) error {
	if err := k.recognise(ctx); err != nil {
		return err
	}
	g, err := k.o.Accounts.Guesses(ctx)
	if err != nil {
		return err
	}
	k.keeps.Lock()
	defer k.keeps.Unlock()
	k.kept = &g
	k.limits.resume(g, k.o.Now())
	return nil
}

// Run writes down what the limits count, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	k.begin(context.WithoutCancel(ctx))
	for {
		select {
		case <-ctx.Done():
			k.keep(context.WithoutCancel(ctx))
			return nil
		case <-k.unkept:
		}
		gather := time.NewTimer(keepWithin)
		select {
		case <-ctx.Done():
		case <-gather.C:
		}
		gather.Stop()
		k.keep(context.WithoutCancel(ctx))
	}
}

// failed counts a wrong name or password. A backoff is on disk before anybody
// is told of it.
func (k *Keeper) failed(ctx context.Context, browser string) {
	if k.limits.failed(browser, k.o.Now()) {
		k.keep(context.WithoutCancel(ctx))
		return
	}
	k.unkept.mark()
}

func (k *Keeper) succeeded(client, browser string) {
	k.limits.succeeded(client, browser)
	k.unkept.mark()
}

// keep writes down what the limits count, where that differs from what is
// written. A disk that takes nothing stops nobody from signing in.
func (k *Keeper) keep(ctx context.Context) {
	k.keeps.Lock()
	defer k.keeps.Unlock()
	k.keepNow(ctx)
}

// keepNow needs k.keeps, and returns what it wrote or would have written.
func (k *Keeper) keepNow(ctx context.Context) library.Guesses {
	g := k.limits.counted()
	if weaken.Without(weaken.KeptLimits) || k.kept != nil && reflect.DeepEqual(g, *k.kept) {
		return g
	}
	if err := k.o.Accounts.PutGuesses(ctx, g); err != nil {
		k.o.Log.Error("failed sign-ins are counted in memory only", "error", err)
		return g
	}
	k.kept = &g
	return g
}

// limitsLast finds by reading it again whether the store has what was counted.
// A process that took nothing up from the one before it keeps no limits.
func (k *Keeper) limitsLast(ctx context.Context) bool {
	k.keeps.Lock()
	defer k.keeps.Unlock()
	if k.kept == nil || weaken.Without(weaken.KeptLimits) {
		return false
	}
	g := k.keepNow(ctx)
	stored, err := k.o.Accounts.Guesses(ctx)
	return err == nil && reflect.DeepEqual(g, stored)
}

// windows are the limits by caller, by the names they are kept under.
func (l *limits) windows() map[string]*window {
	return map[string]*window{"codes": &l.codes, "codes-together": &l.allCodes, "logins": &l.logins, "browsers": &l.browsers}
}

// counted is everything that a restart must not forget. It does not depend on
// when it is asked for.
func (l *limits) counted() library.Guesses {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := library.Guesses{
		Failures: l.failures, Waits: l.level, Until: kept(l.until), Last: kept(l.lastFailure), Recent: keptAll(l.failedAt),
	}
	for name, w := range l.windows() {
		if tries := w.counted(); tries != nil {
			if g.Tries == nil {
				g.Tries = map[string]map[string][]time.Time{}
			}
			g.Tries[name] = tries
		}
	}
	return g
}

// kept is t without what a store does not hold.
func kept(t time.Time) time.Time { return t.Round(0).UTC() }

func keptAll(all []time.Time) []time.Time {
	var out []time.Time
	for _, t := range all {
		out = append(out, kept(t))
	}
	return out
}

// counted leaves out who tried so long before the latest that it counts no
// more, and of very many the ones whose latest try is longest ago.
func (w *window) counted() map[string][]time.Time {
	newest := func(key string) time.Time { at := w.at[key]; return at[len(at)-1] }
	var keys []string
	var latest time.Time
	for key := range w.at {
		keys = append(keys, key)
		if t := newest(key); t.After(latest) {
			latest = t
		}
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return latest.Sub(newest(key)) >= w.per })
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(newest(b).Compare(newest(a)), cmp.Compare(a, b))
	})
	var out map[string][]time.Time
	for _, key := range keys[:min(len(keys), maxKept)] {
		if out == nil {
			out = map[string][]time.Time{}
		}
		out[key] = keptAll(w.at[key])
	}
	return out
}

// resume takes up what was counted. The machine's clock may have been set
// back meanwhile: no wait becomes longer than it was when it began, and what
// lies ahead did not happen.
func (l *limits) resume(g library.Guesses, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ahead := func(t time.Time) bool { return t.After(now) }
	l.failures, l.level = max(0, g.Failures), max(0, g.Waits)
	l.until, l.lastFailure = g.Until, g.Last
	if longest := now.Add(backoff(max(0, l.level-1))); l.until.After(longest) {
		l.until = longest
	}
	if ahead(l.lastFailure) {
		l.lastFailure = now
	}
	recent := slices.DeleteFunc(slices.Clone(g.Recent), ahead)
	l.failedAt = recent[max(0, len(recent)-maxRecent):]
	for name, w := range l.windows() {
		for key, at := range g.Tries[name] {
			at = slices.DeleteFunc(slices.Clone(at), ahead)
			if len(at) == 0 || len(w.at) >= maxKept || now.Sub(at[len(at)-1]) >= w.per {
				continue
			}
			if w.at == nil {
				w.at = map[string][]time.Time{}
			}
			w.at[key] = at[max(0, len(at)-w.n):]
		}
	}
}
