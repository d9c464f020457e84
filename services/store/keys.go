package store

import (
	"context"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// keyRow is a row of keys.
type keyRow struct {
	Owner     string   `json:"owner"`
	Epoch     string   `json:"epoch"`
	Name      string   `json:"name"`
	Hash      []byte   `json:"hash"`
	Scopes    []string `json:"scopes"`
	CreatedAt int64    `json:"created_at"`
	Expires   int64    `json:"expires,omitempty"`
	LastUsed  int64    `json:"last_used,omitempty"`
	Service   bool     `json:"service,omitempty"`
}

func (r *keyRow) key(id string) library.Key {
	return library.Key{
		ID: id, Owner: r.Owner, Epoch: r.Epoch, Name: r.Name, Hash: r.Hash, Scopes: r.Scopes,
		CreatedAt: fromMillis(r.CreatedAt), Expires: fromMillis(r.Expires), LastUsed: fromMillis(r.LastUsed), Service: r.Service,
	}
}

// PutKey implements library.Keys.
func (s *Store) PutKey(ctx context.Context, k library.Key) error {
	row := keyRow{
		Owner: k.Owner, Epoch: k.Epoch, Name: k.Name, Hash: k.Hash, Scopes: k.Scopes,
		CreatedAt: toMillis(k.CreatedAt), Expires: toMillis(k.Expires), LastUsed: toMillis(k.LastUsed), Service: k.Service,
	}
	return s.update(ctx, func(tx *bolt.Tx) error { return putJSON(tx.Bucket([]byte(bKeys)), k.ID, row) })
}

// Key implements library.Keys.
func (s *Store) Key(ctx context.Context, id string) (out library.Key, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		v := get(tx, bKeys, id)
		if v == nil {
			return notFound("key")
		}
		var r keyRow
		err := decode(bKeys, v, &r)
		out = r.key(id)
		return err
	})
	return out, err
}

// Keys implements library.Keys, in the order of their ids.
func (s *Store) Keys(ctx context.Context) (out []library.Key, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = nil
		return tx.Bucket([]byte(bKeys)).ForEach(func(k, v []byte) error {
			var r keyRow
			if err := decode(bKeys, v, &r); err != nil {
				return err
			}
			out = append(out, r.key(string(k)))
			return nil
		})
	})
	return out, err
}

// DeleteKey implements library.Keys.
func (s *Store) DeleteKey(ctx context.Context, id string) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bKeys)).Delete([]byte(id))
	})
}

// KeysUsed implements library.Keys.
func (s *Store) KeysUsed(ctx context.Context, at map[string]time.Time) error {
	if len(at) == 0 {
		return nil
	}
	return s.update(ctx, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(bKeys))
		for id, used := range at {
			v := b.Get([]byte(id))
			if v == nil {
				continue
			}
			var r keyRow
			if err := decode(bKeys, v, &r); err != nil {
				return err
			}
			if now := toMillis(used); now > r.LastUsed {
				r.LastUsed = now
				if err := putJSON(b, id, r); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
