package posture

import (
	"context"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"coffer/appliance/confine"
	"coffer/appliance/secrets"
)

// probed is what the kernel said to a probe in the place of a role.
type probed struct {
	said map[string]string
	err  error
}

// probe runs the spawn stub with a role's specification, and in the role's
// place a program that tries things. Each kind runs once in a round.
func (l *look) probe(ctx context.Context, name, become string) *probed {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := name + "/" + become
	if p := l.probes[key]; p != nil {
		return p
	}
	p := &probed{}
	l.probes[key] = p
	at := slices.IndexFunc(l.Roles, func(r Role) bool { return r.Name == name })
	if at < 0 {
		p.err = fmt.Errorf("there is no service %s", name)
		return p
	}
	p.said, p.err = l.try(ctx, l.Roles[at], become)
	return p
}

func (l *look) try(ctx context.Context, role Role, become string) (map[string]string, error) {
	tries := l.tries()
	if become == asChild {
		tries = append(tries, trySignal)
	}
	spec := confine.Spec{
		Path: l.Self, Args: append([]string{"coffer", "probe", become}, tries...), Env: []string{"GOMAXPROCS=1"},
		OpenFiles: 64, Files: role.Files, Profile: role.Profile,
	}
	spec.Files.Exec = []string{l.Self}
	if *l.root {
		spec.UID, spec.GID = role.UID, role.GID
	}
	f, err := spec.Memfd()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := &exec.Cmd{Path: l.Self, Args: []string{"coffer", "spawn", "3"}, Env: []string{"GOMAXPROCS=1"}, Dir: "/"}
	c.ExtraFiles = append(c.ExtraFiles, f)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said := map[string]string{}
	return said, l.child(ctx, c, &said)
}

// What every probe tries, by the names of attempt.
const (
	tryTCP, tryTCP6, tryUDP, tryUDP6, tryRaw = "tcp", "tcp6", "udp", "udp6", "raw"
	tryUnix, tryBind, tryListen, tryPtrace   = "unix", "bind", "listen", "ptrace"
	tryForking, trySignal                    = "fork", "signal"
)

func (l *look) readData() string { return "read=" + l.Data }
func (l *look) readKey() string {
	return "read=" + filepath.Join(l.Data, "secrets", secrets.SessionKey)
}
func (l *look) readShared() string { return "read=" + l.Share }
func (l *look) readOwn() string    { return "read=" + filepath.Join(l.RunFolder, "parser") } // the parser's
func (l *look) runElse() string    { return "exec=" + l.Other }

// commandSockets are where the owner's commands are heard: by init, and by the
// API.
func (l *look) commandSockets() []string {
	return []string{filepath.Join(l.RunFolder, "control.sock"), filepath.Join(l.RunFolder, "owner.sock")}
}

func (l *look) commands() []string {
	var all []string
	for _, path := range l.commandSockets() {
		all = append(all, "ask="+path)
	}
	return all
}

func (l *look) dial() string { return "dial=" + strconv.Itoa(int(l.ListenPort)) }

func (l *look) tries() []string {
	return append(l.commands(),
		tryTCP, tryTCP6, tryUDP, tryUDP6, tryRaw, tryUnix, tryBind, tryListen, tryPtrace,
		l.readData(), l.readKey(), l.readShared(), l.readOwn(), l.runElse(), l.dial(), tryForking,
	)
}

// refusals judges what a probe was told: each try must have been refused by
// the kernel. It returns what was not, and what was.
func (p *probed) refusals(tries ...string) (open, shut []string) {
	for _, t := range tries {
		said := p.said[t]
		name := strings.Replace(t, "=", " ", 1)
		switch said {
		case "EPERM", "EACCES", "EAFNOSUPPORT":
			shut = append(shut, name+": "+said)
		case allowed:
			open = append(open, name)
		default:
			open = append(open, fmt.Sprintf("%s (%q)", name, said))
		}
	}
	return open, shut
}

