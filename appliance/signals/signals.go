// Package signals tells what the signals that init gets ask for: to stop, to
// hurry, or to pass one on.
//
// It owns which signal means what, and holds those that come before anybody
// can act on them. It refuses to act itself. Signals of the kernel about a
// fault of the process, SIGPIPE (the journal's), SIGCHLD (the reaper's) and
// SIGABRT, with which Go prints every goroutine and ends, are left alone, and so
// are those of a terminal's job control.
package signals

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// ends are the requests to stop; a second one hurries.
var ends = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}

// others are passed on. None of them may end init, which is what the kernel or
// Go does with some when nobody waits for them.
var others = []os.Signal{
	syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGALRM, syscall.SIGVTALRM,
	syscall.SIGCONT, syscall.SIGIO, syscall.SIGPWR, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGSTKFLT,
}

// The real-time signals, which are passed on too. Those below are the C
// libraries' own.
const firstRealTime, lastRealTime = syscall.Signal(35), syscall.Signal(64)

// Caught holds signals from Catch on.
type Caught struct{ c chan os.Signal }

// Catch begins to hold signals. It is the first thing that init does.
func Catch() *Caught {
	c := &Caught{make(chan os.Signal, 64)}
	all := slices.Concat(ends, others)
	for s := firstRealTime; s <= lastRealTime; s++ {
		all = append(all, s)
	}
	signal.Notify(c.c, all...)
	return c
}

// Release gives the signals back to their defaults.
func (c *Caught) Release() { signal.Stop(c.c) }

// Asked is what signals ask for. No function may block for long.
type Asked struct {
	Stop    func()               // asked to stop
	Hurry   func()               // asked again
	Forward func(syscall.Signal) // to whom it may concern
}

// Serve calls what is asked for until ctx ends.
func (c *Caught) Serve(ctx context.Context, a Asked) {
	stop := a.Stop
	for {
		select {
		case <-ctx.Done():
			return
		case sig := <-c.c:
			if !slices.Contains(ends, sig) {
				a.Forward(sig.(syscall.Signal))
				continue
			}
			stop()
			stop = a.Hurry
		}
	}
}
