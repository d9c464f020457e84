package blobs

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func openTest(t testing.TB) (*Dir, string) {
	t.Helper()
	dir := t.TempDir()
	d, err := Open(dir)
	librarytest.Must(t, err)
	t.Cleanup(func() { librarytest.Must(t, d.Close()) })
	return d, dir
}

func TestBlobs(t *testing.T) {
	librarytest.Blobs(t, func(t testing.TB) library.Blobs { d, _ := openTest(t); return d })
}

func put(t testing.TB, d *Dir, content string) string {
	t.Helper()
	s, err := d.Stage(t.Context(), strings.NewReader(content), 1<<20)
	librarytest.Must(t, err)
	defer s.Discard()
	librarytest.Must(t, s.Publish())
	return s.SHA256()
}

func TestNothingOfAFailedStageRemains(t *testing.T) {
	d, dir := openTest(t)
	_, err := d.Stage(t.Context(), strings.NewReader("too much"), 3)
	librarytest.WantKind(t, err, library.TooLarge)
	left, err := os.ReadDir(filepath.Join(dir, tmp))
	librarytest.Must(t, err)
	if len(left) > 0 || len(d.writing) > 0 {
		t.Errorf("left behind: %v, %v", left, d.writing)
	}
}

func TestSweepTakesHalfWrittenOnes(t *testing.T) {
	d, dir := openTest(t)
	half := filepath.Join(dir, tmp, "LEFTBYACRASH")
	librarytest.Must(t, os.WriteFile(half, []byte("half"), 0o600))
	stray := filepath.Join(dir, "ab", "not-a-hash")
	librarytest.Must(t, os.Mkdir(filepath.Dir(stray), 0o700))
	librarytest.Must(t, os.WriteFile(stray, nil, 0o600))
	librarytest.Must(t, d.Sweep(t.Context(), 0xab, func(h string) error { t.Errorf("%s is a blob", h); return nil }))
	librarytest.Must(t, d.Tidy())
	if _, err := os.Stat(half); !os.IsNotExist(err) {
		t.Errorf("a half-written blob remains: %v", err)
	}
	if _, err := os.Stat(stray); err != nil {
		t.Errorf("a stranger's file was removed: %v", err)
	}
}

func TestDamagedBlobIsReplaced(t *testing.T) {
	d, dir := openTest(t)
	hash := put(t, d, "the whole content")
	file := filepath.Join(dir, hash[:2], hash[2:])
	librarytest.Must(t, os.Chmod(file, 0o600))
	librarytest.Must(t, os.Truncate(file, 3))
	put(t, d, "the whole content")
	if got, err := os.ReadFile(file); err != nil || string(got) != "the whole content" {
		t.Errorf("%q, %v", got, err)
	}
}

// No link in the folder leads out of it.
func TestContainment(t *testing.T) {
	d, dir := openTest(t)
	hash := put(t, d, "x")
	outside := t.TempDir()
	secret := filepath.Join(outside, hash[2:])
	librarytest.Must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	librarytest.Must(t, os.RemoveAll(filepath.Join(dir, hash[:2])))
	librarytest.Must(t, os.Symlink(outside, filepath.Join(dir, hash[:2])))
	if f, err := d.Open(hash); err == nil {
		f.Close()
		t.Error("a link out of the folder was followed by Open")
	}
	if d.Remove(hash) == nil {
		t.Error("a link out of the folder was followed by Remove")
	}
	s, err := d.Stage(t.Context(), strings.NewReader("x"), 9)
	librarytest.Must(t, err)
	defer s.Discard()
	if s.Publish() == nil {
		t.Error("a link out of the folder was followed by Publish")
	}
	if got, err := os.ReadFile(secret); err != nil || string(got) != "secret" {
		t.Errorf("outside: %q, %v", got, err)
	}
}

// The last of a volume stays free for the box to go on with.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	const size = 1100 << 20
	if err := syscall.Mount("coffer-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("a full disk is not tried: mounting needs root (%v)", err)
	}
	t.Cleanup(func() { librarytest.Must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	d, err := Open(filepath.Join(dir, "blobs"))
	librarytest.Must(t, err)
	defer d.Close()
	filler, err := os.Create(filepath.Join(dir, "filler"))
	librarytest.Must(t, err)
	defer filler.Close()
	fill := func(free int64) {
		t.Helper()
		librarytest.Must(t, filler.Truncate(0))
		librarytest.Must(t, syscall.Fallocate(int(filler.Fd()), 0, 0, size-free))
	}
	fill(library.Reserve(size) - 1<<20)
	_, err = d.Stage(t.Context(), strings.NewReader("a small one"), 1<<30)
	librarytest.WantKind(t, err, library.Full)
	fill(library.Reserve(size) + 20<<20)
	_, err = d.Stage(t.Context(), io.LimitReader(rand.Reader, 60<<20), 1<<30)
	librarytest.WantKind(t, err, library.Full) // while it comes
	free, _, err := d.Volume()
	if err != nil || free < library.Reserve(size) {
		t.Errorf("%d bytes are free, %v", free, err)
	}
	s, err := d.Stage(t.Context(), strings.NewReader("a small one"), 1<<30)
	librarytest.Must(t, err)
	s.Discard()
}
