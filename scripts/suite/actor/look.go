package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// show notes what a service was given: its environment, its descriptors with
// what they are, its users and groups.
func show(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM)
	// What the runtime opened for itself closes on exec; what was handed over
	// does not.
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	var handed []string
	for _, e := range entries {
		var fd int
		if _, err := fmt.Sscan(e.Name(), &fd); err != nil {
			return err
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 {
			handed = append(handed, e.Name())
		}
	}
	slices.Sort(handed)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	d, err := open(o.events, o.name)
	if err != nil {
		return err
	}
	notes := [][]string{append([]string{"fds"}, handed...)}
	for _, v := range os.Environ() {
		notes = append(notes, []string{"env", v})
	}
	for line := range strings.Lines(string(status)) {
		for _, label := range []string{"Uid:", "Groups:"} {
			if rest, ok := strings.CutPrefix(line, label); ok {
				notes = append(notes, append([]string{strings.ToLower(strings.TrimSuffix(label, ":"))}, strings.Fields(rest)...))
			}
		}
	}
	for _, n := range append(notes, []string{"ready"}) {
		if err := d.note(n...); err != nil {
			return err
		}
	}
	if err := ready(o.flag); err != nil {
		return err
	}
	<-signals
	return nil
}

// hog joins a control group and uses memory until it is killed. Started again,
// it is modest.
func hog(args []string) error {
	o, err := parse(args[1:])
	if err != nil {
		return err
	}
	d, err := open(o.events, o.name)
	if err != nil {
		return err
	}
	before, err := os.ReadFile(o.events)
	if err != nil {
		return err
	}
	if err := d.note("start"); err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM)
	first := !strings.Contains(string(before), " "+o.name+" ")
	if first {
		if err := os.WriteFile(filepath.Join(args[0], "cgroup.procs"), []byte("0"), 0); err != nil {
			return err
		}
	}
	if err := d.note("ready"); err != nil {
		return err
	}
	if err := ready(o.flag); err != nil {
		return err
	}
	if first {
		for kept := [][]byte{}; len(kept) < 512; {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			kept = append(kept, b)
		}
		return d.note("survived")
	}
	<-signals
	return d.note("end")
}
