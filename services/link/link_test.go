package link_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/link"
	"coffer/services/store"
	"coffer/services/store/blobs"
)

// box is a library with a link that can be switched off and on.
type box struct {
	*library.Library
	t        testing.TB
	listener *net.UnixListener
	socket   string
	raw      *http.Client
	stop     func()
	log      said
}

// said is what the link logs.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func newBox(t testing.TB) *box {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(filepath.Join(dir, "store"))
	librarytest.Must(t, err)
	bl, err := blobs.Open(filepath.Join(dir, "blobs"))
	librarytest.Must(t, err)
	b := &box{t: t, socket: filepath.Join(dir, "link.sock")}
	b.Library, err = library.Open(t.Context(), library.Options{
		Store: st, Blobs: bl, Index: librarytest.NewIndex(), MaxUpload: 8 << 20, Log: slog.New(slog.DiscardHandler),
	})
	librarytest.Must(t, err)
	b.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: b.socket, Net: "unix"})
	librarytest.Must(t, err)
	b.listener.SetUnlinkOnClose(false)
	b.raw = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", b.socket)
		},
	}}
	b.serve()
	t.Cleanup(func() {
		b.stop()
		b.listener.Close()
		librarytest.Must(t, bl.Close())
		librarytest.Must(t, st.Close())
	})
	return b
}

// serve answers on a duplicate of the listener, which stays bound when that
// one closes, as init keeps it for a process that starts anew.
func (b *box) serve() {
	f, err := b.listener.File()
	librarytest.Must(b.t, err)
	l, err := net.FileListener(f)
	f.Close()
	librarytest.Must(b.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- link.Serve(ctx, l, b.Library, slog.New(slog.NewTextHandler(&b.log, nil))) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			b.t.Error(err)
		}
	})
}

func (b *box) add(name, content string) library.Source {
	b.t.Helper()
	s, _, err := b.Add(b.t.Context(), name, strings.NewReader(content))
	librarytest.Must(b.t, err)
	return s
}

func (b *box) client() *link.Client {
	c := link.NewClient(b.socket)
	b.t.Cleanup(c.Close)
	return c
}

func TestRoundTrip(t *testing.T) {
	b := newBox(t)
	c, ctx := b.client(), t.Context()
	s := b.add("ünïcode <&>.md", "the bytes")
	l, err := c.Lease(ctx)
	librarytest.Must(t, err)
	if l.Source != s.ID || l.FileName != s.FileName || l.Size != 9 || l.SHA256 != s.SHA256 || l.Alone || !l.Expires.After(time.Now()) {
		t.Errorf("%+v", l)
	}
	body, err := c.Blob(ctx, l.ID)
	librarytest.Must(t, err)
	got, err := io.ReadAll(body)
	body.Close()
	if err != nil || string(got) != "the bytes" {
		t.Errorf("%q, %v", got, err)
	}
	expires, err := c.Heartbeat(ctx, l.ID, library.Progress{Page: 1, Total: 2})
	if err != nil || expires.Before(l.Expires) {
		t.Errorf("%v, %v", expires, err)
	}
	reading := librarytest.Reading(library.TypeMarkdown, 3)
	reading.Title, reading.Passages[1].Text = "A <title>", "\u2028 \u0000 \"quoted\" "+strings.Repeat("\x01", 7900)
	librarytest.Must(t, c.Complete(ctx, l.ID, reading))
	p, err := b.Passages(ctx, s.ID, 0, 9)
	librarytest.Must(t, err)
	for i := range p {
		if p[i].Text != reading.Passages[i].Text || p[i].Page != reading.Passages[i].Page {
			t.Errorf("passage %d changed on the way", i)
		}
	}
	librarytest.WantKind(t, c.Complete(ctx, l.ID, reading), library.NotFound)

	s = b.add("second", "second")
	l, err = c.Lease(ctx)
	librarytest.Must(t, err)
	librarytest.Must(t, c.Release(ctx, l.ID))
	l, err = c.Lease(ctx)
	librarytest.Must(t, err)
	librarytest.Must(t, c.Fail(ctx, l.ID, library.Failure{Reason: library.Reason{Code: "encrypted", Message: "It needs a password."}}))
	if got, err := b.Source(ctx, s.ID); err != nil || got.Status != library.StatusFailed || got.Reason.Code != "encrypted" {
		t.Errorf("%+v, %v", got, err)
	}
}

