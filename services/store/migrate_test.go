package store

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// old lays a store of an older schema, as the version of then wrote it, into
// a folder.
func old(t testing.TB, schema int) (dir string) {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("testdata/schema-%d.db.gz", schema))
	librarytest.Must(t, err)
	defer f.Close()
	r, err := gzip.NewReader(f)
	librarytest.Must(t, err)
	content, err := io.ReadAll(r)
	librarytest.Must(t, err)
	dir = t.TempDir()
	librarytest.Must(t, os.WriteFile(filepath.Join(dir, FileName), content, 0o600))
	return dir
}

// dump is everything that a store holds, by bucket and key.
func dump(t testing.TB, path string) map[string]string {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	librarytest.Must(t, err)
	defer db.Close()
	out := map[string]string{}
	librarytest.Must(t, db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			out[string(name)] = fmt.Sprint("bucket ", b.Sequence())
			return b.ForEach(func(k, v []byte) error {
				out[string(name)+"/"+string(k)] = string(v)
				return nil
			})
		})
	}))
	return out
}

func same(a, b map[string]string) string {
	for k := range a {
		if a[k] != b[k] {
			return fmt.Sprintf("%q: %q, then %q", k, a[k], b[k])
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			return fmt.Sprintf("%q is new", k)
		}
	}
	return ""
}

// wantFirst looks whether everything that the fixture of schema 1 holds is
// there.
func wantFirst(t testing.TB, s *Store) {
	t.Helper()
	ctx := t.Context()
	o, err := s.Owner(ctx)
	librarytest.Must(t, err)
	set, err := s.Settings(ctx)
	librarytest.Must(t, err)
	session, err := s.Session(ctx, "SESSION")
	librarytest.Must(t, err)
	if o.Name != "Zoë Ångström" || set.Reach != "names" || len(set.Hosts) != 1 || session.Epoch != o.Epoch {
		t.Errorf("%+v, %+v, %+v", o, set, session)
	}
	all, err := s.Sources(ctx, library.SourceFilter{}, library.Page{})
	librarytest.Must(t, err)
	var states []string
	for _, src := range all.Items {
		states = append(states, string(src.Status))
	}
	if !slices.Equal(states, []string{"queued", "failed", "ready"}) {
		t.Errorf("sources are %v", states)
	}
	text, err := s.Passages(ctx, librarytest.SourceID(1), 0, 9)
	librarytest.Must(t, err)
	if len(text) != 2 || text[0].Text != "The first page, with ünïcode." {
		t.Errorf("the text is %+v", text)
	}
}

func TestStepsAreNumbered(t *testing.T) {
	last := 1
	for _, s := range steps() {
		if s.to != last+1 {
			t.Errorf("a step to %d follows schema %d", s.to, last)
		}
		last = s.to
	}
	if last != Schema {
		t.Errorf("the steps lead to schema %d, the program reads %d", last, Schema)
	}
}

// Every older schema is opened, keeps what it held, gains what a new store
// has, and leaves a copy of itself as it was.
func TestMigration(t *testing.T) {
	for from := 1; from < Schema; from++ {
		dir := old(t, from)
		before := dump(t, filepath.Join(dir, FileName))
		stray := filepath.Join(dir, copyName(0))
		librarytest.Must(t, os.WriteFile(stray, []byte("of an earlier migration"), 0o600))
		s, err := Open(dir)
		librarytest.Must(t, err)
		wantFirst(t, s)
		librarytest.Must(t, s.Record(t.Context(), library.AuditEntry{Time: librarytest.At(1), Kind: library.AuditSignIn}))
		librarytest.Must(t, s.PutKey(t.Context(), library.Key{ID: "a"}))
		librarytest.Must(t, s.Close())

		fresh := t.TempDir()
		s, err = Open(fresh)
		librarytest.Must(t, err)
		librarytest.Must(t, s.Close())
		now, blank := dump(t, filepath.Join(dir, FileName)), dump(t, filepath.Join(fresh, FileName))
		for k, v := range blank {
			if _, ok := now[k]; !ok && !strings.Contains(k, "/") || k == "meta/schema" && now[k] != v {
				t.Errorf("from schema %d: %s is %q, in a new store %q", from, k, now[k], v)
			}
		}
		kept := filepath.Join(dir, copyName(from))
		if diff := same(before, dump(t, kept)); diff != "" {
			t.Errorf("the copy of schema %d differs: %s", from, diff)
		}
		if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the copy: %v, %v", info, err)
		}
		if _, err := os.Stat(stray); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the copy of an earlier migration stays: %v", err)
		}
		again, err := Open(dir)
		librarytest.Must(t, err)
		librarytest.Must(t, again.Close())
	}
}

