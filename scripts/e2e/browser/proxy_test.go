package browser

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// publicName is that of docs/proxies.md, and path the one that it names.
const (
	publicName = "box.example.org"
	path       = "/box"
)

// proxied is a proxy that stands in front of a box.
type proxied struct {
	host, port string // where it listens
	box        string // the box's address
	dir        string // for what it needs
}

// sample is the code block of a language in docs/proxies.md, with each of the
// pairs exchanged that it is expected to hold.
func sample(t *testing.T, language string, pairs ...string) string {
	t.Helper()
	root, err := box.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "proxies.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(text)
	if m == nil {
		t.Fatalf("docs/proxies.md has no sample for %s", language)
	}
	out := string(m[1])
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(out, pairs[i]) {
			t.Fatalf("the sample for %s does not say %q", language, pairs[i])
		}
		out = strings.ReplaceAll(out, pairs[i], pairs[i+1])
	}
	return out
}

// nginx serves the sample with a certificate, and returns the file of who made
// that.
func (x proxied) nginx(t *testing.T) string {
	t.Helper()
	authority, chain, key := certified(t, x.dir, publicName)
	var paths strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		paths.WriteString(kind + "_temp_path " + filepath.Join(x.dir, kind) + ";\n")
	}
	server := sample(t, "nginx", "listen 443 ssl", "listen "+net.JoinHostPort(x.host, x.port)+" ssl",
		"/etc/ssl/box.example.org.pem", chain, "/etc/ssl/box.example.org.key", key, "127.0.0.1:8080", x.box)
	file := filepath.Join(x.dir, "nginx.conf")
	text := "daemon off; pid " + filepath.Join(x.dir, "pid") + "; error_log stderr;\nevents {}\nhttp {\naccess_log off;\n" + paths.String() + server + "}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
	}
	x.serve(t, exec.Command(program, "-e", "stderr", "-p", x.dir, "-c", file))
	return authority
}

// caddy serves the sample with a certificate of Caddy's own authority, and
// returns that one's file.
func (x proxied) caddy(t *testing.T) string {
	t.Helper()
	site := sample(t, "caddyfile", publicName+" {", publicName+":"+x.port+" {\n\tbind "+x.host, "127.0.0.1:8080", x.box)
	file := filepath.Join(x.dir, "Caddyfile")
	if err := os.WriteFile(file, []byte("{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n"+site), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("caddy", "run", "--adapter", "caddyfile", "--config", file)
	cmd.Env = append(os.Environ(), "HOME="+x.dir, "XDG_DATA_HOME="+x.dir, "XDG_CONFIG_HOME="+x.dir)
	x.serve(t, cmd)
	return filepath.Join(x.dir, "caddy", "pki", "authorities", "local", "root.crt")
}

// serve runs a proxy until the test ends, and waits until it listens.
func (x proxied) serve(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the proxy: %s", said.String())
		}
	})
	for end := time.Now().Add(time.Minute); ; {
		c, err := net.Dial("tcp", net.JoinHostPort(x.host, x.port))
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the proxy does not listen: %v", err)
		}
		if err := box.Pause(t.Context(), 20*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}

// A box under a path behind a proxy that ends HTTPS: from the link in its log to
// what was found in a document, nothing leads out of the path.
func TestProxyJourney(t *testing.T) {
	tier.Need(t, tier.Browser)
	for name, start := range map[string]func(proxied, *testing.T) string{"nginx": proxied.nginx, "caddy": proxied.caddy} {
		t.Run(name, func(t *testing.T) {
			const near = "127.0.0.1" // where the sample has the box
			x := proxied{host: lan(t), box: address(t, near), dir: tier.Folder(t)}
			var err error
			if _, x.port, err = net.SplitHostPort(address(t, x.host)); err != nil {
				t.Fatal(err)
			}
			origin := "https://" + net.JoinHostPort(publicName, x.port)
			b := bootAt(t, x.box, address(t, near), "COFFER_PUBLIC_URL="+origin+path, "COFFER_BASE_PATH="+path, "COFFER_TRUSTED_PROXIES="+near+"/32")
			behind(t, trusting(t, origin+path, publicName, start(x, t)), b, origin)
		})
	}
}
