// Package inject makes a running process try a system call, so that a test can
// see what the kernel answers to that very process, under the filters, the
// Landlock rules and the user it really has.
//
// It owns the debugger's handiwork (stop a thread, place the call, step over
// it, put everything back). It refuses calls that would not return or would
// leave something behind; the caller closes descriptors it gets.
package inject

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Target is a stopped thread of a process. All its methods belong to the
// operating system thread that made it.
type Target struct {
	tid   int
	saved unix.PtraceRegs
	mem   *os.File
}

// Into stops a thread of pid, calls f with it, and lets it go on. It fails when
// no thread can be stopped inside a system call, where a call can be placed.
func Into(pid int, f func(*Target) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return err
	}
	last := errors.New("it has no threads")
	for _, e := range threads {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			return err
		}
		var t *Target
		if t, last = attach(pid, tid); last == nil {
			return errors.Join(f(t), t.detach())
		}
	}
	return fmt.Errorf("no thread of %d can be used: %w", pid, last)
}

func attach(pid, tid int) (*Target, error) {
	if err := unix.PtraceSeize(tid); err != nil {
		return nil, fmt.Errorf("seize: %w", err)
	}
	t := &Target{tid: tid}
	if err := t.stop(pid); err != nil {
		return nil, errors.Join(err, unix.PtraceDetach(tid))
	}
	return t, nil
}

func (t *Target) stop(pid int) error {
	if err := unix.PtraceInterrupt(t.tid); err != nil {
		return fmt.Errorf("interrupt: %w", err)
	}
	if err := t.wait(); err != nil {
		return err
	}
	if err := unix.PtraceGetRegs(t.tid, &t.saved); err != nil {
		return fmt.Errorf("registers: %w", err)
	}
	mem, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	// A thread that waits in the kernel stands right behind a syscall
	// instruction, which is then there to be used again.
	var code [2]byte
	if _, err := mem.ReadAt(code[:], int64(t.saved.Rip)-2); err != nil || code != [2]byte{0x0f, 0x05} {
		return errors.Join(errors.New("not inside a system call"), err, mem.Close())
	}
	t.mem = mem
	return nil
}

func (t *Target) wait() error {
	var status unix.WaitStatus
	if _, err := unix.Wait4(t.tid, &status, unix.WALL, nil); err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	if !status.Stopped() {
		return fmt.Errorf("the thread did not stop: %#x", status)
	}
	return nil
}

// Call makes the thread do one system call and returns its answer. The error is
// the thread's errno.
func (t *Target) Call(number uintptr, args ...uint64) (uint64, error) {
	regs := t.saved
	regs.Rip -= 2
	regs.Rax, regs.Orig_rax = uint64(number), ^uint64(0)
	places := []*uint64{&regs.Rdi, &regs.Rsi, &regs.Rdx, &regs.R10, &regs.R8, &regs.R9}
	for i, p := range places {
		*p = 0
		if i < len(args) {
			*p = args[i]
		}
	}
	if err := unix.PtraceSetRegs(t.tid, &regs); err != nil {
		return 0, fmt.Errorf("set registers: %w", err)
	}
	for {
		if err := unix.PtraceSingleStep(t.tid); err != nil {
			return 0, fmt.Errorf("step: %w", err)
		}
		if err := t.wait(); err != nil {
			return 0, err
		}
		if err := unix.PtraceGetRegs(t.tid, &regs); err != nil {
			return 0, fmt.Errorf("registers: %w", err)
		}
		// A stop for a signal comes before the instruction; step again.
		if regs.Rip == t.saved.Rip {
			break
		}
	}
	if answer := int64(regs.Rax); answer < 0 && answer > -4096 {
		return 0, unix.Errno(-answer)
	}
	return regs.Rax, nil
}

// Bytes places data in the thread's memory, below its stack, and returns the
// address. Each use overwrites the one before.
func (t *Target) Bytes(data []byte) (uint64, error) {
	if len(data) > 512 {
		return 0, errors.New("too long to place")
	}
	address := (t.saved.Rsp - 2048) &^ 15
	_, err := t.mem.WriteAt(data, int64(address))
	return address, err
}

// Path places a path name.
func (t *Target) Path(name string) (uint64, error) { return t.Bytes(append([]byte(name), 0)) }

func (t *Target) detach() error {
	return errors.Join(t.mem.Close(), unix.PtraceSetRegs(t.tid, &t.saved), unix.PtraceDetach(t.tid))
}
