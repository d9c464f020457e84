package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// engine is the container engine: the one that runs here already, or one that
// is started for the tests and stopped after them.
type engine struct {
	own  *exec.Cmd
	done chan error
}

func answers(ctx context.Context) bool {
	return exec.CommandContext(ctx, "docker", "info").Run() == nil
}

func (e *engine) start(ctx context.Context) error {
	if answers(ctx) {
		return nil
	}
	if _, err := exec.LookPath("dockerd"); err != nil {
		return errors.New("no container engine answers, and dockerd is not installed")
	}
	if err := os.MkdirAll("out", 0o755); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join("out", "dockerd.log"))
	if err != nil {
		return err
	}
	cmd := exec.Command("dockerd")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	e.own, e.done = cmd, make(chan error, 1)
	go func() {
		e.done <- cmd.Wait()
		_ = log.Close()
	}()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for !answers(ctx) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-e.done:
			e.own = nil
			return fmt.Errorf("dockerd ended (%w); out/dockerd.log says why", err)
		case <-limit:
			return errors.New("dockerd does not answer after a minute; out/dockerd.log may say why")
		case <-tick.C:
		}
	}
	return nil
}

// stop ends the engine that start started, if it did.
func (e *engine) stop() {
	if e.own == nil {
		return
	}
	_ = e.own.Process.Signal(syscall.SIGTERM)
	select {
	case <-e.done:
	case <-time.After(30 * time.Second):
		_ = e.own.Process.Kill()
	}
}
