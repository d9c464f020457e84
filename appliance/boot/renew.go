package boot

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/confine"
	"coffer/appliance/edge"
	"coffer/appliance/supervise"
)

const (
	trialWithin  = 10 * time.Second // for nginx to look at a configuration
	reloadWithin = 5 * time.Second  // for nginx to take it up
	maxTrial     = 4 << 10          // bytes of what nginx says
)

// tend looks at the certificate: what is due is renewed, what the owner
// replaced is taken up, and on any failure the edge goes on as it is. When
// somebody asked, the edge reloads in any case.
func (b *box) tend(s *supervise.Supervisor) func(context.Context, bool) {
	return func(ctx context.Context, asked bool) {
		f := b.front
		if f.Mode != TLSOff {
			p, err := f.wanted(time.Now())
			if err == nil && !f.presents(p) {
				if err = b.change(ctx, s, p); err == nil {
					b.Log.Info("another certificate is presented", slog.Any("names", p.Names()), slog.Time("until", p.Expires()))
					asked = false // it did reload
				}
			}
			f.note(err, b.Log)
		}
		if !asked || ctx.Err() != nil {
			return
		}
		if err := b.try(ctx, f.edge); err != nil {
			b.Log.Error("the edge is not reloaded", slog.Any("error", err))
			return
		}
		s.Forward(syscall.SIGHUP)
	}
}

// presents reports that p is presented already.
func (f *front) presents(p *certs.Pair) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pair != nil && bytes.Equal(f.pair.PEM(), p.PEM())
}

// note remembers why what should be presented is not, and logs it once.
func (f *front) note(err error, log *slog.Logger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.problem
	f.problem = ""
	if err != nil {
		f.problem = err.Error()
	}
	if f.problem != "" && f.problem != before {
		log.Error("the certificate is not changed", slog.String("problem", f.problem))
	}
}

// change has the edge present p, or leaves everything as it was.
func (b *box) change(ctx context.Context, s *supervise.Supervisor, p *certs.Pair) error {
	f := b.front
	file, err := f.Store.Present(p)
	if err != nil {
		return err
	}
	before, next := f.edge, f.edge
	secure := *before.TLS
	secure.Pair = file
	next.TLS = &secure
	if err := b.try(ctx, next); err != nil {
		return errors.Join(err, f.Store.Sweep(before.TLS.Pair))
	}
	if err := edge.Render(next); err != nil {
		return errors.Join(err, edge.Render(before), f.Store.Sweep(before.TLS.Pair))
	}
	s.Forward(syscall.SIGHUP)
	if err := f.taken(ctx, p); err != nil {
		err = errors.Join(err, edge.Render(before))
		s.Forward(syscall.SIGHUP)
		return errors.Join(err, f.Store.Sweep(before.TLS.Pair))
	}
	f.mu.Lock()
	f.edge, f.pair = next, p
	f.mu.Unlock()
	return f.Store.Sweep(file)
}

// taken waits until the edge presents p. An edge that does not answer at all
// starts with what was rendered.
func (f *front) taken(ctx context.Context, p *certs.Pair) error {
	ctx, cancel := context.WithTimeout(ctx, reloadWithin)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		leaf, err := f.leaf(ctx)
		if err == nil && bytes.Equal(leaf, p.Leaf()) {
			return nil
		}
		select {
		case <-ctx.Done():
			if err != nil {
				return nil
			}
			return errors.New("the edge was asked to present another certificate and did not")
		case <-again.C:
		}
	}
}

// leaf is the certificate that the edge presents.
func (f *front) leaf(ctx context.Context) ([]byte, error) {
	dialer := tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true, // it is compared with what it has to be
	}}
	c, err := dialer.DialContext(ctx, "tcp", f.Dial)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState().PeerCertificates[0].Raw, nil
}

// try has nginx look at a configuration, as the user and in the confinement
// that it runs in.
func (b *box) try(ctx context.Context, o edge.Options) error {
	ctx, cancel := context.WithTimeout(ctx, trialWithin)
	defer cancel()
	draft, err := edge.Draft(o)
	if err != nil {
		return err
	}
	service := b.frontDoor()
	spec := confine.Spec{
		Path: service.Path, Args: append([]string{"nginx"}, edge.Trial(o.Root, draft)...), Env: service.Env,
		OpenFiles: service.OpenFiles, Files: service.Files, Profile: service.Profile,
	}
	if confine.Switches() {
		spec.UID, spec.GID = service.As.UID, service.As.GID
	}
	memory, err := spec.Memfd()
	if err != nil {
		return err
	}
	defer memory.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	c := &exec.Cmd{Path: b.Self, Args: []string{"coffer", "spawn", "3"}, Env: []string{"GOMAXPROCS=1"}, Dir: "/"}
	c.ExtraFiles, c.Stdout, c.Stderr = []*os.File{memory}, w, w
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	done, err := b.start(c)
	w.Close()
	if err != nil {
		return err
	}
	defer done()
	stop := context.AfterFunc(ctx, func() { _ = c.Process.Kill() })
	defer stop()
	said, readErr := io.ReadAll(io.LimitReader(r, maxTrial))
	_, _ = io.Copy(io.Discard, r) // so that it can end
	if err := errors.Join(c.Wait(), readErr); err != nil {
		return fmt.Errorf("nginx refuses the configuration: %w: %s", err, bytes.TrimSpace(said))
	}
	return nil
}

// start starts a child whose exit status is the caller's.
func (b *box) start(c *exec.Cmd) (func(), error) {
	err := b.reaper.Start(func() (int, error) {
		if err := c.Start(); err != nil {
			return 0, err
		}
		return c.Process.Pid, nil
	})
	return func() { b.reaper.Done(c.Process.Pid) }, err
}
