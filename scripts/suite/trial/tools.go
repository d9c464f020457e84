package trial

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Tools are the programs that trials need, and where they take place.
type Tools struct {
	dir         string // every user of the machine may enter it
	root        string // of the tree
	actor, tiny string
	rig, stub   string // the stub is never built with the race detector
	supervisord string // the Go one; empty: not there
	// Keep leaves the folders of all runs.
	Keep bool
}

// Build makes the programs in dir, which is to stay until the last trial has
// ended; our init with the race detector when raced is set.
func Build(ctx context.Context, dir string, raced bool) (Tools, error) {
	t := Tools{dir: dir, actor: filepath.Join(dir, "actor"), stub: filepath.Join(dir, "rig"), tiny: filepath.Join(dir, "tiny")}
	const ours = "coffer/scripts/suite/"
	plain := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o"}
	if err := command(ctx, "CGO_ENABLED=0", "go", append(plain, t.actor, ours+"actor")...); err != nil {
		return t, err
	}
	if err := command(ctx, "CGO_ENABLED=0", "go", append(plain, t.stub, ours+"rig")...); err != nil {
		return t, err
	}
	t.rig = t.stub
	if raced {
		t.rig += "-race"
		if err := command(ctx, "CGO_ENABLED=1", "go", "build", "-race", "-o", t.rig, ours+"rig"); err != nil {
			return t, err
		}
	}
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return t, err
	}
	t.root = strings.TrimSpace(string(out))
	return t, command(ctx, "", "gcc", "-Os", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-pie", "-no-pie",
		"-o", t.tiny, filepath.Join(t.root, "scripts/suite/tiny/tiny.c"))
}

// BuildPeer makes the Go supervisord, whose sources may have to be fetched.
func (t *Tools) BuildPeer(ctx context.Context) error {
	path := filepath.Join(t.dir, "supervisord")
	err := command(ctx, "CGO_ENABLED=0", "go", "build", "-C", filepath.Join(t.root, "scripts/suite/peer"),
		"-trimpath", "-ldflags=-s -w", "-o", path, "github.com/ochinchina/supervisord")
	if err == nil {
		t.supervisord = path
	}
	return err
}

func command(ctx context.Context, env, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	if env != "" {
		cmd.Env = append(os.Environ(), env)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}
