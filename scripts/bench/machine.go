package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"coffer/scripts/e2e/box"
)

// image builds the image and counts what a download of it would be.
func (r report) image(ctx context.Context) {
	const name = "coffer:bench"
	size, err := func() (int64, error) {
		if err := exec.CommandContext(ctx, "docker", "info").Run(); err != nil {
			return 0, errors.New("no container engine answers")
		}
		root, err := box.Root()
		if err != nil {
			return 0, err
		}
		build := exec.CommandContext(ctx, "scripts/image.sh", name)
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("the image does not build: %w\n%s", err, box.Trim(string(out)))
		}
		save := exec.CommandContext(ctx, "docker", "save", name)
		tar, err := save.StdoutPipe()
		if err != nil {
			return 0, err
		}
		if err := save.Start(); err != nil {
			return 0, err
		}
		var size counter
		z := gzip.NewWriter(&size)
		_, err = io.Copy(z, tar)
		return int64(size), errors.Join(err, z.Close(), save.Wait())
	}()
	if err != nil {
		r.row("image", "not measured", err.Error())
		return
	}
	r.row("image, compressed", fmt.Sprintf("%.1f MB", float64(size)/1e6), "docker save | gzip; at most 60 MB")
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// boot starts a fresh box, stops it, starts it again some times, and leaves the
// last one running.
func (r report) boot(ctx context.Context, binary, root string) (*box.Native, error) {
	b, err := box.Init(ctx, binary, root)
	if err != nil {
		return nil, err
	}
	r.row("boot to ready, first", ms(b.Took), "exec of init to 200 from /readyz over the edge, fresh folder; at most 1 s")
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		return nil, err
	}
	var warm spread
	for range 5 {
		if code, _, err := b.Stop(); err != nil || code != 0 {
			return nil, fmt.Errorf("the box stopped with %d: %w", code, err)
		}
		if b, err = box.Init(ctx, binary, root); err != nil {
			return nil, err
		}
		warm = append(warm, b.Took)
	}
	r.row("boot to ready, warm", ms(warm.at(0.5)), "the same, median of 5; at most 300 ms")
	return b, b.Login(ctx, box.Owner, box.Password)
}

// idle sums the memory of all processes after a quiet moment.
func (r report) idle(ctx context.Context, b *box.Native) error {
	if err := box.Pause(ctx, 5*time.Second); err != nil {
		return err
	}
	family := box.Family(b.PID())
	sum, err := box.Pss(family)
	if err != nil {
		return err
	}
	r.row("memory, idle", fmt.Sprintf("%.1f MB in %d processes", float64(sum)/1e6, len(family)), "sum of Pss of the whole box; at most 60 MB")
	for _, p := range family {
		if pss, err := box.Pss([]box.Process{p}); err == nil {
			r.row("  "+p.Role(), fmt.Sprintf("%.1f MB", float64(pss)/1e6), "")
		}
	}
	return nil
}

// restarts kills each essential process some times.
func (r report) restarts(ctx context.Context, b *box.Native) error {
	for _, role := range []string{"api", "nginx"} {
		var took spread
		for range 50 {
			p, ok := box.Find(b.PID(), role)
			if !ok {
				return fmt.Errorf("no %s runs", role)
			}
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
				return err
			}
			started := time.Now()
			for b.Get(ctx, "/api/v1/auth/me", nil) != nil {
				if err := box.Pause(ctx, time.Millisecond); err != nil {
					return err
				}
			}
			took = append(took, time.Since(started))
			if err := box.Pause(ctx, 300*time.Millisecond); err != nil {
				return err
			}
		}
		r.row("killed "+role+" answers again", ms(took.at(0.5)), "SIGKILL to 200 on a signed-in call, median of 50; at most 250 ms")
	}
	return nil
}

// stop ends the box.
func (r report) stop(_ context.Context, b *box.Native) error {
	code, took, err := b.Stop()
	if err != nil {
		return err
	}
	r.row("stop", ms(took), fmt.Sprintf("SIGTERM to the end, exit code %d; at most 2 s", code))
	return nil
}
