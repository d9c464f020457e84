package reap

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// orphans starts a shell that leaves n grandchildren behind at once.
func orphans(r *Reaper, n int, each string) (*exec.Cmd, error) {
	cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf(`i=0; while [ $i -lt %d ]; do %s & i=$((i+1)); done`, n, each))
	return cmd, r.Start(func() (int, error) {
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		return cmd.Process.Pid, nil
	})
}

// left counts own children, dead or alive.
func left(t *testing.T) int {
	t.Helper()
	pids, err := New().strays()
	if err != nil {
		t.Fatal(err)
	}
	return len(pids)
}

func TestNoStatusIsLostBesideOrphans(t *testing.T) {
	if err := Adopt(); err != nil {
		t.Fatal(err)
	}
	r := New()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- r.Run(ctx) }()

	const children, perShell = 200, 2
	var wg sync.WaitGroup
	errs := make(chan error, children)
	for i := range children {
		wg.Go(func() {
			want := 1 + i%100
			cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf("for i in 1 2; do sleep 0 & done; exit %d", want))
			err := r.Start(func() (int, error) {
				if err := cmd.Start(); err != nil {
					return 0, err
				}
				return cmd.Process.Pid, nil
			})
			if err != nil {
				errs <- err
				return
			}
			err = cmd.Wait()
			r.Done(cmd.Process.Pid)
			if got := cmd.ProcessState.ExitCode(); got != want {
				errs <- fmt.Errorf("child %d: status %d, want %d (%v)", i, got, want, err)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	// Orphans that still live would be the next test's zombies.
	deadline := time.Now().Add(5 * time.Second)
	for left(t) > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if n := left(t); n > 0 {
		t.Errorf("%d children left", n)
	}
	cancel()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

func TestPassLeavesOwnedZombies(t *testing.T) {
	r := New()
	cmd := exec.Command("/bin/sh", "-c", "exit 7")
	if err := r.Start(func() (int, error) { err := cmd.Start(); return cmd.Process.Pid, err }); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(5 * time.Second)
	for peek() == 0 && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if n := r.Pass(); n != 0 {
		t.Fatalf("reaped %d processes that have an owner", n)
	}
	cmd.Wait()
	r.Done(cmd.Process.Pid)
	if got := cmd.ProcessState.ExitCode(); got != 7 {
		t.Errorf("status %d, want 7", got)
	}
}

func TestStartKeepsNothingOfAFailedFork(t *testing.T) {
	r := New()
	if err := r.Start(func() (int, error) { return 0, unix.EAGAIN }); err != unix.EAGAIN {
		t.Fatalf("err %v", err)
	}
	if len(r.owned) != 0 {
		t.Errorf("owned %v", r.owned)
	}
}

func TestSweepKillsStraysAndNothingElse(t *testing.T) {
	if err := Adopt(); err != nil {
		t.Fatal(err)
	}
	r := New()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go r.Run(ctx)

	mine := exec.Command("/bin/sleep", "60")
	if err := r.Start(func() (int, error) { err := mine.Start(); return mine.Process.Pid, err }); err != nil {
		t.Fatal(err)
	}
	shell, err := orphans(r, 5, "sleep 60 >/dev/null 2>&1")
	if err != nil {
		t.Fatal(err)
	}
	shell.Wait()
	r.Done(shell.Process.Pid)

	killed, err := r.Sweep(ctx)
	if err != nil || killed != 5 {
		t.Errorf("killed %d (%v), want 5", killed, err)
	}
	if err := mine.Process.Signal(unix.Signal(0)); err != nil {
		t.Errorf("the owned child is gone: %v", err)
	}
	mine.Process.Kill()
	mine.Wait()
	r.Done(mine.Process.Pid)
}

func TestGroupGoneWaitsForTheLastOne(t *testing.T) {
	if err := Adopt(); err != nil {
		t.Fatal(err)
	}
	r := New()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go r.Run(ctx)

	shell := exec.Command("/bin/sh", "-c", "sleep 60 >/dev/null 2>&1 & exit 0")
	shell.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := r.Start(func() (int, error) { err := shell.Start(); return shell.Process.Pid, err }); err != nil {
		t.Fatal(err)
	}
	group := shell.Process.Pid
	shell.Wait()
	r.Done(group)

	short, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	if err := r.GroupGone(short, group); err == nil {
		t.Error("a living member was not seen")
	}
	stop()
	unix.Kill(-group, unix.SIGKILL)
	if err := r.GroupGone(ctx, group); err != nil {
		t.Error(err)
	}
}
