package supervise

import (
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// wholeLife has programs go through everything that waits, and returns what was
// done and when: a deadline of readiness that passes, waits that grow before
// starts that fail, deaths of the young, and of one that was stable, and a stop
// that nobody listens to.
func wholeLife(t *testing.T, wall func() time.Time) (log []string) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, api, parser, worker, nginx)
		f.machine.backoff = func(failures int) time.Duration { return time.Duration(failures) * 7 * time.Second }
		f.began, f.deaf = time.Now(), true
		if wall != nil {
			f.wall = wall
		}
		f.slow = startWaitSecs + 10*time.Second
		go f.run()
		time.Sleep(startWaitSecs + time.Second) // killed, and in its backoff
		f.change(func() { f.slow = 0 })
		time.Sleep(10 * time.Second) // ready
		for range quickDeaths + 1 {
			time.Sleep(startSecs / 2)
			f.child("api").end(Exit{Code: 1}) // young: at once, and at last after a wait
		}
		time.Sleep(7*time.Second + startSecs/2)
		f.child("api").end(Exit{Code: 1}) // young again: a longer wait
		time.Sleep(14*time.Second + 2*startSecs)
		f.child("api").end(Exit{Code: 1}) // stable: at once
		f.settle()
		f.change(func() { f.fail["worker"] = Exit{Code: 3} })
		f.child("worker").end(Exit{Code: 3})
		time.Sleep(time.Hour)
		if s := f.state("worker"); s.State != Fatal {
			t.Errorf("the worker: %+v", s)
		}
		f.stop()
		if code := <-f.code; code != 0 {
			t.Errorf("code %d", code)
		}
		f.note("ended")
		log = f.log
		slices.Sort(log) // what is done at one moment has no order
	})
	return log
}

// Setting the clock, by hours to and fro and at any moment, hastens and delays
// nothing: neither restarts and the waits before them, nor what is forgiven
// after a stable time, nor the deadlines of readiness and of a stop.
func TestClockJumps(t *testing.T) {
	still := wholeLife(t, nil)
	if len(still) < 24 {
		t.Fatalf("too little happens: %q", still)
	}
	for name, jump := range map[string]func(asked int) time.Duration{
		"forward":    func(asked int) time.Duration { return time.Duration(asked) * 5 * time.Hour },
		"back":       func(asked int) time.Duration { return time.Duration(asked) * -5 * time.Hour },
		"to and fro": func(asked int) time.Duration { return time.Duration(1-asked%2*2) * 26 * time.Hour },
		"at once":    func(asked int) time.Duration { return time.Duration(min(asked, 1)) * 1e4 * time.Hour },
		"to 1970":    func(int) time.Duration { return -time.Duration(time.Now().UnixNano()) },
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			log := wholeLife(t, func() time.Time {
				asked++
				// As a clock that was set: without a monotonic reading of its own.
				return time.Now().Round(0).Add(jump(asked))
			})
			if !slices.Equal(log, still) {
				for i := range min(len(log), len(still)) {
					if log[i] != still[i] {
						t.Fatalf("it did %q, and with a clock that is left alone %q", log[i], still[i])
					}
				}
				t.Fatalf("it did %d things, and with a clock that is left alone %d", len(log), len(still))
			}
			if asked < len(still)/2 {
				t.Errorf("the clock was looked at %d times", asked)
			}
		})
	}
}

// What is told is the time on the wall.
func TestSinceIsTheWallsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, api)
		set := time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC)
		f.wall = func() time.Time { return set }
		go f.run()
		f.settle()
		if s := f.state("api"); s.State != Running || !s.Since.Equal(set) {
			t.Errorf("%+v", s)
		}
		f.stop()
		<-f.code
	})
}

// The clock that decides is the monotonic one, by what the system itself keeps
// in a time: without that reading a set clock would count.
func TestTheSupervisorsClockIsMonotonic(t *testing.T) {
	s, err := New(Options{Programs: []Program{{Name: "a", StopSteps: []StopStep{{syscall.SIGKILL, 0}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if s.began == s.began.Round(0) {
		t.Error("the beginning of the box has no monotonic reading")
	}
}
