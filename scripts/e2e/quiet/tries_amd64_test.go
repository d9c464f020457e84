package quiet

import (
	"context"
	"errors"
	"net/netip"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/inject"
)

// TestRefusedInside makes each kind of process try what the visitor does, with
// the same addresses: the kernel refuses it, and nothing is seen on the wire.
func TestRefusedInside(t *testing.T) {
	inside(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		wire := listen(t)
		began := time.Now()
		b := boot(ctx, t)
		for _, role := range []string{"nginx", "nginx-worker", "api", "worker", "parser", "parser-child"} {
			p, ok := box.Find(b.PID(), role)
			if role == "parser-child" {
				p, ok = box.ConfinedChild(ctx, b.PID())
			}
			if !ok {
				t.Errorf("no %s runs", role)
				continue
			}
			for name, err := range tried(t, p.PID) {
				t.Logf("%-13s %-24s %v", role, name, err)
				if err != unix.EPERM && err != unix.EACCES {
					t.Errorf("%s: %s: %v, want it refused by the kernel", role, name, err)
				}
			}
		}
		silent(t, wire.since(t, began))

		// The same calls are let, and seen, from a process that nothing confines.
		began = time.Now()
		free := exec.Command("sleep", "60")
		if err := free.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = errors.Join(free.Process.Kill(), free.Wait()) }()
		time.Sleep(200 * time.Millisecond) // until it sleeps in the kernel
		for name, err := range tried(t, free.Process.Pid) {
			if err != nil {
				t.Errorf("%s is refused to a free process: %v", name, err)
			}
		}
		seen := wire.since(t, began)
		for _, a := range append(lookups(), connections()...) {
			if !slices.ContainsFunc(seen, func(p packet) bool { return !p.local && p.to == a.to }) {
				t.Errorf("%s is not seen on the wire when it is let", a.name)
			}
		}
	})
}

type attempt struct {
	name string
	to   netip.AddrPort
}

func lookups() []attempt {
	return []attempt{
		{"ask for a name", netip.MustParseAddrPort(resolver + ":53")},
		{"ask for a name by IPv6", netip.MustParseAddrPort("[" + sinkAddress6 + "]:53")},
	}
}

func connections() []attempt {
	return []attempt{
		{"connect", netip.MustParseAddrPort(elsewhere + ":" + goneTo)},
		{"connect by IPv6", netip.MustParseAddrPort("[" + elsewhere6 + "]:" + goneTo)},
		{"ask for a name by TCP", netip.MustParseAddrPort(resolver + ":53")},
	}
}

// tried makes a process attempt all of it, and returns what the kernel said.
func tried(t *testing.T, pid int) map[string]error {
	t.Helper()
	said := map[string]error{}
	err := inject.Into(pid, func(target *inject.Target) error {
		if _, err := target.Call(unix.SYS_GETPID); err != nil {
			t.Fatalf("a harmless call is refused: %v", err)
		}
		for _, a := range lookups() {
			said[a.name] = inject.Send(a.name, a.to).Do(target)
		}
		for _, a := range connections() {
			said[a.name] = inject.Dial(a.name, a.to).Do(target)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return said
}
