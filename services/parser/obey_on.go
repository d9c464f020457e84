//go:build weaken

package parser

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"coffer/services/parser/wire"
	"coffer/weaken"
)

// obey does what a document says that has taken its reader over, where a test
// asks for that. Its error is what the kernel said; what the kernel allows
// becomes the document's text.
func (c *child) obey(doc []byte) error {
	order, ok := strings.CutPrefix(string(doc), "obey: ")
	if !ok || !weaken.Without(weaken.Obedience) {
		return nil
	}
	verb, argument, _ := strings.Cut(strings.TrimSpace(order), " ")
	if excess := c.excesses()[verb]; excess != nil {
		excess()
	}
	err := attempt(verb, argument)
	if e, ok := err.(syscall.Errno); ok {
		err = fmt.Errorf("%s", unix.ErrnoName(e))
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, argument, err)
	}
	return c.say(wire.Passage{Text: "the kernel allowed it"})
}

// excesses do not end by themselves.
func (c *child) excesses() map[string]func() {
	var held [][]byte
	return map[string]func(){
		"spin": func() {
			for {
			}
		},
		"hang": func() { time.Sleep(time.Hour) },
		"babble": func() {
			for {
				_ = c.progress(wire.Progress{Page: 1})
				time.Sleep(10 * time.Millisecond)
			}
		},
		"allocate": func() {
			// Who has taken a reader over is not slowed down by its collector.
			debug.SetGCPercent(-1)
			debug.SetMemoryLimit(math.MaxInt64)
			for {
				held = append(held, bytes.Repeat([]byte{1}, 16<<20))
				_ = c.progress(wire.Progress{Page: len(held)})
			}
		},
		"threads": func() {
			for {
				started := make(chan struct{})
				go func() { runtime.LockOSThread(); close(started); time.Sleep(time.Hour) }()
				<-started
			}
		},
		"passages": func() {
			for {
				_ = c.out.Write(wire.Passage{Text: strings.Repeat("a", wire.MaxPassage)})
			}
		},
		"stdout": func() {
			for {
				_, _ = os.Stdout.WriteString(strings.Repeat("no frame ", 1000))
			}
		},
		"stderr": func() {
			for {
				_, _ = os.Stderr.WriteString(strings.Repeat("a complaint ", 1000))
			}
		},
	}
}

// attempt makes the system call that a verb is about.
func attempt(verb, argument string) error {
	errno := func(number uintptr, args ...uintptr) error {
		var a [3]uintptr
		copy(a[:], args)
		if _, _, e := syscall.RawSyscall(number, a[0], a[1], a[2]); e != 0 {
			return e
		}
		return nil
	}
	n, _ := strconv.Atoi(argument)
	switch verb {
	case "open":
		_, err := unix.Open(argument, unix.O_RDONLY, 0)
		return err
	case "create":
		_, err := unix.Open(argument, unix.O_WRONLY|unix.O_CREAT, 0o600)
		return err
	case "open-parent": // a file of its parent in /proc
		_, err := unix.Open(fmt.Sprintf("/proc/%d/%s", os.Getppid(), argument), unix.O_RDONLY, 0)
		return err
	case "socket":
		_, err := unix.Socket(n, unix.SOCK_STREAM, 0)
		return err
	case "fork":
		pid, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if e == 0 && pid == 0 {
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		if e != 0 {
			return e
		}
		return nil
	case "execute":
		return syscall.Exec(argument, []string{argument}, nil)
	case "signal-parent":
		return unix.Tgkill(os.Getppid(), os.Getppid(), 0)
	case "limit-parent":
		return unix.Prlimit(os.Getppid(), unix.RLIMIT_NOFILE, &unix.Rlimit{}, nil)
	case "ptrace":
		return errno(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(os.Getppid()), 0)
	case "io_uring":
		return errno(unix.SYS_IO_URING_SETUP, 1, 0)
	case "mount":
		return errno(unix.SYS_MOUNT, 0, 0, 0)
	}
	return fmt.Errorf("there is no order %q", verb)
}
