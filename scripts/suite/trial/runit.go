package trial

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Runit is runsvdir below a shell script as PID 1, which is how containers run
// it: runsvdir itself leaves the services running when it is asked to end.
func Runit() Subject {
	return Subject{
		Name: "runit", program: "runsvdir", pack: "runit", pace: 1,
		Made: "a shell script as PID 1 that starts `env -i runsvdir`, passes on the signals that `sv` knows and stops the services " +
			"in reverse with `sv force-stop`; a check script each, `sv start` for order, svlogd",
		lacks: map[ability]string{counts: "it counts no failures: the finish script ends the box at the first"},
		configure: func(r *run, _ how) ([]string, error) {
			for _, s := range r.plan.services {
				if err := serviceRunit(r, s); err != nil {
					return nil, err
				}
			}
			first := filepath.Join(r.dir, "init")
			return []string{first}, script(first, firstOfRunit(r)...)
		},
		restart: func(r *run, services []string) error {
			args := []string{"restart"}
			for _, s := range services {
				args = append(args, filepath.Join(r.dir, "sv", s))
			}
			if out, err := exec.Command("sv", args...).CombinedOutput(); err != nil {
				return flawed("sv: %v: %s", err, out)
			}
			return nil
		},
		exits: readExits,
	}
}

func firstOfRunit(r *run) []string {
	sv := filepath.Join(r.dir, "sv")
	lines := []string{
		"echo $$ >" + r.shared("pid"),
		"stop() {",
		": >" + r.shared("stopping"),
	}
	for i := len(r.plan.services) - 1; i >= 0; i-- {
		s := r.plan.services[i]
		lines = append(lines, fmt.Sprintf("sv -w %d force-stop %s", int(s.kill.Seconds()), filepath.Join(sv, s.name)))
	}
	lines = append(lines,
		// A signal between its fork and its exec is lost.
		"while kill -HUP $! && ! grep -q '^State:.Z' /proc/$!/status; do sleep 0.1; done", "wait $!", "code=0",
		"[ ! -e "+r.shared("code")+" ] || read -r code <"+r.shared("code"),
		`exit "$code"`, "}",
		"trap stop TERM INT QUIT")
	for _, s := range []string{"HUP hup", "USR1 1", "USR2 2", "ALRM alarm", "CONT cont"} {
		signal, word, _ := strings.Cut(s, " ")
		lines = append(lines, fmt.Sprintf("trap 'sv %s %s/*' %s", word, sv, signal))
	}
	return append(lines, "env -i "+search+" runsvdir -P "+sv+" &", "while :; do wait $!; done")
}

func serviceRunit(r *run, s service) error {
	dir := filepath.Join(r.dir, "sv", s.name)
	run := []string{"exec 2>&1", "rm -f " + r.flag(s.name)}
	if s.after != "" {
		// It fails as long as the other's runsv has not begun.
		run = append(run, "until sv -w 30 start "+filepath.Join(r.dir, "sv", s.after)+"; do sleep 1; done")
	}
	start := "exec "
	if s.user {
		start += fmt.Sprintf("chpst -u :%d:%[1]d ", nobody)
	}
	if err := script(filepath.Join(dir, "run"), append(run, start+quote(r.command(s)))...); err != nil {
		return err
	}
	if s.role != "tiny" {
		if err := script(filepath.Join(dir, "check"), "test -e "+r.flag(s.name)); err != nil {
			return err
		}
	}
	if r.plan.logs {
		folder := filepath.Join(r.logs(), s.name)
		if err := script(filepath.Join(dir, "log", "run"), "mkdir -p "+folder, "exec svlogd "+folder); err != nil {
			return err
		}
	}
	var finish []string
	if r.plan.exits {
		finish = append(finish, `code=$1`, `[ "$1" != -1 ] || code=$((128 + $2))`,
			fmt.Sprintf(`echo %s "$code" >>%s`, s.name, r.shared("exits")))
	}
	if s.essential {
		finish = append(finish,
			"[ ! -e "+r.shared("stopping")+" ] || exit 0",
			`code=$1`, `[ "$1" != -1 ] || code=$((128 + $2))`,
			`echo "$code" >`+r.shared("code"), "kill -TERM $(cat "+r.shared("pid")+")")
	}
	if len(finish) == 0 {
		return nil
	}
	return script(filepath.Join(dir, "finish"), finish...)
}
