package quiet

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"coffer/scripts/e2e/tier"
)

// The addresses of the world, of ranges kept for documentation.
const (
	boxAddress   = "192.0.2.2"
	boxAddress6  = "2001:db8:1::2"
	sinkAddress  = "192.0.2.1"
	sinkAddress6 = "2001:db8:1::1"
	resolver     = "198.51.100.53" // behind the default route
	elsewhere    = "203.0.113.9"
	elsewhere6   = "2001:db8:9::9"

	wire = "wire" // the interface of both ends
)

// roleVariable tells a copy of the test program what it is.
const roleVariable = "COFFER_QUIET_ROLE"

const (
	roleInside  = "inside"
	roleSink    = "sink"
	roleVisitor = "visitor"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case roleSink:
		err = beSink()
	case roleVisitor:
		err = visit()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// inside runs a test in a fresh world: the test program starts itself again in
// namespaces of its own, so that everything the test does happens there.
func inside(t *testing.T, test func(*testing.T)) {
	tier.Need(t, tier.Quiet)
	if os.Getenv(roleVariable) == roleInside {
		build(t)
		test(t)
		return
	}
	cmd := self(roleInside, "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.SysProcAttr.Unshareflags = unix.CLONE_NEWNET | unix.CLONE_NEWNS
	out, err := cmd.CombinedOutput()
	t.Logf("in a world of its own:\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatal("the test did not run there")
	}
}

// self is the test program in another role.
func self(role string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	return cmd
}

// build makes the world around the running process: the sink in a namespace of
// its own, a wire to it, and nothing else that leads anywhere.
func build(t *testing.T) {
	t.Helper()
	sink := self(roleSink)
	sink.SysProcAttr.Unshareflags = unix.CLONE_NEWNET
	tell, err := sink.StdinPipe() // its end is the sink's
	if err != nil {
		t.Fatal(err)
	}
	hear, err := sink.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	sink.Stderr = os.Stderr
	if err := sink.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(tell.Close(), sink.Wait()) })
	for _, line := range []string{
		"link set lo up",
		fmt.Sprintf("link add name %s type veth peer name %[1]s netns %d", wire, sink.Process.Pid),
		"address add " + boxAddress + "/24 dev " + wire,
		"address add " + boxAddress6 + "/64 dev " + wire + " nodad",
		"link set " + wire + " up",
		"route add default via " + sinkAddress,
		"-6 route add default via " + sinkAddress6,
	} {
		run(t, "ip", line)
	}
	lines := bufio.NewReader(hear)
	if _, err := fmt.Fprintln(tell, "the wire is there"); err != nil {
		t.Fatal(err)
	}
	if line, err := lines.ReadString('\n'); err != nil {
		t.Fatalf("the sink does not answer: %q, %v", line, err)
	}

	// Names are asked for at the sink, also by programs that read the file.
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(file, []byte("nameserver "+resolver+"\noptions timeout:2 attempts:1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(file, "/etc/resolv.conf", "", unix.MS_BIND, ""); err != nil {
		t.Fatalf("resolv.conf: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount("/etc/resolv.conf", unix.MNT_DETACH) })
}

func run(t *testing.T, name, args string) {
	t.Helper()
	if out, err := exec.Command(name, strings.Fields(args)...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, args, err, out)
	}
}
