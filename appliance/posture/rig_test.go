package posture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/confine"
	"coffer/appliance/layout"
	"coffer/appliance/ledger"
	"coffer/appliance/manifest"
	"coffer/appliance/secrets"
	"coffer/appliance/servicetoken"
	"coffer/appliance/supervise"
)

// The test binary is also the spawn stub and the probe.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		var err error
		switch os.Args[1] {
		case "spawn":
			fd, _ := strconv.Atoi(os.Args[2])
			err = confine.Enter(fd)
		case "probe":
			err = Probe(os.Args[2:], os.Stdout)
			if err == nil {
				os.Exit(0)
			}
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(120)
		}
	}
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rig is a box that a test can take a protection from.
type rig struct {
	*look
	dir   string
	procs fstest.MapFS
	facts Facts
	edge  map[string]http.HandlerFunc // by method and path; missing: as it should be
	api   http.HandlerFunc
	logs  *strings.Builder

	lines  []ledger.Line
	secure *tls.Config            // of the edge's port of HTTPS
	due    Certificate            // what it is to present
	public func(netip.Addr) error // nil: as it should be

	swept   Swept
	unswept error
}

var rigRoles = map[string]int{"nginx": 10001, "api": 10002, "worker": 10003, "parser": 10004, "egress": 10005}

