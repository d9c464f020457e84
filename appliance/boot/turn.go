package boot

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"syscall"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/edge"
	"coffer/appliance/https"
	"coffer/appliance/supervise"
)

// reloadWithin is how long nginx may take to take up what was rendered.
const reloadWithin = 10 * time.Second

// tend looks at the certificate: what is due is renewed, what the owner
// replaced is taken up, and on any failure the edge goes on as it is. When
// somebody asked, the edge reloads in any case.
func (b *box) tend(s *supervise.Supervisor) func(context.Context, bool) {
	return func(ctx context.Context, asked bool) {
		f := b.front
		now := time.Now()
		var err error
		if f.setup.Mode() != https.Off {
			var p *certs.Pair
			p, err = f.setup.Pair(now)
			if err == nil && (f.pair == nil || !bytes.Equal(f.pair.PEM(), p.PEM())) {
				if err = b.turn(ctx, s, f.setup, p); err == nil {
					b.Log.Info("another certificate is presented", slog.Any("names", p.Names()), slog.Time("until", p.Expires()))
					asked = false // it did reload
				}
			}
		}
		if f.setup.Wanted {
			if p := f.setup.Arrived(now); p != nil { // and could not be presented then
				err = errors.Join(err, b.adopt(ctx, s, p))
			}
		}
		f.note(err, b.Log)
		f.remind(now, b.Log)
		if !asked || ctx.Err() != nil {
			return
		}
		if err := b.turn(ctx, s, f.setup, f.pair); err != nil {
			b.Log.Error("the edge is not reloaded", slog.Any("error", err))
		}
	}
}

// change makes one change of the owner's.
func (b *box) change(s *supervise.Supervisor) func(context.Context, https.Change) error {
	return func(ctx context.Context, c https.Change) error {
		f := b.front
		next, p, err := f.setup.With(c, time.Now())
		switch {
		case err != nil:
		case f.serves(next, p):
			err = f.choose(next)
		default:
			err = b.turn(ctx, s, next, p)
		}
		if err == nil && c.Again {
			err = f.orderNow(time.Now())
		}
		if err != nil {
			return errors.Join(err, f.setup.Tidy())
		}
		f.note(nil, b.Log)
		b.Log.Info("HTTPS is changed", slog.String("mode", string(next.Mode())), slog.Int("pins", len(next.Pins)))
		return next.Tidy()
	}
}

// serves reports that the edge as it is serves p as next says.
func (f *front) serves(next https.Setup, p *certs.Pair) bool {
	if p == nil || f.pair == nil {
		return p == f.pair
	}
	return bytes.Equal(p.PEM(), f.pair.PEM()) && slices.Equal(next.Choice.Pins, f.setup.Choice.Pins) && next.StandsIn(p) == f.setup.StandsIn(p)
}

// choose takes up a choice that the edge need not know of.
func (f *front) choose(next https.Setup) error {
	if err := next.Save(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.setup = next
	return nil
}

// listens reports that the edge will be able to listen for HTTPS.
func (f *front) listens() error {
	if err := portFree("COFFER_LISTEN_TLS", f.Host, f.Port); err != nil {
		return &certs.Fault{Code: https.Port, What: err.Error()}
	}
	return nil
}

// turn has the edge serve p as next says, or leaves everything as it was: nginx
// looks at the whole of it first, and what it does not take up is put back.
func (b *box) turn(ctx context.Context, s *supervise.Supervisor, next https.Setup, p *certs.Pair) error {
	f := b.front
	before, kept := f.edge, f.setup
	if p != nil && before.TLS == nil {
		if err := f.listens(); err != nil {
			return err
		}
	}
	o, file, err := b.outfit(ctx, next, p)
	if err == nil {
		err = b.try(ctx, o)
	}
	if err != nil {
		return errors.Join(err, f.Store.Sweep(presentedBy(before)))
	}
	err = errors.Join(next.Save(), edge.Render(o))
	if err == nil {
		old := b.taking(ctx, s)
		s.Forward(syscall.SIGHUP)
		err = f.taken(ctx, o, p, before.TLS != nil, old)
	}
	if err != nil {
		err = errors.Join(err, kept.Save(), edge.Render(before))
		s.Forward(syscall.SIGHUP)
		return errors.Join(err, f.Store.Sweep(presentedBy(before)))
	}
	f.mu.Lock()
	f.edge, f.pair, f.setup = o, p, next
	f.mu.Unlock()
	return f.Store.Sweep(file)
}

func presentedBy(o edge.Options) string {
	if o.TLS == nil {
		return ""
	}
	return o.TLS.Pair
}

// taken waits until the edge runs with o and presents p, or no longer speaks
// TLS where it did, and the processes of before take no more connections. An
// edge that does not answer at all starts with what was rendered.
func (f *front) taken(ctx context.Context, o edge.Options, p *certs.Pair, spoke bool, old []int) error {
	ctx, cancel := context.WithTimeout(ctx, reloadWithin)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		runs, err := f.runs(ctx, o.Token)
		if err == nil && runs == o.Generation && (p == nil && !spoke || f.presents(ctx, p)) && !slices.ContainsFunc(old, takes) {
			return nil
		}
		select {
		case <-ctx.Done():
			if err != nil {
				return nil
			}
			return &certs.Fault{Code: https.Unserved, What: "the edge was asked to take up a change and did not; everything is as it was", Remedy: "Look into the log of nginx."}
		case <-again.C:
		}
	}
}

// runs is the generation that the edge runs with.
func (f *front) runs(ctx context.Context, token string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+f.Plain+"/_edge/generation", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("X-Edge-Token", token)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 64))
	return string(text), err
}

// presents reports that the edge presents p, or with nil that it does not speak
// TLS any more.
func (f *front) presents(ctx context.Context, p *certs.Pair) bool {
	leaf, err := f.leaf(ctx)
	if p == nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	return err == nil && bytes.Equal(leaf, p.Leaf())
}

// leaf is the certificate that the edge presents.
func (f *front) leaf(ctx context.Context) ([]byte, error) {
	dialer := tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true, // it is compared with what it has to be
	}}
	c, err := dialer.DialContext(ctx, "tcp", f.Secure)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw, nil
}
