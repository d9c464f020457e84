package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"coffer/services/auth"
	"coffer/services/library"
)

// live serves a box on a unix socket as the real thing does. stop ends it.
func live(t *testing.T, b *box) (client *http.Client, stop func()) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.Listen("unix", socket)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, b, slog.New(slog.NewJSONHandler(b.log, nil))) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error("serve:", err)
			}
		case <-time.After(time.Minute):
			t.Error("the server does not stop")
		}
	}
	t.Cleanup(stop)
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}, stop
}

// outgoing is request for a real client.
func outgoing(t *testing.T, method, path string, body io.Reader, as ...caller) *http.Request {
	t.Helper()
	model := request(method, path, "", as...)
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+model.Host+path, body)
	must(t, err)
	r.Header = model.Header
	return r
}

// feed reads server-sent events.
type feed struct {
	t      *testing.T
	resp   *http.Response
	blocks chan string
}

func subscribe(t *testing.T, client *http.Client, as ...caller) *feed {
	t.Helper()
	resp, err := client.Do(outgoing(t, "GET", "/api/v1/events", nil, as...))
	must(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	f := &feed{t: t, resp: resp, blocks: make(chan string, 100)}
	if resp.StatusCode != 200 {
		close(f.blocks)
		return f
	}
	if resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("%v", resp.Header)
	}
	go func() {
		defer close(f.blocks)
		s := bufio.NewScanner(resp.Body)
		var block []string
		for s.Scan() {
			if s.Text() != "" {
				block = append(block, s.Text())
				continue
			}
			f.blocks <- strings.Join(block, "\n")
			block = nil
		}
	}()
	return f
}

// next returns the next block, empty when the stream ended.
func (f *feed) next() string {
	f.t.Helper()
	select {
	case b := <-f.blocks:
		return b
	case <-time.After(10 * time.Second):
		f.t.Fatal("nothing came")
		return ""
	}
}

