package backup

import (
	"context"
	"time"

	"coffer/services/library"
)

// Former implements library.Backups.
func (k *Keeper) Former(ctx context.Context) (time.Time, error) {
	if k.o.Former == nil {
		return time.Time{}, nil
	}
	return k.o.Former.At(ctx)
}

// PutBack implements library.Backups.
func (k *Keeper) PutBack(ctx context.Context) error {
	return k.withFormer(ctx, func() error { return k.o.Former.PutBack(ctx) })
}

// Forget implements library.Backups.
func (k *Keeper) Forget(ctx context.Context) error {
	return k.withFormer(ctx, func() error { return k.o.Former.Forget(ctx) })
}

func (k *Keeper) withFormer(ctx context.Context, act func() error) error {
	if err := k.begin("restore"); err != nil {
		return err
	}
	defer k.end()
	at, err := k.Former(ctx)
	if err != nil {
		return err
	}
	if at.IsZero() {
		return &library.Error{Kind: library.NotFound, Message: "No state of before a restore is kept."}
	}
	if err := act(); err != nil {
		return &library.Error{
			Kind: library.Internal, Message: "What was there before the restore is left as it is.", Hint: "The log of init says why.", Cause: err,
		}
	}
	return nil
}
