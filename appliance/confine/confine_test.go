package confine

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const testUID = 10099

// role is a Spec for the test program; as root it becomes another user.
func role(program string, p Profile, f Files) *Spec {
	f.Exec = append(f.Exec, program)
	s := &Spec{Profile: p, Files: f, Env: []string{"ONLY=this"}}
	if os.Geteuid() == 0 {
		s.UID, s.GID = testUID, testUID
	}
	return s
}

func needLandlock(t *testing.T, abi int) {
	t.Helper()
	if have := Probe().Landlock; have < abi {
		t.Skipf("SKIPPED: the kernel has Landlock %d, this needs %d", have, abi)
	}
}

// unbound is a TCP socket that is bound to nothing.
func unbound(t *testing.T) *os.File {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "unbound")
	t.Cleanup(func() { f.Close() })
	return f
}

func TestProfilesRefuse(t *testing.T) {
	needLandlock(t, 1)
	_, program := stage(t)
	all := []Profile{ProfileAPI, ProfileWorker, ProfileParser, ProfileChild, ProfileNginx, ProfileEgress}
	noUDP := []Profile{ProfileAPI, ProfileWorker, ProfileParser, ProfileChild, ProfileNginx}
	quiet := []Profile{ProfileAPI, ProfileWorker, ProfileParser, ProfileChild, ProfileEgress}
	goRoles := []Profile{ProfileAPI, ProfileWorker, ProfileParser, ProfileChild}
	rows := []struct {
		probe   string
		free    string // what it answers unconfined; empty: anything but EPERM
		refused []Profile
		as      string
		allowed []Profile // answers as it does unconfined
	}{
		{"tcp4", "ok", goRoles, "EPERM", []Profile{ProfileNginx, ProfileEgress}},
		{"tcp6", "ok", goRoles, "EPERM", []Profile{ProfileNginx, ProfileEgress}},
		{"udp4", "ok", noUDP, "EPERM", []Profile{ProfileEgress}},
		{"udp6", "ok", noUDP, "EPERM", []Profile{ProfileEgress}},
		{"icmp", "", all, "EPERM", nil},
		{"mptcp", "", all, "EPERM", nil},
		{"netlink", "ok", all, "EPERM", nil},
		{"vsock", "", all, "EPERM", nil},
		{"unix", "ok", []Profile{ProfileParser, ProfileChild, ProfileEgress}, "EPERM", []Profile{ProfileAPI, ProfileWorker, ProfileNginx}},
		{"pair", "ok", quiet, "EPERM", []Profile{ProfileNginx}},
		{"bind", "ok", quiet, "EPERM", nil},
		{"listen", "ok", quiet, "EPERM", []Profile{ProfileNginx}},
		{"exec=/bin/true", "ok", []Profile{ProfileAPI, ProfileWorker, ProfileParser, ProfileNginx, ProfileEgress}, "EACCES", nil},
		{"exec=/bin/true", "ok", []Profile{ProfileChild}, "EPERM", nil},
		{"fork", "ok", []Profile{ProfileChild}, "EPERM", []Profile{ProfileParser, ProfileNginx}},
		{"userns", "", all, "EPERM", nil},
		{"clone3", "EINVAL", all, "ENOSYS", nil},
		{"ptrace", "", all, "EPERM", nil},
		{"io_uring", "EFAULT", all, "EPERM", nil},
		{"bpf", "", all, "EPERM", nil},
		{"keyctl", "", all, "EPERM", nil},
		{"mount", "EFAULT", all, "EPERM", nil},
		{"perf", "", all, "EPERM", nil},
		{"userfaultfd", "EINVAL", all, "EPERM", nil},
		{"i386-socket", "ok", all, "EPERM", nil},
		{"i386-execve", "EFAULT", all, "EPERM", nil},
		{"i386-ptrace", "", all, "EPERM", nil},
		{"i386-io_uring", "EFAULT", all, "EPERM", nil},
		{"thread", "ok", nil, "", all},
		{"code", "ok", nil, "", all},
		{"sleep", "ok", nil, "", all},
	}
	var probes []string
	for _, r := range rows {
		probes = append(probes, r.probe)
	}
	free := run(t, program, nil, "", []*os.File{unbound(t)}, probes...).results
	confined := map[Profile]map[string]string{}
	for _, p := range all {
		before := ""
		as := p
		if p == ProfileChild {
			// A child is started by the parser and confines itself.
			before, as = "child", ProfileParser
		}
		spec := role(program, as, Files{})
		confined[p] = run(t, program, spec, before, []*os.File{unbound(t)}, probes...).results
	}
	for _, r := range rows {
		got := free[r.probe]
		if got == "n/a" {
			t.Logf("SKIPPED: %s: this kernel has no such calls", r.probe)
			continue
		}
		if r.free != "" && got != r.free || r.free == "" && got == "EPERM" && os.Geteuid() == 0 {
			t.Errorf("%s unconfined: %s, want %q", r.probe, got, r.free)
		}
		for _, p := range r.refused {
			if got := confined[p][r.probe]; got != r.as {
				t.Errorf("%s as %s: %s, want %s", r.probe, p, got, r.as)
			}
		}
		for _, p := range r.allowed {
			if got := confined[p][r.probe]; got != free[r.probe] {
				t.Errorf("%s as %s: %s, want %s", r.probe, p, got, free[r.probe])
			}
		}
	}
}

