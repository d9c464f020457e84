package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Child is a process that a Launcher started.
type Child interface {
	Pid() int
	Signal(syscall.Signal) error
}

// Report is what a Launcher says about a child, in order; Exited comes last.
type Report struct {
	Ready  bool   // it does its work
	Status string // a line about it
	Exited *Exit
}

// Launcher starts programs and waits at sockets.
type Launcher interface {
	// Launch starts p and calls report from a goroutine of its own until it
	// has reported the exit. An error means that there is no process.
	Launch(p Program, report func(Report)) (Child, error)
	// Await returns once a client waits at the socket of p, or ctx ends.
	Await(ctx context.Context, p Program) error
}

// Status is what is known of a program.
type Status struct {
	Name      string    `json:"name"`
	State     State     `json:"state"`
	Essential bool      `json:"essential"`
	Pid       int       `json:"pid,omitempty"`
	Since     time.Time `json:"since"` // of being ready, else of the start
	Restarts  int       `json:"restarts"`
	LastExit  string    `json:"last_exit,omitempty"`
	Detail    string    `json:"detail,omitempty"` // what it said itself
}

// Options are what a Supervisor is made of; all but Changed are required.
type Options struct {
	Programs []Program
	Launcher Launcher
	Log      *slog.Logger
	// Changed is called from the loop after each event, with all programs. It
	// must not block.
	Changed func([]Status)
}

// Supervisor runs programs. Run may be called once.
type Supervisor struct {
	Options
	machine *machine
	events  chan func(now moment) []do
	done    chan struct{}
	life    map[string]*life // "" is the box itself
	watches sync.WaitGroup
	code    int
	began   time.Time
	wall    func() time.Time
}

// life is the running side of a program.
type life struct {
	generation int
	child      Child
	detail     string
	timer      *time.Timer
	timers     int // counts them, to tell a late one from the present one
	unwatch    context.CancelFunc
}

// ErrUnknown is returned for a program that is not there.
var ErrUnknown = errors.New("no such service")

// New checks the programs.
func New(o Options) (*Supervisor, error) {
	m, err := newMachine(o.Programs, backoff)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{
		Options: o,
		machine: m,
		events:  make(chan func(moment) []do),
		done:    make(chan struct{}),
		life:    map[string]*life{"": {}},
		began:   time.Now(),
		wall:    time.Now,
	}
	for _, u := range m.units {
		s.life[u.Name] = &life{}
	}
	return s, nil
}

// backoff doubles from 200 ms to 30 s, up to a quarter more or less.
func backoff(failures int) time.Duration {
	const first, last = 200 * time.Millisecond, 30 * time.Second
	d := last
	if failures < 9 {
		d = min(last, first<<(failures-1))
	}
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

// Run starts the programs and returns the exit code of the box once all have
// stopped: when ctx ends, or when an essential one is fatal.
func (s *Supervisor) Run(ctx context.Context) int {
	stop := ctx.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer s.watches.Wait()
	defer cancel()
	s.perform(ctx, s.machine.begin(s.now()))
	for !s.machine.ended {
		var out []do
		select {
		case <-stop:
			stop = nil
			out = s.machine.stop(s.now())
		case event := <-s.events:
			out = event(s.now())
		}
		s.perform(ctx, out)
		if s.Changed != nil {
			s.Changed(s.status())
		}
	}
	close(s.done)
	return s.code
}

// now counts from the monotonic reading that began carries: setting the clock
// moves it neither forward nor back.
func (s *Supervisor) now() moment { return moment{ran: time.Since(s.began), wall: s.wall()} }

// post runs f in the loop, or drops it when the loop has ended.
func (s *Supervisor) post(f func(now moment) []do) {
	select {
	case s.events <- f:
	case <-s.done:
	}
}

// ask runs f in the loop and waits until it has.
func (s *Supervisor) ask(ctx context.Context, f func(now moment) []do) error {
	ran := make(chan struct{})
	select {
	case s.events <- func(now moment) []do { defer close(ran); return f(now) }:
		<-ran
		return nil
	case <-s.done:
		return errors.New("the box has stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Hurry shortens a stop that is under way, and does nothing else.
func (s *Supervisor) Hurry() {
	s.post(func(now moment) []do {
		if !s.machine.stopping {
			return nil
		}
		return s.machine.hurry()
	})
}

// Forward sends sig to the programs that want it.
func (s *Supervisor) Forward(sig syscall.Signal) {
	s.post(func(moment) []do {
		var out []do
		for _, u := range s.machine.units {
			if u.alive && slices.Contains(u.Program.Forward, sig) {
				out = append(out, do{kind: doSignal, program: u.Name, signal: sig})
			}
		}
		return out
	})
}

// Restart stops a program in order, if it runs, and starts it anew, also one
// that had been given up. It returns when that has begun.
func (s *Supervisor) Restart(ctx context.Context, name string) error {
	if s.machine.unit(name) == nil {
		return fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	return s.ask(ctx, func(now moment) []do { return s.machine.restart(name, now) })
}

// Status tells how all programs are.
func (s *Supervisor) Status(ctx context.Context) ([]Status, error) {
	var all []Status
	err := s.ask(ctx, func(moment) []do { all = s.status(); return nil })
	return all, err
}

func (s *Supervisor) status() []Status {
	var all []Status
	for _, u := range s.machine.units {
		l := s.life[u.Name]
		st := Status{Name: u.Name, State: u.state, Essential: u.Essential, Since: u.since.wall, Restarts: u.restarts, Detail: l.detail}
		if u.alive && l.child != nil {
			st.Pid = l.child.Pid()
		}
		if u.last != nil {
			st.LastExit = u.last.String()
		}
		all = append(all, st)
	}
	return all
}

// String says how the process ended, for people.
func (e Exit) String() string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case e.Signal != 0:
		return "signal: " + e.Signal.String()
	}
	return fmt.Sprintf("exit code %d", e.Code)
}
