package store

import (
	"context"
	"encoding/json"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// ownerRow and sessionRow are the library's types with names that stay when a
// field is renamed; a field that is added does not compile until it has one.
type ownerRow struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	PasswordHash []byte    `json:"password_hash"`
	Epoch        string    `json:"epoch"`
	Mark         string    `json:"mark,omitempty"`
	CreatedAt    time.Time `json:"created_at"`

	Factors library.Factors `json:"factors,omitzero"`
}

type sessionRow struct {
	ID        string    `json:"id"`
	Owner     string    `json:"owner"`
	Epoch     string    `json:"epoch"`
	CreatedAt time.Time `json:"created_at"`
	LastSeen  time.Time `json:"last_seen"`
	Expires   time.Time `json:"expires"`
	AuthTime  time.Time `json:"auth_time,omitzero"`
	Address   string    `json:"address,omitempty"`
	Agent     string    `json:"agent,omitempty"`
}

type guessesRow struct {
	Failures int                               `json:"failures,omitempty"`
	Waits    int                               `json:"waits,omitempty"`
	Until    time.Time                         `json:"until,omitzero"`
	Last     time.Time                         `json:"last,omitzero"`
	Recent   []time.Time                       `json:"recent,omitempty"`
	Tries    map[string]map[string][]time.Time `json:"tries,omitempty"`
}

func getOwner(tx *bolt.Tx) (library.Owner, error) {
	v := get(tx, bMeta, "owner")
	if v == nil {
		return library.Owner{}, notFound("owner")
	}
	var r ownerRow
	err := decode(bMeta, v, &r)
	return library.Owner(r), err
}

func putSession(tx *bolt.Tx, s library.Session) error {
	return putJSON(tx.Bucket([]byte(bSessions)), s.ID, sessionRow(s))
}

// BoxID implements library.Accounts.
func (s *Store) BoxID(ctx context.Context) (id string, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		id = string(get(tx, bMeta, "box"))
		return nil
	})
	return id, err
}

// Owner implements library.Accounts.
func (s *Store) Owner(ctx context.Context) (o library.Owner, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		o, err = getOwner(tx)
		return err
	})
	return o, err
}

// CreateOwner implements library.Accounts.
func (s *Store) CreateOwner(ctx context.Context, o library.Owner, first library.Session) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		if get(tx, bMeta, "owner") != nil {
			return conflict("This box has an owner already.", "Sign in instead.")
		}
		if err := putJSON(tx.Bucket([]byte(bMeta)), "owner", ownerRow(o)); err != nil {
			return err
		}
		return putSession(tx, first)
	})
}

// UpdateOwner implements library.Accounts. f may run more than once.
func (s *Store) UpdateOwner(ctx context.Context, f func(*library.Owner) error) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		o, err := getOwner(tx)
		if err != nil {
			return err
		}
		if err := f(&o); err != nil {
			return err
		}
		return putJSON(tx.Bucket([]byte(bMeta)), "owner", ownerRow(o))
	})
}

// PutSession implements library.Accounts.
func (s *Store) PutSession(ctx context.Context, session library.Session) error {
	return s.update(ctx, func(tx *bolt.Tx) error { return putSession(tx, session) })
}

// Session implements library.Accounts.
func (s *Store) Session(ctx context.Context, id string) (out library.Session, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		v := get(tx, bSessions, id)
		if v == nil {
			return notFound("session")
		}
		var r sessionRow
		err := decode(bSessions, v, &r)
		out = library.Session(r)
		return err
	})
	return out, err
}

// Sessions implements library.Accounts, in the order of their ids.
func (s *Store) Sessions(ctx context.Context) (out []library.Session, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out = nil
		return tx.Bucket([]byte(bSessions)).ForEach(func(_, v []byte) error {
			var r sessionRow
			if err := decode(bSessions, v, &r); err != nil {
				return err
			}
			out = append(out, library.Session(r))
			return nil
		})
	})
	return out, err
}

// DeleteSession implements library.Accounts. A session that is gone is no
// error.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bSessions)).Delete([]byte(id))
	})
}

// EndSessions implements library.Accounts.
func (s *Store) EndSessions(ctx context.Context, mark string, ids ...string) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		o, err := getOwner(tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := tx.Bucket([]byte(bSessions)).Delete([]byte(id)); err != nil {
				return err
			}
		}
		o.Mark = mark
		return putJSON(tx.Bucket([]byte(bMeta)), "owner", ownerRow(o))
	})
}

// Guesses implements library.Accounts.
func (s *Store) Guesses(ctx context.Context) (out library.Guesses, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		var r guessesRow
		if v := get(tx, bMeta, "guesses"); v != nil {
			if err := decode(bMeta, v, &r); err != nil {
				return err
			}
		}
		out = library.Guesses(r)
		return nil
	})
	return out, err
}

// PutGuesses implements library.Accounts.
func (s *Store) PutGuesses(ctx context.Context, g library.Guesses) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		return putJSON(tx.Bucket([]byte(bMeta)), "guesses", guessesRow(g))
	})
}

// Settings implements library.Accounts; before the first update they are zero.
func (s *Store) Settings(ctx context.Context) (out library.Settings, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out, err = getSettings(tx)
		return err
	})
	return out, err
}

func getSettings(tx *bolt.Tx) (out library.Settings, err error) {
	if v := get(tx, bMeta, "settings"); v != nil {
		err = decode(bMeta, v, &out)
	}
	return out, err
}

// UpdateSettings implements library.Accounts. f may run more than once.
func (s *Store) UpdateSettings(ctx context.Context, f func(*library.Settings) error) (out library.Settings, err error) {
	err = s.update(ctx, func(tx *bolt.Tx) error {
		if out, err = getSettings(tx); err != nil {
			return err
		}
		if err := f(&out); err != nil {
			return err
		}
		v, err := json.Marshal(out)
		if err != nil {
			return err
		}
		return tx.Bucket([]byte(bMeta)).Put([]byte("settings"), v)
	})
	return out, err
}
