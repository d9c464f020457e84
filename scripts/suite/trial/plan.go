package trial

import (
	"path/filepath"
	"strings"
	"time"
)

// plan is the services that an init is to run, in the words of no init.
type plan struct {
	services []service // in the order of starting
	logs     bool      // keep files of what services print, besides the container's log
	exits    bool      // tell how each service ended, in the file exits
	control  bool      // be ready to restart services
}

// service is one program. One that is essential ends the box when it has failed
// to start as often as tries says, or once where an init does not count, with
// its exit code. Any other is started again for ever.
type service struct {
	name      string
	role      string // of the actor, or "tiny"
	args      []string
	after     string        // started when this one is ready, stopped before it
	essential bool          //
	user      bool          // runs as nobody, without groups
	kill      time.Duration // from the request to end to SIGKILL
}

// tries is how many starts in a row may fail.
const tries = 3

// nobody is the user that services run as, where they do not run as root.
const nobody = 65534

// serve is a service of the actor's, which is stopped by force after a second.
func serve(name string, args ...string) service {
	return service{name: name, role: "serve", args: args, essential: true, kill: time.Second}
}

// command is what starts s. An argument "@x" stands for the file x that
// services share.
func (r *run) command(s service) []string {
	program := []string{r.tools.actor, s.role}
	if s.role == "tiny" {
		program = []string{r.tools.tiny}
	}
	for _, a := range s.args {
		if file, ok := strings.CutPrefix(a, "@"); ok {
			a = r.shared(file)
		}
		program = append(program, a)
	}
	if s.role == "tiny" {
		return program
	}
	return append(program, "-events", r.shared("events"), "-name", s.name, "-flag", r.flag(s.name))
}

// shared is a file that services may write.
func (r *run) shared(name string) string { return filepath.Join(r.dir, "shared", name) }

// flag is the file that a service makes when it is ready.
func (r *run) flag(name string) string { return r.shared("ready-" + name) }

// logs is the folder of log files.
func (r *run) logs() string { return filepath.Join(r.dir, "logs") }
