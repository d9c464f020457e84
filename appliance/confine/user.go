package confine

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"

	"coffer/weaken"
)

// needed are the capabilities that init keeps as root, with what for.
var needed = []capability{
	{unix.CAP_CHOWN, "CHOWN"},               // sockets and folders to their roles
	{unix.CAP_DAC_OVERRIDE, "DAC_OVERRIDE"}, // folders that are 0700 to a role
	{unix.CAP_FOWNER, "FOWNER"},             // modes of files that roles own
	{unix.CAP_KILL, "KILL"},                 // stop processes of other users
	{unix.CAP_SETUID, "SETUID"},             // become a role
	{unix.CAP_SETGID, "SETGID"},             //
	{unix.CAP_SETPCAP, "SETPCAP"},           // empty a role's bounding set
}

type capability struct {
	number int
	name   string
}

// ErrNoSwitch is returned by Trim as root that cannot become another user.
var ErrNoSwitch = errors.New("root here cannot switch users")

// Switches reports that roles run as users of their own: this is root.
func Switches() bool { return os.Geteuid() == 0 }

// Trim drops the capabilities that init does not need from all its threads. As
// root without the ones it does need it returns an error that wraps
// ErrNoSwitch and names both remedies. Without root it drops them all.
func Trim() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&header, &have[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	var keep [2]unix.CapUserData
	if Switches() {
		var missing []string
		for _, c := range needed {
			bit := uint32(1) << (c.number % 32)
			if have[c.number/32].Permitted&bit == 0 {
				missing = append(missing, c.name)
				continue
			}
			keep[c.number/32].Permitted |= bit
			keep[c.number/32].Effective |= bit
		}
		if len(missing) > 0 {
			return fmt.Errorf("%w: it lacks %s; add them (--cap-add %s), or run without root (--user 1000:1000)",
				ErrNoSwitch, strings.Join(missing, ", "), strings.Join(missing, " --cap-add "))
		}
	}
	if Switches() {
		// An executed program of root gets all that the bounding set has.
		for c := 0; ; c++ {
			if keep[min(c/32, 1)].Permitted&(1<<(c%32)) != 0 && c < 64 {
				continue
			}
			_, _, e := psx.Syscall6(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0, 0)
			if e == unix.EINVAL {
				break // past the last one this kernel knows
			}
			if e != 0 {
				return fmt.Errorf("bounding set: %w", e)
			}
		}
	}
	return setCapabilities(&keep)
}

// setCapabilities sets all sets of all threads; inheritable and ambient end
// empty.
func setCapabilities(sets *[2]unix.CapUserData) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if _, _, e := psx.Syscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0); e != 0 && e != unix.EINVAL {
		return fmt.Errorf("ambient capabilities: %w", e)
	}
	if _, _, e := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets[0])), 0); e != 0 {
		return fmt.Errorf("capabilities: %w", e)
	}
	return nil
}

// becomeUser leaves the groups of root, empties the bounding set, becomes the
// role's user and gives up what capabilities are left.
func (s Spec) becomeUser() error {
	if s.UID != 0 {
		for c := uintptr(0); !weaken.Without(weaken.BoundingSet); c++ {
			err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
			if err == unix.EINVAL {
				break // past the last one this kernel knows
			}
			if err != nil {
				return fmt.Errorf("bounding set: %w", err)
			}
		}
		if !weaken.Without(weaken.Groups) {
			if err := syscall.Setgroups(nil); err != nil {
				return fmt.Errorf("groups: %w", err)
			}
		}
		if err := syscall.Setresgid(s.GID, s.GID, s.GID); err != nil {
			return fmt.Errorf("gid %d: %w", s.GID, err)
		}
		if s.Profile == ProfileWorker && weaken.Without(weaken.WorkerUser) {
			s.UID = 0
		}
		if err := syscall.Setresuid(s.UID, s.UID, s.UID); err != nil {
			return fmt.Errorf("uid %d: %w", s.UID, err)
		}
	}
	return setCapabilities(&[2]unix.CapUserData{})
}
