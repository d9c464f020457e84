package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/supervise"
)

// The test binary is coffer when its first argument is a role, so that init
// and the services it starts are the code under test.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		main()
	}
	os.Exit(m.Run())
}

// boxed is a running box.
type boxed struct {
	t       *testing.T
	cmd     *exec.Cmd
	program string
	root    string
	url     string
	log     *syncBuffer
	exited  chan struct{}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// startBox starts init in a root of its own and waits for nothing.
func startBox(t *testing.T, root string, env ...string) *boxed {
	t.Helper()
	if _, err := findNginx(); err != nil {
		t.Skip("SKIPPED: " + err.Error())
	}
	if raced {
		t.Skip("SKIPPED: the race detector's runtime cannot be confined; run without -race")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	b := &boxed{
		t: t, root: root, program: filepath.Join(filepath.Dir(root), "coffer"),
		url: "http://" + address, log: &syncBuffer{}, exited: make(chan struct{}),
	}
	b.cmd = exec.Command(b.program, "init", "--root", root)
	b.cmd.Env = append([]string{"COFFER_LISTEN=" + address, "A_SECRET_OF_INIT=x"}, env...)
	b.cmd.Stdout, b.cmd.Stderr = b.log, b.log
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		b.cmd.Wait()
		close(b.exited)
	}()
	t.Cleanup(func() {
		b.cmd.Process.Kill()
		<-b.exited
		if t.Failed() {
			t.Logf("the log:\n%s", b.log)
		}
	})
	return b
}

// newRoot is a folder that every user may enter, with the program beside it.
func newRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "box")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "coffer")
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(program, self, 0o755), os.Chmod(program, 0o755)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "root")
}

// eventually waits for ok, and says what was waited for when it never comes.
func (b *boxed) eventually(what string, within time.Duration, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	b.t.Fatalf("not within %v: %s", within, what)
}

