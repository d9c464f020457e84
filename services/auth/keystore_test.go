package auth

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// keyStore is a library.Keys in memory that counts and can fail on demand.
type keyStore struct {
	mu    sync.Mutex
	all   map[string]library.Key
	reads int // of one key
	uses  int // writes of last use
	fail  error
}

func newKeyStore() *keyStore { return &keyStore{all: map[string]library.Key{}} }

func (s *keyStore) PutKey(_ context.Context, k library.Key) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.all[k.ID] = k
	}
	return s.fail
}

func (s *keyStore) Key(_ context.Context, id string) (library.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	k, ok := s.all[id]
	if s.fail == nil && !ok {
		return k, &library.Error{Kind: library.NotFound, Message: "There is no such key."}
	}
	return k, s.fail
}

func (s *keyStore) Keys(context.Context) ([]library.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.all)), s.fail
}

func (s *keyStore) DeleteKey(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		delete(s.all, id)
	}
	return s.fail
}

func (s *keyStore) KeysUsed(_ context.Context, at map[string]time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uses++
	for id, used := range at {
		if k, ok := s.all[id]; ok && s.fail == nil && used.After(k.LastUsed) {
			k.LastUsed = used.UTC()
			s.all[id] = k
		}
	}
	return s.fail
}

// written tells how often last uses were written, and that of id.
func (s *keyStore) written(id string) (int, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.uses, s.all[id].LastUsed
}

func (s *keyStore) failing(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// The stand-in keeps what the port says.
func TestKeyStore(t *testing.T) {
	librarytest.Keys(t, func(testing.TB) library.Keys { return newKeyStore() })
}
