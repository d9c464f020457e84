package store

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

func getNotices(tx *bolt.Tx) (out library.NoticeBook, err error) {
	if v := get(tx, bMeta, "notices"); v != nil {
		err = decode(bMeta, v, &out)
	}
	return out, err
}

// NoticeBook implements library.NoticeBooks; before the first update it is zero.
func (s *Store) NoticeBook(ctx context.Context) (out library.NoticeBook, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out, err = getNotices(tx)
		return err
	})
	return out, err
}

// UpdateNoticeBook implements library.NoticeBooks. f may run more than once.
func (s *Store) UpdateNoticeBook(ctx context.Context, f func(*library.NoticeBook) error) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		b, err := getNotices(tx)
		if err != nil {
			return err
		}
		if err := f(&b); err != nil {
			return err
		}
		return putJSON(tx.Bucket([]byte(bMeta)), "notices", b)
	})
}
