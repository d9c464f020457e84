package trial

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Tini and DumbInit start a shell, which starts the services: one of them by
// becoming it, several as the documentation of Docker shows it, with a trap so
// that all are asked to end.
func Tini() Subject {
	return shell("tini", "`tini -- bash entry.sh`, with `-s` below another PID 1", func(h how) []string {
		if h.below {
			return []string{"tini", "-s", "--"}
		}
		return []string{"tini", "--"}
	})
}

// DumbInit is the other one.
func DumbInit() Subject {
	return shell("dumb-init", "`dumb-init -- bash entry.sh`", func(how) []string { return []string{"dumb-init", "--"} })
}

func shell(name, made string, program func(how) []string) Subject {
	const once = "a shell starts each service once"
	return Subject{
		Name: name + " + bash", program: name, pack: name,
		Made: made + "; the script becomes the one service (exec), or starts several and ends with the first (wait -n)",
		lacks: map[ability]string{
			restarts: once, counts: once, controls: once,
			orders: "a shell starts all at once", keeps: "a shell keeps no log files",
		},
		configure: func(r *run, h how) ([]string, error) {
			path := filepath.Join(r.dir, "entry.sh")
			return append(program(h), "bash", path), write(path, 0o644, entry(r)...)
		},
	}
}

func entry(r *run) []string {
	var lines []string
	for _, s := range r.plan.services {
		line := quote(r.command(s))
		if s.user {
			line = fmt.Sprintf("setpriv --reuid=%d --regid=%[1]d --clear-groups %s", nobody, line)
		}
		lines = append(lines, line)
	}
	if len(lines) == 1 {
		return []string{"exec " + lines[0]}
	}
	return []string{
		strings.Join(lines, " &\n") + " &",
		"trap 'kill -TERM $(jobs -p); wait; exit 0' TERM INT",
		"wait -n",
		"exit $?",
	}
}
