package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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

	restores int // that were awaited
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
	if cgo {
		t.Skip("SKIPPED: what ships is built with CGO_ENABLED=0; test that")
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
// patience is how long a busy machine may take for what it does in a moment.
const patience = time.Minute

func (b *boxed) eventually(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	b.t.Fatalf("not within %v: %s", patience, what)
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
	b.eventually("the box answers", b.answers)
	b.eventually("all services run", func() bool {
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
func (b *boxed) stop(sig syscall.Signal) int {
	b.t.Helper()
	b.cmd.Process.Signal(sig)
	return b.end()
}

func (b *boxed) end() int {
	b.t.Helper()
	select {
	case <-b.exited:
	case <-time.After(patience):
		b.t.Fatalf("it has not ended within %v", patience)
	}
	return b.cmd.ProcessState.ExitCode()
}
