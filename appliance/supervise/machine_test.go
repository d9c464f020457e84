package supervise

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// script drives a machine by hand and writes down what it wants.
type script struct {
	t   *testing.T
	m   *machine
	now moment
}

func newScript(t *testing.T, programs ...Program) *script {
	t.Helper()
	m, err := newMachine(programs, func(n int) time.Duration { return time.Duration(n) * time.Second })
	if err != nil {
		t.Fatal(err)
	}
	return &script{t, m, moment{wall: time.Unix(1e9, 0)}}
}

func (s *script) after(d time.Duration) { s.now.ran += d }

// want compares what the machine wants, timers that are dropped left out.
func (s *script) want(todo []do, want ...string) {
	s.t.Helper()
	var got []string
	for _, d := range todo {
		switch d.kind {
		case doStart:
			got = append(got, "start "+d.program)
		case doSignal:
			got = append(got, fmt.Sprintf("%s %s", d.signal, d.program))
		case doTimer:
			got = append(got, strings.TrimSpace(fmt.Sprintf("wake in %v %s", d.after, d.program)))
		case doListen:
			got = append(got, "listen "+d.program)
		case doFatal:
			got = append(got, "give up "+d.program)
		case doRestart:
			got = append(got, fmt.Sprintf("again in %v %s", d.after, d.program))
		case doEnd:
			got = append(got, fmt.Sprintf("end %d", d.code))
		}
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("it wants\n  %q, not\n  %q", got, want)
	}
}

var (
	api    = Program{Name: "api", Essential: true}
	worker = Program{Name: "worker", DependsOn: []string{"api", "parser"}}
	parser = Program{Name: "parser", OnDemand: true, ExitCodes: []int{0}}
	nginx  = Program{Name: "nginx", Essential: true, DependsOn: []string{"api"}, StopSteps: []StopStep{
		{syscall.SIGQUIT, 0}, {syscall.SIGTERM, time.Second}, {syscall.SIGKILL, 2 * time.Second}}}
)

const start, wake = "start ", "wake in 1m0s "

func (s *script) boot() {
	s.t.Helper()
	s.want(s.m.begin(s.now), start+"api", wake+"api", "listen parser")
	s.want(s.m.isReady("api", s.now), start+"worker", wake+"worker", start+"nginx", wake+"nginx")
	s.want(s.m.isReady("worker", s.now))
	s.want(s.m.isReady("nginx", s.now))
}

func TestStartInOrderOfReadiness(t *testing.T) {
	newScript(t, nginx, worker, parser, api).want(nil)
	newScript(t, api, parser, worker, nginx).boot()
}

func TestStopInReverseOrder(t *testing.T) {
	s := newScript(t, api, parser, worker, nginx)
	s.boot()
	s.want(s.m.stop(s.now), "wake in 7s", "quit nginx", "wake in 1s nginx", "terminated worker", "wake in 4s worker")
	s.want(s.m.exited("worker", Exit{}, s.now))
	s.after(time.Second)
	s.want(s.m.timer("nginx", s.now), "terminated nginx", "wake in 1s nginx")
	s.after(time.Second)
	s.want(s.m.timer("nginx", s.now), "killed nginx")
	s.want(s.m.exited("nginx", Exit{Signal: syscall.SIGKILL}, s.now), "terminated api", "wake in 4s api")
	s.want(s.m.exited("api", Exit{}, s.now), "end 0")
}

func TestSecondStopHurries(t *testing.T) {
	s := newScript(t, api, parser, worker, nginx)
	s.boot()
	s.m.stop(s.now)
	s.want(s.m.stop(s.now), "wake in 500ms", "terminated api", "terminated worker", "terminated nginx")
	s.want(s.m.stop(s.now)) // a third adds nothing
	s.want(s.m.exited("nginx", Exit{}, s.now))
	s.want(s.m.timer("", s.now), "killed api", "killed worker")
	s.want(s.m.exited("worker", Exit{}, s.now))
	s.want(s.m.exited("api", Exit{}, s.now), "end 0")
}

