package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/edge"
	"coffer/appliance/posture"
)

// How HTTPS is served.
const (
	TLSOff        = "off"
	TLSSelfSigned = "self-signed"
	TLSFiles      = "files"
)

// HTTPS is how the box is served over TLS, as the configuration says.
type HTTPS struct {
	Mode string
	Host string // where, as edge.Options
	Port uint16
	Dial string // address at which this machine reaches it
	// Names are those of a certificate of the box's own; Passing are more of
	// them, which may change at any time.
	Names, Passing func() []string
	// Pair reads the owner's, of TLSFiles; From is what the owner calls it.
	Pair  func() (chain, key []byte, err error)
	From  string
	Store certs.Store
}

// lookEvery is how often a certificate is looked at that may have been renewed,
// or is due.
const lookEvery = time.Minute

// front is the edge as it is now: what it is rendered from, and the certificate
// that it presents.
type front struct {
	HTTPS
	asked chan struct{} // to look now, and to have the edge reload

	mu      sync.Mutex
	edge    edge.Options
	pair    *certs.Pair // nil: HTTPS is off
	problem string      // why what should be presented is not
}

// open decides what the edge presents at a start, puts it where the edge reads
// it, and renders the edge.
func (b *box) open(ctx context.Context, now time.Time) error {
	b.front = &front{HTTPS: b.HTTPS, edge: b.Edge, asked: make(chan struct{}, 1)}
	f := b.front
	if f.Mode == TLSOff {
		return errors.Join(f.Store.Sweep(""), edge.Render(f.edge))
	}
	p, err := f.wanted(now)
	if err != nil {
		last := f.last()
		if last == nil {
			return f.refused(err)
		}
		p, f.problem = last, err.Error()
		b.Log.Error("the certificate that was presented last is presented on", slog.String("problem", f.problem))
	}
	if err := portFree("COFFER_LISTEN_TLS", f.Host, f.Port); err != nil {
		return err
	}
	own, err := edge.OwnHTTP2(ctx, b.frontDoor().Path)
	if err != nil {
		return err
	}
	file, err := f.Store.Present(p)
	if err != nil {
		return err
	}
	f.pair, f.edge.TLS = p, &edge.TLS{Host: f.Host, Port: f.Port, Pair: file, OwnHTTP2: own}
	return errors.Join(f.Store.Sweep(file), edge.Render(f.edge))
}

// wanted is what is to be presented; the error is a *certs.Fault where it is
// the pair's.
func (h HTTPS) wanted(now time.Time) (*certs.Pair, error) {
	switch h.Mode {
	case TLSSelfSigned:
		return h.Store.SelfSigned(h.Names(), h.Passing(), now)
	case TLSFiles:
		chain, key, err := h.Pair()
		if err != nil {
			return nil, err
		}
		return certs.Parse(chain, key, now)
	}
	return nil, fmt.Errorf("HTTPS cannot be %q", h.Mode)
}

// last is the owner's pair that was good when it came, nil when there is none. A
// box that stays away, start after start, because a renewal went wrong would
// help nobody.
func (h HTTPS) last() *certs.Pair {
	if h.Mode != TLSFiles {
		return nil
	}
	return h.Store.Supplied()
}

// refused says why the box does not start with what it would present.
func (h HTTPS) refused(err error) error {
	var fault *certs.Fault
	if errors.As(err, &fault) {
		return fmt.Errorf("HTTPS cannot be served with %s: %w To start without it, set COFFER_TLS=off", h.From, err)
	}
	return fmt.Errorf("HTTPS cannot be served: %w", err)
}

// frontDoor is the service that visitors reach.
func (b *box) frontDoor() Service {
	for _, s := range b.Services {
		if s.Name == b.FrontDoor {
			return s
		}
	}
	return Service{}
}

// Reload has the door looked at now, and the edge take up what it reads.
func (f *front) Reload() {
	select {
	case f.asked <- struct{}{}:
	default: // somebody asked already
	}
}

// run calls look every minute, and at once when asked, until ctx ends.
func (f *front) run(ctx context.Context, look func(ctx context.Context, asked bool)) {
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			look(ctx, false)
		case <-f.asked:
			look(ctx, true)
		}
	}
}

// presented tells posture what is to be presented.
func (f *front) presented() posture.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := posture.Certificate{Mode: f.Mode, Problem: f.problem}
	if f.pair == nil {
		return c
	}
	c.Address, c.Pair, c.Names = f.Dial, f.pair, f.Names()
	return c
}
