package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
)

// smallDisk mounts a disk of some bytes; it needs root.
func smallDisk(t *testing.T, bytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("coffer-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("a full disk is not tried: mounting needs root (%v)", err)
	}
	t.Cleanup(func() { librarytest.Must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, 8<<20)
	filler := filepath.Join(dir, "filler")
	librarytest.Must(t, os.WriteFile(filler, bytes.Repeat([]byte{1}, 4<<20), 0o600))
	d, err := openDisk(dir)
	librarytest.Must(t, err)
	defer d.store.Close()
	defer d.blobs.Close()
	untilFull(t, d)
	left, err := os.ReadDir(filepath.Join(dir, "blobs", "tmp"))
	librarytest.Must(t, err)
	if len(left) > 0 {
		t.Errorf("a failed upload left %v", left)
	}
	checkWhole(t, d)

	// The owner can make room by deleting, though the store must write for it.
	l, err := d.Sources(t.Context(), library.SourceFilter{}, library.Page{Limit: 200})
	librarytest.Must(t, err)
	for _, s := range l.Items {
		if s.Size > 50_000 {
			librarytest.Must(t, d.Delete(t.Context(), s.ID))
			_, err := d.Source(t.Context(), s.ID)
			librarytest.WantKind(t, err, library.NotFound)
			break
		}
	}
	checkWhole(t, d)

	librarytest.Must(t, os.Remove(filler))
	s, _, err := d.Add(t.Context(), "after.txt", strings.NewReader("there is room again"))
	librarytest.Must(t, err)
	lease, err := d.Lease(t.Context())
	librarytest.Must(t, err)
	librarytest.Must(t, d.Complete(t.Context(), lease.ID, librarytest.Reading(library.TypeText, 3)))
	if _, err := d.Source(t.Context(), s.ID); err != nil {
		t.Error(err)
	}
	checkWhole(t, d)
}

// A disk that is full before the first start costs nothing once there is room:
// no size of it leaves a store behind that cannot be opened.
func TestFullFromTheStart(t *testing.T) {
	for _, size := range []int{0, 4 << 10, 8 << 10, 12 << 10, 16 << 10, 20 << 10, 32 << 10, 48 << 10} {
		dir := smallDisk(t, 256<<10)
		filler := filepath.Join(dir, "filler")
		librarytest.Must(t, os.WriteFile(filler, make([]byte, 256<<10-size), 0o600))
		s, err := store.Open(filepath.Join(dir, "store"))
		if err == nil {
			librarytest.Must(t, s.Close())
		} else if size > 0 { // else it is the folder that cannot be made
			librarytest.WantKind(t, err, library.Full)
		}
		librarytest.Must(t, os.Remove(filler))
		s, err = store.Open(filepath.Join(dir, "store"))
		if err != nil {
			t.Errorf("with room after %d bytes: %v", size, err)
			continue
		}
		librarytest.Must(t, s.Close())
	}
}

// untilFull fills the disk with readings, then with originals.
func untilFull(t *testing.T, d *disk) {
	t.Helper()
	ctx := t.Context()
	text := strings.Repeat("some text ", 180)
	for n := 0; ; n++ {
		_, _, err := d.Add(ctx, "a.txt", strings.NewReader(fmt.Sprint("document ", n)))
		if err == nil {
			lease, leased := d.Lease(ctx)
			librarytest.Must(t, leased)
			r := librarytest.Reading(library.TypeText, 60)
			for i := range r.Passages {
				r.Passages[i].Text = text
			}
			err = d.Complete(ctx, lease.ID, r)
		}
		if err != nil {
			librarytest.WantKind(t, err, library.Full)
			break
		}
		if n > 2000 {
			t.Fatal("the disk does not fill up")
		}
	}
	for n := range 4000 {
		_, _, err := d.Add(ctx, "a.txt", io.LimitReader(&pattern{n: byte(n)}, 100_000+int64(n)))
		if err != nil {
			librarytest.WantKind(t, err, library.Full)
			return
		}
	}
	t.Fatal("the disk does not fill up")
}

type pattern struct{ n byte }

func (p *pattern) Read(b []byte) (int, error) {
	for i := range b {
		p.n = p.n*31 + 7
		b[i] = p.n
	}
	return len(b), nil
}

// A limit on the size of files, as some hosts set, is met like a full disk.
func TestFileSizeLimit(t *testing.T) {
	if os.Getenv("COFFER_TEST_FSIZE") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFileSizeLimit$", "-test.v")
		cmd.Env = append(os.Environ(), "COFFER_TEST_FSIZE=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS")) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	d, err := openDisk(t.TempDir())
	librarytest.Must(t, err)
	limit := syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	librarytest.Must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	text := strings.Repeat("some text ", 180)
	var full error
	for n := 0; n < 2000 && full == nil; n++ {
		s := librarytest.Source(n)
		if _, _, full = d.store.AddSource(t.Context(), s); full == nil {
			r := librarytest.Reading(library.TypeText, 60)
			for i := range r.Passages {
				r.Passages[i].Text = text
			}
			_, _, full = d.store.Commit(t.Context(), s.ID, r, librarytest.At(n))
		}
	}
	librarytest.WantKind(t, full, library.Full)
	_, _, err = d.Add(t.Context(), "big", io.LimitReader(&pattern{}, 1<<20-1))
	if !errors.Is(err, &library.Error{Kind: library.Full}) && err != nil {
		t.Errorf("the store is full: %v", err)
	}
	l, err := d.store.Sources(t.Context(), library.SourceFilter{}, library.Page{})
	if err != nil || len(l.Items) == 0 {
		t.Errorf("the store cannot be read: %v", err)
	}
}