// newRig lays a box out in which every claim holds.
func newRig(t *testing.T) *rig {
	t.Helper()
	dir, err := os.MkdirTemp("", "posture")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	r := &rig{swept: Swept{Secrets: 7, Planted: 90}, dir: dir, logs: &strings.Builder{}, edge: map[string]http.HandlerFunc{}, facts: Facts{
		Owner: true, PasswordHash: "bcrypt", PasswordCost: 12, LoginsPerMinute: 5, BackoffAfter: 10, LimitsLast: true, SessionDays: 30, SessionDaysMost: 90, Sessions: 1, Token: true, TokenOpens: true,
	}}
	log := slog.New(slog.NewTextHandler(r.logs, nil))
	protected, err := manifest.New(manifest.Own{Folders: []string{"usr/share/coffer"}}, manifest.Set{Files: fstest.MapFS{
		"usr/share/coffer/templates/login.tmpl": {Data: []byte("sign in")},
		"etc/nginx/coffer/proxy.conf":           {Data: []byte(peerIsClient + "\n")},
	}})
	must(t, err)
	root := filepath.Join(dir, "root")
	must(t, os.Mkdir(root, 0o755))
	_, err = protected.Install(root, log)
	must(t, err)
	roles := layout.RolesFor(layout.Owner{UID: 10002, GID: 10002})
	places := layout.Options{Data: filepath.Join(dir, "data"), Run: filepath.Join(dir, "run"), Roles: roles, Log: log}
	_, err = layout.Enforce(t.Context(), places)
	must(t, err)
	kept := secrets.Options{Dir: filepath.Join(places.Data, "secrets"), ReaderGID: 10002, Log: log}
	_, err = secrets.Ensure(kept)
	must(t, err)
	token := servicetoken.File{Data: places.Data, Owner: roles.API}
	_, err = token.Apply(servicetoken.Change{Key: strings.Repeat("k", 40)})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(places.Run, "edge/http.conf"), []byte("listen 8080;"), 0o440))

	for _, name := range []string{"control.sock", "owner.sock"} {
		commands, err := net.Listen("unix", filepath.Join(places.Run, name))
		must(t, err)
		t.Cleanup(func() { commands.Close() })
		go refuseAll(commands)
		must(t, os.Chmod(filepath.Join(places.Run, name), 0o600))
	}
	front := httptest.NewServer(http.HandlerFunc(r.serveEdge))
	t.Cleanup(front.Close)
	socket, err := net.Listen("unix", filepath.Join(places.Run, "api.sock"))
	must(t, err)
	back := &httptest.Server{Listener: socket, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.api != nil {
			r.api(w, q)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	})}}
	back.Start()
	t.Cleanup(back.Close)

	asRoot := true
	o := Options{
		Root: root, RunFolder: places.Run, Data: places.Data, Self: "/proc/self/exe", Share: filepath.Join(root, "usr/share/coffer"),
		Other: "/bin/true", Manifest: protected, Layout: places, Secrets: kept, ServiceToken: token,
		Values: map[string]string{secrets.SessionKey: "0badc0de0badc0de", secrets.SetupCode: "ABCD2345"},
		Front:  front.URL, API: filepath.Join(places.Run, "api.sock"), ListenPort: 8080,
		Status: func(context.Context) ([]supervise.Status, error) { return statuses(), nil },
		Outgoing: func() ledger.Report {
			return ledger.Report{Purposes: []ledger.Purpose{{Name: "acme", Destinations: []string{"ca.example"}}, {Name: "fetch"}}, Lines: r.lines}
		},
		Certificates: certs.Store{Dir: filepath.Join(places.Data, certs.Folder), EdgeGID: 10001, Log: log},
		Certificate:  func() Certificate { return r.due },
		SecurePort:   8443,
		Public: func(a netip.Addr) error {
			if r.public != nil {
				return r.public(a)
			}
			if slices.Contains(outward(), a.String()) {
				return nil
			}
			return errors.New(a.String() + " is not public")
		},
		Facts: func(context.Context) (Facts, error) { return r.facts, nil },
		Sweep: func(context.Context) (Swept, error) { return r.swept, r.unswept },
		Start: func(c *exec.Cmd) (func(), error) { return func() {}, c.Start() },
		Log:   log, root: &asRoot, landlock: 7, patience: time.Millisecond,
	}
	r.serveTLS(t, o.Certificates)
	for _, name := range []string{"nginx", "api", "worker", "parser", "egress"} {
		o.Roles = append(o.Roles, Role{Name: name, UID: rigRoles[name], GID: rigRoles[name], Profile: confine.Profile(name), Env: []string{"TZ"}})
	}
	r.procs = machine()
	o.proc = r.procs
	o.inside = func(_ context.Context, _ Role, all []process) (map[string]Inside, error) {
		out := map[string]Inside{}
		for _, p := range all {
			out[strconv.Itoa(p.pid)] = Inside{Environ: "TZ=UTC\x00"}
		}
		return out, nil
	}
	w := New(o)
	r.look = &look{Watch: w, probes: map[string]*probed{}}
	r.look.facts = func() (Facts, error) { return o.Facts(t.Context()) }
	r.look.procs = func() (*processes, error) { return gather(w.proc, statuses()) }
	for _, key := range []string{"api/running", "worker/running", "parser/started", "parser/parser-child", "nginx/started", "egress/running"} {
		said := map[string]string{}
		for _, try := range r.tries() {
			said[try] = "EPERM"
		}
		r.probes[key] = &probed{said: said}
	}
	r.probes["parser/parser-child"].said[trySignal] = "EPERM"
	refused := map[string]string{}
	for _, path := range r.commandSockets() {
		refused[path] = refusedToCommand
	}
	r.probes["worker/"+asAsker] = &probed{said: refused}
	return r
}

// serveTLS presents a certificate of the box's own, as it should be.
func (r *rig) serveTLS(t *testing.T, s certs.Store) {
	t.Helper()
	pair, err := s.SelfSigned([]string{"box.example.org"}, nil, time.Now())
	must(t, err)
	_, err = s.Present(pair)
	must(t, err)
	r.secure = presents(t, pair)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return r.secure, nil }})
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake() // the other side tells of a failure
			c.Close()
		}
	}()
	r.due = Certificate{Mode: "self-signed", Address: l.Addr().String(), Pair: pair, Names: []string{"box.example.org"}}
}

