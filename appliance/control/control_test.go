package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"coffer/appliance/certs"
	"coffer/appliance/https"
	"coffer/appliance/journal"
	"coffer/appliance/ledger"
	"coffer/appliance/posture"
	"coffer/appliance/servicetoken"
	"coffer/appliance/sockets"
	"coffer/appliance/supervise"
)

// The test binary asks for the status when its first argument is "ask".
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "ask" {
		_, err := Ask(context.Background(), os.Args[2], Request{Ask: AskStatus})
		fmt.Print(err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type box struct {
	restarted []string
	changed   []https.Change
}

func (b *box) Sweep(_ context.Context, request []byte) ([]byte, error) {
	return []byte(strings.ReplaceAll(string(request), "secret", "gone")), nil
}

func (b *box) HTTPS(context.Context) (https.State, error) {
	return https.State{Mode: https.SelfSigned, Port: 8443}, nil
}

func (b *box) ChangeHTTPS(_ context.Context, c https.Change) error {
	b.changed = append(b.changed, c)
	if string(c.Key) == "wrong" {
		return errors.Join(&certs.Fault{Code: certs.Mismatch, Part: certs.OfKey, What: "it does not fit", Remedy: "Give another."}, nil)
	}
	return nil
}

// Texts are swept for the API, also long ones, and for nobody else.
func TestSweep(t *testing.T) {
	_, run := serveAt(t, APIDoor(os.Geteuid()), BoxSocket)
	long := `"` + strings.Repeat("x", 2<<20) + `secret"`
	got, err := Sweep(t.Context(), BoxSocket(run, -1).Path, []byte(long))
	if err != nil || len(got) != len(long)-2 || strings.Contains(string(got), "secret") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := Sweep(t.Context(), BoxSocket(run, -1).Path, []byte(`"`+strings.Repeat("x", maxSweep)+`"`)); err == nil {
		t.Error("any length is read")
	}
	_, run = serve(t)
	if _, err := Sweep(t.Context(), Socket(run).Path, []byte(`"secret"`)); err == nil || !strings.Contains(err.Error(), "nothing answers") {
		t.Errorf("%v", err)
	}
}

func TestHTTPS(t *testing.T) {
	b, run := serveAt(t, APIDoor(os.Geteuid()), BoxSocket)
	at := BoxSocket(run, -1).Path
	if s, err := HTTPS(t.Context(), at, nil); err != nil || s.Mode != https.SelfSigned || s.Port != 8443 || len(b.changed) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
	long := bytes.Repeat([]byte{0, 0xff}, certs.MaxPEM/2+1) // larger than it may be, and no text: told by who judges it
	if s, err := HTTPS(t.Context(), at, &https.Change{Mode: https.Uploaded, Chain: long, Key: long}); err != nil || s.Port != 8443 {
		t.Errorf("%+v, %v", s, err)
	}
	if len(b.changed) != 1 || !bytes.Equal(b.changed[0].Chain, long) || !bytes.Equal(b.changed[0].Key, long) {
		t.Errorf("%d changes arrived", len(b.changed))
	}
	_, err := HTTPS(t.Context(), at, &https.Change{Key: []byte("wrong")})
	if f, ok := errors.AsType[*certs.Fault](err); !ok || f.Code != certs.Mismatch || f.Part != certs.OfKey || f.What != "it does not fit" || f.Remedy != "Give another." {
		t.Errorf("%v", err)
	}
}

func (b *box) Status(context.Context) ([]supervise.Status, error) {
	return []supervise.Status{{Name: "api", State: supervise.Running, Pid: 7}}, nil
}

func (b *box) Restart(_ context.Context, name string) error {
	if name != "api" {
		return fmt.Errorf("%w: %q", supervise.ErrUnknown, name)
	}
	b.restarted = append(b.restarted, name)
	return nil
}

func (b *box) Doctor(context.Context) (posture.Report, error) {
	return posture.Report{Items: []posture.Item{{ID: "now"}}}, nil
}

func (b *box) Posture(context.Context) (posture.Report, error) {
	return posture.Report{Items: []posture.Item{{ID: "last"}}}, nil
}

func (b *box) Fresh(context.Context) (posture.Report, error) {
	return posture.Report{Items: []posture.Item{{ID: "fresh"}}}, nil
}

func (b *box) Logs(_ context.Context, q journal.Query, _ bool) (journal.Page, error) {
	switch {
	case q.Service == "shell":
		return journal.Page{}, fmt.Errorf("%w: shell; there is api", journal.ErrUnknown)
	case q.Limit == 0:
		return journal.Page{}, fmt.Errorf("%w: no lines", journal.ErrQuery)
	}
	return journal.Page{Lines: []journal.Line{{Service: q.Service, Text: "a line"}}}, nil
}

func (b *box) Outgoing(context.Context) (ledger.Report, error) {
	return ledger.Report{Purposes: []ledger.Purpose{{Name: "acme"}}, Lines: []ledger.Line{{Purpose: "acme", Destination: "ca.example:443"}}}, nil
}

func (b *box) Seal(_ context.Context, recipient string) ([]byte, error) {
	return []byte("sealed to " + recipient), nil
}

func (b *box) ServiceToken(_ context.Context, c *servicetoken.Change) (servicetoken.Seen, error) {
	if c == nil {
		return servicetoken.Seen{There: true, Sum: []byte("sum")}, nil
	}
	return servicetoken.Seen{There: c.Key != "", Sum: []byte(c.Key)}, nil
}

// The API has its key put into the file for scripts; nobody else asks.
func TestServiceToken(t *testing.T) {
	_, run := serveAt(t, APIDoor(0), func(run string, gid int) sockets.Spec { return BoxSocket(run, gid) })
	at := BoxSocket(run, -1).Path
	if got, err := ServiceToken(t.Context(), at, nil); err != nil || string(got.Sum) != "sum" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ServiceToken(t.Context(), at, &servicetoken.Change{Key: "key"}); err != nil || string(got.Sum) != "key" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ServiceToken(t.Context(), at, &servicetoken.Change{}); err != nil || got.There {
		t.Errorf("%+v, %v", got, err)
	}
	_, run = serve(t)
	if _, err := ServiceToken(t.Context(), Socket(run).Path, nil); err == nil {
		t.Error("the owner's door tells of it")
	}
}

// What init keeps is sealed for the API, which makes backups; nobody else asks.
func TestSeal(t *testing.T) {
	_, run := serveAt(t, APIDoor(0), func(run string, gid int) sockets.Spec { return BoxSocket(run, gid) })
	got, err := Seal(t.Context(), BoxSocket(run, -1).Path, "age1owner")
	if err != nil || string(got) != "sealed to age1owner" {
		t.Errorf("%q, %v", got, err)
	}
	_, run = serve(t)
	if got, err := Seal(t.Context(), Socket(run).Path, "age1owner"); err == nil {
		t.Errorf("the owner's door gave %q", got)
	}
}

func TestOutgoing(t *testing.T) {
	_, run := serve(t)
	got, err := Outgoing(t.Context(), Socket(run).Path)
	if err != nil || len(got.Purposes) != 1 || len(got.Lines) != 1 || got.Lines[0].Destination != "ca.example:443" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestLogs(t *testing.T) {
	_, run := serve(t)
	page, err := Logs(t.Context(), Socket(run).Path, journal.Query{Service: "api", Limit: 1}, false)
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Service != "api" {
		t.Errorf("%+v, %v", page, err)
	}
	_, err = Logs(t.Context(), Socket(run).Path, journal.Query{Service: "shell", Limit: 1}, false)
	if !errors.Is(err, journal.ErrUnknown) || !strings.Contains(err.Error(), "there is api") {
		t.Errorf("unknown: %v", err)
	}
	if _, err := Logs(t.Context(), Socket(run).Path, journal.Query{}, true); !errors.Is(err, journal.ErrQuery) {
		t.Errorf("no query: %v", err)
	}
}

func serve(t *testing.T) (*box, string) {
	t.Helper()
	return serveAt(t, OwnerDoor(), func(run string, _ int) sockets.Spec { return Socket(run) })
}

func serveAt(t *testing.T, d Door, at func(run string, gid int) sockets.Spec) (*box, string) {
	t.Helper()
	run, err := os.MkdirTemp("", "c")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	set, err := sockets.Bind(at(run, -1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	f, err := set.File(at(run, -1).Name)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b, done := &box{}, make(chan error, 1)
	go func() { done <- Serve(ctx, l.(*net.UnixListener), d, b, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return b, run
}

func TestAsk(t *testing.T) {
	b, run := serve(t)
	all, err := Ask(t.Context(), run, Request{Ask: AskStatus})
	if err != nil || len(all) != 1 || all[0].Pid != 7 {
		t.Errorf("status: %+v, %v", all, err)
	}
	if _, err := Ask(t.Context(), run, Request{Ask: AskRestart, Service: "api"}); err != nil || len(b.restarted) != 1 {
		t.Errorf("restart: %v, %v", b.restarted, err)
	}
	for _, r := range []Request{{Ask: AskRestart, Service: "init"}, {Ask: AskRestart}, {Ask: "exec"}, {}} {
		if _, err := Ask(t.Context(), run, r); err == nil {
			t.Errorf("%+v is granted", r)
		}
	}
	if _, err := Ask(t.Context(), t.TempDir(), Request{Ask: AskStatus}); err == nil || !strings.Contains(err.Error(), "running") {
		t.Errorf("no box: %v", err)
	}
}

func TestMalformedRequests(t *testing.T) {
	_, run := serve(t)
	for _, text := range []string{"", "\n", "nonsense\n", "[]\n", `{"ask":1}` + "\n", strings.Repeat("x", maxRequest+10) + "\n"} {
		conn, err := net.Dial("unix", filepath.Join(run, "control.sock"))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, text)
		conn.(*net.UnixConn).CloseWrite()
		answer, _ := io.ReadAll(conn)
		conn.Close()
		if !strings.Contains(string(answer), `"error"`) && len(text) < maxRequest {
			t.Errorf("%.20q is answered %q", text, answer)
		}
	}
}

func TestOnlyRootAndTheRunnerAreTrusted(t *testing.T) {
	for _, row := range []struct {
		peer uint32
		me   int
		ok   bool
	}{{0, 0, true}, {0, 1000, true}, {1000, 1000, true}, {1000, 0, false}, {10002, 0, false}, {1001, 1000, false}, {^uint32(0), 0, false}} {
		if err := OwnerDoor().judge(row.peer, row.me); (err == nil) != row.ok {
			t.Errorf("user %d to a box of %d: %v", row.peer, row.me, err)
		}
	}
	_, run := serve(t)
	if st, err := os.Stat(filepath.Join(run, "control.sock")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
}

// Even where the socket's mode fails to keep a stranger out, the kernel says
// who it is.
func TestStrangersAreRefusedByTheirCredentials(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: becoming a stranger needs root")
	}
	_, run := serve(t)
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(run, "program")
	if err := errors.Join(os.Chmod(run, 0o755), os.WriteFile(program, self, 0o755), os.Chmod(program, 0o755)); err != nil {
		t.Fatal(err)
	}
	ask := func(uid uint32) string {
		cmd := exec.Command(program, "ask", run)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	if got := ask(10002); !strings.Contains(got, "only root") {
		t.Errorf("by the mode: %q", got)
	}
	os.Chmod(filepath.Join(run, "control.sock"), 0o666)
	if got := ask(10002); !strings.Contains(got, "user 10002 may not") {
		t.Errorf("by the credentials: %q", got)
	}
	if got := ask(0); got != "<nil>" {
		t.Errorf("root: %q", got)
	}
}

// The API may ask how the box is, and nothing else.
func TestTheAPIsDoor(t *testing.T) {
	d := APIDoor(10002)
	for _, row := range []struct {
		peer uint32
		me   int
		ok   bool
	}{{10002, 0, true}, {0, 0, true}, {1000, 1000, true}, {10003, 0, false}, {10001, 0, false}, {^uint32(0), 0, false}} {
		if err := d.judge(row.peer, row.me); (err == nil) != row.ok {
			t.Errorf("user %d to a box of %d: %v", row.peer, row.me, err)
		}
	}
	b, run := serveAt(t, d, BoxSocket)
	path := BoxSocket(run, -1).Path
	for fresh, want := range map[bool]string{false: "last", true: "fresh"} {
		r, err := Report(t.Context(), path, Request{Ask: AskPosture, Fresh: fresh})
		if err != nil || len(r.Items) != 1 || r.Items[0].ID != want {
			t.Errorf("%+v, %v", r, err)
		}
	}
	for _, r := range []Request{{Ask: AskRestart, Service: "api"}, {Ask: AskDoctor}, {Ask: "exec"}, {}} {
		if _, err := Exchange(t.Context(), path, r); err == nil {
			t.Errorf("%+v is granted", r)
		}
	}
	if len(b.restarted) > 0 {
		t.Error("the API restarted a service")
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o660 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
}

func TestDoctorIsAsked(t *testing.T) {
	_, run := serve(t)
	r, err := Report(t.Context(), Socket(run).Path, Request{Ask: AskDoctor})
	if err != nil || len(r.Items) != 1 || r.Items[0].ID != "now" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Report(t.Context(), Socket(run).Path, Request{Ask: AskStatus}); err == nil {
		t.Error("a status passes for a report")
	}
}