// The largest reading that the library keeps passes; one passage more does not.
func TestLargestReading(t *testing.T) {
	b := newBox(t)
	c, ctx := b.client(), t.Context()
	text := strings.Repeat("x", library.MaxPassageText)
	r := library.Reading{Type: library.TypeText}
	for range library.MaxReadingText / library.MaxPassageText {
		r.Passages = append(r.Passages, library.Passage{Text: text})
	}
	s := b.add("large", "large")
	l, err := c.Lease(ctx)
	librarytest.Must(t, err)
	librarytest.Must(t, c.Complete(ctx, l.ID, r))
	if got, err := b.Source(ctx, s.ID); err != nil || got.Passages != len(r.Passages) {
		t.Errorf("%+v, %v", got, err)
	}
	b.add("larger", "larger")
	l, err = c.Lease(ctx)
	librarytest.Must(t, err)
	for range 1000 {
		r.Passages = append(r.Passages, library.Passage{Text: text})
	}
	librarytest.WantKind(t, c.Complete(ctx, l.ID, r), library.Invalid)
}

// A worker that is gone holds nothing up, and one that is replaced holds
// nothing any more.
func TestSuccessorInherits(t *testing.T) {
	b := newBox(t)
	first, second := b.client(), b.client()
	b.add("a", "a")
	l, err := first.Lease(t.Context())
	librarytest.Must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again, err := second.Lease(ctx)
	librarytest.Must(t, err)
	if again.Source != l.Source || again.ID == l.ID {
		t.Errorf("%+v after %+v", again, l)
	}
	_, err = first.Heartbeat(ctx, l.ID, library.Progress{})
	librarytest.WantKind(t, err, library.NotFound)
	third, err := second.Blob(ctx, again.ID)
	librarytest.Must(t, err)
	third.Close()
}

func TestLeaseIsTheCapability(t *testing.T) {
	b := newBox(t)
	c, ctx := b.client(), t.Context()
	mine, other := b.add("mine", "mine"), b.add("other", "other")
	l, err := c.Lease(ctx)
	librarytest.Must(t, err)
	if l.Source != mine.ID {
		t.Fatal("the other came first")
	}
	for _, id := range []library.LeaseID{
		"x", library.LeaseID(other.ID), library.LeaseID(mine.ID), library.LeaseID(other.SHA256), l.ID + "x", l.ID[:25],
		library.LeaseID(strings.ToLower(string(l.ID))),
	} {
		_, err := c.Blob(ctx, id)
		librarytest.WantKind(t, err, library.NotFound)
		_, err = c.Heartbeat(ctx, id, library.Progress{})
		librarytest.WantKind(t, err, library.NotFound)
		librarytest.WantKind(t, c.Complete(ctx, id, librarytest.Reading(library.TypeText, 1)), library.NotFound)
		librarytest.WantKind(t, c.Fail(ctx, id, library.Failure{}), library.NotFound)
		librarytest.WantKind(t, c.Release(ctx, id), library.NotFound)
	}
	librarytest.Must(t, c.Fail(ctx, l.ID, library.Failure{}))
	_, err = c.Blob(ctx, l.ID)
	librarytest.WantKind(t, err, library.NotFound)
	if got, err := b.Source(ctx, other.ID); err != nil || got.Status != library.StatusQueued {
		t.Errorf("%+v, %v", got, err)
	}
}

// post sends raw bytes and returns the status and the answer.
func (b *box) post(method, path, body string) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, "http://link"+path, strings.NewReader(body))
	librarytest.Must(b.t, err)
	res, err := b.raw.Do(req)
	librarytest.Must(b.t, err)
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	librarytest.Must(b.t, err)
	return res.StatusCode, string(out)
}

