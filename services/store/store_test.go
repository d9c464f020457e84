package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func openTest(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	librarytest.Must(t, err)
	t.Cleanup(func() { librarytest.Must(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	librarytest.Store(t, func(t testing.TB) library.Store { return openTest(t) })
}

func TestAccounts(t *testing.T) {
	librarytest.Accounts(t, func(t testing.TB) library.Accounts { return openTest(t) })
}

func TestKeys(t *testing.T) {
	librarytest.Keys(t, func(t testing.TB) library.Keys { return openTest(t) })
}

func TestAudit(t *testing.T) {
	librarytest.Audit(t, func(t testing.TB) library.Audit { return openTest(t) })
}

func TestSchema(t *testing.T) {
	for _, c := range []struct{ schema, want string }{
		{"1", ""},
		{"2", ""},
		{"3", ""},
		{"6", "newer version"},
		{"99", "newer version"},
		{"0", "which is none"},
		{"-1", "which is none"},
		{"one", "which is none"},
	} {
		t.Run(c.schema, func(t *testing.T) {
			dir := t.TempDir()
			s, err := Open(dir)
			librarytest.Must(t, err)
			librarytest.Must(t, s.db.Update(func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bMeta)).Put([]byte("schema"), []byte(c.schema))
			}))
			librarytest.Must(t, s.Close())
			s, err = Open(dir)
			switch {
			case c.want == "":
				librarytest.Must(t, err)
				librarytest.Must(t, s.Close())
			case err == nil || !strings.Contains(err.Error(), c.want):
				t.Fatalf("opened: %v", err)
			}
		})
	}
}

func TestSecondOpener(t *testing.T) {
	dir := t.TempDir()
	first, err := Open(dir)
	librarytest.Must(t, err)
	began := time.Now()
	if _, err := open(dir, 100*time.Millisecond, steps()); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Fatalf("a second opener: %v", err)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v to say so", took)
	}
	librarytest.Must(t, first.Close())
	again, err := Open(dir)
	librarytest.Must(t, err)
	librarytest.Must(t, again.Close())
}

// A row of another shape is an error that names the bucket, never a panic or
// half a value.
// What is no file is not opened as the store.
func TestNoFile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	for name, plant := range map[string]func(path string) error{
		"a FIFO":          func(p string) error { return unix.Mkfifo(p, 0o600) },
		"a link":          func(p string) error { return os.Symlink(outside, p) },
		"a dangling link": func(p string) error { return os.Symlink(outside+"-none", p) },
		"a folder":        func(p string) error { return os.Mkdir(p, 0o700) },
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, FileName)
		if err := errors.Join(os.WriteFile(outside, nil, 0o600), plant(path)); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(dir); err == nil || !strings.Contains(err.Error(), path+" is not a file") {
			t.Errorf("%s: %v, %v", name, s, err)
		}
		if st, err := os.Stat(outside); err != nil || st.Size() != 0 {
			t.Errorf("%s: a link was followed", name)
		}
	}
}

func TestCorruptRows(t *testing.T) {
	for bucket, bad := range map[string][]byte{bSources: []byte("{"), bJobs: {1, 2}, bPassages: {0x80}, bChanges: {'?', 'x'}} {
		s := openTest(t)
		src := librarytest.Source(1)
		_, _, err := s.AddSource(t.Context(), src)
		librarytest.Must(t, err)
		if bucket == bPassages || bucket == bChanges {
			_, _, err = s.Commit(t.Context(), src.ID, librarytest.Reading(library.TypeText, 1), librarytest.At(1))
			librarytest.Must(t, err)
		}
		librarytest.Must(t, s.db.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte(bucket))
			k, _ := b.Cursor().First()
			return b.Put(append([]byte(nil), k...), bad)
		}))
		switch bucket {
		case bSources:
			_, err = s.Source(t.Context(), src.ID)
		case bJobs:
			err = s.Queue(t.Context(), func(library.Job) error { return nil })
		case bPassages:
			_, err = s.Passages(t.Context(), src.ID, 0, 1)
		case bChanges:
			_, err = s.Changes(t.Context(), 0, 1)
		}
		librarytest.WantKind(t, err, library.Internal)
		if !strings.Contains(err.Error(), bucket) {
			t.Errorf("the error does not name %s: %v", bucket, err)
		}
	}
}

// Deleting everything leaves no row of any source behind.
func TestDeletionLeavesNothing(t *testing.T) {
	s := openTest(t)
	ctx := t.Context()
	for n := range 4 {
		src := librarytest.Source(n)
		_, _, err := s.AddSource(ctx, src)
		librarytest.Must(t, err)
		switch n {
		case 0:
			_, _, err = s.Commit(ctx, src.ID, librarytest.Reading(library.TypePDF, 9), librarytest.At(n))
		case 1:
			_, _, err = s.RecordFailure(ctx, src.ID, library.Reason{Code: "x", Message: "y"}, 1, time.Time{}, librarytest.At(n))
		case 2:
			_, err = s.Cancel(ctx, src.ID)
		}
		librarytest.Must(t, err)
	}
	for n := range 4 {
		_, _, err := s.DeleteSource(ctx, librarytest.SourceID(n))
		librarytest.Must(t, err)
	}
	last, err := s.LastChange(ctx)
	librarytest.Must(t, err)
	librarytest.Must(t, s.ForgetDeleted(ctx, last))
	librarytest.Must(t, s.db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			if k, v := b.Cursor().First(); string(name) != bMeta && k != nil {
				t.Errorf("%s still holds %q: %q", name, k, v)
			}
			return nil
		})
	}))
}
