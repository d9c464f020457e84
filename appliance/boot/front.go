package boot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/edge"
	"coffer/appliance/https"
	"coffer/appliance/orders"
	"coffer/appliance/posture"
)

// lookEvery is how often a certificate is looked at that may have been renewed,
// or is due.
const lookEvery = time.Minute

// remindEvery is how often it is told that a certificate ends soon.
const remindEvery = 24 * time.Hour

// front is the edge as it is now. One goroutine, that of run, changes it; what
// others may look at is under the lock.
type front struct {
	HTTPS
	asks  chan ask
	again chan struct{} // to look now, and to have the edge reload

	errand *errand       // nil: none runs
	back   chan returned // of the errand
	byHand bool          // the owner asked for an order
	book   orders.Book

	generation int   // of what was rendered last
	own        *bool // how nginx is told of HTTP/2; nil: not asked yet
	reminded   time.Time

	mu      sync.Mutex
	setup   https.Setup
	edge    edge.Options
	pair    *certs.Pair    // nil: HTTPS is off
	problem *https.Problem // why what should be presented is not
	step    orders.Step    // of an order
}

// ask is a change that somebody waits for.
type ask struct {
	change https.Change
	done   chan error
}

// Reload has the certificate looked at now, and the edge take up what it reads.
func (f *front) Reload() {
	select {
	case f.again <- struct{}{}:
	default: // somebody asked already
	}
}

// Change makes a change and waits until it is served, or was put back.
func (f *front) Change(ctx context.Context, c https.Change) error {
	a := ask{c, make(chan error, 1)} // whoever left holds up nobody
	select {
	case f.asks <- a:
	case <-ctx.Done():
		return errors.New("the box is busy with another change of HTTPS")
	}
	select {
	case err := <-a.done:
		return err
	case <-ctx.Done():
		return errors.New("the change of HTTPS takes long; look in a moment what came of it")
	}
}

// deeds are what run does.
type deeds struct {
	look   func(ctx context.Context, asked bool)
	change func(context.Context, https.Change) error
	// errands begins what is due and says when to look again; settle takes up
	// what came of it.
	errands func(context.Context) time.Duration
	settle  func(context.Context, returned)
}

// run makes changes as they come, looks every minute, and at once when asked,
// and orders certificates when they are due, until ctx ends.
func (f *front) run(ctx context.Context, d deeds) {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			if f.errand != nil {
				<-f.back
			}
			return
		case <-every.C:
			d.look(ctx, false)
		case <-f.again:
			d.look(ctx, true)
		case a := <-f.asks:
			a.done <- d.change(ctx, a.change)
		case back := <-f.back:
			d.settle(ctx, back)
		case <-due.C:
		}
		if ctx.Err() == nil {
			due.Reset(d.errands(ctx))
		}
	}
}

// note remembers why what should be presented is not, and logs it once.
func (f *front) note(err error, log *slog.Logger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.problem.String()
	f.problem = https.Told(err)
	if now := f.problem.String(); now != "" && now != before {
		log.Error("the certificate is not changed", slog.String("problem", now))
	}
}

// remind logs once a day that what is presented ends soon.
func (f *front) remind(now time.Time, log *slog.Logger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pair == nil || !f.pair.Soon(now) || now.Sub(f.reminded) < remindEvery {
		return
	}
	f.reminded = now
	log.Warn("the certificate ends soon; renew it", slog.Any("names", f.pair.Names()), slog.Time("until", f.pair.Expires()))
}

// State is how HTTPS is now.
func (f *front) State() https.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.setup.State(time.Now())
	s.Port, s.Plain, s.Redirect, s.Problem = f.Port, f.edge.Port, f.Redirect, f.problem
	s.Presented = https.Describe(f.pair, f.Store.Ours(f.pair))
	s.Order.Step, s.Order.Serves = f.step, f.setup.Mode() == https.ACME && !s.Presented.Own
	return s
}

// presented tells posture what is to be presented.
func (f *front) presented() posture.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	c := posture.Certificate{Mode: string(f.setup.Mode()), Problem: f.problem.String()}
	if w, wanted := f.setup.Wish(); wanted {
		c.Ordered, c.Unordered = w.Host(), f.setup.Ordered(f.setup.Book(), now).Problem.String()
	}
	if f.pair == nil {
		return c
	}
	c.Address, c.Pair, c.Names = f.Secure, f.pair, f.setup.All()
	if f.setup.Mode() == https.ACME { // an authority vouches for no address and no local name
		w, _ := f.setup.Wish()
		c.Names, c.StandsIn = w.Names, f.setup.StandsIn(f.pair)
	}
	for _, p := range f.setup.Told(now) {
		if p.Held() {
			c.Pinned = append(c.Pinned, p.Name)
		}
	}
	return c
}
