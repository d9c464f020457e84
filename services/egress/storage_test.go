package egress

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"coffer/scripts/e2e/bucket"
)

func aBucket() Bucket {
	return Bucket{
		Endpoint: "http://s3.lan:7070", Region: "us-east-1", Name: bucket.Name, Prefix: "box/", PathStyle: true,
		AccessKey: bucket.AccessKey, Secret: bucket.Secret,
	}
}

// onto is a storage whose connections a test counts and cuts.
type onto struct {
	*storage
	bytes atomic.Int64
	cut   atomic.Int64 // after so many bytes connections break; 0: none does
}

func (o *onto) sent() int64 { return o.bytes.Load() }

type cutting struct {
	net.Conn
	of *onto
}

func (c *cutting) Write(p []byte) (int, error) {
	if cut := c.of.cut.Load(); cut > 0 && c.of.sent() > cut {
		_ = c.Conn.Close()
		return 0, &net.OpError{Op: "write", Err: errors.New("cut")}
	}
	c.of.bytes.Add(int64(len(p)))
	return c.Conn.Write(p)
}

// leads has every name lead to address, by one of a network.
func leads(d *door, address string) {
	d.lookup = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.168.1.9")}, nil
	}
	d.connect = func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		var dial net.Dialer
		return dial.DialContext(ctx, "tcp", address)
	}
}

// at opens a storage whose host leads to the gateway.
func at(t *testing.T, address string, b Bucket) *onto {
	t.Helper()
	d := newDoor(Storage, 1<<40, func(Attempt) {})
	leads(d, address)
	o := &onto{}
	plain := d.connect
	d.connect = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		conn, err := plain(ctx, to)
		return &cutting{Conn: conn, of: o}, err
	}
	s, err := newStorage(d, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	o.storage = s
	return o
}

func silent(int64) error { return nil }

const (
	nameA = "coffer-deadbeef-20310501-120000-aaaaaa.age"
	nameB = "coffer-deadbeef-20310501-120000-bbbbbb.age"
	nameC = "coffer-0badcafe-20310501-120000-cccccc.age"
)

