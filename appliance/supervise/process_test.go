package supervise

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/reap"
)

// orphans is the one reaper of this process: a second would take the children
// of the first for orphans.
var orphans = reap.New()

func TestMain(m *testing.M) {
	if err := reap.Adopt(); err != nil {
		panic(err)
	}
	go orphans.Run(context.Background())
	os.Exit(m.Run())
}

// shell starts a shell command with a notify pipe at 3 and returns its reports.
func shell(t *testing.T, script string, files ...*os.File) (*Process, chan Report) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	out, err := os.OpenFile(filepath.Join(t.TempDir(), "out"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	reports := make(chan Report, 100)
	p, err := Start(t.Context(), Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: []string{"ONLY=this"},
		Output: out, Files: append([]*os.File{w}, files...), Notify: r,
	}, orphans, func(r Report) { reports <- r })
	if err != nil {
		t.Fatal(err)
	}
	return p, reports
}

// all collects reports until the exit.
func all(t *testing.T, reports chan Report) (said []string, exit Exit) {
	t.Helper()
	for {
		select {
		case r := <-reports:
			if r.Exited != nil {
				return said, *r.Exited
			}
			if r.Ready {
				said = append(said, "ready")
			}
			if r.Status != "" {
				said = append(said, r.Status)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no exit is reported")
		}
	}
}

func TestReportsComeBeforeTheExit(t *testing.T) {
	for _, row := range []struct {
		script string
		said   string
		exit   Exit
	}{
		{"echo STATUS=fine >&3; echo READY=1 >&3; exit 0", "fine ready", Exit{}},
		{"echo READY=1 >&3; exit 7", "ready", Exit{Code: 7}},
		{"echo READY=1 >&3; kill -9 $$", "ready", Exit{Signal: syscall.SIGKILL}},
		{"exit 3", "", Exit{Code: 3}},
		{"kill -ABRT $$", "", Exit{Signal: syscall.SIGABRT}},
		{"echo READY=0 >&3; echo NOTREADY=1 >&3; echo READY >&3", "", Exit{}},
		// One that floods the pipe is not blocked, and its flood is not kept.
		{"head -c 300000 /dev/zero >&3; exit 5", "", Exit{Code: 5}},
	} {
		_, reports := shell(t, row.script)
		said, exit := all(t, reports)
		if strings.Join(said, " ") != row.said || exit != row.exit {
			t.Errorf("%s: said %q, exit %+v", row.script, said, exit)
		}
	}
}

func TestGroupEndsWithItsLeader(t *testing.T) {
	p, reports := shell(t, `sleep 60 & echo STATUS=$! >&3; echo READY=1 >&3; wait`)
	status := <-reports
	if r := <-reports; !r.Ready {
		t.Fatalf("%+v", r)
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, exit := all(t, reports); exit.Signal != syscall.SIGKILL {
		t.Errorf("exit %+v", exit)
	}
	sleeper, _ := strconv.Atoi(status.Status)
	if sleeper == 0 || syscall.Kill(sleeper, 0) != syscall.ESRCH {
		t.Errorf("what it had started (%d) is still there when its end is reported", sleeper)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("a signal to the dead: %v", err)
	}
}

// Members of the group outlive a leader that was asked to end: they are asked
// too, and have a moment. After a kill they have none.
func TestGroupIsAskedToEnd(t *testing.T) {
	const member = `(trap 'echo STATUS=asked >&3; exit' TERM; echo READY=1 >&3; while :; do sleep 0.01; done) & wait`
	for _, row := range []struct {
		sig  syscall.Signal
		said string
	}{{syscall.SIGTERM, "asked"}, {syscall.SIGKILL, ""}} {
		p, reports := shell(t, member)
		if r := <-reports; !r.Ready {
			t.Fatalf("%+v", r)
		}
		if err := p.Signal(row.sig); err != nil {
			t.Fatal(err)
		}
		if said, exit := all(t, reports); strings.Join(said, " ") != row.said || exit.Signal != row.sig {
			t.Errorf("%v: said %q, exit %+v", row.sig, said, exit)
		}
	}
}

// A kill while members have their moment ends it.
func TestAKillCutsTheLastWish(t *testing.T) {
	for range 10 { // on a busy machine, one in time is enough
		p, reports := shell(t, `(trap '' TERM; echo READY=1 >&3; sleep 60) & wait`)
		<-reports
		began := time.Now()
		p.Signal(syscall.SIGTERM)
		time.AfterFunc(50*time.Millisecond, func() { p.Signal(syscall.SIGKILL) })
		all(t, reports)
		if time.Since(began) < lastWish*3/4 {
			return
		}
	}
	t.Error("the kill waits for the members' moment to pass")
}

func TestAStoppedProcessEndsWhenAsked(t *testing.T) {
	p, reports := shell(t, `trap 'exit 6' TERM; echo READY=1 >&3; kill -STOP $$; while :; do sleep 0.01; done`)
	<-reports
	stopped := false
	for end := time.Now().Add(5 * time.Second); !stopped && time.Now().Before(end); time.Sleep(time.Millisecond) {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
		stopped = strings.Contains(string(stat), ") T ")
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, exit := all(t, reports); exit.Code != 6 {
		t.Errorf("exit %+v", exit)
	}
}

// What escapes into a group of its own cannot hold the report of the exit.
func TestAnEscapeDoesNotHoldTheReport(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	_, reports := shell(t, `setsid sh -c 'echo STATUS=$$ >&3; >`+out+`; exec sleep 600' & until [ -e `+out+` ]; do sleep 0.01; done; exit 4`)
	said, exit := all(t, reports)
	if exit.Code != 4 {
		t.Errorf("exit %+v", exit)
	}
	escaped, err := strconv.Atoi(strings.Join(said, ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(escaped, syscall.SIGKILL); err != nil {
		t.Errorf("what escaped has ended: %v", err)
	}
}

func TestChildHasWhatItWasGivenAndNoMore(t *testing.T) {
	extra, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer extra.Close()
	mine, err := os.Open("/proc/version") // of this process, not of the child
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	p, reports := shell(t, "echo READY=1 >&3; read wait < /proc/self/fd/5 || sleep 30", extra)
	<-reports
	proc := fmt.Sprintf("/proc/%d", p.Pid())
	env, err := os.ReadFile(proc + "/environ")
	if err != nil || string(env) != "ONLY=this\x00" {
		t.Errorf("environment %q (%v)", env, err)
	}
	entries, err := os.ReadDir(proc + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		target, _ := os.Readlink(proc + "/fd/" + e.Name())
		if target == "/proc/version" {
			t.Errorf("descriptor %s leaked: %s", e.Name(), target)
		}
	}
	if target, _ := os.Readlink(proc + "/fd/4"); target != "/dev/zero" {
		t.Errorf("descriptor 4 is %q", target)
	}
	p.Signal(syscall.SIGKILL)
	all(t, reports)
}

func TestStartOfNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	_, err = Start(t.Context(), Command{Path: "/nonexistent", Args: []string{"x"}, Notify: r}, orphans, nil)
	if err == nil {
		t.Fatal("it started")
	}
	if _, err := r.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("the pipe was left open: %v", err)
	}
}
