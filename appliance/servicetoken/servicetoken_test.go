package servicetoken

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
	"coffer/appliance/layout"
)

const key = "cfr_abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwxyz234567"

func file(t *testing.T) File {
	t.Helper()
	f := File{Data: t.TempDir(), Owner: layout.Owner{UID: beneath.Keep, GID: beneath.Keep}}
	if os.Geteuid() == 0 {
		f.Owner = layout.Owner{UID: 10002, GID: 10002}
	}
	return f
}

func TestWritten(t *testing.T) {
	defer unix.Umask(unix.Umask(0o777))
	f := file(t)
	if seen, err := f.Look(); err != nil || seen.There {
		t.Fatalf("%+v, %v", seen, err)
	}
	for _, text := range []string{key, strings.ToUpper(key)} {
		seen, err := f.Apply(Change{Key: text})
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(text))
		if !seen.There || !bytes.Equal(seen.Sum, sum[:]) || seen.Mode != Mode || f.Owner.UID >= 0 && seen.UID != f.Owner.UID {
			t.Errorf("%+v", seen)
		}
		if got, err := f.Key(); err != nil || got != text {
			t.Errorf("%q, %v", got, err)
		}
		if content, err := os.ReadFile(f.Path()); err != nil || string(content) != text+"\n" {
			t.Errorf("%q, %v", content, err)
		}
	}
	if left, _ := filepath.Glob(f.Data + "/.*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for range 2 { // gone already is what was wanted
		if seen, err := f.Apply(Change{}); err != nil || seen.There {
			t.Errorf("%+v, %v", seen, err)
		}
	}
}

func TestWhatIsNoKey(t *testing.T) {
	f := file(t)
	for _, text := range []string{"short", key + "\n" + key, key + " ", "../" + key, strings.Repeat("a", 300)} {
		if _, err := f.Apply(Change{Key: text}); err == nil {
			t.Errorf("%q is written", text)
		}
	}
	if _, err := os.Lstat(f.Path()); !os.IsNotExist(err) {
		t.Error("there is a file")
	}
}

// What a service could plant there is neither followed, read nor replaced.
func TestPlants(t *testing.T) {
	for name, plant := range map[string]func(path, other string) error{
		"a link":        func(path, other string) error { return os.Symlink(other, path) },
		"a second name": func(path, other string) error { return os.Link(other, path) },
		"a pipe":        func(path, _ string) error { return unix.Mkfifo(path, 0o600) },
		"a folder":      func(path, _ string) error { return os.Mkdir(path, 0o700) },
	} {
		f := file(t)
		other := filepath.Join(f.Data, "other")
		if err := os.WriteFile(other, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := plant(f.Path(), other); err != nil {
			t.Fatal(err)
		}
		if seen, err := f.Look(); err == nil {
			t.Errorf("%s is read: %+v", name, seen)
		}
		if seen, err := f.Apply(Change{Key: strings.ToUpper(key)}); err == nil {
			t.Errorf("%s is replaced: %+v", name, seen)
		}
		if content, err := os.ReadFile(other); err != nil || string(content) != key {
			t.Errorf("%s: what it leads to is %q now, %v", name, content, err)
		}
	}
}
