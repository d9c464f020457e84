package parser_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"coffer/services/parser"
	"coffer/services/parser/wire"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	for _, c := range []struct{ name, doc, kind, text, code string }{
		{"a.txt", "One line.\n\nAnother.", "text", "One line.\n\nAnother.\n\n", ""},
		{"a.md", "# Head\n\ntext", "markdown", "Head\n\ntext\n\n", ""},
		{"a.html", "<p>text", "html", "text\n\n", ""},
		{"a.csv", "a,b\n1,2\n", "csv", "a | b\na: 1; b: 2\n\n", ""},
		{"a.pdf", string(makePDF("some text")), "pdf", "some text\n\n", ""},
		{"unnamed", string(makePDF("some text")), "pdf", "some text\n\n", ""},
		{"a.txt", "", "", "", wire.CodeNoText},
		{"a.txt", " \n\t ", "", "", wire.CodeNoText},
		{"a.pdf", string(makePDF("")), "", "", wire.CodeNoText},
		{"a.pdf", "%PDF-1.4 nonsense", "", "", wire.CodeMalformed},
		{"a.bin", "\x00\x01\x02", "", "", wire.CodeUnsupported},
	} {
		got, failure := s.parse(t, c.name, []byte(c.doc))
		if failure != nil {
			if failure.Code != c.code || failure.Died || failure.Message == "" {
				t.Errorf("%s %.10q: %+v", c.name, c.doc, failure)
			}
			continue
		}
		if c.code != "" || got.Type != c.kind || text(got) != c.text {
			t.Errorf("%s %.10q: %+v", c.name, c.doc, got)
		}
	}
}

func TestProgressAndPages(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	doc := makePDF("one", "two", "three")
	var seen []wire.Progress
	got, err := s.Parse(t.Context(), wire.Request{FileName: "a.pdf", Size: int64(len(doc))}, bytes.NewReader(doc),
		func(p wire.Progress) { seen = append(seen, p) })
	if err != nil || got.Pages != 3 || len(got.Passages) != 3 || got.Passages[2] != (wire.Passage{Page: 3, Text: "three"}) {
		t.Fatalf("%+v %v", got, err)
	}
	if len(seen) != 3 || seen[0] != (wire.Progress{Page: 1, Total: 3}) || seen[2].Page != 3 {
		t.Fatalf("%+v", seen)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if i%2 == 0 {
				if got, failure := s.parse(t, "a.txt", []byte("number "+strconv.Itoa(i))); failure != nil || text(got) != "number "+strconv.Itoa(i)+"\n\n" {
					t.Errorf("%d: %+v %+v", i, got, failure)
				}
				return
			}
			if got, failure := s.parse(t, "a.pdf", makePDF("number "+strconv.Itoa(i))); failure != nil || text(got) != "number "+strconv.Itoa(i)+"\n\n" {
				t.Errorf("%d: %+v %+v", i, got, failure)
			}
		})
	}
	all.Wait()
}

// pid is the process that reads a document of a service of "pid" children.
func pid(t *testing.T, s *service, alone bool) int {
	t.Helper()
	got, failure := s.request(t, wire.Request{FileName: "a.txt", Size: 1, Alone: alone}, []byte("a"))
	if failure != nil {
		t.Fatal(failure)
	}
	n, err := strconv.Atoi(got.Passages[0].Text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestChildrenAreKeptAndReplaced(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "pid", func(o *parser.Options) { o.Children, o.Limits.Documents = 1, 3 })
	first := pid(t, s, false)
	if again := pid(t, s, false); again != first {
		t.Errorf("a warm child is not used again: %d, %d", first, again)
	}
	pid(t, s, false)
	if after := pid(t, s, false); after == first || !gone(first) {
		t.Errorf("the child that read its three documents lives on")
	}
}

func TestAloneIsFreshAndOnce(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "pid", func(o *parser.Options) { o.Children = 1 })
	shared := pid(t, s, false)
	alone := pid(t, s, true)
	if alone == shared {
		t.Error("a shared child reads what is to be alone")
	}
	eventually(t, "the child that was alone stays", func() bool { return gone(alone) })
	if pid(t, s, false) != shared {
		t.Error("the shared child is not kept")
	}
}

func TestIdleChildrenEnd(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "pid", func(o *parser.Options) { o.Linger = 100 * time.Millisecond })
	child := pid(t, s, false)
	eventually(t, "an idle child stays", func() bool { return gone(child) })
}

func TestChildKilledWhileIdleCostsNothing(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "pid", func(o *parser.Options) { o.Children = 1 })
	child := pid(t, s, false)
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if again := pid(t, s, false); again == child {
		t.Error("a dead child answers")
	}
}

func TestServeEndsWhenIdle(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "pid", func(o *parser.Options) { o.Idle = 300 * time.Millisecond })
	child := pid(t, s, false)
	select {
	case err := <-s.done:
		if err != nil {
			t.Error(err)
		}
		s.done <- nil
	case <-time.After(time.Minute):
		t.Fatal("Serve stays")
	}
	if !gone(child) {
		t.Error("its child stays")
	}
	// The listener is init's: whoever connects now waits for the next service.
	conn, err := net.Dial("unix", s.Socket)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestServeWithADocumentIsNotIdle(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "progress-for-ever", func(o *parser.Options) {
		o.Idle, o.Limits.Wall = 100*time.Millisecond, time.Second
	})
	if _, failure := s.parse(t, "a.txt", []byte("a")); failure == nil || failure.Code != wire.CodeTimeout {
		t.Fatalf("%+v", failure)
	}
}

