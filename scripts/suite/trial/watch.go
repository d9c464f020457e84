package trial

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// event is a line of what services noted.
type event struct {
	name string
	pid  int // in the namespace
	what string
}

// events reads what was noted so far.
func (r *run) events() []event {
	data, err := os.ReadFile(r.shared("events"))
	if err != nil {
		return nil
	}
	var all []event
	for line := range strings.Lines(string(data)) {
		part := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		if len(part) == 4 {
			all = append(all, event{part[1], number(part[2]), part[3]})
		}
	}
	return all
}

// when returns the place of the nth event of a kind, counted from 1, or -1.
func when(all []event, name, what string, nth int) int {
	for i, e := range all {
		if e.name == name && e.what == what {
			if nth--; nth == 0 {
				return i
			}
		}
	}
	return -1
}

func count(all []event, name, what string) int {
	n := 0
	for _, e := range all {
		if e.name == name && e.what == what {
			n++
		}
	}
	return n
}

// poll asks until the answer is yes, which is then true, or the time is over.
func (d *desk) poll(within time.Duration, ok func() bool) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(within); ; {
		if ok() {
			return true
		}
		select {
		case <-d.ctx.Done():
			return false
		case now := <-tick.C:
			if now.After(end) {
				return ok()
			}
		}
	}
}

// await waits for the nth event of a kind.
func (r *run) await(name, what string, nth int) error {
	seen := r.poll(guard, func() bool { return when(r.events(), name, what, nth) >= 0 || r.over() })
	if seen && when(r.events(), name, what, nth) >= 0 {
		return nil
	}
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if r.over() {
		return flawed("it ended with %d before %s said %q%s", r.code, name, what, r.said())
	}
	return flawed("%s never said %q%s", name, what, nths(nth))
}

func nths(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" %d times", n)
}

func (r *run) over() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// said is the last line that the init printed.
func (r *run) said() string {
	data, err := os.ReadFile(r.shared("printed"))
	lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
	if err != nil || len(lines[len(lines)-1]) == 0 {
		return ""
	}
	return fmt.Sprintf(" (it said %q)", lines[len(lines)-1])
}

// process is one of the namespace, with pids as this machine sees them.
type process struct {
	pid, parent int
	inside      int // its pid in the namespace
	zombie      bool
	args        []string
}

// processes lists those of the namespace, the first one too.
func (r *run) processes() []process {
	var all []process
	for wanted := []int{r.stage}; len(wanted) > 0; wanted = wanted[1:] {
		dir := "/proc/" + strconv.Itoa(wanted[0])
		status, err := os.ReadFile(dir + "/status")
		if err != nil {
			continue // it ended meanwhile
		}
		inside := strings.Fields(field(status, "NSpid:"))
		p := process{
			pid: wanted[0], parent: number(field(status, "PPid:")),
			inside: number(inside[len(inside)-1]), zombie: strings.HasPrefix(field(status, "State:"), "Z"),
		}
		if line, err := os.ReadFile(dir + "/cmdline"); err == nil {
			p.args = strings.Split(string(bytes.TrimRight(line, "\x00")), "\x00")
		}
		all = append(all, p)
		lists, err := filepath.Glob(dir + "/task/*/children")
		if err != nil {
			return all
		}
		for _, list := range lists {
			data, _ := os.ReadFile(list) // of a thread that ended: nothing
			for _, pid := range strings.Fields(string(data)) {
				wanted = append(wanted, number(pid))
			}
		}
	}
	return all
}

func field(status []byte, label string) string {
	_, rest, found := bytes.Cut(status, []byte("\n"+label))
	if !found {
		return "0"
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	return strings.TrimSpace(string(line))
}

// find returns the process with that pid in the namespace.
func (r *run) find(inside int) (process, bool) {
	all := r.processes()
	i := slices.IndexFunc(all, func(p process) bool { return p.inside == inside })
	if i < 0 {
		return process{}, false
	}
	return all[i], true
}

// zombies waits for those that are still there to be reaped, and counts what is
// left.
func (r *run) zombies() int {
	n := 0
	r.poll(2*guard, func() bool {
		n = 0
		for _, p := range r.processes() {
			if p.zombie {
				n++
			}
		}
		return n == 0
	})
	return n
}

// descriptors counts those of a process.
func descriptors(pid int) (int, error) {
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	return len(entries), err
}
