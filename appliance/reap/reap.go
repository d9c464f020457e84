// Package reap collects orphans: processes whose parent died and that the
// kernel gave to this one, because it is PID 1 or a subreaper.
//
// It owns the rule that makes this safe beside supervised children: nothing
// here ever waits for "any child". Each zombie is looked at without being
// taken (waitid with WNOWAIT); one that belongs to somebody is left to its
// owner, every other is reaped by its pid. A plain wait4(-1) loop steals the
// exit statuses of supervised children.
//
// It refuses to know what the children are for. Every fork of the process must
// go through Start, or its exit status may be taken.
package reap

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Reaper knows which children have an owner. It is safe for concurrent use.
type Reaper struct {
	mu      sync.Mutex
	owned   map[int]struct{}
	kick    chan struct{}
	changed chan struct{} // closed and replaced after a pass that reaped
}

// New returns a Reaper that owns nothing yet.
func New() *Reaper {
	return &Reaper{
		owned:   map[int]struct{}{},
		kick:    make(chan struct{}, 1),
		changed: make(chan struct{}),
	}
}

// Adopt makes orphaned descendants children of this process. PID 1 of a
// namespace has them already and needs no call, but may make it.
func Adopt() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

// Start calls fork, which starts a child, and registers its pid before any
// pass can look at it. The caller waits for the child and then calls Done.
func (r *Reaper) Start(fork func() (pid int, err error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := fork()
	if err != nil {
		return err
	}
	r.owned[pid] = struct{}{}
	return nil
}

// Done says that the owner of pid has its status. It also wakes Run: a zombie
// with an owner hides those behind it until it is gone.
func (r *Reaper) Done(pid int) {
	r.mu.Lock()
	delete(r.owned, pid)
	r.mu.Unlock()
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Run reaps orphans on each SIGCHLD until ctx ends.
func (r *Reaper) Run(ctx context.Context) error {
	died := make(chan os.Signal, 1)
	signal.Notify(died, unix.SIGCHLD)
	defer signal.Stop(died)
	for {
		r.Pass()
		select {
		case <-ctx.Done():
			return nil
		case <-died:
		case <-r.kick:
		}
	}
}

// Pass reaps the orphans that are dead now and returns how many. It stops at
// the first zombie that has an owner; Done starts the next pass.
func (r *Reaper) Pass() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for {
		pid := peek()
		if pid <= 0 {
			break
		}
		if _, ok := r.owned[pid]; ok {
			break
		}
		if _, err := unix.Wait4(pid, nil, unix.WNOHANG|unix.WALL, nil); err != nil && err != unix.EINTR {
			break
		}
		n++
	}
	if n > 0 {
		close(r.changed)
		r.changed = make(chan struct{})
	}
	return n
}

// GroupGone returns once no process is left in the process group, or ctx ends.
// A zombie counts as left until it is reaped.
func (r *Reaper) GroupGone(ctx context.Context, group int) error {
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if err := unix.Kill(-group, 0); err == unix.ESRCH {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// childInfo is the kernel's siginfo_t for SIGCHLD on 64-bit machines.
type childInfo struct {
	signo, errno, code, _ int32
	pid                   int32
	_                     [108]byte
}

// peek returns the pid of a zombie child and leaves it, or 0.
func peek() int {
	for {
		var info childInfo
		_, _, e := syscall.Syscall6(unix.SYS_WAITID, unix.P_ALL, 0, uintptr(unsafe.Pointer(&info)),
			unix.WEXITED|unix.WNOHANG|unix.WNOWAIT|unix.WALL, 0, 0)
		switch e {
		case 0:
			return int(info.pid)
		case unix.EINTR:
		default:
			return 0 // ECHILD
		}
	}
}