func TestReadyServicesComeBackAtOnce(t *testing.T) {
	s := newScript(t, api)
	s.m.begin(s.now)
	for range quickDeaths {
		s.m.isReady("api", s.now)
		s.want(s.m.exited("api", Exit{Signal: syscall.SIGKILL}, s.now), "again in 0s api", start+"api", wake+"api")
	}
	// One that dies young again and again waits longer and longer.
	s.m.isReady("api", s.now)
	s.want(s.m.exited("api", Exit{Code: 1}, s.now), "again in 1s api", "wake in 1s api")
	s.want(s.m.timer("api", s.now), start+"api", wake+"api")
	s.m.isReady("api", s.now)
	s.want(s.m.exited("api", Exit{Code: 1}, s.now), "again in 2s api", "wake in 2s api")
	// One that is killed from outside does not.
	s.m.timer("api", s.now)
	s.m.isReady("api", s.now)
	s.want(s.m.exited("api", Exit{Signal: syscall.SIGKILL}, s.now), "again in 6ms api", "wake in 6ms api")
	for range 60 {
		s.m.timer("api", s.now)
		s.m.isReady("api", s.now)
		s.m.exited("api", Exit{Signal: syscall.SIGKILL}, s.now)
	}
	s.m.timer("api", s.now)
	s.m.isReady("api", s.now)
	s.want(s.m.exited("api", Exit{Signal: syscall.SIGKILL}, s.now), "again in 100ms api", "wake in 100ms api")
	// A stable time lets the past rest.
	s.m.timer("api", s.now)
	s.m.isReady("api", s.now)
	s.after(startSecs)
	s.want(s.m.exited("api", Exit{Code: 1}, s.now), "again in 0s api", start+"api", wake+"api")
}

func TestNeverReady(t *testing.T) {
	for _, row := range []struct {
		exit Exit
		code int
	}{
		{Exit{Code: 3}, 3},
		{Exit{Signal: syscall.SIGSEGV}, 139},
		{Exit{Signal: syscall.SIGKILL}, 137},
		{Exit{Code: 0}, 1}, // a box that ends because of this is not well
		{Exit{Code: 127, Err: syscall.ENOENT}, 127},
	} {
		s := newScript(t, api, parser, worker, nginx)
		s.m.begin(s.now)
		for i := 1; i < startRetries; i++ {
			wait := fmt.Sprintf("%ds api", i)
			s.want(s.m.exited("api", row.exit, s.now), "again in "+wait, "wake in "+wait)
			s.want(s.m.timer("api", s.now), start+"api", wake+"api")
		}
		s.want(s.m.exited("api", row.exit, s.now), "give up api", "wake in 7s", fmt.Sprintf("end %d", row.code))
	}
}

func TestReadinessForgetsFailures(t *testing.T) {
	s := newScript(t, api)
	s.m.begin(s.now)
	for range 3 {
		for range startRetries - 1 {
			s.m.exited("api", Exit{Code: 1}, s.now)
			s.m.timer("api", s.now)
		}
		s.m.isReady("api", s.now)
		s.after(time.Minute)
		s.want(s.m.exited("api", Exit{Code: 1}, s.now), "again in 0s api", start+"api", wake+"api")
	}
}

func TestSlowStartIsKilledAndCounts(t *testing.T) {
	s := newScript(t, api)
	s.m.begin(s.now)
	s.after(startWaitSecs)
	s.want(s.m.timer("api", s.now), "killed api")
	s.want(s.m.exited("api", Exit{Signal: syscall.SIGKILL}, s.now), "again in 1s api", "wake in 1s api")
}

func TestOptionalFatalLeavesTheBoxRunning(t *testing.T) {
	s := newScript(t, api, parser, worker, nginx)
	s.boot()
	s.m.exited("worker", Exit{Code: 1}, s.now) // it had been ready: at once
	for range startRetries - 1 {
		s.m.exited("worker", Exit{Code: 1}, s.now)
		s.m.timer("worker", s.now)
	}
	s.want(s.m.exited("worker", Exit{Code: 1}, s.now), "give up worker")
	if s.m.unit("worker").state != Fatal || s.m.stopping {
		t.Errorf("worker %s, stopping %v", s.m.unit("worker").state, s.m.stopping)
	}
	// The owner can ask for it again.
	s.want(s.m.restart("worker", s.now), start+"worker", wake+"worker")
	s.want(s.m.stop(s.now), "wake in 7s", "quit nginx", "wake in 1s nginx", "terminated worker", "wake in 4s worker")
}

