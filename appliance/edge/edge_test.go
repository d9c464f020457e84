package edge_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"coffer/appliance/beneath"
	"coffer/appliance/edge"
	"coffer/appliance/manifest"
	"coffer/rootfs"
)

const token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// tree lays the protected files out in a new folder.
func tree(t *testing.T) (root, run string) {
	t.Helper()
	root = t.TempDir()
	return root, lay(t, root)
}

func lay(t *testing.T, root string) (run string) {
	t.Helper()
	m, err := manifest.New(manifest.Own{Folders: []string{"usr/share/coffer", "etc/nginx/coffer"}},
		manifest.Set{Files: rootfs.Files()},
		manifest.Set{Prefix: "usr/share/coffer", Files: fstest.MapFS{
			"static/app.css":           {Data: bytes.Repeat([]byte("body { color: red }\n"), 200)},
			"static/favicon.ico":       {Data: []byte("icon")},
			"static/app.js":            {Data: []byte("export {}\n")},
			"static/icon.0123abcd.svg": {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
		}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Install(root, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	run = filepath.Join(root, "run/coffer")
	for _, dir := range []string{"nginx", "edge", "acme"} {
		if err := os.MkdirAll(filepath.Join(run, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func options(root, run string) edge.Options {
	gid := beneath.Keep
	if os.Geteuid() == 0 {
		gid = edgeID
	}
	return edge.Options{
		Root: root, Run: run, Host: "127.0.0.1", Port: freePort(), Token: token,
		MaxUpload: 1 << 20, UID: beneath.Keep, GID: gid,
	}
}

func freePort() uint16 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

func nginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("nginx is not installed")
	return ""
}

func TestNginxTakesTheConfiguration(t *testing.T) {
	binary := nginx(t)
	var unused string
	https := withTLS(t, &unused)
	for name, change := range map[string]func(*edge.Options){
		"HTTPS": https,
		"HTTPS everywhere": func(o *edge.Options) {
			https(o)
			o.Host, o.TLS.Host = "", ""
		},
		"HTTPS, another run": func(o *edge.Options) {
			https(o)
			o.Run = elsewhere(t)
		},
		"as it is":      func(*edge.Options) {},
		"every address": func(o *edge.Options) { o.Host = "" },
		"IPv6":          func(o *edge.Options) { o.Host = "::1" },
		"base path":     func(o *edge.Options) { o.BasePath = "/a.b/c~d" },
		"health networks": func(o *edge.Options) {
			o.HealthAllow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
		},
		"JSON logs":   func(o *edge.Options) { o.LogJSON, o.Debug = true, true },
		"another run": func(o *edge.Options) { o.Run = elsewhere(t) },
	} {
		t.Run(name, func(t *testing.T) {
			o := options(tree(t))
			change(&o)
			if err := edge.Render(o); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(binary, append(edge.Arguments(o.Root, o.Run), "-t")...).CombinedOutput()
			if err != nil || strings.Contains(string(out), "[warn]") {
				t.Fatalf("%v\n%s", err, out)
			}
			info, err := os.Stat(filepath.Join(o.Run, "edge/http.conf"))
			if err != nil || info.Mode().Perm() != 0o440 {
				t.Errorf("fragment with the token: %v, %v", info.Mode(), err)
			}
		})
	}
}

func elsewhere(t *testing.T) string {
	run := t.TempDir()
	for _, dir := range []string{"nginx", "edge"} {
		if err := os.Mkdir(filepath.Join(run, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func TestRenderRefuses(t *testing.T) {
	for name, change := range map[string]func(*edge.Options){
		"a short token":            func(o *edge.Options) { o.Token = "short" },
		"a token with a quote":     func(o *edge.Options) { o.Token += `"; }` },
		"a base path with a brace": func(o *edge.Options) { o.BasePath = "/a{b" },
		"a base path with a blank": func(o *edge.Options) { o.BasePath = "/a b" },
		"a variable in the run":    func(o *edge.Options) { o.Run += "/$host" },
		"a newline in the root":    func(o *edge.Options) { o.Root += "\n" },
		"a name as host":           func(o *edge.Options) { o.Host = "localhost" },
		"no port":                  func(o *edge.Options) { o.Port = 0 },
		"no port of HTTPS":         func(o *edge.Options) { o.TLS = &edge.TLS{Pair: "/pair.pem"} },
		"no certificate":           func(o *edge.Options) { o.TLS = &edge.TLS{Port: 1} },
		"a certificate with more":  func(o *edge.Options) { o.TLS = &edge.TLS{Port: 1, Pair: "/pair.pem; x"} },
		"a name as host of HTTPS":  func(o *edge.Options) { o.TLS = &edge.TLS{Host: "box", Port: 1, Pair: "/pair.pem"} },
		"a generation with more":   func(o *edge.Options) { o.Generation = "1;" },
		"a redirect with more":     func(o *edge.Options) { o.TLS = &edge.TLS{Port: 1, Pair: "/p.pem", Redirect: "https://a/;b"} },
		"a redirect to plain HTTP": func(o *edge.Options) { o.TLS = &edge.TLS{Port: 1, Pair: "/p.pem", Redirect: "http://a"} },
		"a pin with more":          func(o *edge.Options) { o.TLS = &edge.TLS{Port: 1, Pair: "/p.pem", Pins: []edge.Pin{{Name: `a" 1`}}} },
		"no limit":                 func(o *edge.Options) { o.MaxUpload = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			o := options(tree(t))
			change(&o)
			if err := edge.Render(o); err == nil {
				t.Error("it was rendered")
			}
			_, err := os.Stat(filepath.Join(o.Run, "edge/http.conf"))
			if !errors.Is(err, fs.ErrNotExist) && !strings.Contains(o.Run, "$") {
				t.Errorf("a fragment was written: %v", err)
			}
		})
	}
}

func TestTokensDiffer(t *testing.T) {
	a, b := edge.NewToken(), edge.NewToken()
	if a == b || len(a) != 64 {
		t.Errorf("tokens %q and %q", a, b)
	}
}
