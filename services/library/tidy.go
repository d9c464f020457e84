package library

import (
	"context"
	"time"
)

// Finished jobs are kept for a day. Originals without a source are looked for
// at the start and once a day.
const (
	keepFinished = 24 * time.Hour
	pruneEvery   = time.Hour
	sweepEvery   = 24 * time.Hour
)

// tidy prunes finished jobs and sweeps blobs until ctx ends.
func (l *Library) tidy(ctx context.Context) error {
	sweep := l.o.Now()
	for {
		now := l.o.Now()
		if err := l.o.Store.PruneJobs(ctx, now.Add(-keepFinished)); err != nil && ctx.Err() == nil {
			l.o.Log.Error("finished jobs could not be pruned", "err", err)
		}
		if !now.Before(sweep) {
			l.sweep(ctx)
			sweep = now.Add(sweepEvery)
		}
		if err := pause(ctx, pruneEvery, nil); err != nil {
			return err
		}
	}
}

// sweep removes half-written originals and those that no source keeps: a crash
// between two writes leaves them.
func (l *Library) sweep(ctx context.Context) {
	removed := 0
	err := l.o.Blobs.Sweep(ctx, func(sha256 string) error {
		defer l.blobs.lock(sha256)()
		_, err := l.o.Store.BySHA256(ctx, sha256)
		if !isKind(err, NotFound) {
			return err
		}
		removed++
		return l.o.Blobs.Remove(sha256)
	})
	if err != nil && ctx.Err() == nil {
		l.o.Log.Error("originals could not be swept", "err", err)
	}
	if removed > 0 {
		l.o.Log.Info("originals without a source removed", "count", removed)
	}
}
