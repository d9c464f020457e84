package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/index"
	"coffer/services/library"
	"coffer/services/store"
	"coffer/services/store/blobs"
)

const (
	edgeToken = "edge-token-of-at-least-thirty-two-characters"
	setupCode = "ABCD-2345"
	password  = "correct horse battery"
)

// box is the real thing: store, index, originals, library, keeper and engine.
type box struct {
	*gin.Engine
	lib      *library.Library
	keeper   *auth.Keeper
	accounts *faulty
	cookies  auth.Cookies
	log      *lines
	dir      string
	later    atomic.Int64 // how far the keeper's clock is ahead, in nanoseconds
	still    atomic.Int64 // the time at which its clock stands, in nanoseconds; 0: it goes
}

// lines is a log that tests may read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// faulty is a store that fails when told to.
type faulty struct {
	library.Accounts
	mu  sync.Mutex
	err error
}

func (f *faulty) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *faulty) Settings(ctx context.Context) (library.Settings, error) {
	f.mu.Lock()
	err := f.err
	f.mu.Unlock()
	if err != nil {
		return library.Settings{}, err
	}
	return f.Accounts.Settings(ctx)
}

// newBox makes a box without an owner.
func newBox(t testing.TB, change func(*Options)) *box {
	t.Helper()
	b := &box{dir: t.TempDir(), log: &lines{}}
	log := slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	st, err := store.Open(filepath.Join(b.dir, "store"))
	must(t, err)
	t.Cleanup(func() { st.Close() })
	ix, err := index.Open(filepath.Join(b.dir, "index"), index.Options{Log: log})
	must(t, err)
	t.Cleanup(func() { ix.Close() })
	originals, err := blobs.Open(filepath.Join(b.dir, "blobs"))
	must(t, err)
	t.Cleanup(func() { originals.Close() })
	o := Options{EdgeToken: edgeToken, MaxUpload: 1 << 20, Version: "9.9.9-test", Log: log}
	if change != nil {
		change(&o)
	}
	b.lib, err = library.Open(t.Context(), library.Options{Store: st, Index: ix, Blobs: originals, MaxUpload: o.MaxUpload, Log: log})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { b.lib.Run(ctx) })
	t.Cleanup(func() { stop(); wg.Wait() })

	b.accounts = &faulty{Accounts: st}
	id, err := st.BoxID(t.Context())
	must(t, err)
	b.cookies = auth.Cookies{Box: id, BasePath: o.BasePath}
	b.keeper, err = auth.New(auth.Options{
		Accounts: b.accounts, Keys: st, Audit: st, SecretKey: bytes.Repeat([]byte{7}, 32), SetupCode: setupCode, Log: log,
		Now: b.now,
	})
	must(t, err)
	o.Library, o.Keeper, o.Accounts, o.Cookies = b.lib, b.keeper, b.accounts, b.cookies
	b.Engine, err = New(o)
	must(t, err)
	return b
}

func (b *box) now() time.Time {
	if at := b.still.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Now().Add(time.Duration(b.later.Load()))
}

// stopClock has what follows happen in one moment, however long it takes.
func (b *box) stopClock() { b.still.Store(time.Now().UnixNano()) }

// seed is an owner and a session made once by a real setup, because hashing a
// password takes a quarter of a second.
type seed struct {
	owner   library.Owner
	session library.Session
	grant   auth.Grant
}

var seeded sync.Once
var theSeed seed

// newOwnedBox makes a box that has an owner, and signs in as it.
func newOwnedBox(t testing.TB, change func(*Options)) (*box, caller) {
	t.Helper()
	seeded.Do(func() {
		b := newBox(t, nil)
		var err error
		theSeed.grant, err = b.keeper.Setup(t.Context(), setupCode, "Ada", password, auth.Client{})
		must(t, err)
		theSeed.owner, err = b.accounts.Owner(t.Context())
		must(t, err)
		theSeed.session, err = b.accounts.Session(t.Context(), theSeed.grant.Identity.SessionID)
		must(t, err)
	})
	b := newBox(t, change)
	session := theSeed.session
	session.AuthTime = b.now()
	must(t, b.accounts.CreateOwner(t.Context(), theSeed.owner, session))
	return b, b.cookie(theSeed.grant.Token)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// caller changes a request into one that somebody would send.
type caller func(*http.Request)

// cookie sends a session's token as a browser does.
func (b *box) cookie(token string) caller {
	return func(r *http.Request) {
		for _, c := range b.cookies.Grant(r, auth.Grant{Token: token, Browser: "x"}) {
			r.AddCookie(c)
		}
	}
}

func header(kv ...string) caller {
	return func(r *http.Request) {
		for i := 0; i < len(kv); i += 2 {
			if kv[i] == "Host" {
				r.Host = kv[i+1]
			} else {
				r.Header.Set(kv[i], kv[i+1])
			}
		}
	}
}

func without(name string) caller { return func(r *http.Request) { r.Header.Del(name) } }

// request is what the edge sends on; body is JSON when it begins like it.
func request(method, path, body string, as ...caller) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	header("Host", "box.local:8080", "X-Edge-Token", edgeToken, "X-Client-Addr", "192.0.2.7", "X-Forwarded-Proto", "http")(r)
	for _, f := range as {
		if f != nil {
			f(r)
		}
	}
	return r
}

