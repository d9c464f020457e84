package library

import (
	"hash/maphash"
	"sync"
)

// locks lets one caller at a time work on a name. Names share a few mutexes,
// so a caller never takes a second name of the same locks.
type locks struct {
	seed maphash.Seed
	mu   [64]sync.Mutex
}

func newLocks() *locks { return &locks{seed: maphash.MakeSeed()} }

// lock returns the function that unlocks.
func (l *locks) lock(name string) func() {
	m := &l.mu[maphash.String(l.seed, name)%uint64(len(l.mu))]
	m.Lock()
	return m.Unlock
}
