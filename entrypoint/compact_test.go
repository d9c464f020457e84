package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"coffer/services/library"
	"coffer/services/library/librarytest"
	"coffer/services/store"
)

// TestCompact: a box whose store is mostly room that deletions left makes it
// smaller when it starts, and the command does while it is stopped.
func TestCompact(t *testing.T) {
	b := startBox(t, newRoot(t))
	b.up()
	v := b.visitor("127.0.0.1")
	v.setUp()
	v.note("A zebra in the field.")
	b.eventually("the note is found", func() bool { return v.finds("zebra") == 1 })
	if out, err := b.command("", "compact"); err == nil || !strings.Contains(out, "in use by another process") || !strings.Contains(out, "stop it first") {
		t.Errorf("while it runs: %v, %s", err, out)
	}
	b.stop(syscall.SIGTERM)

	folder := filepath.Join(b.root, "data/store")
	file := filepath.Join(folder, store.FileName)
	owned := func() (who [2]uint32, size int64) {
		st, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		sys := st.Sys().(*syscall.Stat_t)
		return [2]uint32{sys.Uid, sys.Gid}, st.Size()
	}
	who, _ := owned()
	st, err := store.Open(folder)
	librarytest.Must(t, err)
	reading := library.Reading{Type: library.TypeText, Pages: 1}
	for i := range 40 {
		reading.Passages = append(reading.Passages, library.Passage{Number: i, Page: 1, Text: strings.Repeat("much to read ", 200_000)})
	}
	id := librarytest.SourceID(7)
	_, _, err = st.AddSource(t.Context(), librarytest.Source(7))
	librarytest.Must(t, err)
	_, _, err = st.Commit(t.Context(), id, reading, librarytest.At(7))
	librarytest.Must(t, err)
	_, _, err = st.DeleteSource(t.Context(), id)
	librarytest.Must(t, err)
	librarytest.Must(t, st.Close())
	_, large := owned()

	again := startBox(t, b.root)
	again.up()
	if got, small := owned(); small > large/2 || got != who {
		t.Errorf("of %d bytes %d are left, the owner is %v, was %v", large, small, got, who)
	}
	if !strings.Contains(again.log.String(), "the store was made smaller") {
		t.Error("the log does not say so")
	}
	v.boxed = again
	if n := v.finds("zebra"); n != 1 {
		t.Errorf("the note is found %d times", n)
	}
	again.stop(syscall.SIGTERM)
	if out, err := again.command("", "compact"); err != nil || !strings.Contains(out, "The store had ") {
		t.Errorf("%v: %s", err, out)
	}
	if got, _ := owned(); got != who {
		t.Errorf("the owner is %v, was %v", got, who)
	}
}
