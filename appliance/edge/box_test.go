package edge_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
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

	"coffer/appliance/edge"
)

// box is a real nginx in front of an API that records what reaches it.
type box struct {
	url  string
	addr string
	api  *fakeAPI
	log  *lockedBuffer
	base string
}

// fakeAPI answers as the API does, as far as the edge can tell.
type fakeAPI struct {
	mu     sync.Mutex
	seen   []*http.Request
	asked  []*http.Request // questions who is asking
	bodies []int64
	events chan string
	// arrived, when set, is closed at the first byte of a body.
	arrived chan struct{}
}

func (a *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/_edge/verify" {
		a.mu.Lock()
		a.asked = append(a.asked, r)
		a.mu.Unlock()
		if r.Host == elsewhereName {
			w.WriteHeader(http.StatusForbidden) // a name the box does not answer to
			return
		}
		if !strings.Contains(r.Header.Get("Cookie"), "session=good") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Auth-User", "u1")
		w.Header().Set("X-Auth-Kind", "session")
		w.Header().Set("X-Auth-Scopes", "read add admin")
		w.Header().Set("X-Auth-Session", "s1")
		w.Header().Set("Cache-Control", "private")
		w.Header().Set("Content-Security-Policy", "sandbox")
		return
	}
	if r.Host == elsewhereName {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusMisdirectedRequest)
		fmt.Fprintf(w, "not here, %d bytes", n)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/events") {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		w.(http.Flusher).Flush()
		for e := range a.events {
			fmt.Fprintf(w, "data: %s\n\n", e)
			w.(http.Flusher).Flush()
		}
		return
	}
	if strings.HasSuffix(r.URL.Path, "/refuse") {
		http.Error(w, "the API's own words", http.StatusTooManyRequests)
		return
	}
	if r.Header.Get("X-Refuse") != "" {
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, "refused")
		return
	}
	if a.arrived != nil {
		if _, err := io.ReadFull(r.Body, make([]byte, 1)); err == nil {
			close(a.arrived)
		}
	}
	n, _ := io.Copy(io.Discard, r.Body)
	a.mu.Lock()
	a.seen = append(a.seen, r)
	a.bodies = append(a.bodies, n)
	a.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/original"):
		w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
		w.Header().Set("Cache-Control", "private, no-cache")
	case strings.HasSuffix(r.URL.Path, "/broken"):
		w.WriteHeader(http.StatusInternalServerError)
	case strings.HasSuffix(r.URL.Path, "/long"):
		w.Header().Set("Content-Type", "text/html")
		defer fmt.Fprint(w, strings.Repeat("from the API ", 500))
	}
	for name := range wanted() {
		if w.Header().Get(name) == "" {
			w.Header().Set(name, "the API's")
		}
	}
	w.Header().Set("X-Request-Id", "the API's")
	w.Header().Set("Permissions-Policy", "the API's")
	fmt.Fprint(w, "from the API")
}

func (a *fakeAPI) last(t *testing.T) (*http.Request, int64) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.seen) == 0 {
		t.Fatal("nothing reached the API")
	}
	return a.seen[len(a.seen)-1], a.bodies[len(a.bodies)-1]
}

func (a *fakeAPI) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.seen)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// elsewhereName is a name that the box does not answer to.
const elsewhereName = "evil.example"

// signedIn is what a signed-in browser sends, in the shape of the real thing.
func signedIn() string {
	return "a=b; coffer_0a1b2c3d=eyJh.eyJz." + strings.Repeat("s", 43) + "; session=good"
}

// edgeID is the edge's user and group when the test is root's.
const edgeID = 10001

// start runs nginx; change may alter the options, and withAPI says whether
// anything listens behind it.
func start(t *testing.T, withAPI bool, change func(*edge.Options)) *box {
	t.Helper()
	return startWith(t, withAPI, change, nil)
}

// startWith is start with a last word on the fragments.
func startWith(t *testing.T, withAPI bool, change func(*edge.Options), last func(run string)) *box {
	t.Helper()
	binary := nginx(t)
	root, run := shortTree(t)
	o := options(root, run)
	if change != nil {
		change(&o)
	}
	if err := edge.Render(o); err != nil {
		t.Fatal(err)
	}
	if last != nil {
		last(run)
	}
	b := &box{
		addr: fmt.Sprintf("127.0.0.1:%d", o.Port), base: o.BasePath,
		api: &fakeAPI{events: make(chan string)}, log: &lockedBuffer{},
	}
	b.url = "http://" + b.addr + o.BasePath
	if withAPI {
		l, err := net.Listen("unix", filepath.Join(o.Run, "api.sock"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(l.Addr().String(), 0o777); err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: b.api}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	cmd := exec.Command(binary, edge.Arguments(root, run)...)
	reader, writer, err := os.Pipe() // as under init
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: edgeID, Gid: edgeID}}
		err = errors.Join(writer.Chown(edgeID, edgeID), os.Chown(filepath.Join(run, "nginx"), edgeID, edgeID), os.Chmod(root, 0o755))
	}
	if err := errors.Join(err, cmd.Start(), writer.Close()); err != nil {
		t.Fatal(err)
	}
	logged := make(chan struct{})
	go func() { _, _ = io.Copy(b.log, reader); close(logged) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		<-logged
		if text := b.log.String(); t.Failed() {
			t.Logf("nginx: …%s", text[max(0, len(text)-1500):])
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", b.addr)
		if err == nil {
			c.Close()
			return b
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// shortTree is a tree whose socket path fits in the 108 bytes there are.
func shortTree(t *testing.T) (root, run string) {
	t.Helper()
	root, err := os.MkdirTemp("", "edge")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	return root, lay(t, root)
}

type answer struct {
	*http.Response
	body string
}

// do sends a request, by default signed in.
func (b *box) do(t *testing.T, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, b.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", signedIn())
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		} else if headers[i+1] == "" {
			req.Header.Del(headers[i])
		} else {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	client := &http.Client{
		Timeout:       20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(text)}
}

// raw sends bytes as they are and returns the answer.
func (b *box) raw(t *testing.T, text string) answer {
	t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return answer{res, string(body)}
}
