package trial

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// row starts services one after another, each needing the one before, and
// waits until all are ready.
func (d *desk) row(services ...service) (*run, error) {
	for i := range services[1:] {
		services[i+1].after = services[i].name
	}
	r, err := d.start(plan{services: services}, how{})
	if err != nil {
		return nil, err
	}
	for _, s := range services {
		if err := r.await(s.name, "ready", 1); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func readiness(d *desk) (string, error) {
	r, err := d.row(serve("a", "-after", "500ms"), serve("b"))
	if err != nil {
		return "", err
	}
	if all := r.events(); when(all, "b", "start", 1) < when(all, "a", "ready", 1) {
		return "", flawed("starts it before that")
	}
	return "", nil
}

func reverse(d *desk) (string, error) {
	r, err := d.row(serve("a"), serve("b", "-slow", "200ms"), serve("c", "-slow", "200ms"))
	if err != nil {
		return "", err
	}
	if _, err := r.stop(); err != nil {
		return "", err
	}
	all := r.events()
	for _, pair := range [][2]string{{"c", "b"}, {"b", "a"}} {
		switch ended, asked := when(all, pair[0], "end", 1), when(all, pair[1], "got SIGTERM", 1); {
		case ended < 0 || asked < 0:
			return "", flawed("one is not asked, or does not get to its end")
		case asked < ended:
			return "", flawed("asks all at once")
		}
	}
	return "", nil
}

func sibling(d *desk) (string, error) {
	slow := serve("b", "-slow", "700ms")
	slow.kill = 3 * time.Second
	r, err := d.start(plan{services: []service{serve("a"), slow}}, how{})
	if err != nil {
		return "", err
	}
	for _, name := range []string{"a", "b"} {
		if err := r.await(name, "ready", 1); err != nil {
			return "", err
		}
	}
	if _, err := r.stop(); err != nil {
		return "", err
	}
	if when(r.events(), "b", "end", 1) < 0 {
		return "", flawed("it is killed before its time")
	}
	return "", nil
}

func held(d *desk) (string, error) {
	r, err := d.alone(serve("a"), how{})
	if err != nil {
		return "", err
	}
	p, ok := r.find(r.events()[0].pid)
	if !ok {
		return "", flawed("the service is gone")
	}
	if err := syscall.Kill(p.pid, unix.SIGSTOP); err != nil {
		return "", err
	}
	if _, err := r.stop(); err != nil {
		return "", err
	}
	if when(r.events(), "a", "end", 1) < 0 {
		return "", flawed("it is killed")
	}
	return "", nil
}

func deaf(d *desk) (string, error) {
	r, err := d.alone(serve("a", "-deaf"), how{})
	if err != nil {
		return "", err
	}
	if err := r.signal(unix.SIGTERM); err != nil {
		return "", err
	}
	_, err = r.end(8 * time.Second)
	return "", err
}

func hurry(d *desk) (string, error) {
	const patience = 6 * time.Second
	s := serve("a", "-deaf")
	s.kill = patience
	r, err := d.alone(s, how{})
	if err != nil {
		return "", err
	}
	if err := r.signal(unix.SIGTERM); err != nil {
		return "", err
	}
	if err := r.await("a", "got SIGTERM", 1); err != nil {
		return "", err
	}
	if err := r.signal(unix.SIGTERM); err != nil {
		return "", err
	}
	if _, err := r.end(patience * 2 / 3); err != nil {
		return "", flawed("it waits all the same")
	}
	return "", nil
}
