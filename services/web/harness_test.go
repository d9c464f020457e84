package web

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/services/api"
	"coffer/services/auth"
	"coffer/services/backup"
	"coffer/services/index"
	"coffer/services/library"
	"coffer/services/packages"
	"coffer/services/store"
	"coffer/services/store/blobs"
)

const (
	edgeToken = "edge-token-of-at-least-thirty-two-characters"
	setupCode = "ABCD-2345"
	owner     = "Ada"
	password  = "correct horse battery"
)

// box is the real thing behind a stand-in for the edge: store, index,
// originals, library, keeper, API and pages.
type box struct {
	t          testing.TB
	lib        *library.Library
	accounts   *store.Store
	backups    *backup.Keeper
	packages   *packages.Keeper
	diagnosing *diagnosing
	notices    *noticed
	copies     *copied
	alarms     *alarmed
	scripts    scriptFile
	restored   atomic.Int32 // how often a backup was to be put in place
	former     laidAside
	site       *Site
	url        string
	log        *lines
	watch      *watched
	said       *said
	went       *went
	door       *door
	edge       edgeState
	keeper     *auth.Keeper
	later      atomic.Int64 // how far the keeper's clock is ahead, in nanoseconds
	still      atomic.Int64 // the time at which it stands, in nanoseconds; 0: it goes
}

// edgeState is what tests see of the edge, and do to it.
type edgeState struct {
	streams atomic.Int32 // event streams open now
	opened  atomic.Int32 // event streams so far
	refuse  atomic.Int32 // uploads to answer with 502
	down    atomic.Bool  // nothing is answered
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

// newBox makes a box without an owner.
func newBox(t testing.TB, base string) *box {
	t.Helper()
	dir := t.TempDir()
	b := &box{t: t, log: &lines{}}
	log := slog.New(slog.NewTextHandler(b.log, nil))
	st, err := store.Open(filepath.Join(dir, "store"))
	must(t, err)
	t.Cleanup(func() { st.Close() })
	ix, err := index.Open(filepath.Join(dir, "index"), index.Options{Log: log})
	must(t, err)
	t.Cleanup(func() { ix.Close() })
	originals, err := blobs.Open(filepath.Join(dir, "blobs"))
	must(t, err)
	t.Cleanup(func() { originals.Close() })
	b.accounts = st
	const maxUpload = 64 << 20
	b.lib, err = library.Open(t.Context(), library.Options{Store: st, Index: ix, Blobs: originals, MaxUpload: maxUpload, Log: log})
	must(t, err)
	b.run(func(ctx context.Context) { b.lib.Run(ctx) })

	id, err := st.BoxID(t.Context())
	must(t, err)
	cookies := auth.Cookies{Box: id, BasePath: base}
	key := make([]byte, 32)
	rand.Read(key)
	keeper, err := auth.New(auth.Options{Accounts: st, Keys: st, Audit: st, SecretKey: key, SetupCode: setupCode, Log: log, Now: b.now, TokenFile: &b.scripts})
	must(t, err)
	b.keeper = keeper
	b.watch, b.said, b.went, b.door = &watched{}, &said{}, &went{}, &door{}
	staged := filepath.Join(dir, "staged")
	must(t, os.Mkdir(staged, 0o700))
	b.backups, err = backup.New(backup.Options{
		Dir: filepath.Join(dir, "backups"), Snapshots: st, Plans: st, Originals: originals.Open, Hold: b.lib.HoldOriginals,
		Stage: staged, Commit: func(context.Context, string) error { b.restored.Add(1); return nil }, Former: &b.former,
		Changed: b.lib.Announce, Box: cookies.Box, Version: "0.1.0-test", Log: log,
	})
	must(t, err)
	t.Cleanup(func() { must(t, b.backups.Close()) })
	b.packages, err = packages.New(packages.Options{
		Dir: filepath.Join(dir, "import"), Library: b.lib, Key: ed25519.NewKeyFromSeed(key), MaxFile: maxUpload, Changed: b.lib.Announce, Box: cookies.Box, Version: "0.1.0-test", Log: log,
	})
	must(t, err)
	t.Cleanup(func() { must(t, b.packages.Close()) })
	b.run(func(ctx context.Context) { must(t, b.packages.Run(ctx)) })
	b.run(func(ctx context.Context) { must(t, keeper.RunToken(ctx)) })
	b.alarms, b.diagnosing, b.notices, b.copies = &alarmed{}, &diagnosing{}, &noticed{}, &copied{}
	b.site, err = New(Options{
		Diagnostics: b.diagnosing, Notices: b.notices, Copies: b.copies, Alarms: b.alarms, Packages: b.packages, Backups: b.backups, Library: b.lib, Watch: b.watch, Logs: b.said, WayOut: b.went, FrontDoor: b.door, Keeper: keeper, Accounts: st, Cookies: cookies, BasePath: base,
		Version: "0.1.0-test", Status: api.Status, Log: log,
	})
	must(t, err)
	engine, err := api.New(api.Options{
		Diagnostics: b.diagnosing, Notices: b.notices, Copies: b.copies, Alarms: b.alarms, Packages: b.packages, Backups: b.backups, Library: b.lib, Keeper: keeper, Accounts: st, Hosts: auth.Hosts{Accounts: st}, Cookies: cookies,
		EdgeToken: edgeToken, BasePath: base, MaxUpload: maxUpload, Version: "0.1.0-test", Failure: b.site.Fail, Log: log,
	})
	must(t, err)
	b.site.Register(engine.Group(base))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	srv := httptest.NewUnstartedServer(b.behindEdge(engine, base))
	srv.Listener.Close()
	srv.Listener = l
	srv.Start()
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	b.url = "http://" + l.Addr().String() + base
	return b
}

// now is the keeper's time.
func (b *box) now() time.Time {
	if at := b.still.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Now().Add(time.Duration(b.later.Load()))
}

// elapse lets time pass for the keeper alone.
func (b *box) elapse(d time.Duration) {
	if b.still.Load() != 0 {
		b.still.Add(int64(d))
	}
	b.later.Add(int64(d))
}

// stopClock has the keeper's time stand but for elapse, however long things
// take.
func (b *box) stopClock() { b.still.Store(b.now().UnixNano()) }

// run runs f until the test ends.
func (b *box) run(f func(context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { f(ctx) })
	b.t.Cleanup(func() { stop(); wg.Wait() })
}

// overScheme is a header of tests, for the stand-in to believe.
const overScheme = "Test-Scheme"

// policy is the edge's content security policy.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"

// behindEdge stands in for nginx: static files, headers, and the token.
func (b *box) behindEdge(next http.Handler, base string) http.Handler {
	files := http.StripPrefix(base, http.FileServerFS(Assets()))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin")
		if strings.HasPrefix(r.URL.Path, base+"/static/") {
			files.ServeHTTP(w, r)
			return
		}
		switch {
		case b.edge.down.Load():
			panic(http.ErrAbortHandler)
		case r.URL.Path == base+"/api/v1/sources" && b.edge.refuse.Add(-1) >= 0:
			w.WriteHeader(http.StatusBadGateway)
			return
		case r.URL.Path == base+"/api/v1/events":
			b.edge.opened.Add(1)
			b.edge.streams.Add(1)
			defer b.edge.streams.Add(-1)
		}
		r.Header.Set("X-Edge-Token", edgeToken)
		r.Header.Set("X-Client-Addr", "192.168.1.20")
		r.Header.Set("X-Forwarded-Proto", cmp.Or(r.Header.Get(overScheme), "http"))
		next.ServeHTTP(w, r)
	})
}

