package trial

import (
	"os/exec"
	"slices"
)

// Subject is an init that can be tried.
type Subject struct {
	Name string
	Made string // how it is set up
	// program and pack are what Debian calls it; empty: it is built here.
	program, pack string
	lacks         map[ability]string
	// configure writes what the init reads into the folder of the run and
	// returns its command line.
	configure func(r *run, h how) ([]string, error)
	// restart asks the init to stop services and start them anew.
	restart func(r *run, services []string) error
	// exits returns the exit codes that the init was told, by service.
	exits func(r *run) (map[string][]int, error)
	// pace is how often a service that dies can be started again in a second,
	// where there is a limit.
	pace int
	// slow are those that take long to try: by waiting for what never comes, or
	// by looking for it all the time.
	slow bool
}

// OursName is the name of our init among the subjects.
const OursName = "coffer"

// References are other inits, to see ours beside.
func References() []Subject {
	return []Subject{S6(), Runit(), Supervisord(), GoSupervisord(), Tini(), DumbInit()}
}

// QuickReferences are those that cost a test little.
func QuickReferences() []Subject {
	return slices.DeleteFunc(References(), func(s Subject) bool { return s.slow })
}

// Missing says why s cannot be tried on this machine, or nothing.
func (t Tools) Missing(s Subject) string {
	switch {
	case s.program != "":
		if _, err := exec.LookPath(s.program); err != nil {
			return "the package " + s.pack + " is not installed"
		}
	case s.Name == goSupervisord && t.supervisord == "":
		return "it is not built"
	}
	return ""
}

// Version is that of the package, or nothing.
func (s Subject) Version() string {
	switch {
	case s.Name == goSupervisord:
		return released
	case s.pack == "":
		return ""
	}
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", s.pack).Output()
	if err != nil {
		return ""
	}
	return string(out)
}
