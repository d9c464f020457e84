package confine

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"coffer/weaken"
)

// Enter is the spawn stub: it reads the spec from descriptor fd, becomes what
// it says and executes the program. It returns only when a step fails; then
// the process is half confined and must end.
//
// The order matters: what needs root comes before the user changes, Landlock
// and seccomp need no-new-privileges, and seccomp comes last because it also
// refuses the steps before it.
func Enter(fd int) error {
	// Limits that belong to a thread stay with the one that executes.
	runtime.LockOSThread()

	s, err := readSpec(fd)
	if err != nil {
		return err
	}
	unix.Umask(0o027)
	if s.Dir == "" {
		s.Dir = "/"
	}
	if err := os.Chdir(s.Dir); err != nil {
		return err
	}
	steps := []struct {
		name string
		do   func() error
	}{
		{"stdio", s.ownStdio},
		{"limits", s.limit},
		{"user", s.becomeUser},
		{"parent", followParent},
		{"no-new-privileges", s.noNewPrivileges},
		{"landlock", s.restrict},
		{"descriptors", s.closeOthers},
		{"seccomp", s.Profile.install},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return fmt.Errorf("execute %s: %w", s.Path, syscall.Exec(s.Path, s.Args, s.Env))
}

// ownStdio gives the output pipes to the role, because nginx opens
// /dev/stdout and /dev/stderr again by name. Only pipes: a file or terminal
// that init was started with keeps its owner.
func (s Spec) ownStdio() error {
	if s.UID == 0 {
		return nil
	}
	for _, fd := range []int{1, 2} {
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return err
		}
		if st.Mode&unix.S_IFMT != unix.S_IFIFO {
			continue
		}
		if err := unix.Fchown(fd, s.UID, s.GID); err != nil {
			return err
		}
	}
	return nil
}

func (s Spec) limit() error {
	if err := syscall.Setrlimit(unix.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return err
	}
	if s.OpenFiles == 0 {
		return nil
	}
	var now syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
		return err
	}
	n := min(s.OpenFiles, now.Max)
	return syscall.Setrlimit(unix.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n})
}

// followParent ends the role when init is killed outright. Outside a container
// nothing else would.
func followParent() error {
	if os.Getppid() == 1 {
		return nil // the kernel ends everything with PID 1
	}
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGTERM), 0, 0, 0)
}

func (s Spec) noNewPrivileges() error {
	if s.Profile == ProfileNginx && weaken.Without(weaken.NewPrivileges) {
		return nil
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

func (s Spec) restrict() error {
	if s.Profile.unrestricted() {
		return nil
	}
	return s.Files.enforce()
}

// closeOthers marks everything above the handed descriptors to close on exec.
// They are open until then: the runtime still polls.
func (s Spec) closeOthers() error {
	first := uint(3 + s.Descriptors)
	err := unix.CloseRange(first, ^uint(0)>>32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil || err != unix.ENOSYS {
		return err
	}
	entries, err := os.ReadDir("/proc/self/fd") // kernels before 5.11
	if err != nil {
		return err
	}
	for _, e := range entries {
		var fd uint
		if _, err := fmt.Sscan(e.Name(), &fd); err == nil && fd >= first {
			unix.CloseOnExec(int(fd))
		}
	}
	return nil
}
