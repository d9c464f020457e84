package scan

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// name is that of the box, in the network of the test.
const name = "box.example.org"

// insideVariable tells a copy of the test program that it runs in a network of
// its own.
const insideVariable = "COFFER_SCAN_INSIDE"

// inside runs a test in a network of its own, where the box may have the ports
// that scanners ask, and its name leads to it.
func inside(t *testing.T, test func(*testing.T)) {
	tier.Need(t, tier.Scan)
	if os.Getenv(insideVariable) != "" {
		settle(t)
		test(t)
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	t.Logf("in a network of its own:\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Fatal("the test did not run there")
	}
}

func settle(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	hosts := filepath.Join(t.TempDir(), "hosts")
	if err := os.WriteFile(hosts, []byte("127.0.0.1 localhost "+name+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(hosts, "/etc/hosts", "", unix.MS_BIND, ""); err != nil {
		t.Fatalf("hosts: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount("/etc/hosts", unix.MNT_DETACH) })
}

// served is a box at the usual ports, with a certificate of its own, whose owner
// confirmed that its name is opened over HTTPS only.
type served struct {
	authority string // a file: the certificate that the box signs with
}

func serve(t *testing.T) served {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "init", "--root", dir)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/sbin", "COFFER_LISTEN_TLS=:443", "COFFER_TLS=self-signed", "COFFER_PUBLIC_URL=https://" + name}
	b, err := box.Start(ctx, "127.0.0.1:80", cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log := b.Log()
			t.Logf("the end of the box's log:\n%s", log[max(0, len(log)-4000):])
		}
		if code, _, err := b.Stop(); err != nil || code != 0 {
			t.Errorf("the box stops with %d, %v", code, err)
		}
	})
	authority := filepath.Join(dir, "authority.pem")
	text, err := os.ReadFile(filepath.Join(dir, "data/secrets/tls/authority.pem"))
	if err != nil {
		t.Fatal(err)
	}
	// The certificate alone: the key stands before it.
	at := bytes.Index(text, []byte("-----BEGIN CERTIFICATE"))
	if at < 0 {
		t.Fatal("the authority has no certificate")
	}
	if err := os.WriteFile(authority, text[at:], 0o644); err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(text[at:])
	owner := box.Dial("https://" + name)
	owner.HTTP.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	if err := owner.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatal(err)
	}
	confirm := strings.NewReader(`{"https_only":{"name":"` + name + `"}}`)
	if err := owner.Do(ctx, http.MethodPatch, "/api/v1/settings/https", "application/json", confirm, nil); err != nil {
		t.Fatal(err)
	}
	return served{authority}
}

// root is the top of the source tree.
func root(t *testing.T) string {
	t.Helper()
	dir, err := box.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
