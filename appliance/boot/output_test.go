package boot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// sink is a log that can be held up.
type sink struct {
	mu   sync.Mutex
	b    bytes.Buffer
	hold chan struct{} // a write waits until it is closed; nil does not
}

func (s *sink) Write(p []byte) (int, error) {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func pipe(t *testing.T, o *Output, name string) *os.File {
	t.Helper()
	w, err := o.Pipe(name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestLinesCarryTheirService(t *testing.T) {
	var out sink
	o := NewOutput(&out, false)
	api, nginx := pipe(t, o, "api"), pipe(t, o, "nginx")
	io.WriteString(api, "one\r\ntwo\n\nunfinished")
	io.WriteString(nginx, "three\n")
	fmt.Fprintln(o.Writer("init"), "four")
	o.Print("\n  a link\n")
	o.Close(time.Second)
	for _, want := range []string{"api: one\n", "api: two\n", "api: unfinished\n", "nginx: three\n", "init: four\n", "\n  a link\n\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "api: \n") {
		t.Error("an empty line is printed")
	}
}

func TestJSONLogIsJSON(t *testing.T) {
	var out sink
	o := NewOutput(&out, true)
	api := pipe(t, o, "api")
	io.WriteString(api, `{"msg":"fine","n":1}`+"\n"+`{"broken`+"\n"+`{}`+"\n"+"plain \"quoted\"\n")
	o.Print("\n  a link\n")
	o.Close(time.Second)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 5 {
		t.Errorf("%d lines:\n%s", len(lines), out.String())
	}
	for _, l := range lines {
		var m map[string]any
		if err := json.Unmarshal([]byte(l), &m); err != nil || m["service"] == nil {
			t.Errorf("%s: %v", l, err)
		}
	}
	if !strings.Contains(out.String(), `{"service":"api","msg":"fine","n":1}`) {
		t.Errorf("the members are gone:\n%s", out.String())
	}
}

func TestLongLinesAreSplit(t *testing.T) {
	var out sink
	o := NewOutput(&out, false)
	w := pipe(t, o, "api")
	io.WriteString(w, strings.Repeat("y", 3*maxLine-10)+"\nnext\n")
	o.Close(time.Second)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || lines[3] != "api: next" {
		t.Errorf("%d lines, the last %.20q", len(lines), lines[len(lines)-1])
	}
	if n := strings.Count(out.String(), "y"); n != 3*maxLine-10 {
		t.Errorf("%d of %d bytes", n, 3*maxLine-10)
	}
}

// Nobody reads the container's log: services go on, memory stays bounded, and
// the loss is told.
func TestServicesNeverWaitForTheLog(t *testing.T) {
	out := sink{hold: make(chan struct{})}
	o := NewOutput(&out, false)
	w := pipe(t, o, "api")
	line := []byte(strings.Repeat("y", 8000) + "\n")
	const lines = 1000
	done := make(chan error, 1)
	go func() {
		for range lines {
			if _, err := w.Write(line); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the service waits for the log")
	}
	if n := o.queued.Load(); n > maxQueued {
		t.Errorf("%d bytes are kept", n)
	}
	close(out.hold)
	o.Close(time.Second)
	kept := strings.Count(out.String(), "api: y")
	if kept == 0 || kept >= lines || !strings.Contains(out.String(), "log lines dropped") {
		t.Errorf("%d of %d lines, and the loss is told: %v", kept, lines, strings.Contains(out.String(), "dropped"))
	}
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	out := sink{hold: make(chan struct{})}
	o := NewOutput(&out, false)
	w := pipe(t, o, "api")
	escaped, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", w.Fd()), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer escaped.Close()
	io.WriteString(w, "stuck\n")
	began := time.Now()
	o.Close(100 * time.Millisecond)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	close(out.hold)
}