// back is what lies under a name.
func back(s *onto, name string) ([]byte, error) {
	var all []byte
	err := s.get(context.Background(), name, func(Object) error { return nil }, func(b []byte) error {
		all = append(all, b...)
		return nil
	})
	return all, err
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func TestStorage(t *testing.T) {
	address := bucket.Serve(t).Address
	s := at(t, address, aBucket())
	ctx := t.Context()
	content := random(2*partSize + 12345)
	var last int64
	put := func() error {
		return s.put(ctx, nameA, bytes.NewReader(content), int64(len(content)), func(n int64) error { last = n; return nil })
	}
	if err := put(); err != nil || last != int64(len(content)) {
		t.Fatalf("%d bytes, %v", last, err)
	}
	last = 0
	if err := put(); err != nil || last != 0 {
		t.Errorf("what is there is brought there again: %d bytes, %v", last, err)
	}
	if err := s.put(ctx, nameB, bytes.NewReader(nil), 0, silent); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	for _, other := range []string{"box/photo.jpg", "box/sub/" + nameB, "coffer-deadbeef-20310501-120000-outsid.age"} {
		if _, err := s.core.PutObject(ctx, s.Name, other, strings.NewReader("x"), 1, "", "", minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.list(ctx)
	if err != nil || len(all) != 2 {
		t.Fatalf("%+v, %v", all, err)
	}
	if got, err := back(s, nameA); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes come back, %v", len(got), err)
	}
	if err := s.try(ctx); err != nil {
		t.Error(err)
	}
	if all, err := s.list(ctx); err != nil || len(all) != 2 {
		t.Errorf("a trial leaves %+v, %v", all, err)
	}
	if err := s.remove(ctx, nameA); err != nil {
		t.Error(err)
	}
	_, err = back(s, nameA)
	wants(t, err, CodeGone, "")
}

// What was cut off leaves no object, is gone on with, and is ended once nobody
// does.
func TestStorageResumes(t *testing.T) {
	address := bucket.Serve(t).Address
	s := at(t, address, aBucket())
	ctx := t.Context()
	content := random(3 * partSize)
	size := int64(len(content))
	err := s.put(ctx, nameA, bytes.NewReader(content), size, func(n int64) error {
		if n == 2*partSize {
			return failure(CodeUnavailable, "whoever asked is gone")
		}
		return nil
	})
	wants(t, err, CodeUnavailable, "gone")
	if all, err := s.list(ctx); err != nil || len(all) != 0 {
		t.Errorf("half of it shows: %+v, %v", all, err)
	}
	id, there, err := s.begun(ctx, nameA)
	if err != nil || id == "" || len(there) != 2 {
		t.Fatalf("%q with %d parts, %v", id, len(there), err)
	}
	// A part that is not that of the file is brought there again.
	if _, err := s.core.PutObjectPart(ctx, s.Name, s.key(nameA), id, 1, bytes.NewReader(make([]byte, partSize)), partSize, minio.PutObjectPartOptions{}); err != nil {
		t.Fatal(err)
	}
	before := s.sent()
	if err := s.put(ctx, nameA, bytes.NewReader(content), size, silent); err != nil {
		t.Fatal(err)
	}
	if sent := s.sent() - before; sent < 2*partSize || sent > 2*partSize+partSize/2 {
		t.Errorf("%d bytes were sent, want two parts of %d", sent, partSize)
	}
	if got, err := back(s, nameA); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes come back, %v", len(got), err)
	}
	if id, _, err := s.begun(ctx, nameA); err != nil || id != "" {
		t.Errorf("the upload %q is still open, %v", id, err)
	}
	for _, name := range []string{nameB, nameC} {
		if _, err := s.core.NewMultipartUpload(ctx, s.Name, s.key(name), minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	tidy := func(after time.Duration) {
		t.Helper()
		if err := s.tidy(ctx, nameA, time.Now().Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	open := func(name string) bool {
		id, _, err := s.begun(ctx, name)
		return err == nil && id != ""
	}
	if tidy(0); !open(nameB) {
		t.Error("a fresh one was ended")
	}
	if tidy(staleUpload + time.Minute); open(nameB) || !open(nameC) {
		t.Errorf("its own is open: %v, that of another box: %v", open(nameB), open(nameC))
	}
}

// The connection is cut in the middle of a part; the next try goes on.
func TestStorageCut(t *testing.T) {
	address := bucket.Serve(t).Address
	s := at(t, address, aBucket())
	content := random(3 * partSize)
	s.cut.Store(partSize + partSize/2)
	err := s.put(t.Context(), nameA, bytes.NewReader(content), int64(len(content)), silent)
	wants(t, err, CodeUnreachable, "")
	s.cut.Store(0)
	before := s.sent()
	if err := s.put(t.Context(), nameA, bytes.NewReader(content), int64(len(content)), silent); err != nil {
		t.Fatal(err)
	}
	if sent := s.sent() - before; sent > 2*partSize+partSize/2 {
		t.Errorf("%d bytes were sent again", sent)
	}
	if got, err := back(s, nameA); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes come back, %v", len(got), err)
	}
}

// One byte of what lies in the storage becomes another.
func TestStorageFlipped(t *testing.T) {
	g := bucket.Serve(t)
	s := at(t, g.Address, aBucket())
	content := random(partSize + 99)
	size := int64(len(content))
	put := func() error { return s.put(t.Context(), nameA, bytes.NewReader(content), size, silent) }
	if err := put(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(g.Folder, bucket.Name, "box", nameA), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte{content[7] + 1}, 7); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = back(s, nameA)
	wants(t, err, CodeDiffers, "damaged")

	// Another file under the name is another, and is replaced.
	if err := s.remove(t.Context(), nameA); err != nil {
		t.Fatal(err)
	}
	if _, err := s.core.PutObject(t.Context(), s.Name, s.key(nameA), bytes.NewReader(make([]byte, size)), size, "", "", minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	parts := layOut(size)
	sums, err := sumsOf(bytes.NewReader(content), parts)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, s.compare(t.Context(), nameA, bytes.NewReader(content), size, parts, sums), CodeDiffers, "another file")
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if got, err := back(s, nameA); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes come back, %v", len(got), err)
	}

	// Where the storage makes tags of its own, what is read back decides.
	sums.md5[0] = make([]byte, 16)
	if err := s.compare(t.Context(), nameA, bytes.NewReader(content), size, parts, sums); err != nil {
		t.Error(err)
	}
	content[partSize+1]++
	wants(t, s.compare(t.Context(), nameA, bytes.NewReader(content), size, parts, sums), CodeDiffers, "other bytes")
}

func TestStorageRefuses(t *testing.T) {
	address := bucket.Serve(t).Address
	for _, row := range []struct {
		name   string
		change func(*Bucket)
		code   Code
	}{
		{"wrong secret", func(b *Bucket) { b.Secret = "another-key" }, CodeKey},
		{"wrong key", func(b *Bucket) { b.AccessKey = "eve" }, CodeKey},
		{"no bucket", func(b *Bucket) { b.Name = "nowhere" }, CodeNoBucket},
		{"a public name into the network", func(b *Bucket) { b.Endpoint = "http://s3.example.org" }, CodeRefused},
		{"another region", func(b *Bucket) { b.Region = "eu-central-1" }, CodeRegion},
	} {
		b := aBucket()
		row.change(&b)
		s := at(t, address, b)
		t.Run(row.name, func(t *testing.T) {
			wants(t, s.put(t.Context(), nameA, strings.NewReader("x"), 1, silent), row.code, "")
			wants(t, s.try(t.Context()), row.code, "")
		})
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
