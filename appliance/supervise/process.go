package supervise

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"coffer/appliance/reap"
)

// Command is how a process is started. It gets a process group of its own, no
// stdin, and exactly the environment and descriptors given.
type Command struct {
	Path string
	Args []string // name first
	Env  []string
	// Output becomes its stdout and stderr.
	Output *os.File
	// Files are handed over from descriptor 3 on; the caller keeps its own.
	Files []*os.File
	// Notify is the read end of the pipe on which the process reports; its
	// write end is one of Files. Process closes it. Nil: Probe tells.
	Notify *os.File
	// Told, when not nil, is given each line that the process tells there beside
	// its reports. The process waits while it runs.
	Told func(line string)
	// Probe returns nil once the process with that pid does its work. ctx ends
	// with the process.
	Probe func(ctx context.Context, pid int) error
}

// How long is waited for what a dead process leaves: reports in the pipe, and
// members of its process group.
const (
	lastReports = 100 * time.Millisecond
	lastMembers = time.Second
	// lastWish is how long members have to end themselves, when the process
	// was asked to end and did.
	lastWish = time.Second
)

// maxReport is the longest line that a process may report.
const maxReport = 4096

// Process is the handle of a started child.
type Process struct {
	cmd   *exec.Cmd
	asked atomic.Int32  // the last signal that asked it to end, or 0
	cut   chan struct{} // closed when nobody is to be waited for any more
	once  sync.Once
}

// Start starts c and reports on it as Launcher.Launch does. All forks go
// through reaper, which leaves the exit status to us. life ends when nothing
// is waited for any more; it does not end the process.
func Start(life context.Context, c Command, reaper *reap.Reaper, report func(Report)) (*Process, error) {
	cmd := &exec.Cmd{
		Path:        c.Path,
		Args:        c.Args,
		Env:         c.Env,
		Dir:         "/",
		Stdout:      c.Output,
		Stderr:      c.Output,
		ExtraFiles:  c.Files,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	err := reaper.Start(func() (int, error) {
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		return cmd.Process.Pid, nil
	})
	if err != nil {
		if c.Notify != nil {
			c.Notify.Close()
		}
		return nil, err
	}
	p := &Process{cmd: cmd, cut: make(chan struct{})}
	ctx, cancel := context.WithCancel(life)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		if c.Notify != nil {
			defer c.Notify.Close()
			listen(c.Notify, report, c.Told)
		} else if c.Probe != nil && c.Probe(ctx, p.Pid()) == nil {
			report(Report{Ready: true})
		}
	}()
	go func() {
		exit := p.wait()
		reaper.Done(p.Pid())
		cancel()
		// What it left behind would hold its sockets and ports.
		p.endGroup(life, reaper)
		if c.Notify != nil {
			// A descendant outside the group may hold the pipe open.
			_ = c.Notify.SetReadDeadline(time.Now().Add(lastReports))
		}
		<-heard
		report(Report{Exited: &exit})
	}()
	return p, nil
}

// Pid of the process, also after its end.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends sig to the process itself, never to a pid that was used again.
// One that asks for the end also wakes a stopped process, which would take
// nothing but a kill.
func (p *Process) Signal(sig syscall.Signal) error {
	ends := sig == syscall.SIGTERM || sig == syscall.SIGINT || sig == syscall.SIGQUIT
	switch {
	case ends:
		p.asked.Store(int32(sig))
	case sig == syscall.SIGKILL:
		p.asked.Store(0)
		p.once.Do(func() { close(p.cut) })
	}
	err := p.cmd.Process.Signal(sig)
	if ends && err == nil {
		err = p.cmd.Process.Signal(syscall.SIGCONT)
	}
	if !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// wait blocks in the kernel until the process is gone and takes its status.
func (p *Process) wait() Exit {
	err := p.cmd.Wait()
	state := p.cmd.ProcessState
	if state == nil {
		return Exit{Code: 127, Err: err}
	}
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return Exit{Signal: status.Signal()}
	}
	return Exit{Code: status.ExitStatus()}
}

// endGroup ends what is left of the group and waits until it is gone. When the
// process was asked to end, so are they, before they are killed: a shell that
// ends at once leaves behind what it ran.
func (p *Process) endGroup(life context.Context, reaper *reap.Reaper) {
	group := p.Pid()
	if sig := syscall.Signal(p.asked.Load()); sig != 0 && syscall.Kill(-group, sig) == nil {
		_ = syscall.Kill(-group, syscall.SIGCONT) // it may be gone by now
		ctx, cancel := context.WithTimeout(life, lastWish)
		go func() {
			select {
			case <-p.cut:
				cancel()
			case <-ctx.Done():
			}
		}()
		_ = reaper.GroupGone(ctx, group) // else they are killed
		cancel()
	}
	if syscall.Kill(-group, syscall.SIGKILL) != nil {
		return // nobody is left
	}
	ctx, cancel := context.WithTimeout(life, lastMembers)
	defer cancel()
	_ = reaper.GroupGone(ctx, group) // a member that cannot die holds nothing back for ever
}

// listen reads reports until the pipe ends: READY=1, STATUS=text, TELL=text.
func listen(r io.Reader, report func(Report), told func(string)) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 256), maxReport)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch {
		case key == "READY" && value == "1":
			report(Report{Ready: true})
		case key == "STATUS":
			report(Report{Status: value})
		case key == "TELL" && told != nil:
			told(value)
		}
	}
	// A line that is too long: the rest is read away, so that nobody blocks.
	_, _ = io.Copy(io.Discard, r)
}
