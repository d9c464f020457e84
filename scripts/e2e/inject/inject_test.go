//go:build linux && amd64

package inject

import (
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A process without confinement is allowed what it asks for, a missing file is
// told as such, and it goes on as if nothing had happened.
func TestInto(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("stopping another process needs root")
	}
	cmd := exec.Command("sleep", "3")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until it sleeps in the kernel
	err := Into(cmd.Process.Pid, func(target *Target) error {
		if pid, err := target.Call(unix.SYS_GETPID); err != nil || int(pid) != cmd.Process.Pid {
			t.Errorf("getpid answers %d, %v; want %d", pid, err, cmd.Process.Pid)
		}
		for _, c := range []struct {
			try  Try
			want error
		}{
			{Socket("tcp", unix.AF_INET, unix.SOCK_STREAM), nil},
			{Socket("no such family", 9999, unix.SOCK_STREAM), unix.EAFNOSUPPORT},
			{Open("/etc/hostname"), nil},
			{Open("/no/such/file"), unix.ENOENT},
			{Connect("/no/such/socket"), unix.ENOENT},
			{Call("bad descriptor", unix.SYS_CLOSE, 999), unix.EBADF},
			{Execute("/no/such/program"), unix.ENOENT},
		} {
			if err := c.try.Do(target); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.try.Name, err, c.want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the process did not end as it would have: %v", err)
	}
}
