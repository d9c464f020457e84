// Command actor plays the programs that the supervision suite puts under an
// init, and prepares the namespace that an init is tried in.
//
// It owns a few behaviours, each named by its first argument, and adds what
// happens to it as lines to a file. It refuses to know which init runs it: it
// learns nothing but its arguments.
package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	roles := map[string]func([]string) error{
		"stage": stage, "serve": serve, "linger": linger, "leave": leave, "hog": hog, "show": show,
	}
	if len(os.Args) < 2 || roles[os.Args[1]] == nil {
		fail(fmt.Errorf("usage: actor stage|serve|linger|leave|hog|show, and what it takes"))
	}
	if err := roles[os.Args[1]](os.Args[2:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "actor:", err)
	os.Exit(99)
}

// diary is the file of events. A line is written by one call, so that those of
// several processes do not mix: nanoseconds of the monotonic clock, the name of
// the service, its pid, what happened.
type diary struct {
	file *os.File
	name string
}

func open(path, name string) (diary, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	return diary{f, name}, err
}

func (d diary) note(words ...string) error {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return err
	}
	_, err := fmt.Fprintf(d.file, "%d %s %d %s\n", now.Nano(), d.name, os.Getpid(), strings.Join(words, " "))
	return err
}

// ready says so on descriptor 3, where one was handed over, and by a file, where
// one is wanted. What this process opened for itself closes on exec.
func ready(flag string) error {
	if flags, err := unix.FcntlInt(3, unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
		_, _ = unix.Write(3, []byte("READY=1\n"))
	}
	if flag == "" {
		return nil
	}
	return os.WriteFile(flag, nil, 0o666)
}
