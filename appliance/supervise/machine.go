package supervise

import (
	"slices"
	"syscall"
	"time"
)

// State of a program.
type State string

// The states. Listening is a program on demand that nobody asked for yet.
const (
	Waiting   State = "waiting"
	Listening State = "listening"
	Starting  State = "starting"
	Running   State = "running"
	Backoff   State = "backoff"
	Stopping  State = "stopping"
	Stopped   State = "stopped"
	Fatal     State = "fatal"
)

// States lists them all.
func States() []State {
	return []State{Waiting, Listening, Starting, Running, Backoff, Stopping, Stopped, Fatal}
}

// Exit is how a process ended: by Signal when it is not 0, else with Code.
// Err is set when it could not be started at all.
type Exit struct {
	Code   int
	Signal syscall.Signal
	Err    error
}

// code is the exit code of the box when this end is the reason: never 0.
func (e Exit) code() int {
	switch {
	case e.Signal != 0:
		return 128 + int(e.Signal)
	case e.Code != 0:
		return e.Code
	}
	return 1
}

// The deadlines of a stop of the whole box. A second request to stop shortens
// the rest to hurryWithin.
const (
	stopWithin  = 7 * time.Second
	hurryWithin = 500 * time.Millisecond
)

// quickDeaths is how many times in a row a program that was ready may die
// young and still be restarted at once.
const quickDeaths = 5

// A program that was ready and was killed has no fault of its own and comes back
// at once. One that is killed again and again, as for the memory that it lacks,
// waits killedStep longer each time, up to killedWait: it is not to take a whole
// processor with its starts, and each is still soon enough.
const (
	killedStep = 2 * time.Millisecond
	killedWait = 100 * time.Millisecond
)

// do is what the machine wants done. Fields matter by kind.
type do struct {
	kind    doKind
	program string // empty for the timer of the box
	signal  syscall.Signal
	after   time.Duration // of a timer
	code    int           // of the end
}

type doKind int

const (
	doStart   doKind = iota // start the program
	doSignal                // send it a signal
	doTimer                 // call timer(program) after; replaces an earlier one
	doNoTimer               // forget its timer
	doListen                // call activated when a client connects
	doFatal                 // nothing; say that it was given up
	doRestart               // nothing; say that it died and comes back after
	doEnd                   // nothing runs any more: end with code
)

// moment is a point in time, twice: ran is what the monotonic clock counted
// since the box began, and decides; wall is what a clock on the wall shows,
// which somebody may set, and is only told.
type moment struct {
	ran  time.Duration
	wall time.Time
}

func (m moment) since(earlier moment) time.Duration { return m.ran - earlier.ran }

// unit is a program and what the machine remembers of it.
type unit struct {
	Program
	state    State
	alive    bool // a process exists
	ready    bool // this process has been ready
	since    moment
	failures int // starts in a row that were never ready
	young    int // deaths in a row soon after being ready
	restarts int
	step     int  // the next stop step
	again    bool // start again once stopped
	stopAt   moment
	last     *Exit
}

// machine decides. Its methods take what happened and return what to do; it
// starts nothing and waits for nothing itself.
type machine struct {
	units    []*unit // in the order of starting
	backoff  func(failures int) time.Duration
	stopping bool
	hurried  bool
	ended    bool
	code     int
}

func newMachine(programs []Program, backoff func(int) time.Duration) (*machine, error) {
	sorted, err := order(programs)
	if err != nil {
		return nil, err
	}
	m := &machine{backoff: backoff}
	for _, p := range sorted {
		m.units = append(m.units, &unit{Program: p, state: Waiting})
	}
	return m, nil
}

func (m *machine) unit(name string) *unit {
	i := slices.IndexFunc(m.units, func(u *unit) bool { return u.Name == name })
	if i < 0 {
		return nil
	}
	return m.units[i]
}

// begin starts what depends on nothing.
func (m *machine) begin(now moment) []do { return m.unblock(now) }

// unblock starts what waited and has now all it depends on.
func (m *machine) unblock(now moment) []do {
	var out []do
	for _, u := range m.units {
		if u.state != Waiting || m.stopping {
			continue
		}
		if !slices.ContainsFunc(u.DependsOn, func(d string) bool { return !m.unit(d).up() }) {
			out = append(out, m.launch(u, now)...)
		}
	}
	return out
}

