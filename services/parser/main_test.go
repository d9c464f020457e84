package parser_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/parser"
	"coffer/services/parser/wire"
)

// TestMain runs the tests, or is a child of them: a real one, or one that
// misbehaves in the way its second word says.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "parser-child" {
		err := parser.Child(os.Args[2:], os.Stdin, os.Stdout, parser.ChildOptions{Confine: func() error { return nil }})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 2 && os.Args[1] == "unconfined-child" {
		err := parser.Child(os.Args[2:], os.Stdin, os.Stdout, parser.ChildOptions{Confine: func() error { return errors.New("no Landlock") }})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if len(os.Args) > 2 && os.Args[1] == "hostile-child" {
		hostile(os.Args[2])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// cacheDir keeps the compiled PDFium between runs of the tests.
func cacheDir(t testing.TB) string {
	t.Helper()
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	dir := filepath.Join(base, "coffer-test-pdfium")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

type service struct {
	parser.Client
	log  *bytes.Buffer
	done chan error
	stop func()
}

// start runs a service with real children; change may be nil.
func start(t testing.TB, change func(*parser.Options)) *service {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "p.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	options := parser.Options{
		ChildCommand: []string{os.Args[0], "parser-child"},
		CacheDirs:    []string{cacheDir(t)},
		Idle:         -1,
		Log:          slog.New(slog.NewTextHandler(&lockedWriter{w: &log}, nil)),
	}
	if raceEnabled {
		options.Limits.Data = 8 << 30 // the race detector's own memory
	}
	if change != nil {
		change(&options)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &service{Client: parser.Client{Socket: socket}, log: &log, done: make(chan error, 1)}
	go func() { s.done <- parser.Serve(ctx, listener, options) }()
	var once sync.Once
	s.stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-s.done:
				if err != nil {
					t.Errorf("Serve: %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Error("Serve does not end")
			}
			listener.Close()
			if t.Failed() {
				t.Log(log.String())
			}
		})
	}
	t.Cleanup(s.stop)
	return s
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (s *service) parse(t testing.TB, name string, doc []byte) (wire.Result, *wire.Failure) {
	t.Helper()
	return s.request(t, wire.Request{FileName: name, Size: int64(len(doc))}, doc)
}

func (s *service) request(t testing.TB, request wire.Request, doc []byte) (wire.Result, *wire.Failure) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	result, err := s.Parse(ctx, request, bytes.NewReader(doc), nil)
	var failure *wire.Failure
	if err != nil && !errors.As(err, &failure) {
		t.Fatalf("%s: %v", request.FileName, err)
	}
	return result, failure
}

func text(r wire.Result) string {
	var b strings.Builder
	for _, p := range r.Passages {
		b.WriteString(p.Text)
		b.WriteString("\n\n")
	}
	return b.String()
}
