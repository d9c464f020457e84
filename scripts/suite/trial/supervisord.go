package trial

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Supervisord is the one in Python.
func Supervisord() Subject {
	return Subject{
		Name: "supervisord", program: "supervisord", pack: "supervisor", pace: 1, slow: true,
		Made: "Python's, `supervisord -n`: priority for order, startretries, stopwaitsecs, killasgroup, and an event listener that ends " +
			"supervisord when a program is FATAL",
		configure: func(r *run, _ how) ([]string, error) {
			path := filepath.Join(r.dir, "supervisord.conf")
			lines := append(sections(r, "startsecs=3", "startsecs=0"),
				"[rpcinterface:supervisor]", "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
				"[eventlistener:fatal]", "events=PROCESS_STATE_FATAL", "stopwaitsecs=1", "command=/bin/sh "+filepath.Join(r.dir, "fatal.sh"))
			if err := script(filepath.Join(r.dir, "fatal.sh"),
				`printf 'READY\n'`, "while read -r line; do kill -QUIT $PPID; done"); err != nil {
				return nil, err
			}
			return []string{"supervisord", "-n", "-c", path}, write(path, 0o644, lines...)
		},
		restart: func(r *run, services []string) error {
			return restartBy(r, services, "supervisorctl", "-c", filepath.Join(r.dir, "supervisord.conf"))
		},
		exits: func(r *run) (map[string][]int, error) {
			return logged(r, regexp.MustCompile(`exited: (\w+) \(exit status (\d+);`))
		},
	}
}

// The Go supervisord, and its latest release.
const (
	goSupervisord = "supervisord (Go)"
	released      = "v0.7.3"
)

// GoSupervisord is the one that Coffer takes its words from.
func GoSupervisord() Subject {
	return Subject{
		Name: goSupervisord, pace: 1, slow: true,
		Made: "ochinchina's, as released: depends_on and priority for order, startretries, stopwaitsecs, killasgroup",
		configure: func(r *run, _ how) ([]string, error) {
			path := filepath.Join(r.dir, "supervisord.conf")
			return []string{r.tools.supervisord, "-c", path}, write(path, 0o644, sections(r, "startsecs=1", "startretries=1000000")...)
		},
		restart: func(r *run, services []string) error {
			return restartBy(r, services, r.tools.supervisord, "-c", filepath.Join(r.dir, "supervisord.conf"), "ctl")
		},
		exits: func(r *run) (map[string][]int, error) {
			return logged(r, regexp.MustCompile(`msg="program stopped with status:exit status (\d+)" program=(\w+)`))
		},
	}
}

// sections is the configuration that both understand. A last start is told from
// one that succeeded by the line counted; the line endless starts a service
// again for ever.
func sections(r *run, counted, endless string) []string {
	socket := r.socket()
	lines := []string{
		"[supervisord]", "nodaemon=true", "user=root", "logfile=" + r.shared("log"), "pidfile=" + r.shared("pid"),
		"[unix_http_server]", "file=" + socket, "[supervisorctl]", "serverurl=unix://" + socket,
	}
	for i, s := range r.plan.services {
		// A percent sign would begin an expansion.
		lines = append(lines, "[program:"+s.name+"]", "command="+strings.ReplaceAll(strings.Join(r.command(s), " "), "%", "%%"),
			fmt.Sprintf("priority=%d", i+1), "autostart=true", "autorestart=true",
			"stopsignal=TERM", fmt.Sprintf("stopwaitsecs=%d", int(s.kill.Seconds())), "killasgroup=true", "redirect_stderr=true")
		if r.plan.logs {
			lines = append(lines, "stdout_logfile="+filepath.Join(r.logs(), s.name+".log"),
				"stdout_logfile_maxbytes=4MB", "stdout_logfile_backups=2")
		} else {
			lines = append(lines, "stdout_logfile=/dev/stdout", "stdout_logfile_maxbytes=0")
		}
		if s.essential {
			lines = append(lines, fmt.Sprintf("startretries=%d", tries-1), counted)
		} else {
			lines = append(lines, endless)
		}
		if s.after != "" {
			lines = append(lines, "depends_on="+s.after)
		}
		if s.user {
			lines = append(lines, "user=nobody")
		}
	}
	return lines
}

func restartBy(r *run, services []string, name string, args ...string) error {
	if out, err := exec.Command(name, append(append(args, "restart"), services...)...).CombinedOutput(); err != nil {
		return flawed("%s: %v: %s", filepath.Base(name), err, out)
	}
	return nil
}

// logged finds exits in the log of an init.
func logged(r *run, line *regexp.Regexp) (map[string][]int, error) {
	data, err := os.ReadFile(r.shared("log"))
	if err != nil {
		return nil, err
	}
	all := map[string][]int{}
	for _, m := range line.FindAllStringSubmatch(string(data), -1) {
		name, code := m[1], m[2]
		if strings.Trim(name, "0123456789") == "" {
			name, code = code, name
		}
		all[name] = append(all[name], number(code))
	}
	return all, nil
}
