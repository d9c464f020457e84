package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"coffer/appliance/confine"
	"coffer/appliance/journal"
	"coffer/appliance/reap"
	"coffer/appliance/supervise"
)

// launcher starts services as that of appliance/boot does.
type launcher struct {
	config
	life   context.Context
	reaper *reap.Reaper
	output *journal.Journal
	pipes  map[string]*os.File
	rows   map[string]service
	exits  *os.File
}

// programs makes the rows of the supervisor and all that lives as long as init.
func (l *launcher) programs() ([]supervise.Program, error) {
	l.pipes, l.rows = map[string]*os.File{}, map[string]service{}
	var names []string
	var programs []supervise.Program
	for _, s := range l.Services {
		pipe, err := l.output.Pipe(s.Name)
		if err != nil {
			return nil, err
		}
		l.pipes[s.Name], l.rows[s.Name] = pipe, s
		names = append(names, s.Name)
		programs = append(programs, supervise.Program{
			Name: s.Name, DependsOn: s.After, Essential: s.Essential, StartSecs: s.Calm, StartRetries: s.Tries,
			StopSteps: []supervise.StopStep{{Signal: syscall.SIGTERM}, {Signal: syscall.SIGKILL, After: s.Kill}},
			Forward:   everything(),
		})
	}
	if l.Logs != "" {
		l.output.Keep(l.Logs, names...)
	}
	if l.Exits == "" {
		return programs, nil
	}
	var err error
	l.exits, err = os.OpenFile(l.Exits, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return programs, err
}

// everything is each signal that a row could name.
func everything() []syscall.Signal {
	var all []syscall.Signal
	for s := syscall.Signal(1); s < 65; s++ {
		all = append(all, s)
	}
	return all
}

// Launch implements supervise.Launcher.
func (l *launcher) Launch(p supervise.Program, report func(supervise.Report)) (supervise.Child, error) {
	s := l.rows[p.Name]
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	c := supervise.Command{
		Path: s.Args[0], Args: s.Args, Env: []string{},
		Output: l.pipes[p.Name], Notify: r, Files: []*os.File{w},
	}
	if s.User != 0 {
		spec, err := l.stubbed(s)
		if err != nil {
			r.Close()
			return nil, err
		}
		defer spec.Close()
		c.Path, c.Args, c.Env = l.Stub, []string{"rig", "spawn", strconv.Itoa(4)}, []string{"GOMAXPROCS=1"}
		c.Files = append(c.Files, spec)
	}
	child, err := supervise.Start(l.life, c, l.reaper, func(r supervise.Report) {
		if r.Exited != nil && l.exits != nil {
			code := r.Exited.Code
			if r.Exited.Signal != 0 {
				code = 128 + int(r.Exited.Signal)
			}
			fmt.Fprintln(l.exits, p.Name, code)
		}
		report(r)
	})
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	return child, nil
}

// stubbed is the specification of a service that goes through the stub: its
// program to execute, a folder to write to, and /proc to look at itself.
func (l *launcher) stubbed(s service) (*os.File, error) {
	return confine.Spec{
		Path: s.Args[0], Args: s.Args, Env: []string{}, UID: s.User, GID: s.User, Descriptors: 1,
		Files: confine.Files{
			Read: []string{"/proc", "/sys"}, Write: []string{l.Share}, Exec: []string{s.Args[0]},
		},
		Profile: confine.ProfileAPI,
	}.Memfd()
}

// Await implements supervise.Launcher.
func (l *launcher) Await(context.Context, supervise.Program) error {
	return errors.New("nothing here is started on demand")
}
