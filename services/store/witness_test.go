package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"coffer/services/library"
)

var _ library.Witness = (*Witness)(nil)

func TestWitness(t *testing.T) {
	dir := t.TempDir()
	w := NewWitness(dir)
	if marks, err := w.Marks(); err != nil || marks != nil {
		t.Errorf("%q, %v", marks, err)
	}
	for _, want := range [][]string{{"a"}, {"a", "b"}, {"b"}} {
		if err := w.Keep(want...); err != nil {
			t.Fatal(err)
		}
		if got, err := NewWitness(dir).Marks(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	all, err := os.ReadDir(dir)
	if err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
	if info, _ := all[0].Info(); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	path := filepath.Join(dir, all[0].Name())
	for name, spoil := range map[string]func() error{
		"large":  func() error { return os.WriteFile(path, make([]byte, maxWitness+1), 0o600) },
		"a link": func() error { return os.Symlink("/etc/hostname", path) },
		"folder": func() error { return os.Mkdir(path, 0o700) },
	} {
		os.Remove(path)
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if marks, err := w.Marks(); err == nil {
			t.Errorf("%s: %q", name, marks)
		}
	}
	os.Remove(path)
	// What lies where the new file is made is not opened: a FIFO would wait, and
	// a link would be followed.
	outside := filepath.Join(t.TempDir(), "outside")
	for name, plant := range map[string]func(path string) error{
		"a FIFO":        func(p string) error { return unix.Mkfifo(p, 0o600) },
		"a link":        func(p string) error { return os.Symlink(outside, p) },
		"a second name": func(p string) error { return os.Link(outside, p) },
	} {
		if err := errors.Join(os.WriteFile(outside, []byte("as it was"), 0o600), plant(path+partial), w.Keep("c")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if text, err := os.ReadFile(outside); err != nil || string(text) != "as it was" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	os.Remove(path)
	if err := NewWitness(filepath.Join(dir, "none")).Keep("a"); err == nil {
		t.Error("kept in no folder")
	}
}
