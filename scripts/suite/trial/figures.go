package trial

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"coffer/scripts/e2e/box"
)

// Figures are what an init costs. They are for `make bench` and decide nothing.
type Figures struct {
	Name      string
	Memory    int64 // Pss of all its processes beside five services that print nothing, with log files
	Processes int
	// Back is how long it took from SIGKILL until the service answered again,
	// sorted; empty where nothing is started again.
	Back []time.Duration
}

const (
	figured = 5                       // services, as many as the box has
	calm    = 1200 * time.Millisecond // from being back to the next SIGKILL: some inits start a service once in a second
)

// Measure takes the figures of subjects, rounds of killing in turn, so that
// whatever else the machine does meets all of them.
func Measure(ctx context.Context, tools Tools, subjects []Subject, rounds int) (all []Figures, err error) {
	var runs []*run
	for _, s := range subjects {
		d := &desk{ctx: ctx, tools: tools, subject: s}
		defer func() {
			if _, e := d.clear(); e != nil && err == nil {
				err = e
			}
		}()
		r, err := d.figured()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		runs = append(runs, r)
	}
	if err := box.Pause(ctx, 5*time.Second); err != nil {
		return nil, err
	}
	for _, r := range runs {
		f := Figures{Name: r.subject.Name}
		var own []box.Process
		for _, p := range r.processes() {
			if len(p.args) > 0 && p.args[0] != r.tools.actor {
				own = append(own, box.Process{PID: p.pid})
			}
		}
		f.Processes = len(own)
		if f.Memory, err = box.Pss(own); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	for range rounds {
		for i, r := range runs {
			if _, lacks := r.subject.lacks[restarts]; lacks {
				continue
			}
			took, err := r.revived()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.subject.Name, err)
			}
			all[i].Back = append(all[i].Back, took)
		}
		if err := box.Pause(ctx, calm); err != nil {
			return nil, err
		}
	}
	for _, f := range all {
		slices.Sort(f.Back)
	}
	return all, nil
}

// figured starts an init with services that answer.
func (d *desk) figured() (*run, error) {
	p := plan{logs: d.subject.lacks[keeps] == ""}
	for i := range figured {
		name := fmt.Sprintf("s%d", i+1)
		p.services = append(p.services, again(name, "-listen", "@"+name))
	}
	r, err := d.start(p, how{})
	if err != nil {
		return nil, err
	}
	for _, s := range p.services {
		if err := r.await(s.name, "ready", 1); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// revived kills the first service and asks it until another process answers.
func (r *run) revived() (time.Duration, error) {
	before := r.answer()
	p, ok := r.find(before)
	if !ok {
		return 0, flawed("nothing answers")
	}
	if err := syscall.Kill(p.pid, unix.SIGKILL); err != nil {
		return 0, err
	}
	killed := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for time.Since(killed) < guard {
		if now := r.answer(); now != 0 && now != before {
			return time.Since(killed), nil
		}
		select {
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		case <-tick.C:
		}
	}
	return 0, flawed("nothing answers after %v", guard)
}

// answer is the pid that the first service answers with, or 0.
func (r *run) answer() int {
	c, err := net.Dial("unix", r.shared("s1"))
	if err != nil {
		return 0
	}
	defer func() { _ = c.Close() }()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return 0
	}
	return number(line[:len(line)-1])
}
