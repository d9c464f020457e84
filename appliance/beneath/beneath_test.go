package beneath

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func open(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// plant fills a folder with everything that must not be followed.
func plant(t *testing.T) (root, outside string) {
	t.Helper()
	root, outside = t.TempDir(), t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(root, "a/b"), 0o755),
		os.WriteFile(filepath.Join(root, "a/file"), []byte("inside"), 0o644),
		os.WriteFile(filepath.Join(outside, "secret"), []byte("outside"), 0o600),
		os.Symlink(outside, filepath.Join(root, "out")),
		os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, "link")),
		os.Symlink("a", filepath.Join(root, "near")),
		os.Symlink("/", filepath.Join(root, "a/top")),
		unix.Mkfifo(filepath.Join(root, "fifo"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return root, outside
}

func TestHoldFollowsNothing(t *testing.T) {
	root, _ := plant(t)
	d := open(t, root)
	for _, name := range []string{"link", "out", "near", "fifo", "out/secret", "near/file", "a/top", "a/top/etc/passwd", "a/file/x"} {
		done := make(chan error, 1)
		go func() {
			n, err := d.Hold(name)
			if err == nil {
				n.Close()
			}
			done <- err
		}()
		select {
		case err := <-done:
			var refused *Refused
			if !errors.As(err, &refused) && name != "a/file/x" || err == nil {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: opening it hangs", name)
		}
	}
	for _, name := range []string{"../x", "/etc/passwd", "a/../../x", "", "a//file", "a/./file"} {
		if n, err := d.Hold(name); err == nil {
			n.Close()
			t.Errorf("%q was opened", name)
		}
	}
	if _, err := d.Hold("a/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	for _, name := range []string{"a/file", "a/b", "."} {
		n, err := d.Hold(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n.Close()
	}
}

// Where there is no /proc to reopen by, a name is opened once more and must
// still be what was looked at.
func TestAgainWantsTheSame(t *testing.T) {
	root, _ := plant(t)
	d := open(t, root)
	seen, err := d.Look("a/file")
	if err != nil {
		t.Fatal(err)
	}
	fd, err := d.again("a/file", unix.O_RDONLY, seen)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	for _, name := range []string{"a/b", "link", "fifo", "none"} {
		if fd, err := d.again(name, unix.O_RDONLY, seen); err == nil {
			unix.Close(fd)
			t.Errorf("%s is taken for another", name)
		}
	}
}

func TestCommandsAreOneWordEach(t *testing.T) {
	for path, want := range map[string]string{
		"/data/store":    "mv -n /data/store /data/store.aside",
		"/a b/it's $x;`": `mv -n '/a b/it'\''s $x;` + "`' '/a b/it'" + `\''s $x;` + "`.aside'",
	} {
		if got := (&Refused{Path: path, What: Symlink}).Command(); got != want {
			t.Errorf("%s", got)
		}
	}
	if got := (&Refused{Path: "/x", What: linked, File: true}).Command(); got != "cp -p /x /x.copy && mv /x.copy /x" {
		t.Errorf("%s", got)
	}
	if got := (&Refused{Path: "/x", What: linked}).Command(); got != "mv -n /x /x.aside" {
		t.Errorf("in the place of a folder: %s", got)
	}
}

// TestWalkIsAsStrict holds the way for old kernels to the same.
func TestWalkIsAsStrict(t *testing.T) {
	root, _ := plant(t)
	d := open(t, root)
	for name, ok := range map[string]bool{
		"a/file": true, "a/b": true, ".": true,
		"link": false, "out/secret": false, "near/file": false, "a/top/etc/passwd": false, "../x": false, "/etc/passwd": false, "a/../a/file": false,
	} {
		a, errA := openat2(d.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		b, errB := walk(d.fd(), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if (errA == nil) != ok || (errB == nil) != ok {
			t.Errorf("%s: openat2 %v, walk %v, want ok %v", name, errA, errB, ok)
		}
		if errA == nil {
			unix.Close(a)
		}
		if errB == nil {
			unix.Close(b)
		}
	}
}

func TestWriting(t *testing.T) {
	root, outside := plant(t)
	d := open(t, root)
	stamp := time.Unix(1234567890, 0)
	defer unix.Umask(unix.Umask(0o077))
	if err := d.Put("a/new", []byte("one"), Attributes{UID: Keep, GID: Keep, Mode: 0o640, Modified: stamp}); err != nil {
		t.Fatal(err)
	}
	info, err := d.Look("a/new")
	if err != nil || info.Mode != 0o640 || !info.Modified.Equal(stamp) || info.Size != 3 {
		t.Errorf("%+v, %v", info, err)
	}
	if err := d.Create("a/new", []byte("two"), Attributes{UID: Keep, GID: Keep, Mode: 0o600}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an existing file was created: %v", err)
	}
	// Over a link: the link goes, what it names stays.
	if err := d.Put("link", []byte("three"), Attributes{UID: Keep, GID: Keep, Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(text) != "outside" {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := d.Look("link"); err != nil || !info.IsFile() {
		t.Errorf("%+v, %v", info, err)
	}
	// What a crash left is swept, also when it is a link.
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, ".crashed.new")); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("crashed", []byte("four"), Attributes{UID: Keep, GID: Keep, Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	for name, put := range map[string]error{
		"through a link":  d.Put("out/new", nil, Attributes{UID: Keep, GID: Keep}),
		"out of the tree": d.Put("../new", nil, Attributes{UID: Keep, GID: Keep}),
		"the folder":      d.Put(".", nil, Attributes{UID: Keep, GID: Keep}),
		"a folder":        d.Put("a/b", nil, Attributes{UID: Keep, GID: Keep}),
		"mkdir by a link": d.Mkdir("out/dir", Attributes{UID: Keep, GID: Keep}),
		"remove by link":  d.Remove("out/secret"),
	} {
		if put == nil {
			t.Errorf("%s: it was done", name)
		}
	}
	if names, err := os.ReadDir(outside); err != nil || len(names) != 1 {
		t.Errorf("outside holds %v, %v", names, err)
	}
	for _, left := range []string{".new.new", ".crashed.new", "a/.new.new", "a/.b.new"} {
		if _, err := os.Lstat(filepath.Join(root, left)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was left behind", left)
		}
	}
}

func TestRemoveStaysInside(t *testing.T) {
	root, outside := plant(t)
	d := open(t, root)
	for _, name := range []string{"out", "a", "fifo"} {
		if err := d.Remove(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(text) != "outside" {
		t.Errorf("what a link named is gone: %q, %v", text, err)
	}
	names, err := d.Names()
	if err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestReadIsBounded(t *testing.T) {
	root, _ := plant(t)
	n, err := open(t, root).Hold("a/file")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if _, err := n.Read(5); err == nil {
		t.Error("six bytes were read with a limit of five")
	}
}
