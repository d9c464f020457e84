package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/edge"
	"coffer/appliance/https"
)

// HTTPS is how the box may be served over TLS.
type HTTPS struct {
	https.Options
	Host string // where, as edge.Options
	Port uint16
	// Secure and Plain are the addresses at which this machine reaches both
	// sides of the edge.
	Secure, Plain string
	// Redirect is where pages over plain HTTP lead once HTTPS is on; empty:
	// nowhere.
	Redirect string
}

// open decides what the edge presents at a start, puts it where the edge reads
// it, and renders the edge.
func (b *box) open(ctx context.Context, now time.Time) error {
	f := &front{HTTPS: b.HTTPS, setup: https.Load(b.HTTPS.Options), edge: b.Edge, asks: make(chan ask), again: make(chan struct{}, 1), back: make(chan returned, 1)}
	f.book = f.setup.Book()
	b.front = f
	p, err := b.presentable(now)
	if err != nil && f.setup.Fixed && p == nil {
		return refused(f.setup, err)
	}
	if err != nil {
		f.problem = https.Told(err)
		b.Log.Error("HTTPS is not served as it should be", slog.String("problem", f.problem.String()), slog.Bool("with the last certificate", p != nil))
	}
	o, file, err := b.outfit(ctx, f.setup, p)
	if err != nil {
		return err
	}
	f.pair, f.edge = p, o
	return errors.Join(f.Store.Sweep(file), f.setup.Tidy(), edge.Render(o))
}

// presentable is the pair to start with, and what is wrong with the one that
// should be: a box that stays away, start after start, because a renewal went
// wrong would help nobody, so what was presented last is presented on.
func (b *box) presentable(now time.Time) (*certs.Pair, error) {
	s := b.front.setup
	p, err := s.Pair(now)
	if err != nil {
		p = s.Last()
	}
	if p == nil {
		return nil, err
	}
	if taken := portFree("COFFER_LISTEN_TLS", b.front.Host, b.front.Port); taken != nil {
		return nil, taken
	}
	return p, err
}

// refused says why the box does not start with what it would present.
func refused(s https.Setup, err error) error {
	var fault *certs.Fault
	if errors.As(err, &fault) {
		return fmt.Errorf("HTTPS cannot be served with %s: %w To start without it, set COFFER_TLS=off", s.From, err)
	}
	return fmt.Errorf("HTTPS cannot be served: %w", err)
}

// outfit is the edge with p, which it puts where the edge reads it; nil: without
// HTTPS. It is rendered by whoever asked.
func (b *box) outfit(ctx context.Context, s https.Setup, p *certs.Pair) (edge.Options, string, error) {
	f := b.front
	f.generation++
	o := b.Edge
	o.Generation = strconv.Itoa(f.generation)
	if p == nil {
		return o, "", nil
	}
	own, err := b.http2(ctx)
	if err != nil {
		return o, "", err
	}
	file, err := f.Store.Present(p)
	if err != nil {
		return o, "", err
	}
	o.TLS = &edge.TLS{Host: f.Host, Port: f.Port, Pair: file, OwnHTTP2: own}
	if !s.StandsIn(p) { // nobody is led to where browsers warn
		o.TLS.Redirect = f.Redirect
	}
	for _, pin := range s.Told(time.Now()) {
		told := edge.Pin{Name: pin.Name, Below: pin.Below, Preload: pin.Preload}
		if pin.Held() {
			told.MaxAge = https.PinLife
		}
		o.TLS.Pins = append(o.TLS.Pins, told)
	}
	return o, file, nil
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