// A migration that fails, also one that panics or cannot keep its copy, leaves
// the store as it was, and the next start tries again.
func TestFailingMigration(t *testing.T) {
	half := func(tx *bolt.Tx) error {
		if err := addBuckets(tx, "half"); err != nil {
			return err
		}
		return tx.Bucket([]byte(bMeta)).Delete([]byte("owner"))
	}
	for name, last := range map[string]func(*bolt.Tx) error{
		"an error": func(*bolt.Tx) error { return errors.New("not today") },
		"a panic":  func(*bolt.Tx) error { panic("not today") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := old(t, 1)
			before := dump(t, filepath.Join(dir, FileName))
			_, err := open(dir, time.Second, []step{{2, half}, {3, last}})
			if err == nil || !strings.Contains(err.Error(), "not today") || !strings.Contains(err.Error(), "step to schema 3") ||
				!strings.Contains(err.Error(), "as it was before") {
				t.Fatalf("opened: %v", err)
			}
			if diff := same(before, dump(t, filepath.Join(dir, FileName))); diff != "" {
				t.Errorf("the store changed: %s", diff)
			}
			s, err := Open(dir)
			librarytest.Must(t, err)
			wantFirst(t, s)
			librarytest.Must(t, s.Close())
		})
	}
	t.Run("no copy", func(t *testing.T) {
		dir := old(t, 1)
		before := dump(t, filepath.Join(dir, FileName))
		librarytest.Must(t, os.Mkdir(filepath.Join(dir, copyName(1)+partial), 0o700)) // the copy cannot be written
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
			t.Fatalf("opened: %v", err)
		}
		if diff := same(before, dump(t, filepath.Join(dir, FileName))); diff != "" {
			t.Errorf("the store changed: %s", diff)
		}
	})
	t.Run("damage", func(t *testing.T) {
		// Whatever a failing migration has done to the file, the copy wins.
		dir := old(t, 1)
		path := filepath.Join(dir, FileName)
		before := dump(t, path)
		_, err := open(dir, time.Second, []step{{2, func(*bolt.Tx) error {
			return errors.Join(errors.New("not today"), os.Truncate(path, 8192))
		}}})
		if err == nil {
			t.Fatal("opened")
		}
		if diff := same(before, dump(t, path)); diff != "" {
			t.Errorf("the store changed: %s", diff)
		}
	})
}

// migrateDir, when set, makes this test binary open the store in that folder,
// with a step that dies in the middle of its transaction when migrateDies says
// so.
const (
	migrateDir  = "COFFER_TEST_MIGRATE_DIR"
	migrateDies = "COFFER_TEST_MIGRATE_DIES"
)

// TestMigrateVictim is the process that TestKilledMigration kills.
func TestMigrateVictim(t *testing.T) {
	dir := os.Getenv(migrateDir)
	if dir == "" {
		t.Skip("it is the other half of TestKilledMigration")
	}
	all := steps()
	if os.Getenv(migrateDies) != "" {
		last := all[len(all)-1].apply
		all[len(all)-1].apply = func(tx *bolt.Tx) error {
			if err := last(tx); err != nil {
				return err
			}
			return syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
	s, err := open(dir, time.Second, all)
	librarytest.Must(t, err)
	librarytest.Must(t, s.Close())
}

// A migration that is killed at any point leaves a store that the next start
// brings up to date, with everything it held.
func TestKilledMigration(t *testing.T) {
	victim := func(dir string, env ...string) *exec.Cmd {
		c := exec.Command(os.Args[0], "-test.run=^TestMigrateVictim$")
		c.Env = append(append(os.Environ(), migrateDir+"="+dir), env...)
		return c
	}
	dir := old(t, 1)
	before := dump(t, filepath.Join(dir, FileName))
	if err := victim(dir, migrateDies+"=1").Run(); err == nil {
		t.Fatal("it was not killed")
	}
	if diff := same(before, dump(t, filepath.Join(dir, FileName))); diff != "" {
		t.Errorf("a transaction that was killed is kept: %s", diff)
	}
	for range 12 {
		c := victim(dir)
		librarytest.Must(t, c.Start())
		kill := time.AfterFunc(time.Duration(rand.N(int64(25*time.Millisecond))), func() { c.Process.Kill() })
		_ = c.Wait() // killed, or done
		kill.Stop()
		s, err := Open(dir)
		librarytest.Must(t, err)
		wantFirst(t, s)
		librarytest.Must(t, s.Close())
		dir = old(t, 1)
	}
}
