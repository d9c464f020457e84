package trial

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// memory is what a process in a group may use, in bytes.
const memory = "33554432"

// group is a control group with little memory.
type group struct{ path string }

// newGroup makes one, where this machine lets us. Each of its processes is to
// name it on a command line, so its path has nothing to quote.
func newGroup(parts ...string) (group, error) {
	name := "coffer-suite-" + strings.Map(func(c rune) rune {
		if strings.ContainsRune(" ()+", c) {
			return '_'
		}
		return c
	}, strings.Join(parts, "-"))
	for _, tree := range []struct{ folder, limit string }{
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
		{"/sys/fs/cgroup", "memory.max"},
	} {
		g := group{filepath.Join(tree.folder, name)}
		if _, err := os.Stat(filepath.Join(tree.folder, "cgroup.procs")); err != nil {
			continue
		}
		if err := os.Mkdir(g.path, 0o755); err != nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(g.path, tree.limit), []byte(memory), 0); err != nil {
			g.remove()
			continue
		}
		return g, nil
	}
	return group{}, lacking("no control group for memory can be made on this machine")
}

// remove removes the group; the kernel may still be putting it away.
func (g group) remove() {
	for end := time.Now().Add(time.Second); os.Remove(g.path) != nil && time.Now().Before(end); {
		<-time.After(10 * time.Millisecond)
	}
}
