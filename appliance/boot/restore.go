package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"sync/atomic"
	"time"

	"coffer/appliance/beneath"
	"coffer/appliance/control"
	"coffer/appliance/restore"
)

// restart ends the box so that it is started anew.
type restart struct {
	wanted atomic.Bool
	stop   context.CancelFunc
}

func (r *restart) now() {
	r.wanted.Store(true)
	r.stop()
}

// sealedName is the entry of a backup that only init can use, as the API lays
// it out beside the store.
const (
	sealedName = "sealed.age"
	maxSealed  = 16 << 20 // bytes
)

// restored decides to put what the API has staged in place, with what the
// backup holds of init's own, and ends the box so that it starts with that.
func (b *box) restored(ctx context.Context, key string) error {
	files := map[string][]byte{}
	sealed, err := b.staged(sealedName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.Log.Warn("the backup holds no secrets: new ones are made")
	case err != nil:
		return err
	default:
		if files, err = b.Unseal(ctx, sealed, key); err != nil {
			return err
		}
	}
	if err := restore.Decide(b.Layout.Data, files, b.Log); err != nil {
		return err
	}
	b.Log.Info("the box starts again with what was restored", slog.Int("secrets", len(files)))
	b.restart.now()
	return nil
}

// former is what was there before the last restore, after the act.
func (b *box) former(act string) (time.Time, error) {
	data := b.Layout.Data
	switch act {
	case "":
		return restore.Former(data)
	case control.Forget:
		err := restore.Forget(data)
		if err == nil {
			b.Log.Info("what was there before the last restore is gone", slog.String("path", path.Join(data, restore.Before)))
		}
		return time.Time{}, err
	case control.PutBack:
		err := restore.PutBack(data)
		if err == nil {
			b.Log.Info("the box starts again with what was there before the last restore")
			b.restart.now()
		}
		return time.Time{}, err
	}
	return time.Time{}, fmt.Errorf("nothing is called %q that could be done with what was there before", act)
}

func (b *box) staged(name string) ([]byte, error) {
	d, err := beneath.Base(b.Layout.Data)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	n, err := d.Hold(path.Join(restore.Staged, name))
	if err != nil {
		return nil, err
	}
	defer n.Close()
	return n.Read(maxSealed)
}
