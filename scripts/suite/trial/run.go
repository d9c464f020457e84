package trial

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// guard is how long anything may take. It is for what hangs.
const guard = 10 * time.Second

// desk is where a trial of one init takes place.
type desk struct {
	ctx     context.Context
	tools   Tools
	subject Subject
	runs    []*run
	after   []func() // run when all processes have ended
}

// run is one life of an init.
type run struct {
	*desk
	plan  plan
	dir   string
	stage int // pid of the first process of the namespace
	ended chan struct{}
	below bool // the init is a child of it
	code  int  // once ended is closed; 128+n after signal n
	out   *os.File
}

// how an init is started.
type how struct {
	stage []string // flags of the actor's stage
	below bool     // not as PID 1, but as its child
	stuck bool     // nobody reads what it prints
	small bool     // the disk of the log files is full
	env   []string // its environment
}

// start starts the init with a plan. It returns when it was executed.
func (d *desk) start(p plan, h how) (*run, error) {
	dir, err := os.MkdirTemp(d.tools.dir, "run-")
	if err != nil {
		return nil, err
	}
	r := &run{desk: d, plan: p, dir: dir, below: h.below, ended: make(chan struct{})}
	d.runs = append(d.runs, r)
	if err := r.furnish(); err != nil {
		return nil, err
	}
	argv, err := d.subject.configure(r, h)
	if err != nil {
		return nil, err
	}
	stage := append([]string{"stage"}, h.stage...)
	if h.small {
		stage = append(stage, "-small", r.logs())
	}
	if h.below {
		stage = append(stage, "-inner", r.shared("left"))
	}
	cmd := exec.Command(d.tools.actor, append(append(stage, "--"), argv...)...)
	cmd.Dir = dir
	cmd.Env = append([]string{
		"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/", "LANG=C.UTF-8", "GORACE=log_path=" + r.shared("race"),
	}, h.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Setsid: true}
	return r, r.launch(cmd, h)
}

// furnish makes the folders of a run.
func (r *run) furnish() error {
	if err := os.Chmod(r.dir, 0o755); err != nil {
		return err
	}
	for folder, mode := range map[string]os.FileMode{"shared": 0o777, "logs": 0o755} {
		path := filepath.Join(r.dir, folder)
		if err := os.Mkdir(path, mode); err != nil {
			return err
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			return err
		}
	}
	events := r.shared("events")
	if err := os.WriteFile(events, nil, 0o600); err != nil {
		return err
	}
	return os.Chmod(events, 0o666)
}

func (r *run) launch(cmd *exec.Cmd, h how) error {
	printed, err := os.OpenFile(r.shared("printed"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if h.stuck {
		_ = printed.Close()
		if r.out, printed, err = os.Pipe(); err != nil {
			return err
		}
	}
	defer func() { _ = printed.Close() }()
	executed, closes, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = executed.Close() }()
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = printed, printed, []*os.File{closes}
	err = cmd.Start()
	_ = closes.Close()
	if err != nil {
		return err
	}
	r.stage = cmd.Process.Pid
	go func() {
		defer close(r.ended)
		_ = cmd.Wait() // the status tells
		status := cmd.ProcessState.Sys().(syscall.WaitStatus)
		r.code = status.ExitStatus()
		if status.Signaled() {
			r.code = 128 + int(status.Signal())
		}
	}()
	if err := executed.SetReadDeadline(time.Now().Add(guard)); err != nil {
		return err
	}
	if _, err := executed.Read(make([]byte, 1)); os.IsTimeout(err) {
		return fmt.Errorf("the init was not executed: %w", err)
	}
	return nil
}

// clear ends what still runs, removes what it left, and returns what the race
// detector had to say.
func (d *desk) clear() (races string, err error) {
	for _, r := range d.runs {
		if r.stage != 0 {
			// All of the namespace ends with its first process.
			_ = syscall.Kill(r.stage, syscall.SIGKILL)
			<-r.ended
		}
		if r.out != nil {
			_ = r.out.Close()
		}
		reports, err := filepath.Glob(r.shared("race") + "*")
		if err != nil {
			return "", err
		}
		for _, report := range reports {
			text, err := os.ReadFile(report)
			if err != nil {
				return "", err
			}
			races += string(text)
		}
		if d.tools.Keep {
			continue
		}
		if err := os.RemoveAll(r.dir); err != nil {
			return "", err
		}
	}
	for _, f := range d.after {
		f()
	}
	return races, nil
}

// init returns the pid of the init, as this machine sees it.
func (r *run) init() (int, error) {
	if !r.below {
		return r.stage, nil
	}
	// Orphans may be children of the first process too, but came later.
	var found process
	for _, p := range r.processes() {
		if p.parent == r.stage && (found.pid == 0 || p.inside < found.inside) {
			found = p
		}
	}
	if found.pid == 0 || found.zombie {
		return 0, fmt.Errorf("no init runs below %d", r.stage)
	}
	return found.pid, nil
}

// signal sends a signal to the init.
func (r *run) signal(s syscall.Signal) error {
	pid, err := r.init()
	if err != nil {
		return flawed("it has ended: %v", err)
	}
	if err := syscall.Kill(pid, s); err != nil {
		return flawed("it has ended with %d", r.code)
	}
	return nil
}

// end waits until the init has ended and returns its exit code.
func (r *run) end(within time.Duration) (int, error) {
	select {
	case <-r.ended:
		return r.code, nil
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	case <-time.After(within):
		return 0, flawed("it has not ended after %v", within)
	}
}

// stop asks for the end and waits for it.
func (r *run) stop() (int, error) {
	if err := r.signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	return r.end(guard)
}

func number(text string) int {
	n, _ := strconv.Atoi(text) // /proc writes numbers
	return n
}
