package posture

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/confine"
	"coffer/appliance/supervise"
)

// realRig is a rig whose probes are real.
func realRig(t *testing.T) *rig {
	t.Helper()
	needRoot(t)
	if cgo {
		t.Skip("SKIPPED: the program ships without cgo, and with it cannot be confined; run with CGO_ENABLED=0")
	}
	if have := confine.Probe().Landlock; have < 4 {
		t.Skipf("SKIPPED: the kernel has Landlock %d, this needs 4", have)
	}
	r := newRig(t)
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	r.Self = filepath.Join(r.dir, "program")
	must(t, os.WriteFile(r.Self, self, 0o755))
	must(t, os.Chmod(r.Self, 0o755))
	must(t, os.Chmod(filepath.Join(r.dir, "data", "secrets"), 0o755)) // Landlock alone keeps it
	must(t, os.Chmod(filepath.Join(r.dir, "data", "secrets", "session-key"), 0o444))
	clear(r.probes)
	return r
}

// TestProbes takes one line of a role's specification away: what the kernel
// then allows turns the check over.
func TestProbes(t *testing.T) {
	role := func(n int, f func(*rig, *Role)) func(*rig) { return func(r *rig) { f(r, &r.Roles[n]) } }
	data := role(2, func(r *rig, w *Role) { w.Files.Read = []string{r.Data} })
	rows := []struct {
		name string
		take func(*rig)
		id   string
		want Status
		says string
	}{
		{"worker", nil, "sandbox-worker", Pass, "EACCES"},
		{"worker with a folder of the volume", data, "sandbox-worker", Fail, "read"},
		{"worker with sockets", role(2, func(_ *rig, w *Role) { w.Profile = confine.ProfileNginx }), "sandbox-worker", Fail, "tcp"},
		{"parser", nil, "sandbox-parser", Pass, "EPERM"},
		{"parser with sockets", role(3, func(_ *rig, p *Role) { p.Profile = confine.ProfileAPI }), "sandbox-parser", Fail, "unix"},
		{"parser with a folder", role(3, func(r *rig, p *Role) { p.Files.Read = []string{r.Share} }), "sandbox-parser", Fail, "read"},
		{"control", nil, "supervisor-control", Pass, "refused"},
		{"egress", nil, "no-egress", Pass, "5 kinds"},
		{"egress of the API", role(1, func(_ *rig, a *Role) { a.Profile = confine.ProfileNginx }), "no-egress", Fail, "as the api"},
		{"egress that listens", role(4, func(_ *rig, e *Role) { e.Profile = confine.ProfileNginx }), "no-egress", Fail, "as the egress"},
		{"egress with a folder of the volume", role(4, func(r *rig, e *Role) { e.Files.Read = []string{r.Data} }), "no-egress", Fail, "read"},
	}
	for _, row := range rows {
		t.Run(strings.ReplaceAll(row.name, " ", "-"), func(t *testing.T) {
			r := realRig(t)
			r.inside = nothingInside
			if row.take != nil {
				row.take(r)
			}
			for _, c := range Claims() {
				if c.ID != row.id {
					continue
				}
				if got := c.check(r.look, t.Context()); got.Status != row.want || !strings.Contains(got.Evidence, row.says) {
					t.Errorf("%s: %s; want %s with %q", got.Status, got.Evidence, row.want, row.says)
				}
			}
		})
	}
}

func nothingInside(_ context.Context, _ Role, all []process) (map[string]Inside, error) {
	out := map[string]Inside{}
	for _, p := range all {
		out[strconv.Itoa(p.pid)] = Inside{}
	}
	return out, nil
}

