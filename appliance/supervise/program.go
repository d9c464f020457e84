// Package supervise keeps the processes of the box running: it starts them in
// the order of what they depend on, restarts what died, gives up on what never
// becomes ready, and stops them in reverse order within a deadline.
//
// It owns the policy (machine.go, a state machine without processes, clocks or
// goroutines) and the child handle (process.go). The words are those of
// supervisord programs; docs/adr/0002 says why its process package is not the
// handle. It refuses to know what a program does, what it is confined to, and
// how it says that it is ready: a Launcher does.
package supervise

import (
	"fmt"
	"slices"
	"syscall"
	"time"
)

// Program is what is supervised. The vocabulary is that of a [program:x]
// section of supervisord.
type Program struct {
	Name      string
	DependsOn []string // started only when these are ready, stopped before them

	// Essential programs end the box when they are fatal; others leave it
	// running without them.
	Essential bool
	// OnDemand programs are started by the first connection to their socket
	// and may exit with one of ExitCodes when idle.
	OnDemand  bool
	ExitCodes []int

	StartRetries  int           // starts in a row that may fail to become ready
	StartWaitSecs time.Duration // until ready
	StartSecs     time.Duration // ready for so long: earlier deaths are forgotten

	StopSteps []StopStep
	// Forward are signals to init that this program gets too.
	Forward []syscall.Signal
}

// StopStep is a signal and when it is sent, counted from the first.
type StopStep struct {
	Signal syscall.Signal
	After  time.Duration
}

// Defaults for zero fields.
const (
	startRetries  = 5
	startWaitSecs = time.Minute
	startSecs     = time.Second
)

func (p Program) withDefaults() Program {
	if p.StartRetries == 0 {
		p.StartRetries = startRetries
	}
	if p.StartWaitSecs == 0 {
		p.StartWaitSecs = startWaitSecs
	}
	if p.StartSecs == 0 {
		p.StartSecs = startSecs
	}
	if len(p.StopSteps) == 0 {
		p.StopSteps = []StopStep{{syscall.SIGTERM, 0}, {syscall.SIGKILL, 4 * time.Second}}
	}
	return p
}

// order sorts programs so that each comes after what it depends on, else as
// given. It refuses what could never start.
func order(programs []Program) ([]Program, error) {
	byName := map[string]Program{}
	for _, p := range programs {
		if _, twice := byName[p.Name]; twice || p.Name == "" {
			return nil, fmt.Errorf("program %q is named twice or not at all", p.Name)
		}
		byName[p.Name] = p
	}
	var sorted []Program
	state := map[string]int{} // 1: being visited, 2: placed
	var place func(name, from string) error
	place = func(name, from string) error {
		p, ok := byName[name]
		switch {
		case !ok:
			return fmt.Errorf("program %q depends on %q, which is not there", from, name)
		case state[name] == 1:
			return fmt.Errorf("program %q depends on itself", name)
		case state[name] == 2:
			return nil
		}
		state[name] = 1
		for _, d := range p.DependsOn {
			if err := place(d, name); err != nil {
				return err
			}
		}
		state[name] = 2
		sorted = append(sorted, p.withDefaults())
		return nil
	}
	for _, p := range programs {
		if err := place(p.Name, ""); err != nil {
			return nil, err
		}
	}
	for _, p := range sorted {
		if last := p.StopSteps[len(p.StopSteps)-1]; last.Signal != syscall.SIGKILL {
			return nil, fmt.Errorf("program %q could refuse to stop: its last step is no kill", p.Name)
		}
		if !slices.IsSortedFunc(p.StopSteps, func(a, b StopStep) int { return int(a.After - b.After) }) {
			return nil, fmt.Errorf("program %q has stop steps out of order", p.Name)
		}
	}
	return sorted, nil
}
