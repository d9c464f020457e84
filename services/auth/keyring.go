package auth

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"coffer/services/library"
)

const (
	// keepEnded is how long a key that has expired is still listed, so that who
	// looks for the reason finds it.
	keepEnded = 30 * 24 * time.Hour
	// keysEvery is how often at most the use of keys is written.
	keysEvery = time.Minute
)

// keyring is the keys in memory: each that was asked for since the start.
type keyring struct {
	writes sync.Mutex // serialises making, ending and reading in

	mu   sync.RWMutex // guards what follows
	live map[string]*liveKey

	useMu  sync.Mutex // guards what follows
	unkept []*liveKey // whose last use is not in the store yet
}

// liveKey is a key in memory. ended is closed when it is revoked.
type liveKey struct {
	k      library.Key // never changed
	ended  chan struct{}
	used   atomic.Int64 // Unix milliseconds; 0: not since the start
	queued atomic.Bool  // it is in unkept
}

// keyOf returns a key from memory, reading it once from the store.
func (k *Keeper) keyOf(ctx context.Context, id string) (*liveKey, error) {
	if l := k.keys.get(id); l != nil {
		return l, nil
	}
	k.keys.writes.Lock() // what is read is not older than an end
	defer k.keys.writes.Unlock()
	if l := k.keys.get(id); l != nil {
		return l, nil
	}
	key, err := k.o.Keys.Key(ctx, id)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return nil, badKey()
	} else if err != nil {
		return nil, err
	}
	return k.keys.put(key), nil
}

func (r *keyring) get(id string) *liveKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.live[id]
}

func (r *keyring) put(k library.Key) *liveKey {
	l := &liveKey{k: k, ended: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live[k.ID] = l
	return l
}

// replace has a key that is in memory be another from here on.
func (r *keyring) replace(k library.Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.live[k.ID]; l != nil {
		next := &liveKey{k: k, ended: l.ended}
		next.used.Store(l.used.Load())
		r.live[k.ID] = next
	}
}

func (r *keyring) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.live[id]; l != nil {
		close(l.ended)
		delete(r.live, id)
	}
}

// use notes that a key was used, in memory only: RunKeys writes it.
func (r *keyring) use(l *liveKey, now time.Time) {
	l.used.Store(now.UnixMilli())
	if l.queued.CompareAndSwap(false, true) {
		r.useMu.Lock()
		r.unkept = append(r.unkept, l)
		r.useMu.Unlock()
	}
}

// RunKeys writes the use of keys once a minute and when ctx ends, and drops
// keys that expired long ago.
func (k *Keeper) RunKeys(ctx context.Context) error {
	tick := time.NewTicker(keysEvery)
	defer tick.Stop()
	swept := k.o.Now()
	for {
		select {
		case <-ctx.Done():
			k.keepUse(context.WithoutCancel(ctx))
			return nil
		case <-tick.C:
			k.keepUse(ctx)
			if now := k.o.Now(); now.Sub(swept) >= time.Hour {
				swept = now
				k.sweepKeys(ctx, now)
			}
		}
	}
}

// keepUse writes all that is new in one transaction. What cannot be written is
// tried again.
func (k *Keeper) keepUse(ctx context.Context) {
	r := &k.keys
	r.useMu.Lock()
	batch := r.unkept
	r.unkept = nil
	r.useMu.Unlock()
	if len(batch) == 0 {
		return
	}
	at := make(map[string]time.Time, len(batch))
	for _, l := range batch {
		l.queued.Store(false) // a use from here on queues it anew
		at[l.k.ID] = time.UnixMilli(l.used.Load())
	}
	err := k.o.Keys.KeysUsed(ctx, at)
	if err == nil {
		return
	}
	k.o.Log.Warn("last use of keys not recorded", "keys", len(at), "error", err)
	r.useMu.Lock()
	defer r.useMu.Unlock()
	for _, l := range batch {
		if l.queued.CompareAndSwap(false, true) {
			r.unkept = append(r.unkept, l)
		}
	}
}

// sweepKeys drops keys that expired long ago.
func (k *Keeper) sweepKeys(ctx context.Context, now time.Time) {
	all, err := k.o.Keys.Keys(ctx)
	if err != nil {
		k.o.Log.Warn("old keys not swept", "error", err)
		return
	}
	for _, key := range all {
		if key.Expires.IsZero() || now.Sub(key.Expires) < keepEnded {
			continue
		}
		if _, err := k.endKey(ctx, key.ID); err != nil && !errors.Is(err, &library.Error{Kind: library.NotFound}) {
			k.o.Log.Warn("an old key not deleted", "error", err)
		}
	}
}
