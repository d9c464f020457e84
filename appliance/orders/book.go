package orders

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"coffer/appliance/certs"
)

// Limits of asking. Whoever asks, the owner or the box by itself, keeps to
// perHour: Let's Encrypt takes five failures of a name in an hour, and five
// certificates for the same names in a week.
const (
	perHour  = 5
	maxPause = 30 * 24 * time.Hour // that an authority may ask for
	// How often an authority is asked when it wants a renewal.
	askAtLeast = time.Hour
	askAtMost  = 24 * time.Hour
	askSilent  = 7 * 24 * time.Hour // one that says nothing about it
	askFailed  = 6 * time.Hour
	// restful is the longest that a certificate is left alone after it came,
	// whatever the authority says of renewing it.
	restful = 12 * time.Hour
)

// Book is what is known of earlier orders.
type Book struct {
	Wish     Wish        `json:"wish"`            // of the last order
	Tries    []time.Time `json:"tries,omitempty"` // the last ones, the latest last
	Failures int         `json:"failures,omitempty"`
	// Problem is why the last one came to nothing; nil: it did not.
	Problem *Failure `json:"problem,omitempty"`
	// Next is when the box tries again by itself, and Until when the authority
	// wants to be asked again.
	Next  time.Time `json:"next,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Past is what the last orders came to, the latest last.
	Past []Outcome `json:"past,omitempty"`
	Made *Made     `json:"made,omitempty"` // the last certificate; nil: there was none
}

// Outcome is what an order came to.
type Outcome struct {
	At      time.Time `json:"at"`
	Wish    Wish      `json:"wish"`
	Problem *Failure  `json:"problem,omitempty"` // nil: a certificate
	Until   time.Time `json:"until,omitzero"`    // when that ends
}

// maxPast is how many of them are kept.
const maxPast = 10

// Made is what is known of a certificate that an authority made.
type Made struct {
	Directory   string    `json:"directory"`
	Account     string    `json:"account"` // the hash of the account's key
	Fingerprint string    `json:"fingerprint"`
	At          time.Time `json:"at"`
	Terms       string    `json:"terms,omitempty"`
	Window      *Window   `json:"window,omitempty"`
	Renew       time.Time `json:"renew,omitzero"` // a moment of the window
	Ask         time.Time `json:"ask,omitzero"`   // when the authority is asked about it
}

// chance draws from [0, 1).
type chance func() float64

// Begin notes an order before anybody is asked, as one that failed: what ends
// in between counts too, so that a box that falls again and again asks ever
// more seldom.
func (b *Book) Begin(w Wish, now time.Time) { b.begin(w, now, rand.Float64) }

func (b *Book) begin(w Wish, now time.Time, c chance) {
	if !b.Wish.Same(w) {
		b.Failures = 0
	}
	if b.Wish.Directory != w.Directory {
		b.Until = time.Time{}
	}
	b.Wish = w
	b.Tries = append(b.Tries, now.UTC())
	b.Tries = slices.Clone(b.Tries[max(0, len(b.Tries)-perHour):])
	b.fail(&Failure{Code: Interrupted, What: "the box ended while it ordered a certificate"}, now, c)
}

// Fail notes what the order that began last came to.
func (b *Book) Fail(f *Failure, now time.Time) {
	b.Failures--
	b.undo()
	b.fail(f, now, rand.Float64)
}

// undo takes back what Begin noted.
func (b *Book) undo() { b.Past = b.Past[:max(0, len(b.Past)-1)] }

func (b *Book) done(o Outcome) {
	b.Past = append(b.Past, o)
	b.Past = slices.Clone(b.Past[max(0, len(b.Past)-maxPast):])
}

// Ended is when the last order was done or failed; zero: there was none.
func (b Book) Ended() time.Time {
	if len(b.Past) == 0 {
		return time.Time{}
	}
	return b.Past[len(b.Past)-1].At
}

func (b *Book) fail(f *Failure, now time.Time, c chance) {
	b.Failures++
	b.Problem = f
	b.done(Outcome{At: now.UTC(), Wish: b.Wish, Problem: f})
	first, factor, most := pace(f.Code)
	wait := first
	for n := 1; n < b.Failures && wait < most; n++ {
		wait *= time.Duration(factor)
	}
	wait = min(wait, most)
	if !f.Until.IsZero() {
		b.Until = f.Until.UTC()
		if longest := now.Add(maxPause).UTC(); b.Until.After(longest) {
			b.Until = longest
		}
		wait = max(first/60, b.Until.Sub(now))
	}
	b.Next = now.Add(wait + time.Duration(float64(wait)*c()/4)).UTC()
}

// Stay notes why nobody was asked.
func (b *Book) Stay(f *Failure, now time.Time) {
	b.Problem, b.Next = f, now.Add(time.Minute).UTC()
}

// Drop notes that the owner wants another order than the one that began last.
func (b *Book) Drop() {
	b.undo()
	b.Failures, b.Problem, b.Next = 0, nil, time.Time{}
}

// Succeed notes the certificate that the order came to.
func (b *Book) Succeed(p *certs.Pair, r Result, account string, now time.Time) {
	b.undo()
	b.done(Outcome{At: now.UTC(), Wish: b.Wish, Until: p.Expires().UTC()})
	b.Failures, b.Problem, b.Next, b.Until = 0, nil, time.Time{}, time.Time{}
	b.Made = &Made{Directory: b.Wish.Directory, Account: account, Fingerprint: p.Fingerprint(), At: now.UTC(), Terms: r.Terms}
	b.Heard(r.Window, nil, now)
}

// Heard notes what an authority says of renewing the last certificate; nil:
// nothing.
func (b *Book) Heard(w *Window, err error, now time.Time) { b.heard(w, err, now, rand.Float64) }

func (b *Book) heard(w *Window, err error, now time.Time, c chance) {
	m := b.Made
	switch {
	case err != nil:
		m.Ask = now.Add(askFailed).UTC()
		return
	case w == nil || !w.End.After(w.Start):
		m.Window, m.Renew, m.Ask = nil, time.Time{}, now.Add(askSilent).UTC()
		return
	}
	// The moment is drawn once for each window (RFC 9773, 4.2).
	if m.Window == nil || !m.Window.Start.Equal(w.Start) || !m.Window.End.Equal(w.End) {
		m.Renew = w.Start.Add(time.Duration(float64(w.End.Sub(w.Start)) * c())).UTC()
	}
	m.Window = w
	m.Ask = within(now.Add(askAtLeast), w.Again, now.Add(askAtMost)).UTC()
}

// within is at, or the end of [from, to] that is nearer.
func within(from, at, to time.Time) time.Time {
	switch {
	case at.Before(from):
		return from
	case at.After(to):
		return to
	}
	return at
}

// Account is the account that made p; empty: another authority did, or the
// account is not known. Only then can an order say that it replaces p.
func (b Book) Account(w Wish, p *certs.Pair) string {
	if p == nil || b.Made == nil || b.Made.Directory != w.Directory || b.Made.Fingerprint != p.Fingerprint() {
		return ""
	}
	return b.Made.Account
}

// AskAt is when the authority is to be asked about renewing p; zero: never.
func (b Book) AskAt(w Wish, p *certs.Pair) time.Time {
	if b.Account(w, p) == "" {
		return time.Time{}
	}
	return b.Made.Ask
}

// RenewAt is when p is to be renewed: when the authority says so, else when two
// thirds of its life are over.
func (b Book) RenewAt(w Wish, p *certs.Pair) time.Time {
	begin, life := p.NotBefore(), p.Expires().Sub(p.NotBefore())
	at := begin.Add(life / 3 * 2)
	if b.Account(w, p) == "" || b.Made.Window == nil {
		return at
	}
	// Not so late that nothing may go wrong, and not again and again.
	return within(b.Made.At.Add(min(life/6, restful)), b.Made.Renew, begin.Add(life/6*5))
}

// Due is when a certificate is to be ordered; p is the one that an authority
// made last, nil when there is none.
func (b Book) Due(w Wish, p *certs.Pair, now time.Time) time.Time {
	at := now
	if b.Fits(w, p) {
		at = b.RenewAt(w, p)
	}
	next := b.Free(w, now)
	if b.Wish.Same(w) && b.Next.After(next) {
		next = b.settled(b.Next, now)
	}
	if next.After(at) {
		return next
	}
	return at
}

// settled is a time to wait for, in a book whose last entry lies in the future
// of a clock that was set back.
func (b Book) settled(at, now time.Time) time.Time {
	if ended := b.Ended(); ended.After(now) {
		return at.Add(now.Sub(ended))
	}
	return at
}

// Fits reports that p is what w wishes, but for its dates.
func (b Book) Fits(w Wish, p *certs.Pair) bool {
	if p == nil || b.Made == nil || b.Made.Directory != w.Directory || b.Made.Fingerprint != p.Fingerprint() {
		return false
	}
	return !slices.ContainsFunc(w.Names, func(name string) bool { return !p.Covers(name) })
}

// Free is when the authority may be asked, by the owner's hand as well.
func (b Book) Free(w Wish, now time.Time) time.Time {
	free := now
	if b.Wish.Directory == w.Directory && b.Until.After(free) {
		free = b.settled(b.Until, now)
	}
	tries := slices.DeleteFunc(slices.Clone(b.Tries), func(t time.Time) bool { return t.After(now) })
	if len(tries) >= perHour {
		hour := tries[len(tries)-perHour].Add(time.Hour)
		free = slices.MaxFunc([]time.Time{free, hour}, func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
	}
	return free
}
