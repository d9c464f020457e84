package parser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/wire"
	"coffer/weaken"
)

// process is one child, from its start to its end. One conversation at a time
// uses it.
type process struct {
	cmd       *exec.Cmd
	stdin     *os.File
	stdout    *os.File
	in        *wire.Writer
	out       *wire.Reader
	complaint *complaint
	pdf       bool
	read      int       // documents read
	idle      time.Time // since when it waits
	ended     sync.Once
}

// errNoPDFium is the end of a child that found no compiled PDFium.
var errNoPDFium = errors.New("parser: no compiled PDFium")

// startProcess starts a child and returns it once it is confined and ready.
func startProcess(ctx context.Context, o Options, args ...string) (*process, error) {
	childIn, stdin, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stdout, childOut, err := os.Pipe()
	if err != nil {
		childIn.Close()
		stdin.Close()
		return nil, err
	}
	p := &process{
		cmd: command(o, args...), stdin: stdin, stdout: stdout,
		in: wire.NewWriter(stdin), out: wire.NewReader(stdout),
		complaint: &complaint{}, pdf: args[0] == argPDF,
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = childIn, childOut, p.complaint
	err = p.cmd.Start()
	// The child's ends, kept open here, would hide that it ended.
	childIn.Close()
	childOut.Close()
	if err != nil {
		stdin.Close()
		stdout.Close()
		return nil, err
	}
	if err := p.ready(ctx, o); err != nil {
		p.end()
		if text := p.complaint.first(); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return nil, err
	}
	return p, nil
}

// command is a child's command with an environment of its own.
func command(o Options, args ...string) *exec.Cmd {
	argv := append(append([]string{}, o.ChildCommand...), args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = []string{
		"GOMAXPROCS=" + strconv.Itoa(min(2, runtime.NumCPU())),
		"GOMEMLIMIT=" + strconv.Itoa(limits.ChildHeap),
	}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	// A child that hangs would outlive a service that was killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (p *process) ready(ctx context.Context, o Options) error {
	if err := p.bound(o.Limits.Data, 0); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { p.kill() })
	defer stop()
	if err := p.stdout.SetReadDeadline(time.Now().Add(o.Limits.Start)); err != nil {
		return err
	}
	m, err := p.out.Next()
	if err != nil {
		return fmt.Errorf("parser: a child did not become ready: %w", err)
	}
	ready, ok := m.(wire.Ready)
	if !ok {
		return fmt.Errorf("%w: %T instead of ready", wire.ErrFrame, m)
	}
	if ready.NoPDFium {
		return errNoPDFium
	}
	return p.stdout.SetReadDeadline(time.Time{})
}

// bound sets the data segment to data bytes besides a document of size bytes.
// The hard limit leaves room for the largest document, so that it can be set
// again for the next one.
func (p *process) bound(data, size int64) error {
	pid := p.cmd.Process.Pid
	hard := uint64(data + wire.MaxDocument)
	if weaken.Without(weaken.ChildMemory) {
		return nil
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: uint64(data + size), Max: hard}, nil); err != nil {
		return fmt.Errorf("parser: a child's memory cannot be bounded: %w", err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil); err != nil {
		return fmt.Errorf("parser: a child's core dump cannot be refused: %w", err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_NPROC, &unix.Rlimit{Cur: limits.Threads, Max: limits.Threads}, nil); err != nil {
		return fmt.Errorf("parser: a child's threads cannot be bounded: %w", err)
	}
	return nil
}

// cpu is the processor time the child has used, 0 when it is gone.
func (p *process) cpu() time.Duration {
	// The clock of a process: see clock_getcpuclockid(3).
	clock := int32(^p.cmd.Process.Pid)<<3 | 2
	var t unix.Timespec
	if unix.ClockGettime(clock, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// alive tells whether the child still runs. It does not collect its status.
func (p *process) alive() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err == nil && info.Signo == 0
}

// kill ends the child at once; end must still follow.
func (p *process) kill() {
	// The only failure is a child that has ended already.
	_ = p.cmd.Process.Kill()
}

// end ends the child and waits until it is gone.
func (p *process) end() {
	p.ended.Do(func() {
		p.kill()
		p.stdin.Close()
		p.stdout.Close()
		// The status of a killed child says nothing; complaint says why.
		_ = p.cmd.Wait()
	})
}

// complaint keeps the beginning of what a child writes to stderr.
type complaint struct {
	mu   sync.Mutex
	text []byte
}

func (c *complaint) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = append(c.text, b[:min(len(b), limits.Complaint-len(c.text))]...)
	return len(b), nil
}

func (c *complaint) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.ToValidUTF8(string(c.text), "?")
}

// first is the first line, which names the fault.
func (c *complaint) first() string {
	line, _, _ := strings.Cut(c.String(), "\n")
	return line
}
