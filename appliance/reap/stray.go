package reap

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// Sweep kills the children that have no owner and what becomes of their
// children, until none is left or ctx ends; it returns how many it killed.
// Run must be running. Only own children are ever signalled, so that it is
// safe outside a container.
func (r *Reaper) Sweep(ctx context.Context) (killed int, err error) {
	seen := map[int]bool{}
	for {
		r.mu.Lock()
		changed := r.changed
		strays, err := r.strays()
		r.mu.Unlock()
		if err != nil || len(strays) == 0 {
			return killed, err
		}
		for _, pid := range strays {
			if seen[pid] {
				continue
			}
			seen[pid] = true
			if unix.Kill(pid, unix.SIGKILL) == nil {
				killed++
			}
		}
		select {
		case <-ctx.Done():
			return killed, ctx.Err()
		case <-changed:
		}
	}
}

// strays lists own children that nobody registered. The caller holds mu, so
// that no pid can be reaped, and used again, between listing and looking.
func (r *Reaper) strays() ([]int, error) {
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // the thread ended
		}
		for _, field := range bytes.Fields(data) {
			pid, err := strconv.Atoi(string(field))
			if err != nil {
				continue
			}
			if _, ok := r.owned[pid]; !ok {
				found = append(found, pid)
			}
		}
	}
	return found, nil
}