// sandbox judges the probes and the filters of one service.
func (l *look) sandbox(ctx context.Context, role string, filters int, trials ...trial) Finding {
	var shut []string
	for _, t := range trials {
		p := l.probe(ctx, t.role, t.become)
		if p.err != nil {
			return unseen(fmt.Errorf("probe of the %s: %w", t.role, p.err))
		}
		open, refused := p.refusals(t.tries...)
		if len(open) > 0 {
			return fail(fmt.Sprintf("a probe as the %s %s was let: %s", t.role, t.become, strings.Join(open, ", ")))
		}
		shut = append(shut, fmt.Sprintf("a probe as %s (%s) was refused %s", t.role, t.become, strings.Join(refused, ", ")))
	}
	procs, wrong, err := l.wrong(ctx, func(p process) string {
		switch {
		case p.role != role:
			return ""
		case p.service || role != "parser":
			return l.filtered(p, filters)
		}
		if what := l.filtered(p, filters+childFilters); what != "" {
			return what
		}
		return l.unbounded(p)
	})
	switch {
	case err != nil:
		return unseen(err)
	case wrong != "":
		return fail(wrong)
	}
	running := procs.of(role)
	evidence := fmt.Sprintf("%s; %s", l.filterEvidence(role, running), strings.Join(shut, "; "))
	if l.landlock < 1 {
		return degraded("this kernel has no Landlock, so files are kept by owner and mode only; " + evidence)
	}
	return pass(evidence)
}

type trial struct {
	role, become string
	tries        []string
}

// filtered says what a process's system call filter lacks.
func (l *look) filtered(p process, want int) string {
	if p.number("Seccomp") != 2 {
		return "it has no system call filter"
	}
	// Kernels before 5.9 do not count filters. A container's own come on top.
	if n := p.number("Seccomp_filters"); n >= 0 && n < l.base+want {
		return fmt.Sprintf("it has %d system call filters of its own, and should have %d", n-l.base, want)
	}
	return ""
}

// unbounded says that a parser child may take all the memory there is.
func (l *look) unbounded(p process) string {
	limits, err := fs.ReadFile(l.proc, fmt.Sprintf("%d/limits", p.pid))
	if err != nil {
		return "" // it ended meanwhile
	}
	for line := range strings.Lines(string(limits)) {
		if soft, ok := strings.CutPrefix(line, "Max data size"); ok && strings.HasPrefix(strings.TrimSpace(soft), "unlimited") {
			return "its memory has no bound"
		}
	}
	return ""
}

func (l *look) filterEvidence(role string, running []process) string {
	if len(running) == 0 {
		return "the " + role + " rests until it is needed"
	}
	var all []string
	for _, p := range running {
		all = append(all, fmt.Sprintf("pid %d has %d system call filters", p.pid, max(1, p.number("Seccomp_filters")-l.base)))
	}
	return strings.Join(all, ", ")
}

// Filters that the stub installs, and that a role adds itself.
const (
	stubFilters  = 2
	givenUpExec  = 1
	childFilters = 2
)

// fileTries are left out where the kernel has no Landlock: then owner and mode
// decide, which others check.
func (l *look) fileTries(tries ...string) []string {
	if l.landlock < 1 {
		return nil
	}
	return tries
}

func (l *look) sandboxWorker(ctx context.Context) Finding {
	tries := slices.Concat(
		[]string{l.readKey(), tryTCP, tryTCP6, tryUDP, tryUDP6, tryBind, tryListen, l.runElse(), tryPtrace},
		l.fileTries(l.readData(), l.readShared()))
	if !*l.root && l.landlock < 1 {
		tries = tries[1:] // one user, one owner: nothing keeps the file
	}
	return l.sandbox(ctx, "worker", stubFilters+givenUpExec, trial{"worker", asRunning, tries})
}

func (l *look) sandboxParser(ctx context.Context) Finding {
	parser := slices.Concat(
		[]string{tryTCP, tryTCP6, tryUDP, tryUDP6, tryUnix, tryBind, tryListen, tryPtrace},
		l.fileTries(l.readData(), l.readKey(), l.readShared(), l.runElse()))
	child := []string{
		tryTCP, tryTCP6, tryUDP, tryUDP6, tryUnix, tryBind, tryListen, tryPtrace, tryForking,
		l.readData(), l.readKey(), l.readShared(), l.readOwn(), l.runElse(),
	}
	if l.landlock >= 6 {
		child = append(child, trySignal)
	}
	f := l.sandbox(ctx, "parser", stubFilters, trial{"parser", asStarted, parser}, trial{"parser", asChild, child})
	if f.Status == Fail {
		return f
	}
	procs, err := l.procs()
	if err != nil {
		return unseen(err)
	}
	return l.remember("parser filters", procs.of("parser"), f)
}

// remember keeps what was found while a service ran, for when it rests.
func (l *look) remember(key string, running []process, f Finding) Finding {
	l.Watch.mu.Lock()
	defer l.Watch.mu.Unlock()
	if len(running) > 0 {
		l.members[key] = lastSeen{l.now(), f}
		return f
	}
	if seen, ok := l.members[key]; ok && f.Status != Fail {
		f.Evidence += fmt.Sprintf("; when it last ran, at %s: %s", seen.at.UTC().Format("15:04"), seen.Evidence)
	}
	return f
}
