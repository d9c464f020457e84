package trial

// Case is something that happens to an init, and what it should do then.
type Case struct {
	Name  string
	What  string // what passes
	From  string // whose question it is
	needs []ability
	run   func(d *desk) (note string, err error)
	long  bool // begun before the others
	// NeedsGroups: where this machine lets no control group be made, the case
	// applies to nobody.
	NeedsGroups bool
}

// Where cases come from.
const (
	fromTini = "tini"
	fromDumb = "dumb-init"
	fromBoth = "tini, dumb-init"
	fromOurs = "Coffer"
)

// Cases lists them all.
func Cases() []Case {
	return []Case{
		{Name: "signals passed on", From: fromBoth, run: passOn,
			What: "each signal that asks for no end reaches the service once, and ends nothing"},
		{Name: "requests to stop", From: fromBoth, run: requests,
			What: "TERM, INT and QUIT each let the service end in its own way, and init ends with 0"},
		{Name: "signal to a start", From: fromOurs, run: earlyService,
			What: "TERM ends a service that is not ready yet, in its own way"},
		{Name: "signal to init's start", From: fromOurs, run: earlyInit, long: true,
			What: "TERM is obeyed from the first moment at which init can take it"},
		{Name: "exit code", From: fromBoth, run: exitCode,
			What: "init ends with the exit code of the service that cannot be helped"},
		{Name: "code of a signal", From: fromBoth, run: signalCode,
			What: "128+n when signal n ended that service"},
		{Name: "crash loop", From: fromOurs, run: crashLoop, needs: []ability{counts},
			What: "a service that never gets ready is given up after so many starts as was said, with its code"},
		{Name: "killed service", From: fromOurs, run: killedService, needs: []ability{restarts},
			What: "it is started again, and its neighbour notices nothing"},
		{Name: "out of memory", From: fromOurs, run: outOfMemory, needs: []ability{restarts}, NeedsGroups: true,
			What: "a service killed by the kernel for its memory is started again"},
		{Name: "orphan", From: fromBoth, run: orphan,
			What: "a process whose parent has ended leaves no zombie"},
		{Name: "1,000 orphans", From: fromTini, run: manyOrphans, long: true,
			What: "none of them is left as a zombie"},
		{Name: "exits in a storm", From: fromOurs, run: storm, needs: []ability{restarts}, long: true,
			What: "10,000 exits of services beside 10,000 orphans: each status known, no zombie"},
		{Name: "not PID 1", From: fromTini, run: notFirst,
			What: "below another PID 1 it starts, and stops with 0"},
		{Name: "orphans below PID 1", From: fromTini, run: subreaper,
			What: "below another PID 1 it adopts what its services leave"},
		{Name: "session of its own", From: fromDumb, run: session,
			What: "what a service started in a session of its own has ended when init has"},
		{Name: "double fork", From: fromDumb, run: double,
			What: "what a service forked away twice has ended when init has"},
		{Name: "stdout held", From: fromOurs, run: heldOutput, needs: []ability{restarts},
			What: "the end of a service is seen while a grandchild holds its output"},
		{Name: "descriptors kept back", From: fromOurs, run: descriptorLeak,
			What: "a service gets none of those that init was started with"},
		{Name: "environment kept back", From: fromOurs, run: environmentLeak,
			What: "a service gets none of what init was started with"},
		{Name: "groups kept back", From: fromOurs, run: groupLeak,
			What: "a service that runs as nobody has no group of root's"},
		{Name: "stuck log reader", From: fromOurs, run: stuckReader,
			What: "a chatty service goes on, and init stops in time"},
		{Name: "full disk", From: fromOurs, run: fullDisk, needs: []ability{keeps},
			What: "a chatty service goes on, and its log goes on once there is room"},
		{Name: "start and stop", From: fromOurs, run: cycles, needs: []ability{controls}, long: true,
			What: "1,000 times: each start new, no descriptor and no zombie more than before"},
		{Name: "order of starting", From: fromOurs, run: readiness, needs: []ability{orders},
			What: "a service is started once the one that it needs is ready"},
		{Name: "order of stopping", From: fromOurs, run: reverse, needs: []ability{orders},
			What: "a service is asked to end once those that need it have ended"},
		{Name: "patience beside an end", From: fromOurs, run: sibling,
			What: "a service has its time to end although another has ended"},
		{Name: "stopped service", From: fromDumb, run: held,
			What: "one that SIGSTOP holds ends in its own way"},
		{Name: "deaf service", From: fromOurs, run: deaf,
			What: "one that ignores TERM is killed, and init ends within 8 s"},
		{Name: "second request", From: fromOurs, run: hurry,
			What: "a second TERM shortens the wait for one that ignores it"},
	}
}
