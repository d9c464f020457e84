package box

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Native is a box that runs on this machine, as a child of the test.
type Native struct {
	*Client
	Code string // the setup code that it printed; empty when it is set up
	Took time.Duration

	cmd  *exec.Cmd
	log  *log
	done chan struct{}
	err  error
}

// Root is the top folder of the source tree.
func Root() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	return strings.TrimSpace(string(out)), err
}

// Build makes the binary in dir.
func Build(ctx context.Context, dir string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	to := filepath.Join(dir, "coffer")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", to, "./entrypoint")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return to, os.Chmod(to, 0o755)
}

// Address returns a free TCP address on host.
func Address(host string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// Start runs a command that ends up as a box listening on address, and waits
// until it answers. The command gets COFFER_LISTEN and env on top of a small
// environment.
func Start(ctx context.Context, address string, cmd *exec.Cmd) (*Native, error) {
	n := &Native{Client: Dial("http://" + address), cmd: cmd, log: &log{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = n.log, n.log
	cmd.Env = append(cmd.Environ(), "COFFER_LISTEN="+address)
	// A group of its own: a signal to the test is not one to the box.
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		n.err = cmd.Wait()
		close(n.done)
	}()
	ready, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-n.done:
			cancel()
		case <-ready.Done():
		}
	}()
	err := n.Ready(ready)
	n.Took = time.Since(started)
	cancel()
	if err != nil {
		n.Kill()
		return nil, fmt.Errorf("%w\n%s", err, n.log)
	}
	n.Code = n.findCode(ctx)
	return n, nil
}

// findCode waits a little for the setup link, which may be printed after the
// box answers. A box that says it is set up has none.
func (n *Native) findCode(ctx context.Context) string {
	link := regexp.MustCompile(`/setup\S*?([A-Z0-9]{4}-[A-Z0-9]{4})`)
	var needed struct{ Needed bool }
	if err := n.Get(ctx, "/api/v1/setup", &needed); err != nil || !needed.Needed {
		return ""
	}
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if m := link.FindStringSubmatch(n.log.String()); m != nil {
			return m[1]
		}
	}
	return ""
}

// PID is that of the command; the box's init is it or descends from it.
func (n *Native) PID() int { return n.cmd.Process.Pid }

// Log is everything printed so far.
func (n *Native) Log() string { return n.log.String() }

// Stop sends SIGTERM, waits, and returns the exit code and how long it took.
func (n *Native) Stop() (code int, took time.Duration, err error) {
	return n.stop(n.PID(), syscall.SIGTERM)
}

// Interrupt is Ctrl-C at a terminal: SIGINT to every process of the group.
func (n *Native) Interrupt() (code int, took time.Duration, err error) {
	return n.stop(-n.PID(), syscall.SIGINT)
}

func (n *Native) stop(pid int, s syscall.Signal) (code int, took time.Duration, err error) {
	started := time.Now()
	if err := syscall.Kill(pid, s); err != nil {
		return 0, 0, err
	}
	select {
	case <-n.done:
	case <-time.After(30 * time.Second):
		n.Kill()
		return 0, 0, fmt.Errorf("still running 30 s after SIGTERM\n%s", n.log)
	}
	return n.cmd.ProcessState.ExitCode(), time.Since(started), nil
}

// Dump makes init end by writing the stacks of its goroutines to the log, for a
// test that found it stuck.
func (n *Native) Dump() {
	if syscall.Kill(n.PID(), syscall.SIGABRT) == nil {
		select {
		case <-n.done:
		case <-time.After(5 * time.Second):
		}
	}
}

// Kill ends everything that the command started, at once.
func (n *Native) Kill() {
	for _, p := range Family(n.PID()) {
		_ = syscall.Kill(p.PID, syscall.SIGKILL)
	}
	<-n.done
}

// Init starts a box from a binary, with everything it keeps under dir.
func Init(ctx context.Context, binary, dir string, env ...string) (*Native, error) {
	address, err := Address("127.0.0.1")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, "init", "--root", dir)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin", "LANG=C.UTF-8"}, env...)
	return Start(ctx, address, cmd)
}

// log keeps what is printed; it is safe for concurrent use.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*log)(nil)

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
