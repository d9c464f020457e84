package confine

import (
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"golang.org/x/sys/unix"
)

// calls is one profile: names allowed as they are, and one call whose
// arguments are judged.
type calls struct {
	plain  []string
	judged []seccomp.NameWithConditions
}

// calls returns the list of a profile. None has: sockets of other families,
// io_uring, ptrace, mount, bpf, keyctl, perf_event_open, userfaultfd, setns,
// unshare, setuid and its kin, module and time setting calls.
func (p Profile) calls() (calls, bool) {
	unixOut := sockets([]int{unix.AF_UNIX}, []int{unix.SOCK_STREAM}, []int{0})
	switch p {
	case ProfileAPI:
		return calls{
			slices.Concat(runtimeCalls, readCalls, writeCalls, streamCalls, acceptCalls, connectCalls, startCalls),
			unixOut,
		}, true
	case ProfileWorker:
		return calls{
			slices.Concat(runtimeCalls, readCalls, streamCalls, connectCalls, startCalls),
			unixOut,
		}, true
	case ProfileParser:
		return calls{
			slices.Concat(runtimeCalls, readCalls, writeCalls, streamCalls, acceptCalls, startCalls, parentCalls, confineCalls),
			nil,
		}, true
	case ProfileChild:
		return calls{without(runtimeCalls, limitCalls), clone(seccomp.BitsSet, unix.CLONE_THREAD)}, true
	case ProfileEgress:
		// Neither bind nor listen: what it opens can only go out. Names are asked
		// for over UDP, and over TCP when an answer is long.
		inet := []int{unix.AF_INET, unix.AF_INET6}
		return calls{
			slices.Concat(runtimeCalls, readCalls, streamCalls, acceptCalls, connectCalls, startCalls),
			slices.Concat(
				sockets(inet, []int{unix.SOCK_STREAM}, []int{0, unix.IPPROTO_TCP}),
				sockets(inet, []int{unix.SOCK_DGRAM}, []int{0, unix.IPPROTO_UDP})),
		}, true
	case ProfileNginx:
		tcp := sockets([]int{unix.AF_INET, unix.AF_INET6}, []int{unix.SOCK_STREAM}, []int{0, unix.IPPROTO_TCP})
		return calls{
			slices.Concat(runtimeCalls, readCalls, writeCalls, streamCalls, acceptCalls, connectCalls, startCalls, parentCalls, nginxCalls),
			slices.Concat(unixOut, tcp),
		}, true
	}
	return calls{}, false
}

// without returns what is in names and not in others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(others, n) })
}

var (
	// limitCalls set limits of any process of the same user, so that a child
	// would reach its parent and the readers beside it.
	limitCalls = []string{"getrlimit", "prlimit64"}
	// runtimeCalls is what a Go or C program needs to run at all, on
	// descriptors that are open already.
	runtimeCalls = []string{
		"read", "write", "readv", "writev", "close", "lseek", "fstat", "fcntl", "poll", "ppoll",
		"mmap", "munmap", "mremap", "mprotect", "madvise", "mincore", "brk",
		"futex", "sched_yield", "sched_getaffinity", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time",
		"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "sigaltstack", "restart_syscall",
		"getpid", "gettid", "getppid", "tgkill", "getrandom", "uname", "sysinfo", "getrusage", "times",
		"epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd2", "pipe2",
		"set_robust_list", "get_robust_list", "set_tid_address", "rseq", "arch_prctl", "prctl", "membarrier",
		"getrlimit", "prlimit64", "getuid", "geteuid", "getgid", "getegid", "exit", "exit_group",
	}
	// readCalls open and look at files; Landlock says which.
	readCalls = []string{
		"open", "openat", "stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2",
		"readlink", "readlinkat", "getdents64", "getcwd", "pread64", "preadv", "fadvise64", "statfs", "fstatfs",
		"dup", "dup2", "dup3", "umask", "chdir",
	}
	// writeCalls change files; Landlock says which.
	writeCalls = []string{
		"pwrite64", "pwritev", "ftruncate", "fsync", "fdatasync", "syncfs", "sync_file_range", "fallocate", "flock", "msync",
		"mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2",
		"chmod", "fchmod", "fchmodat", "utimensat", "sendfile", "copy_file_range", "splice",
	}
	// streamCalls use a connected socket.
	streamCalls = []string{
		"recvfrom", "sendto", "recvmsg", "sendmsg", "shutdown",
		"getsockname", "getpeername", "getsockopt", "setsockopt",
	}
	// acceptCalls take connections from a socket that listens already.
	acceptCalls = []string{"accept", "accept4"}
	// connectCalls reach a socket; socket(2) says of which family.
	connectCalls = []string{"connect"}
	// startCalls are threads and processes, the stub's exec, and seccomp for
	// giving both up (GiveUpExec).
	startCalls = []string{"clone", "execve", "seccomp"}
	// parentCalls look after own children.
	parentCalls = []string{
		"fork", "vfork", "wait4", "waitid", "kill", "pidfd_open", "pidfd_send_signal", "setpgid", "setsid", "close_range", "setrlimit",
	}
	// confineCalls are those of Child, which a parser child makes itself.
	confineCalls = []string{"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}
	// nginxCalls are its listeners, the channel to its workers, and what it
	// asks for at start.
	nginxCalls = []string{
		"bind", "listen", "socketpair", "ioctl", "rt_sigsuspend", "setitimer", "getpgrp", "getpgid", "setpriority",
		"pipe", "eventfd", "io_setup", "io_destroy", "futimesat", "utimes", "linkat", "link", "sched_setaffinity",
	}
)
