package backup

import (
	"context"
	"time"

	"coffer/services/library"
)

// When backups are made unasked, and how many stay. The first comes soon after
// the start, so that a box that is restarted every day has some.
const (
	every     = 24 * time.Hour
	afterward = time.Hour          // until the next try after a failure
	settle    = time.Minute        // after the start, and after the key was set
	again     = 7 * 24 * time.Hour // an old one is proven anew
	keep      = 3
	// share is the most that scheduled backups take of the room there would be
	// without them, in percent.
	share = 30
)

// Run makes backups as planned until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	began := k.now()
	for {
		t := time.NewTimer(min(k.step(ctx, began), k.copyStep(ctx)))
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-k.wake:
			t.Stop()
		case <-t.C:
		}
	}
}

// step does what is due, and returns how long there is nothing to do.
func (k *Keeper) step(ctx context.Context, began time.Time) time.Duration {
	plan, err := k.o.Plans.BackupPlan(ctx)
	if err != nil {
		k.o.Log.Error("plan of backups not read", "err", err)
		return afterward
	}
	all, err := k.dir.all()
	if err != nil {
		k.o.Log.Error("backups not read", "err", err)
		return afterward
	}
	due, planned := k.due(plan, all)
	if !planned {
		return every
	}
	if first := began.Add(settle); due.Before(first) {
		due = first
	}
	if wait := due.Sub(k.now()); wait > 0 {
		if old, ok := stale(all, k.now()); ok {
			if _, err := k.Verify(ctx, old.ID, ""); err != nil {
				k.o.Log.Warn("old backup not looked at", "backup", old.ID, "err", err)
			}
			return min(wait, afterward)
		}
		return wait
	}
	if _, err := k.create(ctx, "", true); err != nil {
		k.o.Log.Warn("planned backup not begun", "err", err)
	}
	return settle
}

// due is when the next planned backup is; never without a recovery key. A
// backup to another key than the present one does not count.
func (k *Keeper) due(p library.BackupPlan, newestFirst []library.Backup) (time.Time, bool) {
	if p.Recipient == "" {
		return time.Time{}, false
	}
	for _, b := range newestFirst {
		if b.Fetched || b.Seal != library.SealKey || b.CreatedAt.Before(p.SetAt) || b.CreatedAt.After(k.now().Add(time.Hour)) {
			continue // the last: made before the clock was set back
		}
		if b.Status == library.BackupFailed {
			return b.CreatedAt.Add(afterward), true
		}
		return b.CreatedAt.Add(every), true
	}
	return p.SetAt, true
}

// stale is the newest backup that the box can open, when its proof is old or
// was broken off.
func stale(newestFirst []library.Backup, now time.Time) (library.Backup, bool) {
	for _, b := range newestFirst {
		switch {
		case b.Fetched, b.Seal != library.SealKey:
		case b.Status == library.BackupComplete:
			return b, true
		case b.Status == library.BackupProven:
			return b, now.Sub(b.ProvenAt) > again
		}
	}
	return library.Backup{}, false
}

// thin removes old scheduled backups: those beyond keep, those that take more
// than their share of the volume, and failures of before. The newest proven
// one stays whatever it takes.
func (k *Keeper) thin() error {
	all, err := k.dir.all()
	if err != nil {
		return err
	}
	free, err := k.dir.free()
	if err != nil {
		return err
	}
	taken := int64(0)
	for _, b := range all {
		if b.Scheduled {
			taken += b.Size
		}
	}
	for _, id := range surplus(all, (free+taken)/100*share) {
		k.o.Log.Info("old backup removed", "backup", id)
		if err := k.drop(id); err != nil {
			return err
		}
	}
	return nil
}

// surplus are the ids of the scheduled backups that have had their time, when
// all of them may take most bytes.
func surplus(newestFirst []library.Backup, most int64) (ids []string) {
	kept, size, proven := 0, int64(0), false
	for _, b := range newestFirst {
		if !b.Scheduled || b.Status == library.BackupRunning {
			continue
		}
		last := !proven && b.Status == library.BackupProven
		failed := b.Status == library.BackupFailed
		switch {
		case last, !failed && kept < keep && size+b.Size <= most:
			kept, size = kept+1, size+b.Size
		case failed && !proven: // it is news
		default:
			ids = append(ids, b.ID)
		}
		proven = proven || last
	}
	return ids
}