func field(block, name string) string {
	for line := range strings.Lines(block) {
		if v, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func TestEvents(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	client, _ := live(t, b)
	f := subscribe(t, client, owner)
	hello := f.next()
	if field(hello, "retry") == "" || field(hello, "id") == "" || field(hello, "event") != "" {
		t.Errorf("%q", hello)
	}
	s := b.add(t, "fox.txt", "fox", "The quick brown fox.")
	var got []string
	var ids []int
	var ready Source
	for ready.Status != library.StatusReady {
		block := f.next()
		id, err := strconv.Atoi(field(block, "id"))
		must(t, err)
		ids = append(ids, id)
		got = append(got, field(block, "event"))
		if field(block, "event") == "source" {
			must(t, json.Unmarshal([]byte(field(block, "data")), &ready))
		} else {
			var j Job
			must(t, json.Unmarshal([]byte(field(block, "data")), &j))
			if j.SourceID != s.ID {
				t.Errorf("%q", block)
			}
		}
	}
	for i := 1; i < len(ids); i++ {
		if ids[i] <= ids[i-1] {
			t.Errorf("ids %v", ids)
		}
	}
	if ready.ID != s.ID || !strings.Contains(strings.Join(got, " "), "job") {
		t.Errorf("%v %+v", got, ready)
	}

	// Coming back: what was missed is sent, and nothing twice.
	must(t, b.lib.Delete(t.Context(), s.ID))
	back := subscribe(t, client, owner, header("Last-Event-ID", strconv.Itoa(ids[0])))
	back.next()
	for _, want := range ids[1:] {
		if id := field(back.next(), "id"); id != strconv.Itoa(want) {
			t.Errorf("resumed with %s, want %d", id, want)
		}
	}
	for {
		block := back.next()
		if field(block, "event") == "source" {
			if field(block, "data") != fmt.Sprintf(`{"id":%q,"deleted":true}`, s.ID) {
				t.Errorf("%q", block)
			}
			break
		}
	}
	// A browser that lost its first connection before any event sends the id
	// it was greeted with, and misses nothing.
	early := subscribe(t, client, owner, header("Last-Event-ID", field(hello, "id")))
	early.next()
	if id := field(early.next(), "id"); id != strconv.Itoa(ids[0]) {
		t.Errorf("resumed with %s, want %d", id, ids[0])
	}
	for _, old := range []string{"1", "0", "-1", "junk", "99999999999999999999"} {
		lost := subscribe(t, client, owner, header("Last-Event-ID", old))
		lost.next()
		if block := lost.next(); field(block, "event") != "reset" || field(block, "id") == "" {
			t.Errorf("id %s: %q", old, block)
		}
		lost.resp.Body.Close()
	}
}

func TestEventsEndWithTheSession(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	client, _ := live(t, b)
	if f := subscribe(t, client); f.resp.StatusCode != 401 {
		t.Errorf("nobody may listen: %d", f.resp.StatusCode)
	}
	f := subscribe(t, client, owner)
	f.next()
	must(t, b.keeper.Logout(t.Context(), theSeed.session.ID))
	if block := f.next(); block != "" {
		t.Errorf("%q", block)
	}
	b.add(t, "x.txt", "secret")
	if f := subscribe(t, client, owner); f.resp.StatusCode != 401 {
		t.Errorf("listening again: %d", f.resp.StatusCode)
	}
}

// A silent stream is kept open by comments, and ends when the session's time
// is up, of which nobody is told.
func TestEventsBeat(t *testing.T) {
	b, owner := newOwnedBox(t, func(o *Options) { o.beat = 10 * time.Millisecond })
	client, _ := live(t, b)
	f := subscribe(t, client, owner)
	f.next()
	for range 3 {
		if block := f.next(); !strings.HasPrefix(block, ":") {
			t.Errorf("%q", block)
		}
	}
	b.later.Store(int64(auth.SessionTTL))
	for range 100 {
		if f.next() == "" {
			return
		}
	}
	t.Error("the stream outlives its session")
}

// Stopping waits for requests, but not for streams.
func TestStop(t *testing.T) {
	b, owner := newOwnedBox(t, nil)
	client, stop := live(t, b)
	f := subscribe(t, client, owner)
	f.next()
	stop()
	if strings.Contains(b.log.String(), "requests cut off") {
		t.Error("an open stream held the stop up")
	}
	if block := f.next(); block != "" {
		t.Errorf("%q", block)
	}

	client, stop = live(t, b)
	body, in := io.Pipe()
	go func() {
		part, multipart := form("file", "x.txt", "")
		_ = multipart
		io.WriteString(in, strings.TrimSuffix(part, "\r\n--xyz--\r\n"))
	}()
	stuck := make(chan struct{})
	r := outgoing(t, "POST", "/api/v1/sources", body, owner, header("Content-Type", "multipart/form-data; boundary=xyz"))
	go func() {
		defer close(stuck)
		if resp, err := client.Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	waitFor(t, func() bool { return len(b.files(t)) > 0 })
	stop()
	if !strings.Contains(b.log.String(), "requests cut off") {
		t.Error("a stuck upload was not cut off")
	}
	in.CloseWithError(io.ErrClosedPipe)
	<-stuck
	waitFor(t, func() bool { return len(b.files(t)) == 0 })
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// An upload of 64 MB grows the heap by a few: it is streamed.
func TestUploadStreams(t *testing.T) {
	const size = 64 << 20
	b, owner := newOwnedBox(t, func(o *Options) { o.MaxUpload = size })
	client, _ := live(t, b)
	head, multipart := form("file", "big.bin", "")
	head, tail, _ := strings.Cut(head, "\r\n\r\n")
	body := io.MultiReader(strings.NewReader(head+"\r\n\r\n"), endless(size), strings.NewReader(tail))

	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := make(chan uint64)
	over := make(chan struct{})
	go func() {
		var most uint64
		for {
			select {
			case <-over:
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}
	}()
	resp, err := client.Do(outgoing(t, "POST", "/api/v1/sources", body, owner, multipart))
	close(over)
	grown := int64(<-peak) - int64(before.HeapAlloc)
	must(t, err)
	defer resp.Body.Close()
	var s Source
	must(t, json.NewDecoder(resp.Body).Decode(&s))
	if resp.StatusCode != 202 || s.Size != size {
		t.Errorf("%d %+v", resp.StatusCode, s)
	}
	t.Logf("heap grew by at most %.1f MB", float64(grown)/1e6)
	if grown > 16<<20 {
		t.Errorf("heap grew by %d bytes", grown)
	}
}

// An upload that breaks off leaves no source, no job and no file.
func TestUploadAborted(t *testing.T) {
	b, owner := newOwnedBox(t, func(o *Options) { o.MaxUpload = 64 << 20 })
	client, _ := live(t, b)
	head, multipart := form("file", "big.bin", "")
	head, _, _ = strings.Cut(head, "\r\n\r\n")
	body, in := io.Pipe()
	ctx, abort := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := outgoing(t, "POST", "/api/v1/sources", body, owner, multipart).WithContext(ctx)
		if resp, err := client.Do(r); err == nil {
			resp.Body.Close()
			t.Errorf("answered %d", resp.StatusCode)
		}
	}()
	io.WriteString(in, head+"\r\n\r\n")
	io.Copy(in, endless(8<<20))
	waitFor(t, func() bool { return len(b.files(t)) > 0 }) // it was being written
	abort()
	in.CloseWithError(io.ErrClosedPipe)
	<-done
	waitFor(t, func() bool { return len(b.files(t)) == 0 })
	l, err := b.lib.Sources(t.Context(), library.SourceFilter{}, library.Page{})
	must(t, err)
	if l.Total != 0 || b.lib.JobCounts()[library.JobWaiting] != 0 {
		t.Errorf("%+v %v", l, b.lib.JobCounts())
	}
	if strings.Contains(b.log.String(), `"level":"ERROR"`) {
		t.Errorf("somebody's leaving is an error of ours:\n%s", b.log)
	}
}

// A header no browser sends does not take the server down, and what is cut
// short is answered with 400.
func TestRawRequests(t *testing.T) {
	b, _ := newOwnedBox(t, nil)
	client, _ := live(t, b)
	dial := client.Transport.(*http.Transport).DialContext
	for name, c := range map[string]struct {
		raw  string
		want string
	}{
		"no host":       {"GET /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
		"two hosts":     {"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400"},
		"HTTP/1.0":      {"GET /api/v1/health HTTP/1.0\r\nX-Edge-Token: " + edgeToken + "\r\n\r\n", "HTTP/1.0 421"},
		"huge header":   {"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 1<<20) + "\r\n\r\n", "HTTP/1.1 431"},
		"two lengths":   {"POST /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 400"},
		"a high cookie": {"GET /api/v1/auth/me HTTP/1.1\r\nHost: nas\r\nConnection: close\r\nX-Edge-Token: " + edgeToken + "\r\nCookie: \xff\xfe=\xff; coffer_" + b.cookies.Box + "=\xff\r\n\r\n", "HTTP/1.1 401"},
	} {
		conn, err := dial(t.Context(), "", "")
		must(t, err)
		conn.SetDeadline(time.Now().Add(time.Minute))
		go io.WriteString(conn, c.raw)
		answer := make([]byte, 12)
		io.ReadFull(conn, answer)
		conn.Close()
		if !bytes.HasPrefix(answer, []byte(c.want)) {
			t.Errorf("%s: %q", name, answer)
		}
	}
}
