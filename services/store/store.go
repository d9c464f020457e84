package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"coffer/services/library"
)

// Schema is the number of the layout that this program reads and writes.
const Schema = 1

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
	bSessions = "sessions"
)

// Open opens the store in folder dir. It makes what there is none of.
func Open(dir string) (*Store, error) { return open(dir, lockWait) }

func open(dir string, wait time.Duration) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName)
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		Timeout:         wait,
		FreelistType:    bolt.FreelistMapType,
		InitialMmapSize: mapped,
		NoStatistics:    true,
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("the store %s is in use by another process", path)
	case err != nil:
		return nil, fmt.Errorf("opening the store %s: %w", path, err)
	}
	s := &Store{db: db, w: newWriter(db)}
	if err := s.prepare(dir); err != nil {
		db.Close()
		return nil, err
	}
	return s, nil
}

// prepare checks the schema, or lays a new store out.
func (s *Store) prepare(dir string) error {
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
		return s.create(dir)
	}
	n, err := strconv.Atoi(schema)
	switch {
	case err != nil || n < 1:
		return fmt.Errorf("the store has the schema %q, which is none", schema)
	case n > Schema:
		return fmt.Errorf("the store has schema %d and this version of Coffer knows %d: "+
			"it was written by a newer version; start that one, or restore a backup made by this one", n, Schema)
	}
	return nil
}

func (s *Store) create(dir string) error {
	err := s.db.Update(func(tx *bolt.Tx) error {
		for _, name := range []string{bMeta, bSources, bHashes, bFacets, bCounts, bJobs, bFinished, bPassages, bChanges, bGone, bSessions} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		var box [4]byte
		rand.Read(box[:])
		m := tx.Bucket([]byte(bMeta))
		if err := m.Put([]byte("box"), []byte(hex.EncodeToString(box[:]))); err != nil {
			return err
		}
		return m.Put([]byte("schema"), []byte(strconv.Itoa(Schema)))
	})
	if err != nil {
		return fmt.Errorf("laying out a new store: %w", err)
	}
	// The file's name is durable once its folder is.
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Close waits for open transactions and closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Snapshot writes a consistent copy of the whole store to w while others go on
// reading and writing.
func (s *Store) Snapshot(ctx context.Context, w io.Writer) (n int64, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		n, err = tx.WriteTo(w)
		return err
	})
	return n, translate(err)
}

// view runs f in a read transaction.
func (s *Store) view(ctx context.Context, f func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return translate(s.db.View(f))
}

// Both ports are kept by one store.
var (
	_ library.Store    = (*Store)(nil)
	_ library.Accounts = (*Store)(nil)
)
