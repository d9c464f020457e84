// Command rig is Coffer's init without the box around it: signals, reaping,
// supervision, logs and the spawn stub, wired as appliance/boot wires them, and
// services read from a file instead of the role table.
//
// It owns the way from that file to those packages, so that the supervision
// suite can put the services of its cases under them. It refuses everything
// that makes a box: configuration, protected files, sockets, the edge.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"coffer/appliance/confine"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "spawn" {
		fd, err := strconv.Atoi(os.Args[2])
		if err == nil {
			err = confine.Enter(fd)
		}
		fmt.Fprintln(os.Stderr, "rig: spawn:", err)
		os.Exit(120)
	}
	os.Exit(run(context.Background()))
}

// config is what the suite writes.
type config struct {
	Services []service `json:"services"`
	Logs     string    `json:"logs"`    // folder of log files; empty: none
	Control  string    `json:"control"` // Unix socket; a line is the name of a service to restart
	Exits    string    `json:"exits"`   // file that each exit is added to, as "NAME CODE"
	Stub     string    `json:"stub"`    // the program that plays the spawn stub
	Share    string    `json:"share"`   // folder that a service with a user may write to
}

type service struct {
	Name      string        `json:"name"`
	Args      []string      `json:"args"`
	After     []string      `json:"after"`
	Essential bool          `json:"essential"`
	Kill      time.Duration `json:"kill"`  // from the request to stop to SIGKILL
	Calm      time.Duration `json:"calm"`  // ready for so long: earlier deaths are forgotten
	Tries     int           `json:"tries"` // starts that may fail
	User      int           `json:"user"`  // through the stub; 0: without it, as root
}

func load(path string) (config, error) {
	var c config
	data, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(data, &c)
}