// reader stands in for worker and parser: it reads texts, one form feed to a
// page, and fails what begins with "broken".
func (b *box) reader(pause time.Duration) {
	b.run(func(ctx context.Context) {
		for {
			l, err := b.lib.Lease(ctx)
			if err != nil {
				return
			}
			b.read(ctx, l, pause)
		}
	})
}

func (b *box) read(ctx context.Context, l library.Lease, pause time.Duration) {
	blob, err := b.lib.LeasedBlob(ctx, l.ID)
	if err != nil {
		return
	}
	defer blob.Close()
	var content bytes.Buffer
	if _, err := content.ReadFrom(blob); err != nil {
		return
	}
	text := content.String()
	if reason, broken := strings.CutPrefix(text, "broken "); broken {
		code, message, _ := strings.Cut(strings.TrimSpace(reason), " ")
		b.lib.Fail(ctx, l.ID, library.Failure{Reason: library.Reason{Code: code, Message: message}})
		return
	}
	pages := strings.Split(text, "\f")
	r := library.Reading{Type: library.TypeText}
	if len(pages) > 1 {
		r.Type, r.Pages = library.TypePDF, len(pages)
	}
	for i, page := range pages {
		for part := range strings.SplitSeq(page, "\n\n\n") {
			p := library.Passage{Number: len(r.Passages), Text: strings.TrimSpace(part)}
			if len(pages) > 1 {
				p.Page = i + 1
			}
			r.Passages = append(r.Passages, p)
		}
		if pause > 0 {
			if _, err := b.lib.Heartbeat(ctx, l.ID, library.Progress{Page: i + 1, Total: len(pages)}); err != nil {
				return
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
		}
	}
	b.lib.Complete(ctx, l.ID, r)
}

// put adds a text and waits until it is read.
func (b *box) put(name, text string) library.Source {
	b.t.Helper()
	s, _, err := b.lib.Add(b.t.Context(), name, strings.NewReader(text))
	must(b.t, err)
	for range 500 {
		s, err = b.lib.Source(b.t.Context(), s.ID)
		must(b.t, err)
		if s.Status == library.StatusReady || s.Status == library.StatusFailed {
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Fatalf("%s was not read", name)
	return s
}

// visitor is a browser without scripts.
type visitor struct {
	*http.Client
	b *box
}

func (b *box) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	must(b.t, err)
	return &visitor{&http.Client{Jar: jar}, b}
}

// owner creates the owner and is signed in.
func (b *box) owner() *visitor {
	b.t.Helper()
	v := b.visitor()
	_, r := v.post("/setup", url.Values{"code": {setupCode}, "username": {owner}, "password": {password}})
	if !strings.HasSuffix(r.Request.URL.Path, "/setup/reach") {
		b.t.Fatalf("setup led to %s", r.Request.URL)
	}
	v.post("/setup/reach", url.Values{"reach": {"network"}})
	return v
}

func (v *visitor) get(path string) (string, *http.Response) {
	v.b.t.Helper()
	r, err := v.Get(v.b.url + path)
	return body(v.b.t, r, err), r
}

func (v *visitor) post(path string, form url.Values) (string, *http.Response) {
	v.b.t.Helper()
	r, err := v.PostForm(v.b.url+path, form)
	return body(v.b.t, r, err), r
}

func body(t testing.TB, r *http.Response, err error) string {
	t.Helper()
	must(t, err)
	defer r.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(r.Body)
	must(t, err)
	return b.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var _ fs.ReadDirFile = (*opened)(nil)