func TestGiveUpExec(t *testing.T) {
	_, program := stage(t)
	for _, p := range []Profile{ProfileAPI, ProfileWorker, ProfileEgress} {
		spec := role(program, p, Files{})
		execute := "exec=" + program
		before := run(t, program, role(program, p, Files{}), "", nil, "fork").results
		if before["fork"] != "ok" {
			t.Errorf("%s: fork before: %s", p, before["fork"])
		}
		got := run(t, program, spec, "give-up-exec", nil, execute, "fork", "thread").results
		if got[execute] != "EPERM" || got["fork"] != "EPERM" || got["thread"] != "ok" {
			t.Errorf("%s: %v", p, got)
		}
	}
}

func TestLandlockPaths(t *testing.T) {
	needLandlock(t, 4)
	folder, program := stage(t)
	mkdir := func(name string) string {
		path := filepath.Join(folder, name)
		if err := os.Mkdir(path, 0o777); err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, 0o777)
		file := filepath.Join(path, "file")
		if err := os.WriteFile(file, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
		os.Chmod(file, 0o666)
		return path
	}
	read, write, other := mkdir("read"), mkdir("write"), mkdir("other")
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port
	spare, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := spare.Addr().(*net.TCPAddr).Port
	spare.Close()

	rows := []struct{ probe, free, confined string }{
		{"read=" + read + "/file", "ok", "ok"},
		{"write=" + read + "/file", "ok", "EACCES"},
		{"write=" + read + "/new", "ok", "EACCES"},
		{"read=" + write + "/file", "ok", "ok"},
		{"write=" + write + "/file", "ok", "ok"},
		{"write=" + write + "/new", "ok", "ok"},
		{"read=" + other + "/file", "ok", "EACCES"},
		{"write=" + other + "/file", "ok", "EACCES"},
		{"read=/etc/hostname", "ok", "EACCES"},
		{"read=/proc/self/environ", "ok", "EACCES"},
		{fmt.Sprintf("connect-port=%d", taken), "ok", "EACCES"},
		{fmt.Sprintf("bind-port=%d", free), "ok", "ok"},
		{"bind-port=0", "ok", "EACCES"},
	}
	var probes []string
	for _, r := range rows {
		probes = append(probes, r.probe)
	}
	loose := run(t, program, nil, "", nil, probes...).results
	os.Remove(filepath.Join(read, "new"))
	os.Remove(filepath.Join(write, "new"))
	tight := run(t, program, role(program, ProfileNginx, Files{
		Read: []string{read}, Write: []string{write}, BindTCP: []uint16{uint16(free)},
		Optional: []string{filepath.Join(folder, "absent")},
	}), "", nil, probes...).results
	for _, r := range rows {
		if loose[r.probe] != r.free {
			t.Errorf("%s unconfined: %s, want %s", r.probe, loose[r.probe], r.free)
		}
		if tight[r.probe] != r.confined {
			t.Errorf("%s confined: %s, want %s", r.probe, tight[r.probe], r.confined)
		}
	}
}

func TestLandlockScope(t *testing.T) {
	needLandlock(t, 6)
	_, program := stage(t)
	name := fmt.Sprintf("confine-test-%d", os.Getpid())
	l, err := net.Listen("unix", "@"+name)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	spec := role(program, ProfileNginx, Files{})
	target := run(t, program, nil, "", nil, "sleep").cmd.Process.Pid
	probes := []string{"abstract=" + name, fmt.Sprintf("signal=%d", target)}
	free := run(t, program, nil, "", nil, probes...).results
	tight := run(t, program, spec, "", nil, probes...).results
	for _, p := range probes {
		if free[p] != "ok" || tight[p] != "EPERM" {
			t.Errorf("%s: unconfined %s, confined %s", p, free[p], tight[p])
		}
	}
}

func TestChildHasNoRoomToGrow(t *testing.T) {
	needLandlock(t, 6)
	_, program := stage(t)
	rows := []struct{ probe, parser, child string }{
		{"memory=128", "ok", "ok"},
		{"memory=400", "ok", "ENOMEM"},
		{"read=/etc/hostname", "ok", "EPERM"},
		{"write=/dev/null", "ok", "EPERM"},
		{"grow", "ok", "EFBIG"},
		{"neighbour", "ok", "EPERM"}, // Landlock only: tgkill is every thread's
		{"limits", "ok", "EPERM"},
		{"descriptors=64", "ok", "EMFILE"},
	}
	var probes []string
	for _, r := range rows {
		probes = append(probes, r.probe)
	}
	try := func(before string) map[string]string {
		file, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		spec := role(program, ProfileParser, Files{Read: []string{"/etc"}, Devices: []string{"/dev/null"}, Optional: []string{"/proc"}})
		return run(t, program, spec, before, []*os.File{file}, probes...).results
	}
	parser, child := try(""), try("child")
	for _, r := range rows {
		if parser[r.probe] != r.parser || child[r.probe] != r.child {
			t.Errorf("%s: parser %s, child %s; want %s, %s", r.probe, parser[r.probe], child[r.probe], r.parser, r.child)
		}
	}
}

