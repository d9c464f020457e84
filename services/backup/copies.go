package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"coffer/services/library"
)

// copying is what is known of copies between two looks. One is made or brought
// back at a time, beside the work on backups.
type copying struct {
	mu      sync.Mutex
	to      library.CopyTarget // as init said last
	working string             // id of the backup that is copied
	fetch   library.Fetch

	done, total atomic.Int64
}

var _ library.Copies = (*Keeper)(nil)

// Copies implements library.Copies.
func (k *Keeper) Copies(ctx context.Context) (out library.CopiesState, err error) {
	if _, err := k.copyTarget(ctx); err != nil {
		return out, err
	}
	plan, err := k.o.Plans.BackupPlan(ctx)
	if err != nil {
		return out, err
	}
	all, err := k.dir.all()
	return k.copiesState(plan, all), err
}

// copyTarget asks init, and remembers the answer.
func (k *Keeper) copyTarget(ctx context.Context) (library.CopyTarget, error) {
	if k.o.Storage == nil || k.o.Place == nil {
		return library.CopyTarget{}, &library.Error{Kind: library.NotFound, Message: "No copies of backups are made here."}
	}
	to, err := k.o.Place.CopyTarget(ctx)
	if err == nil {
		k.copies.mu.Lock()
		k.copies.to = to
		k.copies.mu.Unlock()
	}
	return to, err
}

// placed is copyTarget where there is a storage.
func (k *Keeper) placed(ctx context.Context) (library.CopyTarget, error) {
	to, err := k.copyTarget(ctx)
	if err == nil && to.Host == "" {
		err = &library.Error{Kind: library.Conflict, Code: codeNoPlace, Message: "No storage is set up.", Hint: "Set one up first, in Settings, Copies elsewhere, or with coffer backup storage."}
	}
	return to, err
}

func (k *Keeper) copiesState(plan library.BackupPlan, all []library.Backup) library.CopiesState {
	c := &k.copies
	c.mu.Lock()
	defer c.mu.Unlock()
	s := library.CopiesState{CopyTarget: c.to, Kept: keptOf(plan), Fetch: c.fetch}
	if c.to.Host == "" {
		return s
	}
	s.Failure, s.Failed = plan.CopyTries.Failure, plan.CopyTries.Failed
	if s.Failure != nil {
		s.Next = plan.CopyTries.Next
	}
	for _, b := range all {
		if !b.Fetched && b.CopiedTo == c.to.Place() && b.CopiedAt.After(s.Copied) {
			s.Copied = b.CopiedAt
		}
	}
	if s.Working = c.working; s.Working != "" {
		s.Done, s.Total = c.done.Load(), c.total.Load()
	}
	if s.Fetch.Busy {
		s.Fetch.Done, s.Fetch.Total = c.done.Load(), c.total.Load()
	}
	return s
}

func keptOf(p library.BackupPlan) int {
	if p.CopiesKept == 0 {
		return keep
	}
	return p.CopiesKept
}

func (k *Keeper) copyFacts(plan library.BackupPlan, all []library.Backup, f *library.BackupFacts) {
	s := k.copiesState(plan, all)
	f.CopiesTo, f.CopiedAt = s.Host, s.Copied
	if s.Failure != nil {
		f.CopyFailed = s.Failure.Message
	}
}

// SetCopyPlace implements library.Copies.
func (k *Keeper) SetCopyPlace(ctx context.Context, wish library.CopyWish) error {
	if _, err := k.copyTarget(ctx); err != nil {
		return err
	}
	if err := k.o.Place.SetCopyTarget(ctx, wish); err != nil {
		return err
	}
	if _, err := k.copyTarget(ctx); err != nil {
		return err
	}
	return k.copyAnew(ctx)
}

// copyAnew forgets what failed, and has the keeper look.
func (k *Keeper) copyAnew(ctx context.Context) error {
	err := k.o.Plans.UpdateBackupPlan(ctx, func(p *library.BackupPlan) error {
		p.CopyTries = library.CopyTries{}
		return nil
	})
	k.o.Changed()
	k.nudge()
	return err
}

// SetCopiesKept implements library.Copies.
func (k *Keeper) SetCopiesKept(ctx context.Context, n int) error {
	if n != library.CopiesAll && (n < 1 || n > library.MaxCopiesKept) {
		return &library.Error{
			Kind: library.Invalid, Field: "keep", Message: "That is no number of copies to keep.", Hint: fmt.Sprintf("Give one from 1 to %d, or keep all.", library.MaxCopiesKept),
		}
	}
	err := k.o.Plans.UpdateBackupPlan(ctx, func(p *library.BackupPlan) error {
		p.CopiesKept = n
		return nil
	})
	k.nudge()
	return err
}

// TryCopyPlace implements library.Copies.
func (k *Keeper) TryCopyPlace(ctx context.Context) error {
	if _, err := k.placed(ctx); err != nil {
		return err
	}
	if err := k.o.Storage.TryCopies(ctx); err != nil {
		return err
	}
	return k.copyAnew(ctx)
}

// ListCopies implements library.Copies.
func (k *Keeper) ListCopies(ctx context.Context) ([]library.Copy, error) {
	if _, err := k.placed(ctx); err != nil {
		return nil, err
	}
	all, err := k.stored(ctx)
	if err != nil {
		return nil, err
	}
	here, err := k.dir.all()
	if err != nil {
		return nil, err
	}
	for i := range all {
		for _, b := range here {
			all[i].Here = all[i].Here || b.ID == all[i].Backup && b.Size > 0
		}
	}
	return all, nil
}

// The name of a copy: copyBegin, the box's id, a hyphen, the backup's id, fileEnd.
const copyBegin = "coffer-"

func (k *Keeper) copyName(id string) string { return copyBegin + k.o.Box + "-" + id + fileEnd }

// parseCopy reads such a name.
func parseCopy(name string) (c library.Copy, ok bool) {
	rest, begins := strings.CutPrefix(name, copyBegin)
	rest, ends := strings.CutSuffix(rest, fileEnd)
	box, id, cut := strings.Cut(rest, "-")
	if !begins || !ends || !cut || box == "" || !isID(id) {
		return c, false
	}
	at, err := time.Parse("20060102-150405", id[:15])
	return library.Copy{Name: name, Backup: id, Box: box, MadeAt: at}, err == nil
}

// begin takes the one place for copies; the result gives it back.
func (c *copying) begin(ending context.Context, set func(*copying)) (func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.working != "" || c.fetch.Busy {
		return nil, &library.Error{Kind: library.Conflict, Code: codeBusy, Message: "Another copy is being made or brought back.", Hint: "Try again when it is done."}
	}
	if ending.Err() != nil {
		return nil, &library.Error{Kind: library.Conflict, Message: "The box is stopping.", Hint: "Try again when it runs."}
	}
	c.done.Store(0)
	c.total.Store(0)
	set(c)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.working, c.fetch.Busy = "", false
	}, nil
}

// copyReason is why a copy failed, for the page and the alarm.
func copyReason(err error) *library.Reason {
	if e, ok := errors.AsType[*library.Error](err); ok {
		return &library.Reason{Code: e.Code, Message: e.Message}
	}
	return &library.Reason{Code: codeOther, Message: "It could not be copied. The log of the API says why."}
}
