package trial

// Subject is an init that can be tried.
type Subject struct {
	Name string
	Made string // how it is set up
	// program is its package in Debian; empty: none.
	program string
	lacks   map[ability]string
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
}

// OursName is the name of our init among the subjects.
const OursName = "coffer"

// References are other inits, to see ours beside.
func References() []Subject {
	return []Subject{S6(), Runit(), Supervisord(), GoSupervisord(), Tini(), DumbInit()}
}
