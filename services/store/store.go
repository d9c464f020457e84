package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"coffer/services/library"
)

// Schema is the number of the layout that this program reads and writes.
const Schema = 5

// FileName is the store's file in its folder.
const FileName = "coffer.db"

// lockWait is how long Open waits for another process to let go of the file.
// A predecessor that is being stopped may still hold it.
const lockWait = 5 * time.Second

// mapped is the address space mapped from the start. Growing the map later
// waits for every reader, so it is more than most boxes will need; it costs no
// memory.
const mapped = 1 << 30

// Store is an open store. It is safe for concurrent use.
type Store struct {
	db *bolt.DB
	w  writer
}

// The buckets, as doc.go describes them.
const (
	bMeta     = "meta"
	bSources  = "sources"
	bHashes   = "hashes"
	bFacets   = "facets"
	bCounts   = "counts"
	bJobs     = "jobs"
	bFinished = "finished"
	bPassages = "passages"
	bChanges  = "changes"
	bGone     = "gone"
	bMembers  = "members"
	bSessions = "sessions"
	bKeys     = "keys"

	bAudit        = "audit"
	bAuditRepeats = "audit-repeats"
)

// Open opens the store in folder dir. It makes what there is none of.
func Open(dir string) (*Store, error) { return open(dir, lockWait, steps()) }

func open(dir string, wait time.Duration, all []step) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName)
	switch st, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		if err := makeNew(dir, wait, all); err != nil {
			return nil, fullOr(err)
		}
	case err == nil && !st.Mode().IsRegular():
		// bbolt would follow a link, wait at a FIFO and write to a device.
		return nil, fmt.Errorf("%s is not a file; put it aside, and the store in its place", path)
	}
	s, err := openFile(path, wait)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(dir, all); err != nil {
		s.Close() // again is no fault
		return nil, fullOr(err)
	}
	return s, nil
}

func openFile(path string, wait time.Duration) (*Store, error) {
	db, err := openBolt(path, bolt.Options{Timeout: wait, InitialMmapSize: mapped, NoStatistics: true})
	if err != nil {
		return nil, err
	}
	return &Store{db: db, w: newWriter(db)}, nil
}

func openBolt(path string, o bolt.Options) (*bolt.DB, error) {
	o.FreelistType = bolt.FreelistMapType
	db, err := bolt.Open(path, 0o600, &o)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("the store %s is in use by another process", path)
	case err != nil:
		return nil, fmt.Errorf("opening the store %s: %w", path, err)
	}
	return db, nil
}

// makeNew lays a new store out under another name, so that one that bears the
// store's name is whole: bbolt refuses a file of which a full disk or a crash
// left the beginning.
func makeNew(dir string, wait time.Duration, all []step) error {
	path := filepath.Join(dir, FileName)
	if err := os.Remove(path + partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s, err := openFile(path+partial, wait)
	if err == nil {
		err = errors.Join(s.create(dir, all), s.Close())
	}
	if err != nil {
		return errors.Join(err, os.Remove(path+partial))
	}
	if err := os.Rename(path+partial, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// fullOr says what a full disk means at the start; other errors stay.
func fullOr(err error) error {
	if full := translate(err); errors.Is(full, &library.Error{Kind: library.Full}) {
		return full
	}
	return err
}

// prepare checks the schema, brings an older one up to date, or lays a new
// store out.
func (s *Store) prepare(dir string, all []step) error {
	schema := ""
	err := s.db.View(func(tx *bolt.Tx) error {
		if m := tx.Bucket([]byte(bMeta)); m != nil {
			schema = string(m.Get([]byte("schema")))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	if schema == "" {
		return s.create(dir, all)
	}
	n, err := strconv.Atoi(schema)
	switch {
	case err != nil || n < 1:
		return fmt.Errorf("the store has the schema %q, which is none", schema)
	case n > Schema:
		return fmt.Errorf("the store has schema %d and this version of Coffer knows %d: "+
			"it was written by a newer version; start that one, or restore a backup made by this one", n, Schema)
	case n < Schema:
		return s.migrate(dir, n, all)
	}
	return nil
}

func (s *Store) create(dir string, all []step) error {
	err := s.db.Update(func(tx *bolt.Tx) error {
		if err := layOutFirst(tx); err != nil {
			return err
		}
		var box [4]byte
		rand.Read(box[:])
		if err := tx.Bucket([]byte(bMeta)).Put([]byte("box"), []byte(hex.EncodeToString(box[:]))); err != nil {
			return err
		}
		return climb(tx, 1, all)
	})
	if err != nil {
		return fmt.Errorf("laying out a new store: %w", err)
	}
	return syncDir(dir) // the file's name is durable once its folder is
}

// Close waits for open transactions and closes the file.
func (s *Store) Close() error { return s.db.Close() }

// view runs f in a read transaction.
func (s *Store) view(ctx context.Context, f func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return translate(s.db.View(f))
}

// All ports are kept by one store.
var (
	_ library.Store       = (*Store)(nil)
	_ library.Accounts    = (*Store)(nil)
	_ library.Keys        = (*Store)(nil)
	_ library.Audit       = (*Store)(nil)
	_ library.Snapshots   = (*Store)(nil)
	_ library.BackupPlans = (*Store)(nil)
)
