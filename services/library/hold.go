package library

import (
	"context"
	"sync"
)

// holds keeps originals in place while somebody copies them.
type holds struct {
	mu    sync.Mutex
	n     int
	later map[string]bool // hashes to remove once nobody holds
}

// defers reports that an original must stay for now. It goes once the last
// hold ends.
func (h *holds) defers(sha256 string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n == 0 {
		return false
	}
	if h.later == nil {
		h.later = map[string]bool{}
	}
	h.later[sha256] = true
	return true
}

func (h *holds) end() (due map[string]bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n--; h.n == 0 {
		due, h.later = h.later, nil
	}
	return due
}

// HoldOriginals keeps the originals of deleted sources on disk until the
// returned function is called, so that a copy of the store taken meanwhile
// finds all of its own. Only a full disk makes an original go at once. After a
// crash the sweep removes what was held.
func (l *Library) HoldOriginals() (release func(context.Context)) {
	l.holds.mu.Lock()
	l.holds.n++
	l.holds.mu.Unlock()
	var once sync.Once
	return func(ctx context.Context) {
		once.Do(func() {
			for sha256 := range l.holds.end() {
				l.dropUnkept(ctx, sha256)
			}
		})
	}
}

// dropUnkept removes an original unless a source keeps it by now.
func (l *Library) dropUnkept(ctx context.Context, sha256 string) {
	defer l.blobs.lock(sha256)()
	if _, err := l.o.Store.BySHA256(ctx, sha256); isKind(err, NotFound) {
		l.drop(sha256)
	}
}

// drop removes an original whose lock is held and which no source keeps.
func (l *Library) drop(sha256 string) {
	if l.holds.defers(sha256) {
		return
	}
	if err := l.o.Blobs.Remove(sha256); err != nil {
		l.o.Log.Warn("original outlives its source until it is swept", "original", sha256[:8], "err", err)
	}
}
