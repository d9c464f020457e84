package boot

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"coffer/appliance/supervise"
)

// taking are the processes of the edge that take connections now.
func (b *box) taking(ctx context.Context, s *supervise.Supervisor) []int {
	all, err := s.Status(ctx)
	if err != nil {
		return nil // it stops
	}
	for _, each := range all {
		if each.Name == b.FrontDoor && each.Pid > 0 {
			return children(each.Pid)
		}
	}
	return nil
}

// children are those of a process. Which ones the kernel lists itself depends
// on how it was built, so that all processes are looked at.
func children(parent int) (all []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && parentOf(pid) == parent {
			all = append(all, pid)
		}
	}
	return all
}

// parentOf is 0 for a process that has ended.
func parentOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name stands in parentheses and may hold anything (proc_pid_stat(5)).
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 || fields[0] == "Z" {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// takes reports that a process of nginx still takes connections. One that was
// told to end says so in its title, and in the same step, before it looks at
// its sockets again, closes those that it listens at and those that wait.
func takes(pid int) bool {
	title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && len(title) > 0 && !bytes.Contains(title, []byte("shutting down"))
}
