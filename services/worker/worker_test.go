package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/index"
	"coffer/services/library"
	"coffer/services/link"
	"coffer/services/parser"
	"coffer/services/parser/wire"
	"coffer/services/store"
	"coffer/services/store/blobs"
	"coffer/services/worker"
)

// box is a library with a link, on disk.
type box struct {
	*library.Library
	socket string
	index  *index.Index
}

func newBox(t testing.TB) *box {
	t.Helper()
	dir := t.TempDir()
	log := slog.New(slog.NewTextHandler(testLog{t}, nil))
	st, err := store.Open(filepath.Join(dir, "store"))
	must(t, err)
	bl, err := blobs.Open(filepath.Join(dir, "blobs"))
	must(t, err)
	ix, err := index.Open(filepath.Join(dir, "index"), index.Options{Log: log})
	must(t, err)
	lib, err := library.Open(t.Context(), library.Options{Store: st, Blobs: bl, Index: ix, MaxUpload: 2 * wire.MaxDocument, Log: log})
	must(t, err)
	b := &box{lib, filepath.Join(dir, "link.sock"), ix}
	listener, err := net.Listen("unix", b.socket)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { check(t, lib.Run(ctx)) })
	wg.Go(func() { check(t, link.Serve(ctx, listener, lib, log)) })
	t.Cleanup(func() {
		stop()
		wg.Wait()
		check(t, ix.Close())
		check(t, bl.Close())
		check(t, st.Close())
	})
	return b
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// reading is a Parser from a function of the document's bytes.
type reading func(ctx context.Context, req wire.Request, body []byte, progress func(wire.Progress)) (wire.Result, error)

func (f reading) Parse(ctx context.Context, req wire.Request, body io.Reader, progress func(wire.Progress)) (wire.Result, error) {
	b := make([]byte, req.Size)
	if _, err := io.ReadFull(body, b); err != nil {
		return wire.Result{}, err
	}
	return f(ctx, req, b, progress)
}

func (reading) Unpack(context.Context, wire.Unpack, io.ReaderAt, parser.Receiver) (wire.Unpacked, error) {
	return wire.Unpacked{}, errors.New("no archive is expected")
}

func reads(_ context.Context, _ wire.Request, body []byte, progress func(wire.Progress)) (wire.Result, error) {
	progress(wire.Progress{Page: 1, Total: 1})
	return wire.Result{Type: "text", Passages: []wire.Passage{{Text: string(body)}}}, nil
}

// start runs a worker until the function it returns is called.
func (b *box) start(t testing.TB, p worker.Parser, n int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(ctx, worker.Options{
			Link: link.NewClient(b.socket), Parser: p, Concurrency: n, Log: slog.New(slog.NewTextHandler(testLog{t}, nil)),
		})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			check(t, err)
		case <-time.After(10 * time.Second):
			t.Error("the worker does not stop")
		}
	})
	t.Cleanup(stop)
	return stop
}

// until waits for a status.
func (b *box) until(t testing.TB, id library.SourceID, want library.Status) library.Source {
	t.Helper()
	var s library.Source
	eventually(t, func() error {
		var err error
		if s, err = b.Source(t.Context(), id); err != nil {
			return err
		}
		if s.Status != want {
			return fmt.Errorf("%s is %s, not %s (%v)", id, s.Status, want, s.Reason)
		}
		return nil
	})
	return s
}

