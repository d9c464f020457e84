// Package bucket is a real S3-compatible storage for tests: versitygw, over a
// folder.
//
// It owns how that is built and started; its version stands in a module of its
// own. It refuses to be part of the box.
package bucket

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// What opens it, and the bucket that is in it.
const (
	Name      = "backups"
	AccessKey = "ada"
	Secret    = "s3cret-key-of-ada"
)

// Gateway is one that runs.
type Gateway struct {
	Address string // host:port
	Folder  string // objects lie below it, under their bucket and key
}

// build returns the program, which stays for the next test.
func build(ctx context.Context) (string, error) {
	root, err := box.Root()
	if err != nil {
		return "", err
	}
	program := filepath.Join(root, "out", "bucket", "versitygw")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/versity/versitygw/cmd/versitygw")
	cmd.Dir, cmd.Env = filepath.Join(root, "scripts/e2e/bucket/module"), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build versitygw: %w\n%s", err, out)
	}
	return program, nil
}

// Serve runs one on this machine until the test ends.
func Serve(t *testing.T) *Gateway {
	t.Helper()
	return ServeAt(t, "127.0.0.1")
}

// ServeAt runs one at an address of this machine.
func ServeAt(t *testing.T, host string) *Gateway {
	t.Helper()
	tier.Need(t, tier.Native)
	name, err := build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{Address: l.Addr().String(), Folder: t.TempDir()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(g.Folder, Name), 0o755); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(name, "--access", AccessKey, "--secret", Secret, "--port", g.Address, "posix", "--sidecar", t.TempDir(), g.Folder)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("the storage said: %.3000s", said.String())
		}
	})
	for deadline := time.Now().Add(time.Minute); ; {
		c, err := net.Dial("tcp", g.Address)
		if err == nil {
			_ = c.Close()
			return g
		}
		if time.Now().After(deadline) {
			t.Fatal("the storage does not answer")
		}
		time.Sleep(50 * time.Millisecond)
	}
}
