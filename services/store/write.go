package store

import (
	"context"
	"fmt"
	"sync"

	bolt "go.etcd.io/bbolt"
)

// maxShared bounds how many writes share one commit.
const maxShared = 128

// writer groups commits: a write that arrives while another one commits waits
// and then shares one transaction, and one fsync, with all that arrived
// meanwhile. A lone write commits at once.
type writer struct {
	db   *bolt.DB
	lead chan struct{} // held by the one who commits for the others

	mu      *sync.Mutex
	pending *[]*write
}

type write struct {
	f    func(*bolt.Tx) error
	done chan error // holds the outcome
}

func newWriter(db *bolt.DB) writer {
	return writer{db: db, lead: make(chan struct{}, 1), mu: new(sync.Mutex), pending: new([]*write)}
}

// update runs f in a write transaction that may be shared. f may run more than
// once, and sets what it hands out anew each time; where it returns an error,
// nothing it did is kept, and the others are not harmed.
func (s *Store) update(ctx context.Context, f func(*bolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &write{f: f, done: make(chan error, 1)}
	s.w.mu.Lock()
	*s.w.pending = append(*s.w.pending, w)
	s.w.mu.Unlock()

	for {
		select {
		case err := <-w.done:
			return translate(err)
		case s.w.lead <- struct{}{}:
			s.w.commit()
			<-s.w.lead
		}
	}
}

// commit takes what is pending and commits it. Every write taken has its
// outcome when it returns.
func (w *writer) commit() {
	w.mu.Lock()
	batch := *w.pending
	rest := []*write(nil)
	if len(batch) > maxShared {
		batch, rest = batch[:maxShared:maxShared], append(rest, batch[maxShared:]...)
	}
	*w.pending = rest
	w.mu.Unlock()

	for len(batch) > 0 {
		failed := -1
		err := w.db.Update(func(tx *bolt.Tx) error {
			for i, one := range batch {
				if err := guarded(one.f, tx); err != nil {
					failed = i
					return err
				}
			}
			return nil
		})
		if failed >= 0 { // the others run again without it
			batch[failed].done <- err
			batch = append(batch[:failed], batch[failed+1:]...)
			continue
		}
		for _, one := range batch {
			one.done <- err
		}
		return
	}
}

// guarded makes a panic of one write its error, so that those who share the
// transaction are not left waiting.
func guarded(f func(*bolt.Tx) error, tx *bolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write panicked: %v", p)
		}
	}()
	return f(tx)
}
