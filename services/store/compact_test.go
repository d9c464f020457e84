package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// compactDir, when set, makes this test binary compact the store there again and
// again until it is killed.
const compactDir = "COFFER_TEST_COMPACT_DIR"

func init() {
	dir := os.Getenv(compactDir)
	if dir == "" {
		return
	}
	fmt.Println("begun")
	for {
		if _, err := Compact(dir, true, func(int64, int64) {}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// holed is a store of which most is room that deletions left, and what it says.
func holed(t *testing.T, dir string, rows int) string {
	t.Helper()
	s, err := Open(dir)
	librarytest.Must(t, err)
	librarytest.Must(t, s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bPassages))
		for i := range rows {
			if err := b.Put(fmt.Appendf(nil, "%08d", i), bytes.Repeat([]byte{byte(i)}, 2000)); err != nil {
				return err
			}
		}
		return b.SetSequence(17)
	}))
	librarytest.Must(t, s.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bPassages))
		for i := range rows {
			if i%10 == 0 {
				continue
			}
			if err := b.Delete(fmt.Appendf(nil, "%08d", i)); err != nil {
				return err
			}
		}
		return nil
	}))
	librarytest.Must(t, s.Close())
	return says(t, dir)
}

// says is a fingerprint of all that a store holds, found whole.
func says(t *testing.T, dir string) string {
	t.Helper()
	s, err := Open(dir)
	librarytest.Must(t, err)
	var all strings.Builder
	librarytest.Must(t, s.db.View(func(tx *bolt.Tx) error {
		for fault := range tx.Check() {
			t.Error(fault)
		}
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			fmt.Fprintf(&all, "%s %d\n", name, b.Sequence())
			return b.ForEach(func(k, v []byte) error {
				fmt.Fprintf(&all, "%x %x\n", k, v)
				return nil
			})
		})
	}))
	librarytest.Must(t, s.Close())
	return all.String()
}

func size(t *testing.T, dir string) int64 {
	t.Helper()
	st, err := os.Stat(filepath.Join(dir, FileName))
	librarytest.Must(t, err)
	return st.Size()
}

func nobody(int64, int64) {}

func TestCompact(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	was := holed(t, dir, 20_000)
	before := size(t, dir)
	// What is not worth it is left alone, and so is what is mostly full.
	for _, worth := range []int64{worthIt, before - 1} {
		got, err := compaction{time.Second, worth, bolt.Compact}.run(dir, false, nobody)
		if err != nil || got != (Compacted{before, before}) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	librarytest.Must(t, os.WriteFile(filepath.Join(dir, FileName+partial), []byte("of an earlier one"), 0o600))
	got, err := compaction{time.Second, 1 << 20, bolt.Compact}.run(dir, false, nobody)
	librarytest.Must(t, err)
	if got.Before != before || got.After != size(t, dir) || got.After > before/4 {
		t.Errorf("%+v, the file had %d bytes and has %d", got, before, size(t, dir))
	}
	if says(t, dir) != was {
		t.Error("the store holds something else")
	}
	if got, err = (compaction{time.Second, 1, bolt.Compact}).run(dir, false, nobody); err != nil || got.After != got.Before {
		t.Errorf("again: %+v, %v", got, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*"+partial)); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	if got, err := Compact(filepath.Join(dir, "none"), true, nobody); err != nil || got != (Compacted{}) {
		t.Errorf("no store: %+v, %v", got, err)
	}
}

func TestCompactLeavesAStoreThatIsOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	s, err := Open(dir)
	librarytest.Must(t, err)
	defer s.Close()
	if _, err := (compaction{50 * time.Millisecond, 0, bolt.Compact}).run(dir, true, nobody); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Error(err)
	}
}

// A copy that differs anywhere does not take the store's place.
func TestAlike(t *testing.T) {
	change := func(change func(*bolt.Tx) error) error {
		a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
		holed(t, a, 100)
		librarytest.Must(t, os.CopyFS(b, os.DirFS(a)))
		one, err := Open(a)
		librarytest.Must(t, err)
		two, err := Open(b)
		librarytest.Must(t, err)
		defer one.Close()
		defer two.Close()
		librarytest.Must(t, two.db.Update(change))
		return alike(one.db, two.db)
	}
	passages := func(tx *bolt.Tx) *bolt.Bucket { return tx.Bucket([]byte(bPassages)) }
	librarytest.Must(t, change(func(*bolt.Tx) error { return nil }))
	for name, f := range map[string]func(*bolt.Tx) error{
		"a value":            func(tx *bolt.Tx) error { return passages(tx).Put([]byte("00000010"), []byte("x")) },
		"one less":           func(tx *bolt.Tx) error { return passages(tx).Delete([]byte("00000010")) },
		"the last is gone":   func(tx *bolt.Tx) error { return passages(tx).Delete([]byte("00000090")) },
		"one more":           func(tx *bolt.Tx) error { return passages(tx).Put([]byte("9"), nil) },
		"a sequence":         func(tx *bolt.Tx) error { return passages(tx).SetSequence(18) },
		"a bucket is gone":   func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte(bKeys)) },
		"a bucket is new":    func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("new")); return err },
		"a bucket, no value": func(tx *bolt.Tx) error { _, err := passages(tx).CreateBucket([]byte("9")); return err },
	} {
		if change(f) == nil {
			t.Errorf("%s: taken for the same", name)
		}
	}
}

// A copy that lacks an entry does not take the store's place.
func TestCompactLosesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	was := holed(t, dir, 3_000)
	lossy := func(to, from *bolt.DB, n int64) error {
		if err := bolt.Compact(to, from, n); err != nil {
			return err
		}
		return to.Update(func(tx *bolt.Tx) error { return tx.Bucket([]byte(bPassages)).Delete([]byte("00000010")) })
	}
	if _, err := (compaction{time.Second, 0, lossy}).run(dir, true, nobody); err == nil || !strings.Contains(err.Error(), "the copy is not the store") {
		t.Error(err)
	}
	if says(t, dir) != was {
		t.Error("the store holds something else")
	}
}

func TestCompactOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("coffer-test", dir, "tmpfs", 0, "size=60m"); err != nil {
		t.Skipf("a full disk is not tried: mounting needs root (%v)", err)
	}
	defer func() { librarytest.Must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }()
	at := filepath.Join(dir, "store")
	was := holed(t, at, 12_000)
	before := size(t, at)
	_, err := Compact(at, true, nobody)
	if !errors.Is(err, &library.Error{Kind: library.Full}) {
		t.Errorf("%v", err)
	}
	if size(t, at) != before || says(t, at) != was {
		t.Error("the store is another")
	}
	if left, err := filepath.Glob(filepath.Join(at, "*"+partial)); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// Killed at any moment, it leaves the store, old or new.
func TestCompactKilled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	was := holed(t, dir, 3_000)
	for i := range 12 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), compactDir+"="+dir)
		out, err := cmd.StdoutPipe()
		librarytest.Must(t, err)
		librarytest.Must(t, cmd.Start())
		first := make([]byte, 6)
		if _, err := out.Read(first); err != nil || string(first) != "begun\n" {
			t.Fatalf("%q, %v", first, err)
		}
		time.Sleep(time.Duration(i) * 7 * time.Millisecond)
		librarytest.Must(t, cmd.Process.Kill())
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("it ended by itself: %v", err)
		}
		if says(t, dir) != was {
			t.Fatalf("kill %d: the store holds something else", i)
		}
	}
}