// do sends a request and checks what holds for every answer.
func (b *box) do(t testing.TB, method, path, body string, as ...caller) *httptest.ResponseRecorder {
	t.Helper()
	r := request(method, path, body, as...)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	checkAnswer(t, fmt.Sprintf("%s %s", method, path), w)
	return w
}

// checkAnswer looks for what no answer may lack and none may tell.
func checkAnswer(t testing.TB, what string, w *httptest.ResponseRecorder) {
	t.Helper()
	body := w.Body.String()
	id := w.Header().Get("X-Request-Id")
	if id == "" {
		t.Errorf("%s: no request id", what)
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: no nosniff", what)
	}
	for _, secret := range []string{"$2a$", "password_hash", "epoch", edgeToken, password, setupCode, theSeed.grant.Token, "$schema", "goroutine"} {
		if secret != "" && strings.Contains(body, secret) && !strings.Contains(what, "openapi") {
			t.Errorf("%s: the answer tells %q: %s", what, secret, body)
		}
	}
	if w.Code < 400 || strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || strings.Contains(what, "/_edge/verify") || strings.Contains(what, "/readyz") {
		return
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" && !strings.HasSuffix(what, "/health") {
		t.Errorf("%s: %d has content type %q: %s", what, w.Code, got, body)
		return
	}
	if strings.HasSuffix(what, "/health") && w.Code == http.StatusServiceUnavailable {
		return
	}
	var p Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Errorf("%s: %v: %s", what, err, body)
		return
	}
	if p.Status != w.Code || p.RequestID != id || p.Type != "about:blank" || p.Title != http.StatusText(w.Code) || p.Code == "" || p.Detail == "" {
		t.Errorf("%s: incomplete problem %s", what, body)
	}
	if (w.Code == http.StatusTooManyRequests) != (w.Header().Get("Retry-After") != "") {
		t.Errorf("%s: %d with Retry-After %q", what, w.Code, w.Header().Get("Retry-After"))
	}
}

func decode[T any](t testing.TB, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}

// form is a multipart body with one file.
func form(field, name, content string) (body string, as caller) {
	body = "--xyz\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name + "\"\r\n\r\n" + content + "\r\n--xyz--\r\n"
	return body, header("Content-Type", "multipart/form-data; boundary=xyz")
}

// add puts a document in and has it read as the passages given.
func (b *box) add(t testing.TB, name, content string, passages ...string) library.Source {
	t.Helper()
	s, created, err := b.lib.Add(t.Context(), name, strings.NewReader(content))
	must(t, err)
	if !created || len(passages) == 0 {
		return s
	}
	lease, err := b.lib.Lease(t.Context())
	must(t, err)
	r := library.Reading{Type: library.TypeText}
	for i, text := range passages {
		r.Passages = append(r.Passages, library.Passage{Number: i, Text: text})
	}
	must(t, b.lib.Complete(t.Context(), lease.ID, r))
	for deadline := time.Now().Add(10 * time.Second); s.Status != library.StatusReady; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not searchable")
		}
		s, err = b.lib.Source(t.Context(), s.ID)
		must(t, err)
	}
	return s
}

// files lists what is on the disk under the blobs' folder.
func (b *box) files(t testing.TB) []string {
	t.Helper()
	var found []string
	must(t, filepath.WalkDir(filepath.Join(b.dir, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found = append(found, path)
		}
		if errors.Is(err, fs.ErrNotExist) { // it went while we looked
			return nil
		}
		return err
	}))
	return found
}

// serve is do without the checks, for answers that are not JSON.
func serve(b *box, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

// endless is n bytes that compress to nothing and are never held at once.
func endless(n int64) io.Reader { return io.LimitReader(zeros{}, n) }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
