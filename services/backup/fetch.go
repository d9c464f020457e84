package backup

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"coffer/services/library"
)

// FetchCopy implements library.Copies.
func (k *Keeper) FetchCopy(ctx context.Context, name string) error {
	to, err := k.placed(ctx)
	if err != nil {
		return err
	}
	c, ok := parseCopy(name)
	if !ok {
		return &library.Error{Kind: library.NotFound, Message: "That is no name of a copy.", Hint: "Take one from the list of what is in the storage."}
	}
	if b, err := k.dir.get(c.Backup); err == nil && b.Status != library.BackupFailed {
		return &library.Error{Kind: library.Conflict, Code: codeHere, Message: "This backup is on the box already."}
	}
	release, err := k.copies.begin(k.ending, func(s *copying) { s.fetch = library.Fetch{Name: name, Busy: true} })
	if err != nil {
		return err
	}
	k.work.Go(func() {
		defer k.o.Changed()
		defer release()
		if err := k.fetch(k.ending, c, to); err != nil && k.ending.Err() == nil {
			k.o.Log.Error("copy not brought back", "copy", name, "err", err)
			k.copies.mu.Lock()
			k.copies.fetch.Failure = copyReason(err)
			k.copies.mu.Unlock()
		}
	})
	return nil
}

// fetch brings a copy back. It has its name once it is whole.
func (k *Keeper) fetch(ctx context.Context, c library.Copy, to library.CopyTarget) error {
	name := c.Backup + fileEnd
	f, err := k.dir.root.OpenFile(name+partialEnd, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return broken(err)
	}
	w := &arriving{k: k, f: f}
	err = k.o.Storage.GetCopy(ctx, c.Name, w, w.size)
	if w.err != nil {
		err = w.err // rather than what the other side makes of it
	}
	b := library.Backup{
		ID: c.Backup, CreatedAt: c.MadeAt, Status: library.BackupComplete, Size: w.n, Fetched: true, CopiedAt: k.now(), CopiedTo: to.Place(),
	}
	if err == nil {
		b.Seal, err = sealOf(f)
	}
	if err = errors.Join(err, broken(f.Sync()), broken(f.Close())); err == nil {
		err = k.dir.put(b) // before the file: a record without one is dropped at the next start
	}
	if err == nil {
		err = k.dir.root.Rename(name+partialEnd, name)
	}
	if err != nil {
		return broken(errors.Join(err, k.dir.remove(name+partialEnd)))
	}
	k.o.Log.Info("copy brought back", "copy", c.Name, "bytes", w.n)
	return broken(k.dir.sync())
}

// arriving writes what comes, where there is room for it.
type arriving struct {
	k   *Keeper
	f   *os.File
	n   int64
	err error
}

func (a *arriving) size(n int64) {
	a.k.copies.total.Store(n)
	a.err = a.k.room(n + spare)
}

func (a *arriving) Write(p []byte) (n int, err error) {
	if a.err == nil {
		n, a.err = a.f.Write(p)
		a.err = broken(a.err)
		a.n += int64(n)
		a.k.copies.done.Store(a.n)
	}
	return n, a.err
}

// sealOf tells what opens an age file by the first lines of it.
func sealOf(f *os.File) (library.BackupSeal, error) {
	r := bufio.NewReader(io.NewSectionReader(f, 0, 4<<10))
	first, err := r.ReadString('\n')
	if err == nil && first != "age-encryption.org/v1\n" {
		err = errors.New("not age")
	}
	next := ""
	if err == nil {
		next, err = r.ReadString('\n')
	}
	switch {
	case err != nil:
		return "", &library.Error{Kind: library.Invalid, Code: codeDamaged, Message: "What came is no backup."}
	case strings.HasPrefix(next, "-> scrypt "):
		return library.SealPassphrase, nil
	}
	return library.SealKey, nil
}

// RestoreHere implements library.Backups.
func (k *Keeper) RestoreHere(ctx context.Context, id, key string) (library.Restored, error) {
	f, _, err := k.Open(ctx, id)
	if err != nil {
		return library.Restored{}, err
	}
	defer f.Close()
	return k.Restore(ctx, f, key)
}
