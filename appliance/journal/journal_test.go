package journal

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

func pipe(t *testing.T, j *Journal, name string) *os.File {
	t.Helper()
	w, err := j.Pipe(name)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestLinesCarryTheirService(t *testing.T) {
	var out sink
	j := New(&out, false)
	api, nginx := pipe(t, j, "api"), pipe(t, j, "nginx")
	io.WriteString(api, "one\r\ntwo\n\nunfinished")
	io.WriteString(nginx, "three\n")
	fmt.Fprintln(j.Writer("init"), "four")
	j.Print("\n  a link\n")
	j.Close(time.Second)
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
	j := New(&out, true)
	api := pipe(t, j, "api")
	for _, line := range []string{`{"msg":"fine","n":1}`, `{"broken`, `{}`, `plain "quoted"`, "bell \a and \xff", `{"service":"init","msg":"forged"}`} {
		fmt.Fprintln(api, line)
	}
	j.Print("\n  a link\n")
	j.Close(time.Second)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 7 {
		t.Errorf("%d lines:\n%s", len(lines), out.String())
	}
	for _, l := range lines {
		var m map[string]any
		if err := json.Unmarshal([]byte(l), &m); err != nil || m["service"] == nil {
			t.Errorf("%s: %v", l, err)
		}
		if m["msg"] == "forged" {
			t.Errorf("a service speaks as another: %s", l)
		}
	}
	if !strings.Contains(out.String(), `{"service":"api","msg":"fine","n":1}`) {
		t.Errorf("the members are gone:\n%s", out.String())
	}
}

func TestLongLinesAreSplit(t *testing.T) {
	var out sink
	j := New(&out, false)
	w := pipe(t, j, "api")
	io.WriteString(w, strings.Repeat("y", 3*maxLine-10)+"\nnext\n")
	j.Close(time.Second)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || lines[3] != "api: next" {
		t.Errorf("%d lines, the last %.20q", len(lines), lines[len(lines)-1])
	}
	if n := strings.Count(out.String(), "y"); n != 3*maxLine-10 {
		t.Errorf("%d of %d bytes", n, 3*maxLine-10)
	}
}

// write writes n lines, and fails when that takes long.
func write(t *testing.T, w io.Writer, line string, n int) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		for range n {
			if _, err := io.WriteString(w, line+"\n"); err != nil {
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
	case <-time.After(20 * time.Second):
		t.Fatal("the service waits for the log")
	}
}

// Nobody reads the container's log: services go on, memory stays bounded, the
// files have everything, a quiet service loses nothing, and the loss is told.
func TestServicesNeverWaitForTheLog(t *testing.T) {
	r, stuck, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	j := New(stuck, false)
	dir := t.TempDir()
	j.Keep(dir)
	w, quiet := pipe(t, j, "api"), pipe(t, j, "worker")
	const lines = 5000
	write(t, w, strings.Repeat("y", 1000), lines)
	write(t, quiet, "a quiet line", 1)
	settle(t, func() bool { return j.files.bytes() == 0 })
	if n := j.console.bytes(); n > 3*queueBytes {
		t.Errorf("%d bytes wait", n)
	}
	files := kept(t, dir, "api")
	if n := strings.Count(files, "yyy\n"); n < lines && !strings.Contains(files, "log lines not kept") {
		t.Errorf("%d of %d lines are kept, and nobody is told", n, lines)
	}
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(r)
		read <- string(all)
	}()
	j.Close(time.Second)
	stuck.Close()
	out := <-read
	shown := strings.Count(out, "api: y")
	if shown == 0 || shown >= lines || !strings.Contains(out, "log lines dropped") || !strings.Contains(out, "service=api lines=") {
		t.Errorf("%d of %d lines, and the loss is told: %v", shown, lines, strings.Contains(out, "dropped"))
	}
	if !strings.Contains(out, "worker: a quiet line") {
		t.Error("a quiet service loses lines to a chatty one")
	}
}

func settle(t *testing.T, f func() bool) {
	t.Helper()
	for range 1000 {
		if f() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never comes to that")
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	out := sink{hold: make(chan struct{})}
	j := New(&out, false)
	w := pipe(t, j, "api")
	escaped, err := os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", w.Fd()), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer escaped.Close()
	io.WriteString(w, "stuck\n")
	began := time.Now()
	j.Close(100 * time.Millisecond)
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	close(out.hold)
	<-j.written
}

func TestUnderstand(t *testing.T) {
	for _, row := range []struct{ printed, level, text string }{
		{`time=2026-01-02T03:04:05.678Z level=WARN msg="a b" n=1`, "WARN", `msg="a b" n=1`},
		{`time=2026-01-02T03:04:05+01:00 level=INFO msg=request`, "INFO", `msg=request`},
		{`{"time":"2026-01-02T03:04:05Z","level":"ERROR","msg":"x"}`, "ERROR", `{"msg":"x"}`},
		{`2026/01/02 03:04:05 [emerg] 7#7: bind() failed`, "ERROR", `7#7: bind() failed`},
		{`2026/01/02 03:04:05 [notice] 7#7: start`, "INFO", `7#7: start`},
		{`panic: index out of range`, "ERROR", `panic: index out of range`},
		{`goroutine 1 [running]:`, "INFO", `goroutine 1 [running]:`},
		{`time=`, "INFO", `time=`},
		{`time=x level=`, "INFO", `time=x level=`},
		{`time=x y level=ERROR z`, "INFO", `time=x y level=ERROR z`},
		{`{"time":"`, "INFO", `{"time":"`},
		{`{"time":"x","level":"`, "INFO", `{"time":"x","level":"`},
		{`2026/01/02 03:04:05 [`, "INFO", `2026/01/02 03:04:05 [`},
		{`time=x level=LOUD msg=x`, "INFO", `msg=x`},
	} {
		level, text := understand(row.printed)
		if level.String() != row.level || text != row.text {
			t.Errorf("%q: %v %q", row.printed, level, text)
		}
	}
}

// What a hostile document makes a service print does not reach a terminal.
func TestLinesObeyNobody(t *testing.T) {
	var out sink
	j := New(&out, false)
	io.WriteString(pipe(t, j, "parser"), "\x1b[2J\x1b]0;owned\a right\u202eleft \xff tab\tß漢\n")
	j.Close(time.Second)
	if got, want := out.String(), `parser: \u001b[2J\u001b]0;owned\u0007 right\u202eleft \xff tab`+"\tß漢\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
