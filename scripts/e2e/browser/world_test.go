package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/pebble"
	"coffer/scripts/e2e/tier"
)

// home is the address of the box in the network of the tests, which is not its
// machine's own name: browsers treat it as one on a home network.
const home = "10.213.7.1"

// programsVariable tells the copy of the test program that is in a network of its
// own which folder the box's program and Pebble are in.
const programsVariable = "COFFER_BROWSER_PROGRAMS"

// As root all journeys are made in a network of their own, where nothing else
// listens and from where nothing leads out: the test program starts itself again
// there. What is built is built before.
func TestMain(m *testing.M) {
	if os.Geteuid() != 0 || os.Getenv(programsVariable) != "" || !slices.Contains(strings.Split(os.Getenv(tier.Variable), ","), tier.Browser) {
		os.Exit(m.Run())
	}
	code, err := apart()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func apart() (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "coffer-test-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // each user of the box executes it
		return 0, err
	}
	if _, err := box.Build(ctx, dir); err != nil {
		return 0, err
	}
	if err := pebble.Build(ctx, dir); err != nil {
		return 0, err
	}
	runtime.LockOSThread() // the copy ends with this thread
	again := exec.Command("/proc/self/exe", os.Args[1:]...)
	again.Args[0] = os.Args[0]
	again.Env = append(os.Environ(), programsVariable+"="+dir)
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	again.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err = again.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return max(1, again.ProcessState.ExitCode()), nil
	}
	return 0, err
}

// ownAddress makes the address home, once, when the journeys have a network of
// their own. Otherwise it is one of this machine.
var ownAddress = sync.OnceValues(func() (host string, err error) {
	if os.Getenv(programsVariable) != "" {
		for _, args := range []string{"link set lo up", "address add " + home + "/32 dev lo"} {
			if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
				return "", fmt.Errorf("ip %s: %w\n%s", args, err, out)
			}
		}
		return home, nil
	}
	addresses, err := net.InterfaceAddrs()
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.IsPrivate() && ip.IP.To4() != nil {
			return ip.IP.String(), nil
		}
	}
	return "", errors.Join(err, errors.New("this machine has no address that is not its own name's, and only root can make one"))
})

// lan is an address that is not this machine's own name's.
func lan(t *testing.T) string {
	t.Helper()
	host, err := ownAddress()
	if err != nil {
		t.Fatal(err)
	}
	return host
}

// program is the box's.
func program(t *testing.T, ctx context.Context) string {
	t.Helper()
	if dir := os.Getenv(programsVariable); dir != "" {
		return filepath.Join(dir, "coffer")
	}
	built, err := box.Build(ctx, tier.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// house is a box that runs for a journey.
type house struct {
	*box.Native
	dir    string
	secure string // where it serves HTTPS
}

// boot starts a box on an address of a network.
func boot(t *testing.T, env ...string) *house {
	t.Helper()
	host := lan(t)
	return bootAt(t, address(t, host), address(t, host), env...)
}

// address is a free one of host.
func address(t *testing.T, host string) string {
	t.Helper()
	free, err := box.Address(host)
	if err != nil {
		t.Fatal(err)
	}
	return free
}

// bootAt starts a box that listens for HTTP and HTTPS there.
func bootAt(t *testing.T, plain, secure string, env ...string) *house {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	h := &house{dir: tier.Folder(t), secure: "https://" + secure}
	cmd := exec.Command(program(t, ctx), "init", "--root", h.dir)
	cmd.Dir, cmd.Env = h.dir, slices.Concat(os.Environ(), []string{"COFFER_LISTEN_TLS=" + secure}, env)
	var err error
	if h.Native, err = box.Start(ctx, plain, cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log := h.Log()
			t.Logf("the end of the box's log:\n%s", log[max(0, len(log)-6000):])
		}
		if code, _, err := h.Stop(); err != nil || code != 0 {
			t.Errorf("the box stops with %d, %v", code, err)
		}
	})
	return h
}

// command runs the box's program beside the box, as the owner does on the
// machine, and returns what it said.
func (h *house) command(t *testing.T, input string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, ctx), append(args, "--root", h.dir)...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("coffer %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// owns makes the box its visitor's own, on the page for it.
func (p *person) owns(code string) {
	p.t.Helper()
	p.open("/setup?code=" + code)
	p.fill(map[string]string{"username": box.Owner, "password": box.Password})
	p.submit("form")
	p.submit("form")
}
