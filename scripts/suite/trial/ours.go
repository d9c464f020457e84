package trial

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Ours is Coffer's init.
func Ours() Subject {
	return Subject{
		Name:      OursName,
		Made:      "the packages of `appliance/` that init is made of, wired as `appliance/boot` wires them (scripts/suite/rig)",
		configure: configureOurs,
		restart: func(r *run, services []string) error {
			c, err := net.Dial("unix", r.socket())
			if err != nil {
				return flawed("it does not listen: %v", err)
			}
			defer func() { _ = c.Close() }()
			_, err = fmt.Fprintln(c, strings.Join(services, "\n"))
			return err
		},
		exits: readExits,
	}
}

// socket is where an init is asked to do something.
func (r *run) socket() string { return filepath.Join(r.dir, "control") }

func configureOurs(r *run, _ how) ([]string, error) {
	type service struct {
		Name      string        `json:"name"`
		Args      []string      `json:"args"`
		After     []string      `json:"after,omitempty"`
		Essential bool          `json:"essential"`
		Kill      time.Duration `json:"kill"`
		Calm      time.Duration `json:"calm,omitempty"`
		Tries     int           `json:"tries"`
		User      int           `json:"user,omitempty"`
	}
	var c struct {
		Services []service `json:"services"`
		Logs     string    `json:"logs,omitempty"`
		Control  string    `json:"control,omitempty"`
		Exits    string    `json:"exits,omitempty"`
		Stub     string    `json:"stub"`
		Share    string    `json:"share"`
	}
	c.Stub, c.Share = r.tools.stub, r.shared("")
	if r.plan.logs {
		c.Logs = r.logs()
	}
	if r.plan.exits {
		c.Exits = r.shared("exits")
	}
	if r.plan.control {
		c.Control = r.socket()
	}
	for _, s := range r.plan.services {
		row := service{Name: s.name, Args: r.command(s), Essential: s.essential, Kill: s.kill, Tries: tries}
		if s.after != "" {
			row.After = []string{s.after}
		}
		if s.user {
			row.User = nobody
		}
		if !s.essential {
			row.Calm = 1 // every death counts as its first
		}
		c.Services = append(c.Services, row)
	}
	path := filepath.Join(r.dir, "rig.json")
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return []string{r.tools.rig, path}, os.WriteFile(path, data, 0o600)
}

// readExits reads a file with a service and its exit code in each line.
func readExits(r *run) (map[string][]int, error) {
	data, err := os.ReadFile(r.shared("exits"))
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	all := map[string][]int{}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) == 2 {
			all[f[0]] = append(all[f[0]], number(f[1]))
		}
	}
	return all, nil
}
