package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/confine"
	"coffer/appliance/edge"
	"coffer/appliance/https"
)

const (
	trialWithin = 10 * time.Second // for nginx to look at a configuration
	maxTrial    = 4 << 10          // bytes of what nginx says
)

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
	c := &exec.Cmd{Path: b.Self, Args: []string{"coffer", "spawn", "3"}, Env: []string{"GOMAXPROCS=1"}, ExtraFiles: []*os.File{memory}}
	if said, err := b.listen(ctx, c); err != nil {
		return &certs.Fault{Code: https.Unserved, What: fmt.Sprintf("nginx refuses the configuration: %v: %s", err, bytes.TrimSpace(said)), Remedy: "Everything is as it was."}
	}
	return nil
}

// http2 asks nginx once how it is told of HTTP/2.
func (b *box) http2(ctx context.Context) (bool, error) {
	f := b.front
	if f.own != nil {
		return *f.own, nil
	}
	ctx, cancel := context.WithTimeout(ctx, trialWithin)
	defer cancel()
	nginx := b.frontDoor().Path
	said, err := b.listen(ctx, &exec.Cmd{Path: nginx, Args: []string{"nginx", edge.VersionFlag}, Env: []string{}})
	if err != nil {
		return false, fmt.Errorf("%s does not say its version: %w", nginx, err)
	}
	own, err := edge.OwnHTTP2(string(said))
	if err != nil {
		return false, err
	}
	f.own = &own
	return own, nil
}

// listen runs a program to its end and returns the beginning of what it says.
func (b *box) listen(ctx context.Context, c *exec.Cmd) ([]byte, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	c.Dir, c.Stdout, c.Stderr = "/", w, w
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	done, err := b.start(c)
	w.Close()
	if err != nil {
		return nil, err
	}
	defer done()
	stop := context.AfterFunc(ctx, func() { _ = c.Process.Kill() })
	defer stop()
	said, readErr := io.ReadAll(io.LimitReader(r, maxTrial))
	_, _ = io.Copy(io.Discard, r) // so that it can end
	return said, errors.Join(c.Wait(), readErr)
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
