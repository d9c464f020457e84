package auth

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"coffer/services/library"
	"coffer/weaken"
)

// The limits on guessing, all of them here.
const (
	codesPerClient = 3  // wrong setup codes a minute from one client
	codesTogether  = 30 // wrong setup codes a minute from all

	loginsPerClient  = 5  // failed sign-ins a minute from one client
	loginsPerBrowser = 5  // and from one browser the owner has used
	failuresTogether = 10 // failed sign-ins from strangers that start a backoff

	quiet      = time.Hour        // without a failure: the backoff starts over
	recent     = 15 * time.Minute // what "recent failed attempts" counts
	maxClients = 4096             // remembered at a time; more share one bucket
	maxRecent  = 1000
)

// backoff is how long strangers wait after each failuresTogether failures.
func backoff(level int) time.Duration {
	return [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}[min(level, 2)]
}

// limits counts failures in memory; kept.go keeps them on disk.
type limits struct {
	mu       sync.Mutex
	codes    window
	allCodes window
	logins   window
	browsers window

	failures    int // since the last backoff or success
	level       int
	until       time.Time // of the backoff
	lastFailure time.Time
	failedAt    []time.Time
}

func newLimits() limits {
	return limits{
		codes:    window{n: codesPerClient, per: time.Minute},
		allCodes: window{n: codesTogether, per: time.Minute},
		logins:   window{n: loginsPerClient, per: time.Minute},
		browsers: window{n: loginsPerBrowser, per: time.Minute},
	}
}

// takeCode charges one try of a setup code.
func (l *limits) takeCode(client string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := max(l.codes.wait(client, now), l.allCodes.wait("", now))
	if wait > 0 {
		return limited("Too many wrong setup codes.", wait)
	}
	l.codes.take(client, now)
	l.allCodes.take("", now)
	return nil
}

// rightCode takes back what takeCode charged.
func (l *limits) rightCode(client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.codes.forget(client)
	l.allCodes.back("")
}

// takeLogin charges one sign-in before the password is looked at, so that
// many at once cannot slip past. browser is the id of a known one, else empty.
func (l *limits) takeLogin(client, browser string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if browser != "" {
		if wait := l.browsers.wait(browser, now); wait > 0 {
			return limited("Too many wrong passwords or codes from this browser.", wait)
		}
		l.browsers.take(browser, now)
		return nil
	}
	if wait := max(l.until.Sub(now), l.logins.wait(client, now)); wait > 0 {
		return limited("Too many wrong passwords or codes.", wait)
	}
	l.logins.take(client, now)
	return nil
}

// blocked reports a backoff that began while a sign-in waited for its turn.
func (l *limits) blocked(browser string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wait := l.until.Sub(now); wait > 0 && browser == "" {
		return limited("Too many wrong passwords or codes.", wait)
	}
	return nil
}

// failed records a wrong name or password, and reports that a backoff begins
// with it. A known browser's failures do not move the backoff of strangers.
func (l *limits) failed(browser string, now time.Time) (begins bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.lastFailure) > quiet {
		l.failures, l.level = 0, 0
	}
	l.lastFailure = now
	if len(l.failedAt) == maxRecent {
		l.failedAt = l.failedAt[1:]
	}
	l.failedAt = append(l.failedAt, now)
	if browser != "" {
		return false
	}
	l.failures++
	if l.failures < failuresTogether {
		return false
	}
	l.until = now.Add(backoff(l.level))
	l.failures = 0
	l.level++
	return true
}

// rightPassword takes back what takeLogin charged, and forgets nothing else.
func (l *limits) rightPassword(client, browser string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if browser != "" {
		l.browsers.back(browser)
		return
	}
	l.logins.back(client)
}

// succeeded forgets the client's tries and the failures of all.
func (l *limits) succeeded(client, browser string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.logins.forget(client)
	if browser != "" {
		l.browsers.forget(browser)
	}
	l.failures, l.level, l.until = 0, 0, time.Time{}
}

// forgive lets everybody try again.
func (l *limits) forgive() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failures, l.level, l.until = 0, 0, time.Time{}
	clear(l.logins.at)
	clear(l.browsers.at)
}

func (l *limits) recentFailures(now time.Time) (n int, last time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.failedAt {
		if now.Sub(t) <= recent {
			n++
		}
	}
	return n, l.lastFailure
}

func limited(message string, wait time.Duration) error {
	seconds := max(1, int(math.Ceil(wait.Seconds())))
	return &library.Error{Kind: library.Limited, Message: message, Hint: "Wait a little, then try again.", RetryAfter: seconds}
}

// window allows n events per key in any span of per. Its zero map is ready.
type window struct {
	n   int
	per time.Duration
	at  map[string][]time.Time // oldest first, at most n
}

// wait is how long until one more is allowed; 0 or less: now.
func (w *window) wait(key string, now time.Time) time.Duration {
	at := w.at[w.bucket(key)]
	if len(at) < w.n || weaken.Without(weaken.Guessing) {
		return 0
	}
	return at[len(at)-w.n].Add(w.per).Sub(now)
}

func (w *window) take(key string, now time.Time) {
	if w.at == nil {
		w.at = map[string][]time.Time{}
	}
	if len(w.at) >= maxClients {
		for k, at := range w.at {
			if now.Sub(at[len(at)-1]) >= w.per {
				delete(w.at, k)
			}
		}
	}
	key = w.bucket(key)
	at := append(w.at[key], now)
	w.at[key] = at[max(0, len(at)-w.n):]
}

// bucket is key itself, or one shared by newcomers when too many are known.
func (w *window) bucket(key string) string {
	if _, known := w.at[key]; known || len(w.at) < maxClients {
		return key
	}
	return "others"
}

func (w *window) forget(key string) { delete(w.at, w.bucket(key)) }

func (w *window) back(key string) {
	if at := w.at[key]; len(at) > 1 {
		w.at[key] = at[:len(at)-1]
	} else {
		delete(w.at, key)
	}
}

// key is what a client is limited by: its address, or its /64 in IPv6, of
// which one host has as many addresses as it likes.
func (c Client) key() string {
	a, err := netip.ParseAddr(c.Address)
	if err != nil {
		return c.Address
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		p, _ := a.Prefix(64)
		return p.String()
	}
	return a.String()
}