func (b *boxed) answers() bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(b.url + "/readyz")
	if err != nil {
		return false
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func (b *boxed) up() {
	b.t.Helper()
	b.eventually("the box answers", 20*time.Second, b.answers)
	b.eventually("all services run", 20*time.Second, func() bool {
		for _, name := range []string{"api", "worker", "nginx"} {
			if b.service(name).State != supervise.Running {
				return false
			}
		}
		return true
	})
}

func (b *boxed) coffer(args ...string) (string, error) {
	cmd := exec.Command(b.program, args...)
	cmd.Env = []string{}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (b *boxed) service(name string) supervise.Status {
	out, err := b.coffer("status", "--json", "--root", b.root)
	if err != nil {
		return supervise.Status{}
	}
	var all []supervise.Status
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		b.t.Fatalf("status: %v\n%s", err, out)
	}
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	return supervise.Status{}
}

// stop sends a signal and returns the exit code.
func (b *boxed) stop(sig syscall.Signal, within time.Duration) int {
	b.t.Helper()
	b.cmd.Process.Signal(sig)
	return b.end(within)
}

func (b *boxed) end(within time.Duration) int {
	b.t.Helper()
	select {
	case <-b.exited:
	case <-time.After(within):
		b.t.Fatalf("it has not ended within %v", within)
	}
	return b.cmd.ProcessState.ExitCode()
}

func TestBoxLives(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	b.eventually("the setup link", 5*time.Second, func() bool {
		return regexp.MustCompile(`Open ` + b.url + `/setup\?code=[A-Z0-9]{4}-[A-Z0-9]{4} to set the box up`).MatchString(b.log.String())
	})

	t.Run("every service is confined", func(t *testing.T) {
		for name, uid := range map[string]int{"api": 10002, "worker": 10003, "nginx": 10001} {
			confined(t, name, b.service(name).Pid, uid)
		}
	})
	t.Run("a killed service answers again", func(t *testing.T) {
		for _, name := range []string{"api", "nginx", "worker"} {
			before := b.service(name).Pid
			if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			began := time.Now()
			b.eventually(name+" is back", 5*time.Second, func() bool {
				s := b.service(name)
				return s.Pid != before && s.State == supervise.Running
			})
			b.eventually("the box answers", 5*time.Second, b.answers)
			t.Logf("%s: %v", name, time.Since(began).Round(time.Millisecond))
		}
	})
	t.Run("clients wait while the API is away", func(t *testing.T) {
		syscall.Kill(b.service("api").Pid, syscall.SIGSTOP)
		answer := make(chan bool, 1)
		go func() { answer <- b.answers() }()
		syscall.Kill(b.service("api").Pid, syscall.SIGKILL)
		if !<-answer {
			// The connection that nginx had open to the dead one may be lost;
			// the next goes through the queue.
			b.eventually("the box answers", 5*time.Second, b.answers)
		}
	})
	t.Run("restart", func(t *testing.T) {
		before := b.service("worker").Pid
		if out, err := b.coffer("restart", "--root", b.root, "worker"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b.eventually("another worker", 5*time.Second, func() bool {
			s := b.service("worker")
			return s.State == supervise.Running && s.Pid != before
		})
		for _, args := range [][]string{{"restart"}, {"restart", "--root", b.root, "nobody"}, {"restart", "--root", b.root, "api", "worker"}} {
			if out, err := b.coffer(args...); err == nil {
				t.Errorf("%q: %s", args, out)
			}
		}
	})
	t.Run("a second box on the same run folder is refused", func(t *testing.T) {
		fragment := filepath.Join(b.root, "run/coffer/edge/http.conf")
		before, err := os.ReadFile(fragment)
		if err != nil {
			t.Fatal(err)
		}
		other := startBox(t, b.root)
		if code := other.end(10 * time.Second); code != exitConfig {
			t.Errorf("code %d", code)
		}
		if !strings.Contains(other.log.String(), "another box is running here") {
			t.Errorf("it says\n%s", other.log)
		}
		if after, _ := os.ReadFile(fragment); !b.answers() || !bytes.Equal(before, after) {
			t.Error("the first box is hurt")
		}
	})
	t.Run("nginx opens its log again and reloads", func(t *testing.T) {
		before := b.service("nginx")
		b.cmd.Process.Signal(syscall.SIGUSR1)
		b.cmd.Process.Signal(syscall.SIGHUP)
		b.cmd.Process.Signal(syscall.SIGUSR1)
		for i := range 20 {
			b.eventually("the box answers", 2*time.Second, b.answers)
			http.Get(fmt.Sprintf("%s/livez?%d", b.url, i))
			time.Sleep(10 * time.Millisecond)
		}
		if s := b.service("nginx"); s.Pid != before.Pid || s.Restarts != before.Restarts {
			t.Errorf("nginx was %+v and is %+v", before, s)
		}
		if strings.Contains(b.log.String(), "[emerg]") || strings.Contains(b.log.String(), "[alert]") || strings.Contains(b.log.String(), "Permission denied") {
			t.Error("nginx complains")
		}
	})
	t.Run("stop with open connections", func(t *testing.T) {
		idle, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer idle.Close()
		fmt.Fprintf(idle, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
		idle.Read(make([]byte, 1))
		began := time.Now()
		if code := b.stop(syscall.SIGTERM, 8*time.Second); code != 0 {
			t.Errorf("code %d", code)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the stop took %v", took)
		}
		if left, _ := filepath.Glob(filepath.Join(b.root, "run/coffer/*.sock")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})

	again := startBox(t, b.root)
	again.up()
	if code := again.stop(syscall.SIGINT, 8*time.Second); code != 0 {
		t.Errorf("code of the second life: %d", code)
	}
}

// confined looks at a service from outside, as its kernel sees it.
func confined(t *testing.T, name string, pid, uid int) {
	t.Helper()
	proc := fmt.Sprintf("/proc/%d/", pid)
	status, err := os.ReadFile(proc + "status")
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	text := strings.Join(strings.Fields(string(status)), " ")
	wants := []string{"NoNewPrivs: 1", "Seccomp: 2", "CapEff: 0000000000000000", "CapPrm: 0000000000000000"}
	if os.Geteuid() == 0 {
		id := strconv.Itoa(uid)
		wants = append(wants, "Uid: "+strings.Repeat(id+" ", 4)+"Gid: "+strings.Repeat(id+" ", 4), "Groups: NStgid:", "CapBnd: 0000000000000000")
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q: %s", name, want, text)
		}
	}
	env, err := os.ReadFile(proc + "environ")
	if err != nil || strings.Contains(string(env), "A_SECRET_OF_INIT") {
		t.Errorf("%s: environment %q, %v", name, env, err)
	}
}

// Outside a container nothing but the services themselves can notice that init
// was killed outright.
func TestKilledInitTakesItsServicesAlong(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	var pids []int
	for _, name := range []string{"api", "worker", "nginx"} {
		pids = append(pids, b.service(name).Pid)
	}
	b.cmd.Process.Kill()
	<-b.exited
	for _, pid := range pids {
		b.eventually(fmt.Sprintf("process %d ends", pid), 8*time.Second, func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil || strings.Contains(string(stat), ") Z ")
		})
	}
}

func TestWhatStopsTheStart(t *testing.T) {
	root := newRoot(t)
	t.Run("a fault in the configuration", func(t *testing.T) {
		b := startBox(t, root, "COFFER_LOG_LEVEL=loud", "COFFER_MAX_UPLOAD=much")
		if code := b.end(10 * time.Second); code != exitConfig {
			t.Errorf("code %d", code)
		}
		for _, name := range []string{"COFFER_LOG_LEVEL", "COFFER_MAX_UPLOAD"} {
			if !strings.Contains(b.log.String(), name) {
				t.Errorf("%s is not named", name)
			}
		}
	})
	t.Run("a port that is taken", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		b := startBox(t, root, "COFFER_LISTEN="+l.Addr().String())
		if code := b.end(10 * time.Second); code != exitConfig {
			t.Errorf("code %d", code)
		}
		if !strings.Contains(b.log.String(), l.Addr().String()+" is in use") || !strings.Contains(b.log.String(), "COFFER_LISTEN") {
			t.Error("the reason and the remedy are not told")
		}
	})
	t.Run("an address that is not here", func(t *testing.T) {
		b := startBox(t, root, "COFFER_LISTEN=192.0.2.1:8080")
		if code := b.end(10 * time.Second); code != exitConfig || !strings.Contains(b.log.String(), "192.0.2.1") {
			t.Errorf("code %d", code)
		}
	})
	t.Run("a store that cannot be opened", func(t *testing.T) {
		db := filepath.Join(root, "data/store/coffer.db")
		if err := os.MkdirAll(filepath.Dir(db), 0o700); err != nil {
			t.Fatal(err)
		}
		os.RemoveAll(db)
		if err := os.WriteFile(db, bytes.Repeat([]byte("no store "), 4096), 0o666); err != nil {
			t.Fatal(err)
		}
		os.Chmod(db, 0o666)
		b := startBox(t, root)
		if code := b.end(60 * time.Second); code != 1 {
			t.Errorf("code %d", code)
		}
		if !strings.Contains(b.log.String(), "service given up") {
			t.Error("the end is not told")
		}
	})
}

func TestRolesAreForInitOnly(t *testing.T) {
	for _, args := range [][]string{{"api"}, {"worker"}, {"parser"}, {"spawn"}, {"spawn", "x"}, {"spawn", "1"}, {"parser-child"}, {"nothing"}, {}} {
		out, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		if code := run(context.Background(), args, nil, stdio{out, out, out}); code == 0 {
			t.Errorf("%q ends with 0", args)
		}
		text, _ := os.ReadFile(out.Name())
		if len(text) == 0 {
			t.Errorf("%q says nothing", args)
		}
		out.Close()
	}
}
