package trial

import (
	"fmt"
	"os"
	"strings"
	"time"
)

func orphan(d *desk) (string, error) {
	r, err := d.alone(serve("a", "-spawn", "short"), how{})
	if err != nil {
		return "", err
	}
	if err := r.await("a-left", "end", 1); err != nil {
		return "", err
	}
	return "", r.clean()
}

// clean says whether zombies stay.
func (r *run) clean() error {
	if n := r.zombies(); n > 0 {
		return flawed("%d zombies stay", n)
	}
	if r.over() {
		return flawed("it ended with %d", r.code)
	}
	return nil
}

func manyOrphans(d *desk) (string, error) {
	s := service{name: "a", role: "tiny", args: []string{"many", "@count", "1000"}, essential: true, kill: time.Second}
	r, err := d.start(plan{services: []service{s}}, how{})
	if err != nil {
		return "", err
	}
	if !r.poll(3*guard, func() bool { return r.size("count") > 0 || r.over() }) {
		return "", flawed("the service did not get that far")
	}
	return "", r.clean()
}

// size of a file that services share.
func (r *run) size(name string) int64 {
	st, err := os.Stat(r.shared(name))
	if err != nil {
		return 0
	}
	return st.Size()
}

// stormServices is how many services die beside each other.
const stormServices = 20

func storm(d *desk) (string, error) {
	each := 500
	if d.subject.pace > 0 {
		each = 3 // no more than it can do in a few seconds
	}
	p := plan{exits: true}
	for i := range stormServices {
		p.services = append(p.services, service{
			name: fmt.Sprintf("s%d", i), role: "tiny", kill: time.Second,
			args: []string{"leave", fmt.Sprintf("@count%d", i), fmt.Sprint(each), fmt.Sprint(i + 1)},
		})
	}
	r, err := d.start(p, how{})
	if err != nil {
		return "", err
	}
	behind := 0
	if !r.poll(2*time.Minute, func() bool {
		behind = 0
		for i := range stormServices {
			if r.size(fmt.Sprintf("count%d", i)) <= int64(each) {
				behind++
			}
		}
		return behind == 0 || r.over()
	}) {
		return "", flawed("%d of %d services are not started again", behind, stormServices)
	}
	if err := r.clean(); err != nil {
		return "", err
	}
	if err := r.allTold(each); err != nil {
		return "", err
	}
	n := stormServices * each
	return fmt.Sprintf("%d exits, %d orphans", n, n), nil
}

// allTold compares the exit codes that the init was told with those that were.
func (r *run) allTold(each int) error {
	var wrong error
	r.poll(2*time.Second, func() bool {
		told, err := r.subject.exits(r)
		if err != nil {
			wrong = err
			return true
		}
		lost := 0
		for i := range stormServices {
			right := 0
			for _, code := range told[fmt.Sprintf("s%d", i)] {
				if code == i+1 {
					right++
				}
			}
			lost += each - right
		}
		wrong = nil
		if lost != 0 {
			wrong = flawed("%d of %d statuses lost", lost, stormServices*each)
		}
		return lost == 0
	})
	return wrong
}

func notFirst(d *desk) (string, error) {
	r, err := d.alone(serve("a"), how{below: true})
	if err != nil {
		return "", err
	}
	code, err := r.stop()
	if err != nil {
		return "", err
	}
	if code != 0 {
		return "", flawed("ends with %d", code)
	}
	return "", nil
}

func subreaper(d *desk) (string, error) {
	r, err := d.alone(serve("a", "-spawn", "double"), how{below: true})
	if err != nil {
		return "", err
	}
	if err := r.await("a-left", "start", 1); err != nil {
		return "", err
	}
	init, err := r.init()
	if err != nil {
		return "", err
	}
	left := r.events()[when(r.events(), "a-left", "start", 1)]
	if p, ok := r.find(left.pid); !ok || p.parent == r.stage {
		return "", flawed("the orphan is PID 1's")
	} else if !r.descends(p.parent, init) {
		return "", flawed("the orphan is a child of %d", p.parent)
	}
	return "", nil
}

// descends reports that pid is above, or below it.
func (r *run) descends(pid, above int) bool {
	parents := map[int]int{}
	for _, p := range r.processes() {
		parents[p.pid] = p.parent
	}
	for ; pid != 0; pid = parents[pid] {
		if pid == above {
			return true
		}
	}
	return false
}

func session(d *desk) (string, error) { return nothingLeft(d, "session") }
func double(d *desk) (string, error)  { return nothingLeft(d, "double") }

// nothingLeft runs the init below another PID 1, because the end of the first
// process ends all the others.
func nothingLeft(d *desk, way string) (string, error) {
	r, err := d.alone(serve("a", "-spawn", way), how{below: true})
	if err != nil {
		return "", err
	}
	if err := r.await("a-left", "start", 1); err != nil {
		return "", err
	}
	if _, err := r.stop(); err != nil {
		return "", err
	}
	left, err := os.ReadFile(r.shared("left"))
	if err != nil {
		return "", err
	}
	if strings.Contains(string(left), "linger") {
		return "", flawed("it is left running")
	}
	return "", nil
}
