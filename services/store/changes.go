package store

import (
	"bytes"
	"context"
	"encoding/binary"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// appendChange adds c under the next sequence, in place of the source's change
// before (0: none).
func appendChange(tx *bolt.Tx, before uint64, c library.Change) (uint64, error) {
	b := tx.Bucket([]byte(bChanges))
	b.FillPercent = appendFill
	if before != 0 {
		if err := b.Delete(changeKey(before)); err != nil {
			return 0, err
		}
	}
	seq, err := b.NextSequence()
	if err != nil {
		return 0, err
	}
	if c.Deleted {
		if err := tx.Bucket([]byte(bGone)).Put(changeKey(seq), nil); err != nil {
			return 0, err
		}
	}
	return seq, b.Put(changeKey(seq), encodeChange(c))
}

func changeKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// Changes implements library.Store.
func (s *Store) Changes(ctx context.Context, seq uint64, n int) (out []library.Change, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = nil
		c := tx.Bucket([]byte(bChanges)).Cursor()
		for k, v := c.Seek(changeKey(seq + 1)); k != nil && len(out) < n; k, v = c.Next() {
			change, err := decodeChange(k, v)
			if err != nil {
				return err
			}
			out = append(out, change)
		}
		return nil
	})
	return out, err
}

// LastChange implements library.Store.
func (s *Store) LastChange(ctx context.Context) (seq uint64, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		seq = tx.Bucket([]byte(bChanges)).Sequence()
		return nil
	})
	return seq, err
}

// ForgetDeleted implements library.Store.
func (s *Store) ForgetDeleted(ctx context.Context, seq uint64) error {
	for {
		var keys [][]byte
		err := s.view(ctx, func(tx *bolt.Tx) error {
			keys = nil
			c := tx.Bucket([]byte(bGone)).Cursor()
			for k, _ := c.First(); k != nil && number(k) <= seq && len(keys) < removeAtOnce; k, _ = c.Next() {
				keys = append(keys, bytes.Clone(k))
			}
			return nil
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		err = s.update(ctx, func(tx *bolt.Tx) error {
			for _, k := range keys {
				if err := tx.Bucket([]byte(bChanges)).Delete(k); err != nil {
					return err
				}
				if err := tx.Bucket([]byte(bGone)).Delete(k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(keys) < removeAtOnce {
			return err
		}
	}
}
