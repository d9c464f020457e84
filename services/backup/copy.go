package backup

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"coffer/services/library"
)

// When a copy that failed is tried again: after the first, and twice as long each
// time, up to the last.
const (
	copyAgain    = time.Minute
	copyAgainMax = time.Hour
)

// copyStep begins what copy is due, and returns how long there is nothing to do.
// The end of a copy wakes the keeper.
func (k *Keeper) copyStep(ctx context.Context) time.Duration {
	if k.o.Storage == nil {
		return every
	}
	to, err := k.copyTarget(ctx)
	if err != nil {
		if ctx.Err() == nil {
			k.o.Log.Error("where copies of backups go is not known", "err", err)
		}
		return settle
	}
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
	wait := plan.CopyTries.Next.Sub(k.now())
	switch due := uncopied(all, to.Place(), keptOf(plan)); {
	case to.Host == "" || len(due) == 0 && plan.CopyTries.Failure == nil:
		return every
	case wait > 0:
		return min(wait, copyAgainMax) // the clock may have been set back
	}
	release, err := k.copies.begin(k.ending, func(c *copying) { c.working = looking })
	if err != nil {
		return every
	}
	k.work.Go(func() {
		did, err := k.copyDue(k.ending, to, keptOf(plan))
		k.noteCopy(err, plan.CopyTries.Failure != nil)
		release()
		k.o.Changed()
		if did || err != nil { // else the keeper would look for ever
			k.nudge()
		}
	})
	return every
}

// looking stands for the backup that is copied until it is known which that is.
const looking = "?"

// uncopied are the proven backups, newest first, that have no copy at a place and
// are among the latest that have one there: older ones would not stay.
func uncopied(newestFirst []library.Backup, place string, kept int) (due []library.Backup) {
	rank := 0
	for _, b := range newestFirst {
		if b.Fetched || b.Status != library.BackupProven {
			continue
		}
		if rank++; kept != library.CopiesAll && rank > kept {
			break
		}
		if b.CopiedTo != place {
			due = append(due, b)
		}
	}
	return due
}

// copyDue copies the newest backup that has no copy there and would keep it, and
// thins what lies there then.
func (k *Keeper) copyDue(ctx context.Context, to library.CopyTarget, kept int) (did bool, err error) {
	stored, err := k.own(ctx)
	if err != nil {
		return false, err
	}
	all, err := k.dir.all()
	if err != nil {
		return false, err
	}
	if due := uncopied(all, to.Place(), kept); len(due) > 0 && (kept == library.CopiesAll || newer(stored, due[0].ID) < kept) {
		if did, err = true, k.copy(ctx, due[0], to); err != nil {
			return did, err
		}
	}
	return did, k.thinCopies(ctx, to, kept)
}

// newer counts the copies of backups that were made after one.
func newer(all []library.Copy, id string) (n int) {
	for _, c := range all {
		if c.Backup > id {
			n++
		}
	}
	return n
}

// copy brings one backup there, and notes it down.
func (k *Keeper) copy(ctx context.Context, b library.Backup, to library.CopyTarget) error {
	f, err := k.dir.root.Open(b.ID + fileEnd)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return broken(err)
	}
	defer f.Close()
	c := &k.copies
	c.mu.Lock()
	c.working = b.ID
	c.mu.Unlock()
	c.total.Store(b.Size)
	k.o.Log.Info("backup is being copied", "backup", b.ID, "bytes", b.Size, "to", to.Host)
	there := func(n int64) { c.done.Store(n); k.o.Changed() }
	err = k.o.Storage.PutCopy(ctx, k.copyName(b.ID), f, there)
	if now, asked := k.copyTarget(ctx); asked == nil && now != to {
		return nil // the owner chose another meanwhile: where it went is not known
	}
	if e, ok := errors.AsType[*library.Error](err); ok && e.Code == codeUnavailable { // what goes out for the box ended meanwhile
		err = k.o.Storage.PutCopy(ctx, k.copyName(b.ID), f, there)
	}
	if err != nil {
		return err
	}
	k.o.Log.Info("backup copied", "backup", b.ID, "to", to.Host)
	return k.mark(b.ID, k.now(), to.Place())
}

