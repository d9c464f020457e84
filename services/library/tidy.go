package library

import (
	"context"
	"time"
)

// Finished jobs are kept for a day. Originals without a source are looked for
// in one of 256 parts at a time, so that no start and no moment walks them all.
// Which part is the clock's say: each has its turn every 21 hours and 20
// minutes, at another time each day, however often the box is started.
const (
	keepFinished = 24 * time.Hour
	pruneEvery   = time.Hour
	sweepEvery   = 5 * time.Minute
)

// tidy removes half-written originals at the start, then prunes finished jobs
// and sweeps blobs until ctx ends.
func (l *Library) tidy(ctx context.Context) error {
	if err := l.o.Blobs.Tidy(); err != nil {
		l.o.Log.Error("half-written originals could not be removed", "err", err)
	}
	prune := l.o.Now()
	for {
		now := l.o.Now()
		if !now.Before(prune) {
			if err := l.o.Store.PruneJobs(ctx, now.Add(-keepFinished)); err != nil && ctx.Err() == nil {
				l.o.Log.Error("finished jobs could not be pruned", "err", err)
			}
			prune = now.Add(pruneEvery)
		}
		if err := pause(ctx, sweepEvery, nil); err != nil {
			return err
		}
		l.sweep(ctx, partAt(l.o.Now()))
	}
}

// partAt is the part of the originals that has its turn.
func partAt(t time.Time) byte { return byte(t.Unix() / int64(sweepEvery/time.Second)) }

// sweep removes originals that no source keeps: a crash between two writes
// leaves them.
func (l *Library) sweep(ctx context.Context, part byte) {
	removed := 0
	err := l.o.Blobs.Sweep(ctx, part, func(sha256 string) error {
		defer l.blobs.lock(sha256)()
		_, err := l.o.Store.BySHA256(ctx, sha256)
		if !isKind(err, NotFound) {
			return err
		}
		if l.holds.defers(sha256) {
			return nil
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