// TestStopEndsEverything: ending ctx ends documents, children and Serve.
func TestStopEndsEverything(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "hang", nil)
	answer := make(chan error, 1)
	go func() {
		_, err := s.Parse(context.Background(), wire.Request{Size: 1}, strings.NewReader("a"), nil)
		answer <- err
	}()
	time.Sleep(200 * time.Millisecond)
	begin := time.Now()
	s.stop()
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	var failure *wire.Failure
	if err := <-answer; !errors.As(err, &failure) || failure.Code != wire.CodeUnavailable || failure.Died {
		t.Errorf("the document ends with %v", err)
	}
}

func TestCancelledDocumentFreesItsChild(t *testing.T) {
	t.Parallel()
	s := hostileService(t, "progress-for-ever", func(o *parser.Options) { o.Children = 1 })
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := s.Parse(ctx, wire.Request{Size: 1}, strings.NewReader("a"), func(wire.Progress) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

func TestBodyFaults(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *parser.Options) { o.Children = 1 })
	broken := errors.New("the disk is gone")
	for name, body := range map[string]io.Reader{
		"shorter": strings.NewReader("ab"),
		"longer":  strings.NewReader(strings.Repeat("x", 100)),
		"breaks":  io.MultiReader(strings.NewReader("ab"), errReader{broken}),
	} {
		_, err := s.Parse(t.Context(), wire.Request{FileName: "a.txt", Size: 10}, body, nil)
		var failure *wire.Failure
		if err == nil || errors.As(err, &failure) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "breaks" && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, failure := s.parse(t, "a.txt", []byte("fine")); failure != nil || text(got) != "fine\n\n" {
		t.Errorf("after them: %+v %+v", got, failure)
	}
	_, err := s.Parse(t.Context(), wire.Request{Size: wire.MaxDocument + 1}, strings.NewReader(""), nil)
	var failure *wire.Failure
	if !errors.As(err, &failure) || failure.Code != wire.CodeTooLarge {
		t.Errorf("too large: %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// TestRudePeers: whoever connects and does not keep to the conversation costs
// nobody else anything.
func TestRudePeers(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *parser.Options) {
		o.Children, o.Limits.Hand = 1, 200*time.Millisecond
	})
	var long bytes.Buffer
	w := wire.NewWriter(&long)
	w.Write(wire.Request{FileName: "a.txt", Size: 3})
	w.Write(wire.Data(bytes.Repeat([]byte("x"), 3000)))
	w.Write(wire.End{})
	w.Flush()
	var silent bytes.Buffer
	w = wire.NewWriter(&silent)
	w.Write(wire.Request{FileName: "a.txt", Size: 5000})
	w.Write(wire.Data(bytes.Repeat([]byte("x"), 4000)))
	w.Flush()
	for name, bytes := range map[string][]byte{
		"nothing": nil, "garbage": []byte("GET / HTTP/1.1\r\n\r\n"), "longer than announced": long.Bytes(), "silent in the middle": silent.Bytes(),
	} {
		conn, err := net.Dial("unix", s.Socket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(bytes); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if got, failure := s.parse(t, "a.txt", []byte("fine")); failure != nil || text(got) != "fine\n\n" {
		t.Errorf("after them: %+v %+v", got, failure)
	}
}

// TestPDFiumIsCompiledOnce: without a compiled PDFium the service compiles
// one, in another process, into the last directory.
func TestPDFiumIsCompiledOnce(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("compiling PDFium takes many seconds")
	}
	t.Parallel()
	first, last := t.TempDir(), t.TempDir()
	s := start(t, func(o *parser.Options) { o.CacheDirs = []string{first, last} })
	for range 2 {
		got, failure := s.parse(t, "a.pdf", makePDF("some text"))
		if failure != nil || text(got) != "some text\n\n" {
			t.Fatalf("%+v %+v", got, failure)
		}
	}
	if n := strings.Count(s.log.String(), "compiled PDFium"); n != 1 {
		t.Errorf("compiled %d times", n)
	}
	if files, _ := filepath.Glob(filepath.Join(first, "*", "*")); len(files) > 0 {
		t.Errorf("the first directory holds %q", files)
	}
}

func TestNoPDFiumIsUnavailable(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *parser.Options) { o.CacheDirs = nil })
	if _, failure := s.parse(t, "a.pdf", makePDF("x")); failure == nil || failure.Code != wire.CodeUnavailable || failure.Died {
		t.Errorf("%+v", failure)
	}
	if _, failure := s.parse(t, "a.txt", []byte("x")); failure != nil {
		t.Errorf("text: %+v", failure)
	}
}

func TestClientWithoutAService(t *testing.T) {
	t.Parallel()
	_, err := parser.Client{Socket: filepath.Join(t.TempDir(), "none")}.Parse(t.Context(), wire.Request{}, strings.NewReader(""), nil)
	var failure *wire.Failure
	if !errors.As(err, &failure) || failure.Code != wire.CodeUnavailable {
		t.Fatal(err)
	}
}

// TestImports: what reads documents has no way to start a process, no store
// and no socket of its own.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "coffer/services/parser/internal/...").Output()
	if err != nil {
		t.Skipf("go list: %v", err)
	}
	for _, name := range strings.Fields(string(out)) {
		switch {
		case name == "os/exec", name == "net/http", name == "plugin",
			strings.HasPrefix(name, "go.etcd.io/"), strings.HasPrefix(name, "github.com/blevesearch/"),
			strings.HasPrefix(name, "coffer/") && !strings.HasPrefix(name, "coffer/services/parser/") && name != "coffer/services/extract":
			t.Errorf("package %s is within reach of a document", name)
		}
	}
}
