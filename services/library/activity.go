package library

import "sync/atomic"

// Activity counts what was done since this process began.
type Activity struct {
	Added    uint64 // sources
	Known    uint64 // uploads of what the box had already
	Bytes    uint64 // of originals that arrived whole
	Searches uint64
}

type activity struct{ added, known, bytes, searches atomic.Uint64 }

// Activity tells what was done so far.
func (l *Library) Activity() Activity {
	return Activity{
		Added: l.done.added.Load(), Known: l.done.known.Load(),
		Bytes: l.done.bytes.Load(), Searches: l.done.searches.Load(),
	}
}

// arrived counts an original.
func (a *activity) arrived(size int64, created bool) {
	a.bytes.Add(uint64(size))
	if created {
		a.added.Add(1)
	} else {
		a.known.Add(1)
	}
}