func TestWhatDependsOnAnOptionalFatalStarts(t *testing.T) {
	helper := Program{Name: "helper"}
	user := Program{Name: "user", DependsOn: []string{"helper"}}
	s := newScript(t, helper, user)
	s.want(s.m.begin(s.now), start+"helper", wake+"helper")
	for range startRetries - 1 {
		s.m.exited("helper", Exit{Code: 1}, s.now)
		s.m.timer("helper", s.now)
	}
	s.want(s.m.exited("helper", Exit{Code: 1}, s.now), "give up helper", start+"user", wake+"user")
}

func TestOnDemand(t *testing.T) {
	s := newScript(t, parser)
	s.want(s.m.begin(s.now), "listen parser")
	s.want(s.m.activated("parser", s.now), start+"parser", wake+"parser")
	s.want(s.m.activated("parser", s.now)) // once is enough
	s.m.isReady("parser", s.now)
	s.want(s.m.exited("parser", Exit{}, s.now), "listen parser") // idle
	s.m.activated("parser", s.now)
	s.m.isReady("parser", s.now)
	s.want(s.m.exited("parser", Exit{Signal: syscall.SIGKILL}, s.now), "again in 0s parser", "listen parser")
	s.m.activated("parser", s.now)
	s.want(s.m.exited("parser", Exit{}, s.now), "again in 1s parser", "wake in 1s parser") // never ready
	s.want(s.m.activated("parser", s.now))
	s.want(s.m.timer("parser", s.now), "listen parser")
	s.want(s.m.stop(s.now), "wake in 7s", "end 0")
}

func TestRestartInOrder(t *testing.T) {
	s := newScript(t, api, parser, worker, nginx)
	s.boot()
	s.want(s.m.restart("nginx", s.now), "quit nginx", "wake in 1s nginx")
	s.want(s.m.restart("nginx", s.now)) // it is under way
	s.want(s.m.exited("nginx", Exit{}, s.now), start+"nginx", wake+"nginx")
	// A stop while a restart stops is a stop.
	s.m.restart("nginx", s.now)
	s.want(s.m.stop(s.now), "wake in 7s", "quit nginx", "wake in 1s nginx", "terminated worker", "wake in 4s worker")
	s.m.exited("worker", Exit{}, s.now)
	s.want(s.m.exited("nginx", Exit{}, s.now), "terminated api", "wake in 4s api")
}

func TestProgramsAreChecked(t *testing.T) {
	for name, programs := range map[string][]Program{
		"twice":         {api, api},
		"no name":       {{}},
		"unknown":       {nginx},
		"itself":        {{Name: "a", DependsOn: []string{"a"}}},
		"circle":        {{Name: "a", DependsOn: []string{"b"}}, {Name: "b", DependsOn: []string{"a"}}},
		"may live on":   {{Name: "a", StopSteps: []StopStep{{syscall.SIGTERM, 0}}}},
		"steps jumbled": {{Name: "a", StopSteps: []StopStep{{syscall.SIGTERM, 2}, {syscall.SIGKILL, 1}}}},
	} {
		if _, err := newMachine(programs, backoff); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestBackoffGrowsAndEnds(t *testing.T) {
	var last time.Duration
	for n := 1; n < 40; n++ {
		d := backoff(n)
		if d < 150*time.Millisecond || d > 38*time.Second {
			t.Errorf("backoff(%d) = %v", n, d)
		}
		if n > 1 && n < 8 && d < last {
			t.Errorf("backoff(%d) = %v after %v", n, d, last)
		}
		last = d * 2 / 3
	}
	seen := map[time.Duration]bool{}
	for range 20 {
		seen[backoff(3)] = true
	}
	if len(seen) < 2 {
		t.Error("no jitter")
	}
}

// The worst case: nobody listens to any signal but the last.
func TestStopEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := newFake(t, api, parser, worker, nginx)
		box.deaf = true
		go box.run()
		box.settle()
		began := time.Now()
		box.stop()
		code := <-box.code
		if took := time.Since(began); took > 8*time.Second || code != 0 {
			t.Errorf("the stop took %v, code %d", took, code)
		}
	})
}