func TestMalformedMessages(t *testing.T) {
	b := newBox(t)
	s := b.add("a", "a")
	l, err := b.client().Lease(t.Context())
	librarytest.Must(t, err)
	at := "/leases/" + string(l.ID)
	worker := strings.Repeat("w", 26)
	head := `{"type":"text","title":"","pages":0,"passages":1}` + "\n"
	for _, c := range []struct{ name, method, path, body string }{
		{"no body", "POST", "/leases", ""},
		{"no worker", "POST", "/leases", `{}`},
		{"short worker", "POST", "/leases", `{"worker":"w","wait":0}`},
		{"long worker", "POST", "/leases", `{"worker":"` + strings.Repeat("w", 65) + `","wait":0}`},
		{"negative wait", "POST", "/leases", `{"worker":"` + worker + `","wait":-1}`},
		{"unknown field", "POST", "/leases", `{"worker":"` + worker + `","wait":0,"admin":true}`},
		{"two values", "POST", "/leases", `{"worker":"` + worker + `","wait":0}{}`},
		{"huge", "POST", "/leases", `{"worker":"` + strings.Repeat("w", 1<<20) + `"}`},
		{"not JSON", "POST", at + "/heartbeat", "page=1"},
		{"a list", "POST", at + "/heartbeat", "[1]"},
		{"negative page", "POST", at + "/heartbeat", `{"page":-1,"total":0}`},
		{"page too big", "POST", at + "/heartbeat", `{"page":1e30,"total":0}`},
		{"no failure", "POST", at + "/failure", ""},
		{"unknown verdict", "POST", at + "/failure", `{"code":"x","message":"y","final":true}`},
		{"no head", "POST", at + "/reading", ""},
		{"head only", "POST", at + "/reading", head},
		{"cut short", "POST", at + "/reading", head + `{"page":0,"te`},
		{"one too many", "POST", at + "/reading", head + `{"page":0,"text":"x"}` + "\n" + `{"page":0,"text":"y"}`},
		{"negative count", "POST", at + "/reading", strings.Replace(head, `:1}`, `:-1}`, 1)},
		{"absurd count", "POST", at + "/reading", strings.Replace(head, `:1}`, `:1000000000}`, 1)},
		{"endless line", "POST", at + "/reading", head + `{"page":0,"text":"` + strings.Repeat("x", 1<<20)},
		{"foreign source", "POST", at + "/reading", head + `{"source":"other","page":0,"text":"x"}`},
		{"release with words", "POST", at + "/release", `{"force":true}`},
	} {
		status, body := b.post(c.method, c.path, c.body)
		if status != http.StatusBadRequest || !strings.Contains(body, `"kind":"invalid"`) {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
	for _, c := range []struct{ method, path string }{
		{"GET", "/"}, {"GET", "/leases"}, {"DELETE", at}, {"POST", at + "/blob"}, {"GET", at + "/reading"},
		{"GET", "/sources"}, {"GET", "/leases//blob"}, {"GET", at + "/../../x/blob"}, {"POST", at + "/complete"},
	} {
		if status, _ := b.post(c.method, c.path, ""); status < 300 {
			t.Errorf("%s %s: %d", c.method, c.path, status)
		}
	}
	if got, err := b.Source(t.Context(), s.ID); err != nil || got.Status != library.StatusProcessing {
		t.Errorf("a malformed message changed the source: %+v, %v", got, err)
	}
	librarytest.Must(t, b.Complete(t.Context(), l.ID, librarytest.Reading(library.TypeText, 1)))
}

// While the API starts anew the socket is bound and nobody answers; requests
// wait and then go on.
func TestClientOutlivesARestart(t *testing.T) {
	b := newBox(t)
	c := b.client()
	b.add("a", "a")
	l, err := c.Lease(t.Context())
	librarytest.Must(t, err)
	b.stop()
	done := make(chan error, 2)
	go func() { _, err := c.Heartbeat(t.Context(), l.ID, library.Progress{}); done <- err }()
	go func() { done <- c.Complete(t.Context(), l.ID, librarytest.Reading(library.TypeText, 1)) }()
	time.Sleep(300 * time.Millisecond)
	b.serve()
	for range 2 {
		if err := <-done; err != nil && !bytes.Contains([]byte(err.Error()), []byte("no longer held")) {
			t.Error(err)
		}
	}
}

// A socket at which nobody listens yet is tried again.
func TestClientTriesAgain(t *testing.T) {
	b := newBox(t)
	c := b.client()
	b.add("a", "a")
	l, err := c.Lease(t.Context())
	librarytest.Must(t, err)
	b.stop()
	librarytest.Must(t, b.listener.Close())
	librarytest.Must(t, os.Remove(b.socket))
	done := make(chan error, 1)
	go func() { _, err := c.Heartbeat(t.Context(), l.ID, library.Progress{}); done <- err }()
	time.Sleep(200 * time.Millisecond)
	b.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: b.socket, Net: "unix"})
	librarytest.Must(t, err)
	b.listener.SetUnlinkOnClose(false)
	b.serve()
	librarytest.Must(t, <-done)
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { _, err := b.client().Lease(ctx); done <- err }()
	time.Sleep(50 * time.Millisecond)
	cancel()
	if err := <-done; err == nil {
		t.Error("a lease of nothing")
	}
	go func() { _, err := b.client().Lease(t.Context()); done <- err }()
	time.Sleep(50 * time.Millisecond)
	b.stop()
	if strings.Contains(b.log.String(), "cut off") {
		t.Error("a waiting worker held the server up")
	}
	b.serve()
	b.add("a", "a")
	librarytest.Must(t, <-done)
}

func ExampleNewClient() {
	c := link.NewClient("/nowhere/link.sock")
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Lease(ctx)
	fmt.Println(err)
	// Output: context deadline exceeded
}
