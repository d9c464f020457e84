package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"coffer/appliance/confine"
	"coffer/appliance/journal"
	"coffer/appliance/reap"
	"coffer/appliance/signals"
	"coffer/appliance/supervise"
)

// How long the ends may take, as in the box.
const (
	logWithin   = 300 * time.Millisecond
	sweepWithin = 500 * time.Millisecond
)

// run is the init. Its steps are those of appliance/boot, in their order.
func run(ctx context.Context) int {
	caught := signals.Catch()
	defer caught.Release()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: rig CONFIG")
		return 2
	}
	c, err := load(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "rig:", err)
		return 78
	}
	output := journal.New(os.Stdout, false)
	defer output.Close(logWithin)
	log := slog.New(slog.NewTextHandler(output.Writer(journal.Self), nil))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	life := ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var helpers sync.WaitGroup
	defer helpers.Wait()
	life, end := context.WithCancel(life)
	defer end()

	var supervisor *supervise.Supervisor
	ready := make(chan struct{})
	there := func(ask func()) {
		select {
		case <-ready:
			ask()
		default:
		}
	}
	helpers.Go(func() {
		caught.Serve(life, signals.Asked{
			Stop:  stop,
			Hurry: func() { there(func() { supervisor.Hurry() }) },
			Forward: func(sig syscall.Signal) {
				if sig == syscall.SIGUSR1 {
					output.Reopen()
				}
				there(func() { supervisor.Forward(sig) })
			},
		})
	})
	if err := confine.Trim(); err != nil {
		log.Error("rig", slog.Any("error", err))
		return 78
	}
	l := &launcher{config: c, life: life, reaper: reap.New(), output: output}
	programs, err := l.programs()
	if err == nil {
		supervisor, err = supervise.New(supervise.Options{Programs: programs, Launcher: l, Log: log})
	}
	if ctx.Err() != nil {
		return 0 // told to stop meanwhile
	}
	if err != nil {
		log.Error("rig", slog.Any("error", err))
		return 78
	}
	close(ready)
	if err := reap.Adopt(); err != nil {
		log.Warn("orphans cannot be adopted", slog.Any("error", err))
	}
	helpers.Go(func() { _ = l.reaper.Run(life) })
	if err := control(life, &helpers, c.Control, supervisor); err != nil {
		log.Error("rig", slog.Any("error", err))
		return 78
	}
	code := supervisor.Run(ctx)
	sweep, cancel := context.WithTimeout(life, sweepWithin)
	defer cancel()
	if n, err := l.reaper.Sweep(sweep); n > 0 || err != nil {
		log.Warn("stray processes ended", slog.Int("processes", n), slog.Any("error", err))
	}
	return code
}

// control restarts the services whose names come over the socket.
func control(ctx context.Context, helpers *sync.WaitGroup, path string, s *supervise.Supervisor) error {
	if path == "" {
		return nil
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	helpers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			done := context.AfterFunc(ctx, func() { _ = c.Close() })
			for lines := bufio.NewScanner(c); lines.Scan(); {
				if err := s.Restart(ctx, lines.Text()); err != nil {
					fmt.Fprintln(c, err)
				}
			}
			done()
			_ = c.Close()
		}
	})
	return nil
}