// mark notes that a copy is at a place, or with the zero time that none is.
func (k *Keeper) mark(id string, at time.Time, place string) error {
	k.records.Lock()
	defer k.records.Unlock()
	b, err := k.dir.get(id)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	b.CopiedAt, b.CopiedTo = at, place
	return broken(k.dir.put(b))
}

// stored are the copies there, of every box, newest first.
func (k *Keeper) stored(ctx context.Context) ([]library.Copy, error) {
	objects, err := k.o.Storage.ListCopies(ctx)
	if err != nil {
		return nil, err
	}
	all := []library.Copy{}
	for _, o := range objects {
		if c, ok := parseCopy(o.Name); ok {
			c.Size, c.Own = o.Size, c.Box == k.o.Box
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b library.Copy) int { return cmp.Compare(b.Backup, a.Backup) })
	return all, nil
}

// own are those of this box.
func (k *Keeper) own(ctx context.Context) ([]library.Copy, error) {
	all, err := k.stored(ctx)
	return slices.DeleteFunc(all, func(c library.Copy) bool { return !c.Own }), err
}

// thinCopies removes old copies of this box, and no longer counts on those that
// somebody else removed.
func (k *Keeper) thinCopies(ctx context.Context, to library.CopyTarget, kept int) error {
	stored, err := k.own(ctx)
	if err != nil {
		return err
	}
	all, err := k.dir.all()
	if err != nil {
		return err
	}
	good := map[string]int64{} // sizes, by backup
	for _, b := range all {
		if b.CopiedTo != to.Place() {
			continue
		}
		good[b.ID] = b.Size
		gone := !slices.ContainsFunc(stored, func(c library.Copy) bool { return c.Backup == b.ID })
		if gone && !b.Fetched && k.now().Sub(b.CopiedAt) > afterward { // a list may be late
			if err := k.mark(b.ID, time.Time{}, ""); err != nil {
				return err
			}
		}
	}
	for _, name := range surplusCopies(stored, kept, good) {
		k.o.Log.Info("old copy removed", "copy", name, "from", to.Host)
		if err := k.o.Storage.RemoveCopy(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// surplusCopies are the names of this box's copies, given newest first, that have
// had their time. good are the backups whose copy was compared, with their sizes:
// the newest such copy stays whatever comes after it, and where there is none,
// all do.
func surplusCopies(newestFirst []library.Copy, kept int, good map[string]int64) (names []string) {
	last := slices.IndexFunc(newestFirst, func(c library.Copy) bool {
		size, ok := good[c.Backup]
		return ok && size == c.Size
	})
	if kept == library.CopiesAll || last < 0 {
		return nil
	}
	for i, c := range newestFirst {
		if c.Own && i >= kept && i != last {
			names = append(names, c.Name)
		}
	}
	return names
}

// noteCopy writes down how an attempt ended. One that the end of the box breaks
// off is gone on with after the next start, and is no failure. before: the one
// before failed.
func (k *Keeper) noteCopy(failed error, before bool) {
	if failed != nil && k.ending.Err() != nil || failed == nil && !before {
		return
	}
	err := k.o.Plans.UpdateBackupPlan(context.WithoutCancel(k.ending), func(p *library.BackupPlan) error {
		if failed == nil {
			p.CopyTries = library.CopyTries{}
			return nil
		}
		p.CopyTries.Count++
		wait := copyAgain
		for range min(p.CopyTries.Count-1, 10) {
			wait = min(2*wait, copyAgainMax)
		}
		p.CopyTries.Failure, p.CopyTries.Failed, p.CopyTries.Next = copyReason(failed), k.now(), k.now().Add(wait)
		return nil
	})
	if failed != nil {
		k.o.Log.Error("backup not copied", "err", failed)
	}
	if err != nil {
		k.o.Log.Error("what came of a copy is not noted", "err", err)
	}
}
