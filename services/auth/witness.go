package auth

import (
	"context"
	"errors"
	"slices"

	"coffer/services/library"
	"coffer/weaken"
)

// A store that is put back from a copy brings back every session that was open
// when the copy was made, those that have ended since included. Nothing in it
// says so. So whenever a session ends, and after each start, the owner gets another
// mark, in the same transaction, and the mark is told to a witness outside of
// the store. A store whose mark the witness does not know is an older one. A key
// that ends before its time changes the mark right after (outdate).

// marking runs change, which gives the owner the mark it is passed, and tells
// the witness before and after: stopped in between, it knows both. What cannot
// be told keeps no session from ending. The caller holds k.writes.
func (k *Keeper) marking(was string, change func(mark string) error) error {
	mark := newID()
	if k.o.Witness == nil || weaken.Without(weaken.Witness) {
		return change(mark)
	}
	err := k.o.Witness.Keep(was, mark)
	k.lapsed.Store(err != nil)
	if err != nil {
		k.o.Log.Error("a store that is put back would not be recognised", "error", err)
		return change(was)
	}
	if err := change(mark); err != nil {
		return err
	}
	if err := k.o.Witness.Keep(mark); err != nil {
		k.o.Log.Warn("the witness of the store keeps an older mark too", "error", err)
	}
	return nil
}

// witnessed reports whether the witness knows the mark of the store.
func (k *Keeper) witnessed(mark string) bool {
	if weaken.Without(weaken.Witness) {
		return true
	}
	marks, err := k.o.Witness.Marks()
	if err != nil {
		k.o.Log.Error("the witness of the store cannot be read", "error", err)
	}
	return mark != "" && slices.Contains(marks, mark)
}

// recognise ends every session of a store that was put back. Any other is to
// get another mark.
func (k *Keeper) recognise(ctx context.Context) error {
	if k.o.Witness == nil {
		return nil
	}
	k.writes.Lock()
	defer k.writes.Unlock()
	owner, err := k.readOwner(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return nil
	} else if err != nil {
		return err
	}
	if k.witnessed(owner.Mark) {
		k.remark = true
		return nil
	}
	now, err := k.void(ctx, *owner, func(*library.Owner) error { return nil })
	if err != nil {
		return err
	}
	k.sweep(ctx, now.Epoch, "")
	k.record(ctx, library.AuditPutBack, library.ByBox, Client{}, "")
	k.o.Log.Warn("the store is a copy that was put back; every browser is signed out, and keys are void")
	return nil
}

// begin gives a store that was recognised another mark, so that copies from
// before this start are older ones. It writes to the disk several times, which
// no request waits for.
func (k *Keeper) begin(ctx context.Context) {
	if k.remark {
		k.outdate(ctx)
	}
}

// outdate gives the owner another mark: copies of the store from before are
// older ones from now on, and the keys that ended since stay ended.
func (k *Keeper) outdate(ctx context.Context) {
	k.writes.Lock()
	defer k.writes.Unlock()
	owner, err := k.readOwner(ctx)
	if err == nil {
		_, err = k.change(ctx, *owner, func(*library.Owner) error { return nil })
	}
	if err != nil {
		k.o.Log.Error("the store keeps its mark", "error", err)
	}
}

// change gives the owner what f does, and another mark. The caller holds
// k.writes, and has read was under it.
func (k *Keeper) change(ctx context.Context, was library.Owner, f func(*library.Owner) error) (now library.Owner, err error) {
	err = k.marking(was.Mark, func(mark string) error {
		return k.o.Accounts.UpdateOwner(ctx, func(o *library.Owner) error {
			if err := f(o); err != nil {
				return err
			}
			o.Mark = mark
			now = *o
			return nil
		})
	})
	if err == nil {
		k.setOwner(now)
	}
	return now, err
}

// void is change, and begins another epoch: no session and no key of the one
// before is good any more.
func (k *Keeper) void(ctx context.Context, was library.Owner, f func(*library.Owner) error) (library.Owner, error) {
	return k.change(ctx, was, func(o *library.Owner) error {
		err := f(o)
		o.Epoch = newID()
		return err
	})
}
