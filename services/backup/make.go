package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"

	"coffer/services/library"

	"filippo.io/age"
)

// make writes the file and puts it in its place.
func (k *Keeper) make(b *library.Backup, s sealing) (err error) {
	ctx := k.ending
	release := k.o.Hold()
	defer release(context.WithoutCancel(ctx))
	snapshot, err := k.o.Snapshots.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, snapshot.Close()) }()
	b.Schema = snapshot.Schema()
	total := snapshot.Size()
	err = snapshot.Originals(func(_ string, size int64) error {
		b.Sources++
		total += size
		return nil
	})
	if err != nil {
		return err
	}
	k.total.Store(total)
	// The store is written twice: into the backup, and unpacked to be proven.
	if err := k.room(total + snapshot.Size() + spare); err != nil {
		return err
	}
	key, sealed, err := k.secrets(ctx, s)
	if err != nil {
		return err
	}
	name := b.ID + fileEnd
	f, err := k.dir.root.OpenFile(name+partialEnd, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return broken(err)
	}
	c := content{
		head: Head{
			Format: Format, Program: k.o.Version, Schema: b.Schema, Box: k.o.Box, CreatedAt: b.CreatedAt, StoreSize: snapshot.Size(),
		},
		snapshot: snapshot, open: k.o.Originals, sealed: sealed, sealedKey: key, progress: func(n int64) { k.done.Add(n) },
		without: map[string]bool{},
	}
	m, size, err := k.written(ctx, f, s.to, c)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = k.dir.root.Rename(name+partialEnd, name)
	}
	if err != nil {
		return broken(errors.Join(err, k.dir.remove(name+partialEnd)))
	}
	b.Size, b.Originals, b.Missing, b.Status = size, m.Originals, len(m.Missing), library.BackupComplete
	return broken(k.dir.sync())
}

// written writes the file. When an original proves to be spoiled, all are read
// through, and it is written anew without those that are.
func (k *Keeper) written(ctx context.Context, f *os.File, to []age.Recipient, c content) (Manifest, int64, error) {
	for {
		out := counting(f)
		m, err := write(ctx, out, to, c)
		bad, ok := errors.AsType[*spoiled](err)
		if !ok {
			return m, out.n, err
		}
		k.o.Log.Error("a damaged original is left out of the backup", "original", bad.name)
		all, err := c.spoiled(ctx)
		if err != nil {
			return m, 0, err
		}
		c.without[bad.name] = true // it may be read well every other time
		maps.Copy(c.without, all)
		k.done.Store(0)
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return m, 0, err
		}
		if err := f.Truncate(0); err != nil {
			return m, 0, err
		}
	}
}

// spare is left on the volume, in bytes.
const spare = 32 << 20

func (k *Keeper) room(need int64) error {
	free, err := k.dir.free()
	if err != nil {
		return broken(err)
	}
	if free >= need {
		return nil
	}
	return &library.Error{
		Kind:    library.Full,
		Message: fmt.Sprintf("The backup needs up to %d MB, and %d MB are free.", need/1e6+1, free/1e6),
		Hint:    "Free some space on the volume, or delete old backups, and try again.",
	}
}

type countingWriter struct {
	io.Writer
	n int64
}

func counting(w io.Writer) *countingWriter { return &countingWriter{Writer: w} }

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	c.n += int64(n)
	return n, err
}
