package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a box of programs without processes.
type fake struct {
	t *testing.T
	*Supervisor
	deaf  bool            // only a kill ends a child
	fail  map[string]Exit // programs that end at once with this
	slow  time.Duration   // until ready
	began time.Time       // when set, notes say how long after it
	stop  context.CancelFunc
	ctx   context.Context
	code  chan int
	mu    sync.Mutex
	log   []string
	live  map[string]*fakeChild
	knock chan string
}

type fakeChild struct {
	f      *fake
	name   string
	pid    int
	report func(Report)
	once   sync.Once
}

func newFake(t *testing.T, programs ...Program) *fake {
	f := &fake{t: t, code: make(chan int, 1), live: map[string]*fakeChild{}, fail: map[string]Exit{}, knock: make(chan string)}
	f.ctx, f.stop = context.WithCancel(t.Context())
	s, err := New(Options{Programs: programs, Launcher: f, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	f.Supervisor = s
	return f
}

func (f *fake) run()    { f.code <- f.Supervisor.Run(f.ctx) }
func (f *fake) settle() { synctest.Wait() }

// change changes how children are from now on.
func (f *fake) change(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
}

func (f *fake) note(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.began.IsZero() {
		what = fmt.Sprint(time.Since(f.began), " ", what)
	}
	f.log = append(f.log, what)
}

func (f *fake) Launch(p Program, report func(Report)) (Child, error) {
	f.note("start " + p.Name)
	c := &fakeChild{f: f, name: p.Name, pid: 100 + len(f.log), report: report}
	f.mu.Lock()
	f.live[p.Name] = c
	exit, fails := f.fail[p.Name]
	slow := f.slow
	f.mu.Unlock()
	if fails && exit.Err != nil {
		return nil, exit.Err
	}
	go func() {
		if fails {
			c.end(exit)
			return
		}
		if slow > 0 {
			select {
			case <-time.After(slow):
			case <-f.ctx.Done():
				return
			}
		}
		report(Report{Status: "well"})
		report(Report{Ready: true})
	}()
	return c, nil
}

func (f *fake) Await(ctx context.Context, p Program) error {
	for {
		select {
		case name := <-f.knock:
			if name == p.Name {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *fake) child(name string) *fakeChild {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live[name]
}

func (c *fakeChild) Pid() int { return c.pid }

func (c *fakeChild) Signal(sig syscall.Signal) error {
	c.f.note(fmt.Sprintf("%v %s", sig, c.name))
	if sig == syscall.SIGHUP || c.f.deaf && sig != syscall.SIGKILL {
		return nil
	}
	exit := Exit{}
	if sig == syscall.SIGKILL {
		exit.Signal = sig
	}
	go c.end(exit)
	return nil
}

func (c *fakeChild) end(e Exit) { c.once.Do(func() { c.report(Report{Exited: &e}) }) }

func (f *fake) state(name string) Status {
	all, err := f.Status(context.Background())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	f.t.Fatalf("no %s in %v", name, all)
	return Status{}
}

func TestBoxLivesAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, api, parser, worker, nginx)
		go f.run()
		f.settle()
		if s := f.state("api"); s.State != Running || s.Detail != "well" || s.Pid == 0 {
			t.Errorf("api: %+v", s)
		}
		if s := f.state("parser"); s.State != Listening || s.Pid != 0 {
			t.Errorf("parser: %+v", s)
		}
		f.knock <- "parser"
		f.settle()
		if s := f.state("parser"); s.State != Running {
			t.Errorf("parser after a connection: %+v", s)
		}
		f.child("api").end(Exit{Signal: syscall.SIGKILL})
		f.settle()
		if s := f.state("api"); s.State != Running || s.Restarts != 1 || s.LastExit != "signal: killed" {
			t.Errorf("api after a kill: %+v", s)
		}
		if err := f.Restart(t.Context(), "worker"); err != nil {
			t.Error(err)
		}
		f.settle()
		if s := f.state("worker"); s.State != Running || s.Restarts != 1 {
			t.Errorf("worker after a restart: %+v", s)
		}
		if err := f.Restart(t.Context(), "nobody"); !errors.Is(err, ErrUnknown) {
			t.Errorf("restart of nobody: %v", err)
		}
		f.stop()
		if code := <-f.code; code != 0 {
			t.Errorf("code %d", code)
		}
		if _, err := f.Status(t.Context()); err == nil {
			t.Error("a stopped box answers")
		}
	})
}

func TestEssentialThatNeverWorksEndsTheBox(t *testing.T) {
	for _, row := range []struct {
		exit Exit
		code int
	}{{Exit{Code: 9}, 9}, {Exit{Signal: syscall.SIGABRT}, 134}, {Exit{Code: 127, Err: errors.New("no such file")}, 127}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, api, parser, worker, nginx)
			f.fail["nginx"] = row.exit
			go f.run()
			if code := <-f.code; code != row.code {
				t.Errorf("code %d, want %d", code, row.code)
			}
			starts := 0
			for _, l := range f.log {
				if l == "start nginx" {
					starts++
				}
			}
			if starts != startRetries {
				t.Errorf("%d starts", starts)
			}
		})
	}
}

func TestStartingServiceHasItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, api)
		f.slow = startWaitSecs + time.Second
		f.deaf = true
		go f.run()
		time.Sleep(startWaitSecs + time.Millisecond)
		f.settle()
		if s := f.state("api"); s.State != Backoff || s.LastExit != "signal: killed" {
			t.Errorf("api: %+v", s)
		}
		f.stop()
		<-f.code
	})
}

func TestForwardReachesWhoWantsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := nginx
		n.Forward = []syscall.Signal{syscall.SIGHUP}
		f := newFake(t, api, n)
		go f.run()
		f.settle()
		f.Forward(syscall.SIGHUP)
		f.Forward(syscall.SIGUSR1)
		f.Hurry() // not stopping: nothing
		f.settle()
		if last := f.log[len(f.log)-1]; last != "hangup nginx" {
			t.Errorf("%q", f.log)
		}
		f.stop()
		<-f.code
	})
}

func TestALateTimerDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, api)
		f.slow = startWaitSecs - time.Millisecond // ready just before it would be killed
		go f.run()
		time.Sleep(2 * startWaitSecs)
		f.settle()
		if s := f.state("api"); s.State != Running || s.Restarts != 0 {
			t.Errorf("api: %+v", s)
		}
		f.stop()
		<-f.code
	})
}