// Init sees a service's environment and sockets although it may not trace it.
func TestLookInside(t *testing.T) {
	r := realRig(t)
	r.inside = nil
	role := r.Roles[2]
	c := exec.Command("/bin/sleep", "60")
	c.Env = []string{"KEY=0badc0de0badc0de"}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(role.UID), Gid: uint32(role.GID)}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	must(t, err)
	defer f.Close()
	c.ExtraFiles = []*os.File{f}
	must(t, c.Start())
	defer func() { c.Process.Kill(); c.Wait() }()
	in, err := r.insides(t.Context(), role, []process{{pid: c.Process.Pid}})
	must(t, err)
	got := in[strconv.Itoa(c.Process.Pid)]
	if got.Environ != "KEY=0badc0de0badc0de\x00" || len(got.Sockets) != 1 {
		t.Errorf("%+v", got)
	}
	// Another role's eyes see nothing.
	in, err = r.insides(t.Context(), r.Roles[3], []process{{pid: c.Process.Pid}})
	must(t, err)
	if got := in[strconv.Itoa(c.Process.Pid)]; got.Error == "" || got.Environ != "" {
		t.Errorf("another user sees %+v", got)
	}
	r.proc = os.DirFS("/proc")
	r.look.procs = func() (*processes, error) {
		return gather(r.proc, []supervise.Status{{Name: "worker", Pid: c.Process.Pid, State: supervise.Running}})
	}
	must(t, os.Chmod(filepath.Join(r.dir, "data", "secrets", "session-key"), 0o440))
	if f := r.secretsReaders(t.Context()); f.Status != Fail || !strings.Contains(f.Evidence, "environment of worker") {
		t.Errorf("%+v", f)
	}
	if f := r.noEgressSockets(t); !strings.Contains(f, "worker (pid ") {
		t.Errorf("the listener is not seen: %q", f)
	}
}

func (r *rig) noEgressSockets(t *testing.T) string {
	t.Helper()
	found, _, err := r.outbound(t.Context())
	must(t, err)
	return strings.Join(found, ", ")
}

// A check that hangs does not hold up the round, and a round tells changes.
func TestRounds(t *testing.T) {
	needRoot(t)
	held := make(chan struct{})
	defer close(held)
	f := within(t.Context(), 10*time.Millisecond, func(context.Context) Finding { <-held; return pass("") })
	if f.Status != Fail || !strings.Contains(f.Evidence, "did not end") {
		t.Errorf("%+v", f)
	}
	r := newRig(t)
	w := r.Watch
	if got := w.Fresh(t.Context()); !got.CheckedAt.IsZero() {
		t.Error("a report before the box is up")
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Run(ctx); close(done) }()
	w.Begin()
	w.Begin()
	first := w.Fresh(ctx)
	for n := 0; first.CheckedAt.IsZero() && n < 20; n++ {
		first = w.Fresh(ctx) // on a busy machine the first round takes longer than Fresh waits
	}
	if len(first.Items) != len(Claims()) || first.CheckedAt.IsZero() || first.Summary.Claims != 31 || first.Summary.Later != 3 {
		t.Errorf("%+v", first.Summary)
	}
	if again := w.Fresh(ctx); !again.CheckedAt.Equal(first.CheckedAt) {
		t.Error("it looks again at once")
	}
	r.DevMode, r.DevAcknowledged = true, true
	for _, i := range w.Now(ctx).Items {
		switch {
		case i.ID == "dev-mode" && (i.Status != Degraded || i.Remedy == ""):
			t.Errorf("%+v", i)
		case i.Status == Pass && i.Remedy != "":
			t.Errorf("%s passes and has a remedy", i.ID)
		case i.Later && i.Status != NotApplicable:
			t.Errorf("%s comes later and is %s", i.ID, i.Status)
		}
	}
	if !strings.Contains(r.logs.String(), "claim=dev-mode") {
		t.Errorf("it is not told:\n%s", r.logs)
	}
	stop()
	<-done
}

// A service that rests is not a service that was looked at.
func TestRestingParser(t *testing.T) {
	needRoot(t)
	r := newRig(t)
	if f := r.processIdentity(t.Context()); f.Status != Pass || !strings.Contains(f.Evidence, "parser is user 10004") {
		t.Fatalf("%+v", f)
	}
	delete(r.procs, "400/status")
	delete(r.procs, "401/status")
	resting := statuses()
	resting[3].Pid, resting[3].State = 0, supervise.Listening
	r.look.procs = func() (*processes, error) { return gather(r.proc, resting) }
	if f := r.processIdentity(t.Context()); f.Status != Pass || !strings.Contains(f.Evidence, "parser rests (at ") {
		t.Errorf("%+v", f)
	}
	if f := r.sandboxParser(t.Context()); f.Status != Pass || !strings.Contains(f.Evidence, "rests until it is needed") {
		t.Errorf("%+v", f)
	}
}
