package trial

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// S6 is s6-svscan as PID 1 with one folder for each service, as in the
// container images that use it. It has no s6-rc, which Debian does not pack: a
// service waits in its own script for the one that it needs, and the script for
// a request to stop stops them in reverse.
func S6() Subject {
	return Subject{
		Name: "s6", program: "s6-svscan", pack: "s6", pace: 1,
		Made: "`env -i s6-svscan` with a service folder each: notification-fd, timeout-kill, s6-svwait for order, " +
			"s6-permafailon for a last failure, s6-log, and scripts for the signals that s6-svscan can take",
		configure: configureS6,
		restart: func(r *run, services []string) error {
			for _, s := range services {
				if err := exec.Command("s6-svc", "-r", filepath.Join(r.dir, "scan", s)).Run(); err != nil {
					return flawed("s6-svc: %v", err)
				}
			}
			return nil
		},
		exits: readExits,
	}
}

func configureS6(r *run, _ how) ([]string, error) {
	scan := filepath.Join(r.dir, "scan")
	for _, s := range r.plan.services {
		if err := serviceS6(r, s, scan); err != nil {
			return nil, err
		}
	}
	all := scan + "/[!.]*"
	stop := []string{": >" + r.shared("stopping")}
	for i := len(r.plan.services) - 1; i >= 0; i-- {
		stop = append(stop, "s6-svc -wD -d "+filepath.Join(scan, r.plan.services[i].name))
	}
	stop = append(stop, "exec s6-svscanctl -t "+scan)
	own := filepath.Join(scan, ".s6-svscan")
	scripts := map[string][]string{
		"finish": {"code=0", "[ ! -e " + r.shared("code") + " ] || read -r code <" + r.shared("code"), `exit "$code"`},
		// These are the signals that s6-svscan hands to scripts.
		"SIGTERM": stop, "SIGINT": stop, "SIGQUIT": stop,
	}
	for signal, flag := range map[string]string{"HUP": "-h", "USR1": "-1", "USR2": "-2", "WINCH": "-y"} {
		scripts["SIG"+signal] = []string{"for s in " + all + "; do s6-svc " + flag + ` "$s"; done`}
	}
	for name, lines := range scripts {
		if err := script(filepath.Join(own, name), lines...); err != nil {
			return nil, err
		}
	}
	return []string{"env", "-i", search, "s6-svscan", scan}, nil
}

func serviceS6(r *run, s service, scan string) error {
	dir := filepath.Join(scan, s.name)
	run := []string{"exec 2>&1"}
	if s.after != "" {
		run = append(run, "s6-svwait -U "+filepath.Join(scan, s.after)+" || exit 1")
	}
	start := "exec "
	if s.user {
		start += fmt.Sprintf(`s6-applyuidgid -u %d -g %[1]d -G "" `, nobody)
	}
	if err := script(filepath.Join(dir, "run"), append(run, start+quote(r.command(s)))...); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "notification-fd"), 0o644, "3"); err != nil {
		return err
	}
	if err := write(filepath.Join(dir, "timeout-kill"), 0o644, fmt.Sprint(s.kill.Milliseconds())); err != nil {
		return err
	}
	if r.plan.logs {
		if err := script(filepath.Join(dir, "log", "run"), "exec s6-log n2 s4000000 "+filepath.Join(r.logs(), s.name)); err != nil {
			return err
		}
	}
	finish := []string{`code=$1`, `[ "$1" != 256 ] || code=$((128 + $2))`}
	if r.plan.exits {
		finish = append(finish, fmt.Sprintf(`echo %s "$code" >>%s`, s.name, r.shared("exits")))
	}
	if s.essential {
		finish = append(finish,
			"[ ! -e "+r.shared("stopping")+" ] || exit 0",
			fmt.Sprintf("s6-permafailon 60 %d 0-255,SIGKILL,SIGTERM true && exit 0", tries),
			`echo "$code" >`+r.shared("code"), "s6-svscanctl -t "+scan, "exit 125")
	}
	return script(filepath.Join(dir, "finish"), strings.Join(finish, "\n"))
}