func presents(t *testing.T, p *certs.Pair) *tls.Config {
	t.Helper()
	c, err := tls.X509KeyPair(p.PEM(), p.PEM())
	must(t, err)
	return &tls.Config{Certificates: []tls.Certificate{c}}
}

// refuseAll is a box that nobody may command.
func refuseAll(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		fmt.Fprintln(c, `{"error": "user 1 may not command the box"}`)
		c.Close()
	}
}

func statuses() []supervise.Status {
	return []supervise.Status{
		{Name: "nginx", Pid: 100, State: supervise.Running}, {Name: "api", Pid: 200, State: supervise.Running},
		{Name: "worker", Pid: 300, State: supervise.Running}, {Name: "parser", Pid: 400, State: supervise.Running},
		{Name: "egress", Pid: 500, State: supervise.Running},
	}
}

// machine is /proc of a box in which every claim holds: nginx with a worker of
// its own, the parser with a child, and a process of somebody else.
func machine() fstest.MapFS {
	fs := fstest.MapFS{"self/status": {Data: []byte("Seccomp_filters:\t1\n")}}
	for _, p := range []struct{ pid, parent, uid, filters int }{
		{100, 1, 10001, 3}, {101, 100, 10001, 3}, {200, 1, 10002, 4}, {300, 1, 10003, 4}, {400, 1, 10004, 3}, {401, 400, 10004, 5}, {500, 1, 10005, 4}, {900, 1, 0, 0},
	} {
		id := strings.Repeat(fmt.Sprintf("\t%d", p.uid), 4)
		fs[fmt.Sprintf("%d/status", p.pid)] = &fstest.MapFile{Data: fmt.Appendf(nil,
			"Name:\tcoffer\nState:\tS (sleeping)\nPPid:\t%d\nUid:%s\nGid:%s\nGroups:\t \nCapInh:\t%[4]s\nCapPrm:\t%[4]s\nCapEff:\t%[4]s\nCapBnd:\t%[4]s\nCapAmb:\t%[4]s\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t%[5]d\n",
			p.parent, id, id, noCapabilities, p.filters)}
		fs[fmt.Sprintf("%d/limits", p.pid)] = &fstest.MapFile{Data: []byte("Max data size             469762048            1006632960           bytes\n")}
		fs[fmt.Sprintf("%d/cmdline", p.pid)] = &fstest.MapFile{Data: []byte("coffer\x00role\x00")}
	}
	return fs
}

// change rewrites a file of /proc.
func (r *rig) change(name, old, new string) error {
	text := string(r.procs[name].Data)
	if !strings.Contains(text, old) {
		return errors.New(name + " has no " + old)
	}
	r.procs[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
	return nil
}

// serveEdge answers as the edge and the API do.
func (r *rig) serveEdge(w http.ResponseWriter, q *http.Request) {
	for name, value := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy": "same-origin", "Permissions-Policy": "camera=()", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		w.Header().Set(name, value)
	}
	if f := r.edge[q.Method+" "+q.URL.Path]; f != nil {
		f(w, q)
		return
	}
	crossSite := q.Header.Get("Sec-Fetch-Site") == "cross-site" || q.Header.Get("Origin") != ""
	switch {
	case !strings.HasPrefix(q.Host, "127.0.0.1"):
		w.WriteHeader(http.StatusMisdirectedRequest)
	case q.Method == "POST" && crossSite:
		w.WriteHeader(http.StatusForbidden)
	case q.URL.Path == "/api/v1/auth/logout":
		http.SetCookie(w, &http.Cookie{Name: "coffer_x", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		w.WriteHeader(http.StatusNoContent)
	case q.URL.Path == "/api/v1/health/auth":
		fmt.Fprint(w, `{"recent_failed_attempts": 3}`)
	case q.URL.Path == "/api/v1/sources", q.URL.Path == "/api/v1/auth/me":
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// answers makes the edge answer a request with a status.
func (r *rig) answers(request string, status int) {
	r.edge[request] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}
