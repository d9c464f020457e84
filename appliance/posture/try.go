package posture

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"coffer/appliance/confine"
)

// What a probe first becomes, besides what the spawn stub made of it.
const (
	asStarted = "started"      // as the stub leaves it
	asRunning = "running"      // a role that gave up exec
	asChild   = "parser-child" // a reader of documents
	asLooker  = "look"
	asWaiter  = "wait"    // lives until its input ends
	asAsker   = "command" // asks for something where commands are heard
)

// childFiles is as many descriptors as a probe needs as a child.
const childFiles = 16

// Probe is the role that tries things from inside and writes to out, as JSON,
// what the kernel said to each: the name of an error, or ok.
func Probe(args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("probes are started by coffer init")
	}
	var err error
	beside := 0 // a process of the same user
	switch args[0] {
	case asLooker:
		return json.NewEncoder(out).Encode(LookInside(args[1:]))
	case asWaiter:
		_, err = io.Copy(io.Discard, os.Stdin)
		return err
	case asAsker:
		said := map[string]string{}
		for _, path := range args[1:] {
			said[path] = askToCommand(path)
		}
		return json.NewEncoder(out).Encode(said)
	case asStarted:
	case asRunning:
		err = confine.GiveUpExec()
	case asChild:
		if beside, err = startBeside(); err == nil {
			err = confine.Child(confine.ChildLimits{OpenFiles: childFiles})
		}
	default:
		err = fmt.Errorf("nothing is probed as %q", args[0])
	}
	if err != nil {
		return err
	}
	said := map[string]string{}
	for _, a := range args[1:] {
		name, value, _ := strings.Cut(a, "=")
		if name == trySignal {
			value = strconv.Itoa(beside)
		}
		said[a] = attempt(name, value)
	}
	return json.NewEncoder(out).Encode(said)
}

const allowed = "ok"

// attempt tries one thing and names what the kernel said.
func attempt(name, value string) string {
	var err error
	switch name {
	case "read":
		var f *os.File
		if f, err = os.Open(value); err == nil {
			f.Close()
		}
	case "write":
		var f *os.File
		if f, err = os.OpenFile(value, os.O_WRONLY, 0); err == nil {
			f.Close()
		}
	case "tcp":
		err = trySocket(unix.AF_INET, unix.SOCK_STREAM)
	case "tcp6":
		err = trySocket(unix.AF_INET6, unix.SOCK_STREAM)
	case "udp":
		err = trySocket(unix.AF_INET, unix.SOCK_DGRAM)
	case "udp6":
		err = trySocket(unix.AF_INET6, unix.SOCK_DGRAM)
	case "raw":
		err = trySocket(unix.AF_INET, unix.SOCK_RAW)
	case "unix":
		err = trySocket(unix.AF_UNIX, unix.SOCK_STREAM)
	case "bind":
		// A call on no descriptor at all: a filter answers before the kernel
		// misses the descriptor.
		err = unless(unix.EBADF, unix.Bind(-1, &unix.SockaddrInet4{}))
	case "listen":
		err = unless(unix.EBADF, unix.Listen(-1, 1))
	case "dial": // a TCP port of this machine
		err = tryDial(value)
	case "ask": // a Unix socket
		err = tryAsk(value)
	case "exec":
		err = tryExec(value)
	case "fork":
		err = tryFork()
	case "signal": // a process; every process may ask that of its own threads
		err = trySignalTo(value)
	case "ptrace":
		_, _, e := syscall.RawSyscall6(unix.SYS_PTRACE, 0xffff, 0, 0, 0, 0, 0)
		err = unless(unix.EIO, unless(unix.ESRCH, errnoOf(e)))
	default:
		return "unknown"
	}
	var e syscall.Errno
	switch {
	case err == nil:
		return allowed
	case errors.As(err, &e):
		return unix.ErrnoName(e)
	}
	return err.Error()
}

func errnoOf(e syscall.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

// unless takes an error that only a permitted call gives for none.
func unless(harmless syscall.Errno, err error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

func trySocket(family, kind int) error {
	proto := 0
	if kind == unix.SOCK_RAW {
		proto = unix.IPPROTO_ICMP
	}
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, proto)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func tryDial(port string) error {
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// A port that nobody listens on is no less a permitted call.
	return unless(unix.ECONNREFUSED, unix.Connect(fd, &unix.SockaddrInet4{Port: n, Addr: [4]byte{127, 0, 0, 1}}))
}

func tryAsk(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
}

// tryExec starts a program that says its version, should it be let.
func tryExec(path string) error {
	pid, err := syscall.ForkExec(path, []string{path, "-v"}, &syscall.ProcAttr{})
	if err != nil {
		return err
	}
	_, err = syscall.Wait4(pid, nil, 0, nil)
	return err
}

func tryFork() error {
	pid, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	switch {
	case e != 0:
		return e
	case pid == 0:
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
	_, err := syscall.Wait4(int(pid), nil, 0, nil)
	return err
}

func trySignalTo(pid string) error {
	n, err := strconv.Atoi(pid)
	if err != nil || n < 1 {
		return fmt.Errorf("there is no process %q", pid)
	}
	return unix.Tgkill(n, n, 0)
}

// startBeside starts a process of the same user and confinement, which ends
// with this one.
func startBeside() (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	r, _, err := os.Pipe() // the other end closes with this process
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return syscall.ForkExec(self, []string{"coffer", "probe", asWaiter}, &syscall.ProcAttr{Files: []uintptr{r.Fd(), 2, 2}})
}

// askToCommand asks at a socket for commands how the box is and tells what came
// of it: an error's name when the socket refuses, "refused" when who listens
// does, allowed when it answers.
func askToCommand(path string) string {
	c, err := net.DialTimeout("unix", path, askWithin)
	var e syscall.Errno
	if errors.As(err, &e) {
		return unix.ErrnoName(e)
	}
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	var answer struct{ Error string }
	if err = c.SetDeadline(time.Now().Add(askWithin)); err == nil {
		// Who refuses does not wait for the question.
		_ = json.NewEncoder(c).Encode(map[string]string{"ask": "status"})
		err = json.NewDecoder(io.LimitReader(c, maxOutput)).Decode(&answer)
	}
	switch {
	case err != nil:
		return err.Error()
	case strings.Contains(answer.Error, "may not command"):
		return refusedToCommand
	case answer.Error != "":
		return answer.Error
	}
	return allowed
}

// refusedToCommand is what askToCommand says when the kernel's word on who asks
// was not good enough.
const refusedToCommand = "refused"

const askWithin = 2 * time.Second
