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
	"coffer/appliance/posture"
)

// lookEvery is how often a certificate is looked at that may have been renewed,
// or is due.
const lookEvery = time.Minute

// soon is when an end is told of, and remindEvery how often.
const (
	soon        = 14 * 24 * time.Hour
	remindEvery = 24 * time.Hour
)

// front is the edge as it is now. One goroutine, that of run, changes it; what
// others may look at is under the lock.
type front struct {
	HTTPS
	asks  chan ask
	again chan struct{} // to look now, and to have the edge reload

	generation int   // of what was rendered last
	own        *bool // how nginx is told of HTTP/2; nil: not asked yet
	reminded   time.Time

	mu      sync.Mutex
	setup   https.Setup
	edge    edge.Options
	pair    *certs.Pair    // nil: HTTPS is off
	problem *https.Problem // why what should be presented is not
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

// run makes changes as they come, and looks every minute, and at once when
// asked, until ctx ends.
func (f *front) run(ctx context.Context, look func(ctx context.Context, asked bool), change func(context.Context, https.Change) error) {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			look(ctx, false)
		case <-f.again:
			look(ctx, true)
		case a := <-f.asks:
			a.done <- change(ctx, a.change)
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
	if f.pair == nil || f.pair.Expires().Sub(now) > soon || now.Sub(f.reminded) < remindEvery {
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
	s.Presented = https.Describe(f.pair, f.setup.Own())
	return s
}

// presented tells posture what is to be presented.
func (f *front) presented() posture.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := posture.Certificate{Mode: string(f.setup.Mode()), Problem: f.problem.String()}
	if f.pair == nil {
		return c
	}
	c.Address, c.Pair, c.Names = f.Secure, f.pair, f.setup.All()
	for _, p := range f.setup.Told(time.Now()) {
		if p.Held() {
			c.Pinned = append(c.Pinned, p.Name)
		}
	}
	return c
}
