package image

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/inject"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
	"coffer/services/extract/extracttest"
)

// Each process is made to try, itself, what its role has no business with.
func TestWhatProcessesCannotDo(t *testing.T) {
	tier.Need(t, tier.Image)
	c := start(t).owned(t)
	_, body := papers.Mixed(0)
	if _, err := c.Upload(within(t, time.Minute), "a.pdf", body); err != nil {
		t.Fatal(err)
	}
	internet := []inject.Try{
		inject.Socket("tcp socket", unix.AF_INET, unix.SOCK_STREAM),
		inject.Socket("udp socket", unix.AF_INET, unix.SOCK_DGRAM),
		inject.Socket("tcp6 socket", unix.AF_INET6, unix.SOCK_STREAM),
		inject.Socket("netlink socket", unix.AF_NETLINK, unix.SOCK_RAW),
		inject.Socket("packet socket", unix.AF_PACKET, unix.SOCK_RAW),
		inject.Socket("vsock socket", unix.AF_VSOCK, unix.SOCK_STREAM),
	}
	files := []inject.Try{
		inject.Open("/data"), inject.Open("/data/store/coffer.db"), inject.Open("/data/blobs"),
		inject.Open("/data/secrets/session-key"), inject.Open("/data/secrets/setup-code"),
		inject.Open("/etc/passwd"), inject.Open("/proc/1/environ"), inject.Open("/proc/1/mem"),
	}
	machine := []inject.Try{
		inject.Call("ptrace", unix.SYS_PTRACE, unix.PTRACE_SEIZE, 1),
		inject.Call("io_uring_setup", unix.SYS_IO_URING_SETUP, 1, 0),
		inject.Call("unshare a user namespace", unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		inject.Call("setuid", unix.SYS_SETUID, 0),
		inject.Call("bpf", unix.SYS_BPF, 0, 0, 0),
	}
	// Last, because where it is allowed it ends what was there.
	programs := []inject.Try{inject.Execute("/usr/bin/coffer"), inject.Execute("/bin/sh")}
	sockets := []inject.Try{
		inject.Connect("/run/coffer/api.sock"), inject.Connect("/run/coffer/control.sock"),
	}
	for _, r := range []struct {
		role  string
		tries [][]inject.Try
	}{
		{"worker", [][]inject.Try{internet, files, machine, sockets, programs}},
		{"parser", [][]inject.Try{internet, files, machine, sockets, programs[1:]}}, // it starts its children
		{"parser-child", [][]inject.Try{internet, files, machine, sockets,
			{inject.Socket("unix socket", unix.AF_UNIX, unix.SOCK_STREAM)}, programs}},
		{"parser-child unpack", [][]inject.Try{internet, files, machine, sockets,
			{inject.Socket("unix socket", unix.AF_UNIX, unix.SOCK_STREAM)}, programs}},
		{"api", [][]inject.Try{internet, files[5:], machine, sockets[1:], programs}},
	} {
		t.Run(r.role, func(t *testing.T) {
			role, args, _ := strings.Cut(r.role, " ")
			if args == "unpack" {
				c.unpacks(t)
			}
			pid := c.process(t, role).PID
			if role == "parser-child" {
				child, ok := box.ConfinedChild(within(t, time.Minute), c.pid(t), strings.Fields(args)...)
				if !ok {
					t.Fatal("no child of the parser confines itself")
				}
				pid = child.PID
			}
			err := inject.Into(pid, func(target *inject.Target) error {
				if _, err := target.Call(unix.SYS_GETPID); err != nil {
					t.Fatalf("a harmless call is refused: %v", err)
				}
				for _, try := range slices.Concat(r.tries...) {
					err := try.Do(target)
					t.Logf("%-40s %v", try.Name, err)
					if !refused(err) {
						t.Errorf("%s: %v, want it refused by the kernel", try.Name, err)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// unpacks gives the box an archive that takes a while: its documents are more
// than pipes and sockets hold, or what takes it apart is done at once.
func (c *container) unpacks(t *testing.T) {
	t.Helper()
	const documents, lines = 300, 6000
	var members []extracttest.Member
	for n := range documents {
		members = append(members, extracttest.Member{Name: fmt.Sprintf("%d.txt", n), Text: fmt.Sprintf("number %d ", n) + strings.Repeat("and so on, ", lines)})
	}
	if _, err := c.Upload(within(t, time.Minute), "many.tgz", extracttest.Gzip(t, extracttest.Tar(t, members...))); err != nil {
		t.Fatal(err)
	}
}

// refused tells a refusal from a thing that is missing for other reasons, which
// would prove nothing.
func refused(err error) bool {
	return err == unix.EPERM || err == unix.EACCES
}
