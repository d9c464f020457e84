package confine

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// ChildLimits bounds a process that reads one hostile document after another.
type ChildLimits struct {
	// Data is RLIMIT_DATA in bytes; 0 leaves it as it is, for a parent that
	// sets it. RLIMIT_AS would break the Go runtime.
	Data      uint64
	OpenFiles uint64 // RLIMIT_NOFILE
}

// Child confines the running process to what it has open: no path, no socket,
// no new file, no program, no fork, no growth past the limits. It may still
// read, write, map memory and start threads. CPU and wall-clock time are the
// parent's to watch.
//
// It reaches all threads of a program in pure Go. With cgo, Landlock would be
// set by libpsx, which waits for ever once it cannot list its threads in /proc.
func Child(l ChildLimits) error {
	if cgo {
		return errors.New("this program was built with cgo; build it with CGO_ENABLED=0")
	}
	limits := []struct {
		name     string
		resource int
		value    uint64
	}{
		{"core", unix.RLIMIT_CORE, 0},
		{"file size", unix.RLIMIT_FSIZE, 0},
		{"data", unix.RLIMIT_DATA, l.Data},
		{"open files", unix.RLIMIT_NOFILE, l.OpenFiles},
	}
	for _, r := range limits {
		if r.resource == unix.RLIMIT_DATA && r.value == 0 {
			continue
		}
		if err := syscall.Setrlimit(r.resource, &syscall.Rlimit{Cur: r.value, Max: r.value}); err != nil {
			return fmt.Errorf("limit of %s: %w", r.name, err)
		}
	}
	if !ProfileChild.unrestricted() {
		if err := (Files{}).enforce(); err != nil {
			return fmt.Errorf("landlock: %w", err)
		}
	}
	policies, err := ProfileChild.policies()
	if err != nil {
		return err
	}
	for _, policy := range policies {
		if ProfileChild.unfiltered() {
			break
		}
		if err := everyThread(policy); err != nil {
			return fmt.Errorf("seccomp: %w", err)
		}
	}
	return nil
}