func eventually(t testing.TB, f func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err = f(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

func (b *box) add(t testing.TB, name, text string) library.Source {
	t.Helper()
	s, created, err := b.Add(t.Context(), name, strings.NewReader(text))
	must(t, err)
	if !created {
		t.Fatalf("%s is known", name)
	}
	return s
}

func TestReadyMeansSearchable(t *testing.T) {
	b := newBox(t)
	b.start(t, reading(reads), 2)
	for i := range 20 {
		word := fmt.Sprintf("quagga%d", i)
		began := time.Now()
		s := b.add(t, word+".txt", "A zebra and a "+word+" in the field.")
		b.until(t, s.ID, library.StatusReady)
		took := time.Since(began)
		res, err := b.Search(t.Context(), library.Query{Text: word})
		must(t, err)
		if len(res.Hits) != 1 || res.Hits[0].Source.ID != s.ID || !strings.Contains(res.Hits[0].Snippet, "<mark>") {
			t.Fatalf("%s: %+v", word, res)
		}
		if i == 19 {
			t.Logf("added to ready and searchable in %v", took)
		}
	}
}

func TestOutcomes(t *testing.T) {
	unreachable := fmt.Errorf("%w: no such file", &wire.Failure{Code: wire.CodeUnavailable, Message: "away"})
	for _, c := range []struct {
		name     string
		parse    reading
		status   library.Status
		code     string
		attempts int
	}{
		{"read", reads, library.StatusReady, "", 0},
		{"refused", func(context.Context, wire.Request, []byte, func(wire.Progress)) (wire.Result, error) {
			return wire.Result{}, &wire.Failure{Code: wire.CodeEncrypted, Message: "It needs a password."}
		}, library.StatusFailed, "encrypted", 0},
		{"died once", once(&wire.Failure{Code: wire.CodeCrashed, Message: "It broke the reader.", Died: true}), library.StatusReady, "", 1},
		{"away once", once(unreachable), library.StatusReady, "", 0},
		{"connection lost once", once(errors.New("connection reset")), library.StatusReady, "", 0},
		{"nothing in it", func(context.Context, wire.Request, []byte, func(wire.Progress)) (wire.Result, error) {
			return wire.Result{Type: "text"}, nil
		}, library.StatusFailed, "malformed", 0},
		{"unknown type", func(context.Context, wire.Request, []byte, func(wire.Progress)) (wire.Result, error) {
			return wire.Result{Type: "exe", Passages: []wire.Passage{{Text: "x"}}}, nil
		}, library.StatusFailed, "malformed", 0},
		{"too much text", func(context.Context, wire.Request, []byte, func(wire.Progress)) (wire.Result, error) {
			return wire.Result{Type: "text", Passages: []wire.Passage{{Text: strings.Repeat("x", library.MaxPassageText+1)}}}, nil
		}, library.StatusFailed, "malformed", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			b.start(t, c.parse, 2)
			s := b.until(t, b.add(t, "a.txt", "some text").ID, c.status)
			if c.code != "" && (s.Reason == nil || s.Reason.Code != c.code) {
				t.Errorf("reason %+v, want %s", s.Reason, c.code)
			}
			jobs, err := b.Jobs(t.Context(), library.Page{})
			must(t, err)
			if len(jobs.Items) != 1 || jobs.Items[0].Attempts != c.attempts {
				t.Errorf("jobs %+v, want %d attempts", jobs.Items, c.attempts)
			}
		})
	}
}

// once fails the first time only.
func once(err error) reading {
	var done sync.Once
	return func(ctx context.Context, req wire.Request, body []byte, progress func(wire.Progress)) (wire.Result, error) {
		first := false
		done.Do(func() { first = true })
		if first {
			return wire.Result{}, err
		}
		return reads(ctx, req, body, progress)
	}
}

func TestStopGivesBack(t *testing.T) {
	b := newBox(t)
	started := make(chan struct{})
	stop := b.start(t, reading(func(ctx context.Context, _ wire.Request, _ []byte, _ func(wire.Progress)) (wire.Result, error) {
		close(started)
		<-ctx.Done()
		return wire.Result{}, ctx.Err()
	}), 1)
	s := b.add(t, "a.txt", "text")
	<-started
	b.until(t, s.ID, library.StatusProcessing)
	stop()
	b.until(t, s.ID, library.StatusQueued)
	b.start(t, reading(reads), 1)
	b.until(t, s.ID, library.StatusReady)
}

func TestCancelEndsTheReading(t *testing.T) {
	b := newBox(t)
	started, ended := make(chan struct{}), make(chan struct{})
	b.start(t, reading(func(ctx context.Context, _ wire.Request, _ []byte, progress func(wire.Progress)) (wire.Result, error) {
		close(started)
		for i := 1; ctx.Err() == nil; i++ {
			progress(wire.Progress{Page: i, Total: 1000})
			time.Sleep(time.Millisecond)
		}
		close(ended)
		return wire.Result{}, ctx.Err()
	}), 1)
	s := b.add(t, "a.txt", "text")
	<-started
	_, err := b.Cancel(t.Context(), s.ID)
	must(t, err)
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("the parser goes on")
	}
	b.until(t, s.ID, library.StatusCancelled)
}

func BenchmarkIngest(b *testing.B) {
	box := newBox(b)
	box.start(b, reading(reads), 4)
	text := bytes.Repeat([]byte("Some words of a small file, again and again. "), 200)
	b.ResetTimer()
	var wg sync.WaitGroup
	sem := make(chan struct{}, 4)
	for i := range b.N {
		wg.Add(1)
		sem <- struct{}{}
		go func() {
			defer func() { <-sem; wg.Done() }()
			_, _, err := box.Add(b.Context(), fmt.Sprint(i, ".txt"), io.MultiReader(bytes.NewReader(text), strings.NewReader(fmt.Sprint(i))))
			check(b, err)
		}()
	}
	wg.Wait()
	for {
		c := box.JobCounts()
		if c[library.JobWaiting]+c[library.JobRunning] == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
}
