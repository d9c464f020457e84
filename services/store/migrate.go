package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// step takes a store from the schema before it to its own. It must not rely on
// anything but the schema it starts from: the code around it goes on.
type step struct {
	to    int
	apply func(*bolt.Tx) error
}

// steps are all of them in order. A new store is the first schema taken
// through the same steps, so that old and new stores cannot differ.
func steps() []step {
	return []step{
		{2, addAuditAndKeys},
		{3, allowFactors},
		{4, allowPasskeys},
		{5, addMembers},
	}
}

// addAuditAndKeys makes room for what was done, and for keys of programs.
func addAuditAndKeys(tx *bolt.Tx) error {
	return addBuckets(tx, "audit", "audit-repeats", "keys")
}

// allowFactors changes nothing: it keeps the programs before away, which would
// take a password alone, and drop what else is needed when they write the owner.
func allowFactors(*bolt.Tx) error { return nil }

// allowPasskeys changes nothing, for the same reason.
func allowPasskeys(*bolt.Tx) error { return nil }

// addMembers makes room for what archives hold. The programs before would drop
// what a source says of its archive when they write its row.
func addMembers(tx *bolt.Tx) error { return addBuckets(tx, "members") }

// layOutFirst is schema 1 without content.
func layOutFirst(tx *bolt.Tx) error {
	return addBuckets(tx, "meta", "sources", "hashes", "facets", "counts", "jobs", "finished", "passages", "changes", "gone", "sessions")
}

func addBuckets(tx *bolt.Tx, names ...string) error {
	for _, name := range names {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return err
		}
	}
	return nil
}

// climb takes a store of schema from to the last step, within one transaction.
func climb(tx *bolt.Tx, from int, all []step) error {
	for _, s := range all {
		if s.to <= from {
			continue
		}
		if err := guarded(s.apply, tx); err != nil {
			return fmt.Errorf("step to schema %d: %w", s.to, err)
		}
		from = s.to
	}
	return tx.Bucket([]byte(bMeta)).Put([]byte("schema"), []byte(strconv.Itoa(from)))
}

// migrate brings the store of schema from up to date, all or nothing. A copy
// of it as it was lies beside it until the next migration; where the migration
// fails, the copy takes the store's place again. The store is closed then.
func (s *Store) migrate(dir string, from int, all []step) error {
	name := copyName(from)
	if err := s.keepCopy(dir, name); err != nil {
		return errors.Join(fmt.Errorf("this version keeps its store in another form and copies the old one first, which failed; "+
			"nothing was changed; free as much space as %s has and start again: %w", FileName, err), s.db.Close())
	}
	err := s.db.Update(func(tx *bolt.Tx) error { return climb(tx, from, all) })
	if err == nil {
		return dropCopies(dir, name)
	}
	err = fmt.Errorf("bringing the store to the form that this version keeps; it is as it was before: %w", err)
	if back := errors.Join(s.db.Close(), putBack(dir, name)); back != nil {
		err = fmt.Errorf("bringing the store to the form that this version keeps; %s is the store as it was: %w", name, errors.Join(err, back))
	}
	return err
}

// copyName is the file that holds the store as it was under an older schema.
func copyName(schema int) string { return fmt.Sprintf("%s.schema-%d", FileName, schema) }

const partial = ".part"

// createPartial makes the file that becomes path once it is whole. What a crash
// left there, whatever it is, goes first and is not opened.
func createPartial(path string) (*os.File, error) {
	if err := syscall.Unlink(path + partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &fs.PathError{Op: "unlink", Path: path + partial, Err: err}
	}
	return os.OpenFile(path+partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// keepCopy writes the store to a file beside it. A name that stands is a copy
// that is whole and on disk.
func (s *Store) keepCopy(dir, name string) (err error) {
	path := filepath.Join(dir, name)
	f, err := createPartial(path)
	if err != nil {
		return err
	}
	err = s.db.View(func(tx *bolt.Tx) error {
		_, err := tx.WriteTo(f)
		return err
	})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+partial))
	}
	if err := os.Rename(path+partial, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// putBack needs no space: the disk may be full.
func putBack(dir, name string) error {
	if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, FileName)); err != nil {
		return err
	}
	return syncDir(dir)
}

// dropCopies removes what earlier migrations left, but for one copy.
func dropCopies(dir, keep string) error {
	old, err := filepath.Glob(filepath.Join(dir, FileName+".schema-*"))
	for _, path := range old {
		if filepath.Base(path) != keep {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
