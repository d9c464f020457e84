package trial

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// passed are the signals that mean nothing to an init, and may mean something
// to a service. The kernel's reports of a fault, those about children, pipes
// and job control are none; PROF and URG are the runtime's own in a Go program,
// which the service is.
func passed() []syscall.Signal {
	return []syscall.Signal{
		unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGVTALRM, unix.SIGCONT, unix.SIGWINCH,
		unix.SIGIO, unix.SIGPWR, unix.SIGXCPU, unix.SIGXFSZ, unix.SIGSTKFLT, 37, 64,
	}
}

func signalName(s syscall.Signal) string {
	if n := unix.SignalName(s); n != "" {
		return n
	}
	return strconv.Itoa(int(s))
}

// alone starts an init with one service and waits until that is ready.
func (d *desk) alone(s service, h how) (*run, error) {
	r, err := d.start(plan{services: []service{s}}, h)
	if err != nil {
		return nil, err
	}
	return r, r.await(s.name, "ready", 1)
}

func passOn(d *desk) (string, error) {
	r, err := d.alone(serve("a"), how{})
	if err != nil {
		return "", err
	}
	for _, s := range passed() {
		if err := r.signal(s); err != nil {
			return "", err
		}
	}
	var missing []string
	r.poll(3*time.Second, func() bool {
		missing = nil
		for _, s := range passed() {
			if count(r.events(), "a", "got "+signalName(s)) == 0 {
				missing = append(missing, strings.TrimPrefix(signalName(s), "SIG"))
			}
		}
		return len(missing) == 0 || r.over()
	})
	all := len(passed())
	switch events := r.events(); {
	case r.over():
		return "", flawed("it ended with %d", r.code)
	case len(missing) == all:
		return "", flawed("passes none on")
	case len(missing) > 0:
		return "", flawed("%d of %d, not %s", all-len(missing), all, strings.Join(missing, " "))
	case slices.ContainsFunc(passed(), func(s syscall.Signal) bool { return count(events, "a", "got "+signalName(s)) > 1 }):
		return "", flawed("some arrive twice")
	}
	return fmt.Sprintf("%d signals", all), nil
}

func requests(d *desk) (string, error) {
	for _, s := range []syscall.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGQUIT} {
		r, err := d.alone(serve("a", "-slow", "100ms"), how{})
		if err != nil {
			return "", err
		}
		if err := r.signal(s); err != nil {
			return "", err
		}
		code, err := r.end(guard)
		if err != nil {
			return "", fmt.Errorf("%s: %w", signalName(s), err)
		}
		if when(r.events(), "a", "end", 1) < 0 {
			return "", flawed("%s: the service had no time to end", signalName(s))
		}
		if code != 0 {
			return "", flawed("%s: ends with %d", signalName(s), code)
		}
	}
	return "", nil
}

func earlyService(d *desk) (string, error) {
	r, err := d.start(plan{services: []service{serve("a", "-after", "1h")}}, how{})
	if err != nil {
		return "", err
	}
	if err := r.await("a", "start", 1); err != nil {
		return "", err
	}
	code, err := r.stop()
	if err != nil {
		return "", err
	}
	if when(r.events(), "a", "end", 1) < 0 {
		return "", flawed("the service had no time to end")
	}
	if code != 0 {
		return "", flawed("ends with %d", code)
	}
	return "", nil
}

// earlyInit sends TERM once init catches it, and then later and later. The
// kernel keeps a signal from a PID 1 that does not: no init can help that.
func earlyInit(d *desk) (string, error) {
	const rounds = 12
	for i := range rounds {
		r, err := d.start(plan{services: []service{serve("a")}}, how{})
		if err != nil {
			return "", err
		}
		if !r.poll(guard, func() bool { return r.catches(unix.SIGTERM) }) {
			return "", flawed("it never catches TERM")
		}
		if i > 0 {
			<-time.After(time.Millisecond << (i / 2)) // to 32 ms
		}
		if err := r.signal(unix.SIGTERM); err != nil {
			return "", err
		}
		if _, err := r.end(guard); err != nil {
			return "", fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	return fmt.Sprintf("%d of %d", rounds, rounds), nil
}

// catches reports that the init can take s: it has a handler for it, or holds
// it back to ask for it, which the kernel does not show while it asks; an init
// that has started a service has got that far.
func (r *run) catches(s syscall.Signal) bool {
	pid, err := r.init()
	if err != nil {
		return false
	}
	dir := fmt.Sprintf("/proc/%d", pid)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return false
	}
	for _, label := range []string{"SigCgt:", "SigBlk:"} {
		mask, err := strconv.ParseUint(field(status, label), 16, 64)
		if err == nil && mask&(1<<(s-1)) != 0 {
			return true
		}
	}
	children, err := os.ReadFile(fmt.Sprintf("%s/task/%d/children", dir, pid))
	return err == nil && len(children) > 0
}

func exitCode(d *desk) (string, error) { return endsWith(d, 42, "-never", "-code", "42") }

func signalCode(d *desk) (string, error) {
	if note, err := endsWith(d, 128+int(unix.SIGKILL), "-kill", "9"); err != nil {
		return note, err
	}
	return endsWith(d, 128+int(unix.SIGTERM), "-kill", "15")
}

// endsWith has a service end in a way from which no start helps.
func endsWith(d *desk, want int, args ...string) (string, error) {
	r, err := d.start(plan{services: []service{serve("a", args...)}}, how{})
	if err != nil {
		return "", err
	}
	code, err := r.end(2 * guard)
	if err != nil {
		return "", err
	}
	if code != want {
		return "", flawed("ends with %d, not %d", code, want)
	}
	return "", nil
}
