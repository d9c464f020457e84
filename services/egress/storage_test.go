package egress

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
)

// gateway is a real S3 server (versitygw, over a folder), which
// COFFER_S3_GATEWAY names.
func gateway(t *testing.T) (address string) {
	t.Helper()
	program := os.Getenv("COFFER_S3_GATEWAY")
	if program == "" {
		t.Skip("COFFER_S3_GATEWAY names no S3 server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "backups"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--access", "ada", "--secret", "s3cret-key", "--port", address, "posix", "--sidecar", t.TempDir(), dir)
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%.3000s", out)
		}
	})
	for deadline := time.Now().Add(time.Minute); ; {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatalf("the gateway does not answer: %s", out)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func bucket() Bucket {
	return Bucket{Endpoint: "http://s3.lan:7070", Region: "us-east-1", Name: "backups", Prefix: "box/", PathStyle: true, AccessKey: "ada", Secret: "s3cret-key"}
}

// at opens a storage whose host leads to the gateway.
func at(t *testing.T, address string, b Bucket) *storage {
	t.Helper()
	d := newDoor("s3", 1<<40, func(Attempt) {})
	d.lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.168.1.9")}, nil
	}
	d.connect = func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		var dial net.Dialer
		return dial.DialContext(ctx, "tcp", address)
	}
	s, err := newStorage(d, b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func silent(int64) {}

func TestStorage(t *testing.T) {
	address := gateway(t)
	s := at(t, address, bucket())
	ctx := t.Context()
	content := make([]byte, 2*partSize+12345)
	_, _ = rand.Read(content)
	var last int64
	if err := s.put(ctx, "a.age", bytes.NewReader(content), int64(len(content)), func(n int64) { last = n }); err != nil || last != int64(len(content)) {
		t.Fatalf("%d bytes, %v", last, err)
	}
	if err := s.put(ctx, "empty.age", bytes.NewReader(nil), 0, silent); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	all, err := s.list(ctx)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	var back bytes.Buffer
	if err := s.get(ctx, "a.age", &back); err != nil || !bytes.Equal(back.Bytes(), content) {
		t.Errorf("%d bytes come back, %v", back.Len(), err)
	}
	if err := s.remove(ctx, "a.age"); err != nil {
		t.Error(err)
	}
	wants(t, s.get(ctx, "a.age", io.Discard), CodeGone, "")
}

// broken fails to be read after so many bytes.
type broken struct {
	io.ReaderAt
	after int64
}

func (b broken) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > b.after {
		return 0, errors.New("cut off")
	}
	return b.ReaderAt.ReadAt(p, at)
}

// What was cut off leaves no object, is gone on with, and is ended once nobody
// does.
func TestStorageResumes(t *testing.T) {
	address := gateway(t)
	s := at(t, address, bucket())
	ctx := t.Context()
	content := make([]byte, 3*partSize)
	_, _ = rand.Read(content)
	err := s.put(ctx, "a.age", broken{bytes.NewReader(content), 2 * partSize}, int64(len(content)), silent)
	wants(t, err, CodeInvalid, "cannot be read")
	if all, err := s.list(ctx); err != nil || len(all) != 0 {
		t.Errorf("half of it shows: %+v, %v", all, err)
	}
	id, there, err := s.begun(ctx, "a.age")
	if err != nil || id == "" || len(there) != 2 {
		t.Fatalf("%q with %d parts, %v", id, len(there), err)
	}
	content[5]++ // the first part is another now
	if err := s.put(ctx, "a.age", bytes.NewReader(content), int64(len(content)), silent); err != nil {
		t.Fatal(err)
	}
	var back bytes.Buffer
	if err := s.get(ctx, "a.age", &back); err != nil || !bytes.Equal(back.Bytes(), content) {
		t.Errorf("%d bytes come back, %v", back.Len(), err)
	}
	if id, _, err := s.begun(ctx, "a.age"); err != nil || id != "" {
		t.Errorf("the upload %q is still open, %v", id, err)
	}
	if _, err := s.core.NewMultipartUpload(ctx, s.Name, s.key("b.age"), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := s.tidy(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	if id, _, err := s.begun(ctx, "b.age"); err != nil || id == "" {
		t.Errorf("a fresh one was ended: %v", err)
	}
	if err := s.tidy(ctx, time.Now().Add(staleUpload+time.Minute)); err != nil {
		t.Fatal(err)
	}
	if id, _, err := s.begun(ctx, "b.age"); err != nil || id != "" {
		t.Errorf("%q is still open, %v", id, err)
	}
}

func TestStorageRefuses(t *testing.T) {
	address := gateway(t)
	for _, row := range []struct {
		name   string
		change func(*Bucket)
		code   Code
	}{
		{"wrong secret", func(b *Bucket) { b.Secret = "another-key" }, CodeKey},
		{"wrong key", func(b *Bucket) { b.AccessKey = "eve" }, CodeKey},
		{"no bucket", func(b *Bucket) { b.Name = "nowhere" }, CodeNoBucket},
		{"a public name into the network", func(b *Bucket) { b.Endpoint = "http://s3.example.org" }, CodeRefused},
	} {
		b := bucket()
		row.change(&b)
		s := at(t, address, b)
		wants(t, s.put(t.Context(), "a.age", bytes.NewReader([]byte("x")), 1, silent), row.code, "")
	}
}

func TestParts(t *testing.T) {
	for _, size := range []int64{0, 1, partSize, partSize + 1, 3 * partSize, partSize * maxParts, partSize*maxParts + 1, 5 << 40} {
		parts, sum := layOut(size), int64(0)
		for _, p := range parts {
			if p.at != sum || p.size > maxPartSize {
				t.Fatalf("%d: part at %d, want %d", size, p.at, sum)
			}
			sum += p.size
		}
		if sum != size || len(parts) > maxParts || len(parts) == 0 {
			t.Errorf("%d bytes in %d parts, %d in all", size, len(parts), sum)
		}
	}
}