func TestWhatTheStubLeaves(t *testing.T) {
	_, program := stage(t)
	for _, p := range []Profile{ProfileWorker, ProfileNginx} {
		t.Run(string(p), func(t *testing.T) { whatTheStubLeaves(t, program, p) })
	}
}

func whatTheStubLeaves(t *testing.T, program string, profile Profile) {
	leak, err := os.Open("/etc/hostname")
	if err != nil {
		t.Fatal(err)
	}
	defer leak.Close()
	unix.FcntlInt(leak.Fd(), unix.F_SETFD, 0) // as if somebody forgot CLOEXEC
	handed, err := Sealed("config", []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer handed.Close()
	spec := role(program, profile, Files{})
	spec.OpenFiles = 77
	a := run(t, program, spec, "", []*os.File{handed}, "sleep")
	proc := fmt.Sprintf("/proc/%d", a.cmd.Process.Pid)

	status, err := os.ReadFile(proc + "/status")
	if err != nil {
		t.Fatal(err)
	}
	field := map[string]string{}
	for _, line := range strings.Split(string(status), "\n") {
		k, v, _ := strings.Cut(line, ":")
		field[k] = strings.Join(strings.Fields(v), " ")
	}
	want := map[string]string{
		"NoNewPrivs": "1", "Seccomp": "2", "CapInh": "0000000000000000", "CapPrm": "0000000000000000",
		"CapEff": "0000000000000000", "CapAmb": "0000000000000000",
	}
	if os.Geteuid() == 0 {
		id := fmt.Sprintf("%d %[1]d %[1]d %[1]d", testUID)
		want["Uid"], want["Gid"], want["Groups"], want["CapBnd"] = id, id, "", "0000000000000000"
	} else {
		t.Log("SKIPPED: users, groups and the bounding set need root")
	}
	for k, v := range want {
		if field[k] != v {
			t.Errorf("%s: %q, want %q", k, field[k], v)
		}
	}

	env, err := os.ReadFile(proc + "/environ")
	if err != nil || string(env) != "ONLY=this\x00" {
		t.Errorf("environment %q (%v)", env, err)
	}
	limits, _ := os.ReadFile(proc + "/limits")
	for _, line := range []string{"Max core file size 0 0", "Max open files 77 77"} {
		if !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), line) {
			t.Errorf("limits lack %q:\n%s", line, limits)
		}
	}
	entries, err := os.ReadDir(proc + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		target, _ := os.Readlink(proc + "/fd/" + e.Name())
		switch {
		case e.Name() <= "2" || e.Name() == "3" && strings.HasPrefix(target, "/memfd:config"):
		case strings.HasPrefix(target, "anon_inode:[event"), strings.HasPrefix(target, "anon_inode:[pidfd]"):
		default:
			t.Errorf("descriptor %s leaked: %s", e.Name(), target)
		}
	}
}

func TestSpecsAreChecked(t *testing.T) {
	ok := Spec{Path: "/bin/true", Args: []string{"true"}, UID: 1, GID: 1, Profile: ProfileWorker}
	if err := ok.check(); err != nil {
		t.Fatal(err)
	}
	rows := map[string]func(*Spec){
		"relative path":     func(s *Spec) { s.Path = "true" },
		"no path":           func(s *Spec) { s.Path = "" },
		"no arguments":      func(s *Spec) { s.Args = nil },
		"gid of root":       func(s *Spec) { s.GID = 0 },
		"uid of root":       func(s *Spec) { s.UID = 0 },
		"negative uid":      func(s *Spec) { s.UID = -1 },
		"unknown profile":   func(s *Spec) { s.Profile = "all" },
		"no profile":        func(s *Spec) { s.Profile = "" },
		"many descriptors":  func(s *Spec) { s.Descriptors = 65 },
		"minus descriptors": func(s *Spec) { s.Descriptors = -1 },
	}
	if os.Geteuid() == 0 {
		rows["stays root"] = func(s *Spec) { s.UID, s.GID = 0, 0 }
	}
	for name, breakIt := range rows {
		s := ok
		breakIt(&s)
		if s.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSealedCannotBeChanged(t *testing.T) {
	f, err := Sealed("x", []byte("abc"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("y"), 0); err == nil {
		t.Error("a sealed file was written")
	}
	if err := f.Truncate(0); err == nil {
		t.Error("a sealed file was truncated")
	}
}
