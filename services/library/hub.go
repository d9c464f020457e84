package library

import (
	"context"
	"sync"
	"time"
)

// Events kept for subscribers that come back, and the pause between two
// progress events of one job.
const (
	keptEvents    = 1024
	progressEvery = 500 * time.Millisecond
)

// hub numbers events and keeps the latest ones in a ring. Each subscriber
// walks the ring at its own pace, so that a slow one holds up nobody. The first
// number comes from the wall clock in microseconds: a later process numbers
// higher than an earlier one did, and an id from before a restart is answered
// with a reset.
type hub struct {
	mu      sync.Mutex
	ring    [keptEvents]Event // event id at id % keptEvents
	first   uint64            // oldest id kept; last+1 when none is
	last    uint64            // newest id given
	changed chan struct{}     // closed and replaced by publish
}

func newHub(now time.Time) *hub {
	base := uint64(max(now.UnixMicro(), 1))
	return &hub{first: base + 1, last: base, changed: make(chan struct{})}
}

func (h *hub) publish(events ...Event) {
	if len(events) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		h.last++
		e.ID = h.last
		h.ring[e.ID%keptEvents] = e
	}
	h.first = max(h.first, h.last-min(h.last, keptEvents)+1)
	close(h.changed)
	h.changed = make(chan struct{})
}

// after copies the events that follow id, or says that some are gone: then
// the one event is a reset with the newest id. changed closes on more.
func (h *hub) after(id uint64) (events []Event, changed <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case id == h.last:
	case id > h.last || id+1 < h.first:
		events = []Event{{ID: h.last, Kind: EventReset}}
	default:
		for i := id + 1; i <= h.last; i++ {
			events = append(events, h.ring[i%keptEvents])
		}
	}
	return events, h.changed
}

func (h *hub) newest() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// subscribe sends what follows id at, until ctx ends.
func (h *hub) subscribe(ctx context.Context, at uint64) <-chan Event {
	out := make(chan Event)
	go func() {
		defer close(out)
		for {
			events, changed := h.after(at)
			for _, e := range events {
				select {
				case out <- e:
					at = e.ID
				case <-ctx.Done():
					return
				}
			}
			if len(events) > 0 {
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}
