package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// snapshot implements library.Snapshot: one read transaction.
type snapshot struct {
	ctx context.Context
	tx  *bolt.Tx
}

// Snapshot implements library.Snapshots.
func (s *Store) Snapshot(ctx context.Context) (library.Snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	tx, err := s.db.Begin(false)
	if err != nil {
		return nil, translate(err)
	}
	return &snapshot{ctx, tx}, nil
}

func (s *snapshot) Size() int64 { return s.tx.Size() }

func (s *snapshot) Schema() int {
	n, _ := schemaOf(s.tx) // 0 is none
	return n
}

func (s *snapshot) Originals(f func(sha256 string, size int64) error) error {
	_, err := originals(s.ctx, s.tx, f)
	return err
}

func (s *snapshot) WriteTo(w io.Writer) (int64, error) {
	n, err := s.tx.WriteTo(w)
	return n, translate(err)
}

func (s *snapshot) Close() error { return s.tx.Rollback() }

func schemaOf(tx *bolt.Tx) (int, error) {
	meta := tx.Bucket([]byte(bMeta))
	if meta == nil {
		return 0, errors.New("it is no store of Coffer's")
	}
	text := string(meta.Get([]byte("schema")))
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("it has the schema %q, which is none", text)
	}
	return n, nil
}

// originals calls f for each hash that is kept, and counts the sources.
func originals(ctx context.Context, tx *bolt.Tx, f func(sha256 string, size int64) error) (sources int, err error) {
	rows := tx.Bucket([]byte(bSources))
	err = tx.Bucket([]byte(bHashes)).ForEach(func(hash, id []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		value := rows.Get(id)
		if value == nil {
			return fmt.Errorf("the original %x belongs to source %q, which is not there", hash, id)
		}
		var r sourceRow
		if err := decode(bSources, value, &r); err != nil {
			return err
		}
		sources++
		return f(hex.EncodeToString(hash), r.Size)
	})
	if err == nil && sources != rows.Stats().KeyN {
		err = fmt.Errorf("%d sources keep an original, of %d", sources, rows.Stats().KeyN)
	}
	return sources, err
}

// Inspect implements library.Snapshots. Every page is looked at, and whether
// each is used once.
func (s *Store) Inspect(ctx context.Context, path string, original func(sha256 string, size int64) error) (out library.Inspection, err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second, NoStatistics: true})
	if err != nil {
		return out, fmt.Errorf("it cannot be opened: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.View(func(tx *bolt.Tx) (err error) {
		defer func() { // what is damaged can lead anywhere
			if p := recover(); p != nil {
				err = fmt.Errorf("it is damaged: %v", p)
			}
		}()
		for fault := range tx.Check() {
			err = errors.Join(err, fault)
		}
		if err != nil {
			return err
		}
		if out.Schema, err = schemaOf(tx); err != nil {
			return err
		}
		out.Sources, err = originals(ctx, tx, original)
		return err
	})
	return out, err
}

// Schema implements library.Snapshots.
func (s *Store) Schema() int { return Schema }