// up reports whether dependents may start: it serves, will serve on demand, or
// has been given up and the box goes on without it.
func (u *unit) up() bool {
	return u.state == Running || u.state == Listening || u.state == Fatal && !u.Essential
}

// launch starts u, or has its socket watched.
func (m *machine) launch(u *unit, now moment) []do {
	if u.OnDemand {
		u.state = Listening
		return append([]do{{kind: doNoTimer, program: u.Name}, {kind: doListen, program: u.Name}}, m.unblock(now)...)
	}
	return m.start(u, now)
}

func (m *machine) start(u *unit, now moment) []do {
	u.state, u.alive, u.ready, u.since, u.step, u.again = Starting, true, false, now, 0, false
	return []do{
		{kind: doStart, program: u.Name},
		{kind: doTimer, program: u.Name, after: u.StartWaitSecs},
	}
}

// activated: a client waits at the socket of a program on demand.
func (m *machine) activated(name string, now moment) []do {
	u := m.unit(name)
	if u.state != Listening || m.stopping {
		return nil
	}
	return m.start(u, now)
}

// isReady: the program said that it does its work.
func (m *machine) isReady(name string, now moment) []do {
	u := m.unit(name)
	if u.state != Starting {
		return nil
	}
	u.state, u.ready, u.since, u.failures = Running, true, now, 0
	return append([]do{{kind: doNoTimer, program: name}}, m.unblock(now)...)
}

// timer: the time asked for with doTimer is over.
func (m *machine) timer(name string, now moment) []do {
	if name == "" {
		return m.killAll()
	}
	u := m.unit(name)
	switch u.state {
	case Starting: // not ready in time
		return []do{{kind: doSignal, program: name, signal: syscall.SIGKILL}}
	case Backoff:
		return m.launch(u, now)
	case Stopping:
		return m.nextStep(u, now)
	}
	return nil
}

// exited: the process is gone and its status is known.
func (m *machine) exited(name string, e Exit, now moment) []do {
	u := m.unit(name)
	u.alive, u.last = false, &e
	out := []do{{kind: doNoTimer, program: name}}
	switch {
	case m.stopping:
		u.state = Stopped
		return append(out, m.stopNext(now)...)
	case u.again:
		u.restarts++
		u.failures, u.young = 0, 0
		return append(out, m.start(u, now)...)
	case u.OnDemand && u.ready && e.Signal == 0 && slices.Contains(u.ExitCodes, e.Code):
		u.young = 0
		return append(out, m.launch(u, now)...)
	}
	wait, fatal := m.judge(u, e, now)
	if fatal {
		return append(out, m.giveUp(u, e, now)...)
	}
	u.restarts++
	out = append(out, do{kind: doRestart, program: name, after: wait})
	if wait == 0 {
		return append(out, m.launch(u, now)...)
	}
	u.state = Backoff
	return append(out, do{kind: doTimer, program: name, after: wait})
}

// judge says how long u waits before its next start, or that it has none.
func (m *machine) judge(u *unit, e Exit, now moment) (wait time.Duration, fatal bool) {
	if u.ready {
		if now.since(u.since) >= u.StartSecs {
			u.young = 0
		}
		u.young++
		if u.young <= quickDeaths {
			return 0, false
		}
		again := u.young - quickDeaths
		wait := m.backoff(again)
		if e.Signal == syscall.SIGKILL {
			wait = min(wait, time.Duration(again)*killedStep, killedWait)
		}
		return wait, false
	}
	u.failures++
	if u.failures >= u.StartRetries {
		return 0, true
	}
	return m.backoff(u.failures), false
}

func (m *machine) giveUp(u *unit, e Exit, now moment) []do {
	u.state = Fatal
	out := []do{{kind: doFatal, program: u.Name}}
	if u.Essential {
		m.code = e.code()
		return append(out, m.stop(now)...)
	}
	return append(out, m.unblock(now)...)
}

// restart stops u in order, if it runs, and starts it anew.
func (m *machine) restart(name string, now moment) []do {
	u := m.unit(name)
	if m.stopping {
		return nil
	}
	u.failures, u.young = 0, 0
	if u.alive {
		if u.again {
			return nil
		}
		u.again = true
		return m.beginStop(u, now)
	}
	return append([]do{{kind: doNoTimer, program: name}}, m.launch(u, now)...)
}
