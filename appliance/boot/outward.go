package boot

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"coffer/appliance/supervise"
)

// handed is what services were given at their latest start that is made anew for
// each.
type handed struct {
	mu   sync.Mutex
	made map[string]map[string][]byte // by service, by name
}

func (h *handed) keep(service string, made map[string][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.made == nil {
		h.made = map[string]map[string][]byte{}
	}
	h.made[service] = made
}

// stale reports that a service would be given something else now.
func (h *handed) stale(s Service) bool {
	h.mu.Lock()
	made := h.made[s.Name]
	h.mu.Unlock()
	now := map[string][]byte{}
	for _, d := range s.Data {
		if d.Make != nil {
			now[d.Name] = d.Make()
		}
	}
	return !maps.EqualFunc(made, now, bytes.Equal)
}

// outward has the way out know what the owner configures now: one that runs with
// something else is started anew. It returns once what connects next meets none
// of before.
func (b *box) outward(ctx context.Context, s *supervise.Supervisor) error {
	at := slices.IndexFunc(b.Services, func(each Service) bool { return each.Name == b.WayOut })
	if at < 0 {
		return nil
	}
	before, err := wayOut(ctx, s, b.WayOut)
	if err != nil || before == 0 || !b.handed.stale(b.Services[at]) {
		return err
	}
	if err := s.Restart(ctx, b.WayOut); err != nil {
		return err
	}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		now, err := wayOut(ctx, s, b.WayOut)
		if err != nil || now != before {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wayOut is the process of a service, 0 while it rests.
func wayOut(ctx context.Context, s *supervise.Supervisor, name string) (int, error) {
	all, err := s.Status(ctx)
	for _, each := range all {
		if each.Name == name {
			return each.Pid, err
		}
	}
	return 0, err
}
