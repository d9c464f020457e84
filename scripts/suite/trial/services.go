package trial

import (
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func crashLoop(d *desk) (string, error) {
	r, err := d.start(plan{services: []service{serve("a", "-never", "-code", "7")}}, how{})
	if err != nil {
		return "", err
	}
	starts := func() int { return count(r.events(), "a", "start") }
	r.poll(2*guard, func() bool { return r.over() || starts() > 2*tries })
	switch n := starts(); {
	case n > 2*tries:
		return "", flawed("starts it for ever")
	case !r.over():
		return "", flawed("goes on without it after %d starts", n)
	case n != tries:
		return "", flawed("gives up after %d starts, told %d", n, tries)
	case r.code != 7:
		return "", flawed("gives up, but ends with %d", r.code)
	}
	return "", nil
}

// dies kills the nth life of a service and waits until it is ready again.
func (r *run) dies(name string, nth int) error {
	all := r.events()
	p, ok := r.find(all[when(all, name, "ready", nth)].pid)
	if !ok {
		return flawed("it has ended before it was killed")
	}
	if err := syscall.Kill(p.pid, unix.SIGKILL); err != nil {
		return err
	}
	return r.await(name, "ready", nth+1)
}

// again is a service that is started again whenever it ends.
func again(name string, args ...string) service {
	s := serve(name, args...)
	s.essential = false
	return s
}

func killedService(d *desk) (string, error) {
	r, err := d.start(plan{services: []service{again("a"), again("b")}}, how{})
	if err != nil {
		return "", err
	}
	for _, name := range []string{"a", "b"} {
		if err := r.await(name, "ready", 1); err != nil {
			return "", err
		}
	}
	for i := range 3 {
		if err := r.dies("a", i+1); err != nil {
			return "", err
		}
	}
	if all := r.events(); count(all, "b", "start") != 1 || count(all, "b", "got SIGTERM") != 0 {
		return "", flawed("its neighbour is started again too")
	}
	return "", r.clean()
}

func outOfMemory(d *desk) (string, error) {
	group, err := newGroup(filepath.Base(d.tools.dir), d.subject.Name)
	if err != nil {
		return "", err
	}
	d.after = append(d.after, group.remove)
	hog := again("a", group.path)
	hog.role = "hog"
	r, err := d.start(plan{services: []service{hog}}, how{})
	if err != nil {
		return "", err
	}
	if err := r.await("a", "ready", 1); err != nil {
		return "", err
	}
	if err := r.await("a", "ready", 2); err != nil {
		return "", err
	}
	if when(r.events(), "a", "survived", 1) >= 0 {
		return "", lacking("the kernel did not hold the limit of memory")
	}
	if err := r.clean(); err != nil {
		return "", err
	}
	_, err = r.stop()
	return "", err
}

func heldOutput(d *desk) (string, error) {
	r, err := d.alone(again("a", "-spawn", "session"), how{})
	if err != nil {
		return "", err
	}
	if err := r.await("a-left", "start", 1); err != nil {
		return "", err
	}
	if err := r.dies("a", 1); err != nil {
		return "", err
	}
	_, err = r.stop()
	return "", err
}

// cycled is how many services are stopped and started beside each other.
const cycled = 20

func cycles(d *desk) (string, error) {
	rounds := 1000 / cycled
	if d.subject.pace > 0 {
		rounds = 4 // no more than it can do in a few seconds
	}
	p := plan{control: true}
	var names []string
	for i := range cycled {
		names = append(names, fmt.Sprintf("s%d", i))
		p.services = append(p.services, service{
			name: names[i], role: "tiny", kill: time.Second, args: []string{"wait", "@" + names[i]},
		})
	}
	r, err := d.start(p, how{})
	if err != nil {
		return "", err
	}
	var before int
	for round := range rounds + 1 {
		if round > 0 {
			if err := d.subject.restart(r, names); err != nil {
				return "", err
			}
		}
		behind := ""
		if !r.poll(2*guard, func() bool {
			behind = ""
			for _, n := range names {
				if r.size(n) != int64(round+1) {
					behind = n
				}
			}
			return behind == "" || r.over()
		}) {
			return "", flawed("cycle %d: %s was started %d times", round, behind, r.size(behind))
		}
		if round == 0 {
			if before, err = r.held(); err != nil {
				return "", err
			}
		}
	}
	if err := r.clean(); err != nil {
		return "", err
	}
	after := 0
	if !r.poll(2*time.Second, func() bool { after, err = r.held(); return err != nil || after <= before }) {
		return "", flawed("%d descriptors, %d before", after, before)
	}
	return fmt.Sprintf("%d cycles", rounds*cycled), err
}

// held counts the descriptors of the init.
func (r *run) held() (int, error) {
	pid, err := r.init()
	if err != nil {
		return 0, err
	}
	return descriptors(pid)
}
