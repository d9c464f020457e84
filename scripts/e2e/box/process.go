package box

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Process is one process as /proc shows it.
type Process struct {
	PID, Parent int
	Args        []string
}

// Role names what a process of the box does: api, worker, parser,
// parser-child, nginx (the master), nginx-worker, init, or its first argument.
func (p Process) Role() string {
	if len(p.Args) == 0 {
		return ""
	}
	switch title := strings.Join(p.Args, " "); {
	case strings.HasPrefix(title, "nginx: master"):
		return "nginx"
	case strings.HasPrefix(title, "nginx:"):
		return "nginx-worker"
	case filepath.Base(p.Args[0]) == "coffer" && len(p.Args) > 1:
		return p.Args[1]
	}
	return filepath.Base(p.Args[0])
}

// Family lists a process and all that descend from it.
func Family(pid int) []Process {
	children := map[int][]Process{}
	var self []Process
	entries, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range entries {
		p, err := read(dir)
		if err != nil {
			continue // it ended meanwhile
		}
		if p.PID == pid {
			self = append(self, p)
		}
		children[p.Parent] = append(children[p.Parent], p)
	}
	for i := 0; i < len(self); i++ {
		self = append(self, children[self[i].PID]...)
	}
	return self
}

// Find returns the first process of a role in the family of pid.
func Find(pid int, role string) (Process, bool) {
	family := Family(pid)
	if i := slices.IndexFunc(family, func(p Process) bool { return p.Role() == role }); i >= 0 {
		return family[i], true
	}
	return Process{}, false
}

// ConfinedChild waits for a child of the parser that has confined itself, which
// it does once PDFium is loaded and before it reads a byte: it then has more
// filters than its parent. Its first arguments are those given.
func ConfinedChild(ctx context.Context, pid int, args ...string) (Process, bool) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	filters := func(p Process) int {
		text, err := Field(p.PID, "status", "Seccomp_filters:")
		if err != nil {
			return 0 // it ended meanwhile
		}
		n, _ := strconv.Atoi(text)
		return n
	}
	for {
		parser, ok := Find(pid, "parser")
		for _, p := range Family(pid) {
			if ok && p.Role() == "parser-child" && len(p.Args) >= 2+len(args) && slices.Equal(p.Args[2:2+len(args)], args) && filters(p) > filters(parser) {
				return p, true
			}
		}
		if Pause(ctx, 20*time.Millisecond) != nil {
			return Process{}, false
		}
	}
}

func read(dir string) (Process, error) {
	var p Process
	var err error
	if p.PID, err = strconv.Atoi(filepath.Base(dir)); err != nil {
		return p, err
	}
	parent, err := Field(p.PID, "status", "PPid:")
	if err != nil {
		return p, err
	}
	if p.Parent, err = strconv.Atoi(parent); err != nil {
		return p, err
	}
	line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return p, err
	}
	if line = bytes.TrimRight(line, "\x00"); len(line) > 0 {
		p.Args = strings.Split(string(line), "\x00")
	}
	return p, nil
}

// Field returns what stands after a label in a file of /proc/PID.
func Field(pid int, file, label string) (string, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), label); ok {
			return strings.TrimSpace(rest), nil
		}
	}
	return "", fmt.Errorf("/proc/%d/%s has no %s", pid, file, label)
}

// Pss sums the proportional set size of a family, in bytes.
func Pss(family []Process) (int64, error) {
	var sum int64
	for _, p := range family {
		text, err := Field(p.PID, "smaps_rollup", "Pss:")
		if err != nil {
			return 0, err
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(text, " kB"), 10, 64)
		if err != nil {
			return 0, err
		}
		sum += kib << 10
	}
	return sum, nil
}
