package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/edge"
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
	// Names are those of a certificate of the box's own; Passing are more of
	// them, which may change at any time.
	Names, Passing func() []string
	// Pair reads the owner's, of TLSFiles; From is what the owner calls it.
	Pair  func() (chain, key []byte, err error)
	From  string
	Store certs.Store
}

// present decides what the edge presents at a start and puts it where the edge
// reads it.
func (b *box) present(ctx context.Context, now time.Time) error {
	b.Edge.TLS = nil
	if b.HTTPS.Mode == TLSOff {
		return b.HTTPS.Store.Sweep("")
	}
	p, err := b.HTTPS.pair(now)
	var fault *certs.Fault
	if p != nil && errors.As(err, &fault) && fault.Code == certs.Expired && b.HTTPS.Store.Presented(p) {
		// It was good when it came. A box that stays away helps nobody.
		b.Log.Warn("the certificate has ended, and is served until it is renewed", slog.String("problem", err.Error()))
		err = nil
	}
	if err != nil {
		return b.HTTPS.refused(err)
	}
	if err := portFree("COFFER_LISTEN_TLS", b.HTTPS.Host, b.HTTPS.Port); err != nil {
		return err
	}
	own, err := edge.OwnHTTP2(ctx, b.frontDoor().Path)
	if err != nil {
		return err
	}
	file, err := b.HTTPS.Store.Present(p)
	if err != nil {
		return err
	}
	b.Edge.TLS = &edge.TLS{Host: b.HTTPS.Host, Port: b.HTTPS.Port, Pair: file, OwnHTTP2: own}
	return b.HTTPS.Store.Sweep(file)
}

// pair is what is to be presented; the error is a *certs.Fault where it is the
// pair's.
func (h HTTPS) pair(now time.Time) (*certs.Pair, error) {
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
