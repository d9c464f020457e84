package confine

import (
	"fmt"
	"runtime"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"

	"coffer/weaken"
)

// Profile names the system calls of a kind of role. Each is an allow-list;
// everything else, and every call through a foreign architecture (i386, x32),
// is refused with EPERM.
type Profile string

// The profiles.
const (
	ProfileNginx  Profile = "nginx"        // TCP listeners, its own workers
	ProfileAPI    Profile = "api"          // files, unix sockets
	ProfileWorker Profile = "worker"       // unix connections out, nothing else
	ProfileParser Profile = "parser"       // accepts, starts children
	ProfileChild  Profile = "parser-child" // reads and writes what is open
	ProfileEgress Profile = "egress"       // accepts, reads files, internet sockets that go out
)

// notThere makes callers fall back to an older call, which the list can judge:
// a filter cannot see the flags of clone3.
const notThere = seccomp.ActionErrno | seccomp.Action(unix.ENOSYS)

// install puts the profile's filters on the calling thread; the program that
// it executes next inherits them. The kernel applies the strictest answer.
func (p Profile) install() error {
	policies, err := p.policies()
	if err != nil {
		return err
	}
	for _, policy := range policies {
		if p.unfiltered() {
			break
		}
		if err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Policy: policy}); err != nil {
			return err
		}
	}
	return nil
}

// policies returns the filters of a profile, the strictest last, because it
// may refuse to load more. A filter judges the arguments of one call only, in
// its last group: the library goes on with the argument where the number of
// the call was, once a judgement failed.
func (p Profile) policies() ([]seccomp.Policy, error) {
	list, ok := p.calls()
	if !ok {
		return nil, fmt.Errorf("no profile %q", p)
	}
	a, err := arch.GetInfo("")
	if err != nil {
		return nil, err
	}
	return []seccomp.Policy{
		{
			DefaultAction: seccomp.ActionAllow,
			Syscalls:      []seccomp.SyscallGroup{{NamesWithCondtions: namespaces(), Action: seccomp.ActionErrno}},
		},
		{
			DefaultAction: seccomp.ActionErrno,
			Syscalls: []seccomp.SyscallGroup{
				{Names: known(a, "clone3"), Action: notThere},
				{Names: known(a, list.plain...), NamesWithCondtions: list.judged, Action: seccomp.ActionAllow},
			},
		},
	}, nil
}

// known drops names that this architecture does not have (arm64 has no open or
// fork) and repeated ones.
func known(a *arch.Info, names ...string) []string {
	seen := map[string]bool{}
	var out []string
	for _, n := range names {
		if _, ok := a.SyscallNames[n]; ok && !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// GiveUpExec takes from the running process the right to execute programs and
// to fork, for good. A role calls it once it runs: the stub's own exec needed
// it until then. New threads stay possible.
func GiveUpExec() error {
	if weaken.Without(weaken.Exec) {
		return nil
	}
	a, err := arch.GetInfo("")
	if err != nil {
		return err
	}
	return everyThread(seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls: []seccomp.SyscallGroup{
			{Names: known(a, "clone3"), Action: notThere},
			{
				Names:              known(a, "fork", "vfork", "execve", "execveat"),
				NamesWithCondtions: clone(seccomp.BitsNotSet, unix.CLONE_THREAD),
				Action:             seccomp.ActionErrno,
			},
		},
	})
}

// everyThread installs a filter on all threads of the process.
func everyThread(p seccomp.Policy) error {
	// One thread asks for all; the kernel gives the others its filters and its
	// no-new-privileges.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: p})
}

// clone matches clone(2) by its flags.
func clone(op seccomp.Operation, flags uint64) []seccomp.NameWithConditions {
	return []seccomp.NameWithConditions{{
		Name:       "clone",
		Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: op, Value: flags}},
	}}
}

// namespaces matches clone with the flag of any new namespace.
func namespaces() []seccomp.NameWithConditions {
	return clone(seccomp.BitsSet, unix.CLONE_NEWNS|unix.CLONE_NEWCGROUP|unix.CLONE_NEWUTS|unix.CLONE_NEWIPC|
		unix.CLONE_NEWUSER|unix.CLONE_NEWPID|unix.CLONE_NEWNET)
}

// sockets allows socket(2) for the families and types given, with the flags
// that do not matter. A protocol other than the family's own is refused:
// multipath TCP would pass Landlock by.
func sockets(families []int, types []int, protocols []int) []seccomp.NameWithConditions {
	var out []seccomp.NameWithConditions
	for _, family := range families {
		for _, typ := range types {
			for _, flags := range []int{0, unix.SOCK_CLOEXEC, unix.SOCK_NONBLOCK, unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK} {
				for _, protocol := range protocols {
					out = append(out, seccomp.NameWithConditions{Name: "socket", Conditions: seccomp.ArgumentConditions{
						{Argument: 0, Operation: seccomp.Equal, Value: uint64(family)},
						{Argument: 1, Operation: seccomp.Equal, Value: uint64(typ | flags)},
						{Argument: 2, Operation: seccomp.Equal, Value: uint64(protocol)},
					}})
				}
			}
		}
	}
	return out
}
