package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"

	"coffer/services/library"
)

// prove opens a backup as a stranger to it would: it authenticates every byte,
// restores the store into a scratch copy, looks at all of it, and compares what
// its sources keep with the originals that were there.
func (k *Keeper) prove(b *library.Backup, key age.Identity) (err error) {
	ctx := k.ending
	f, err := k.dir.root.Open(b.ID + fileEnd)
	if err != nil {
		return broken(err)
	}
	defer f.Close()
	k.done.Store(0)
	k.total.Store(b.Size)
	p := &proof{k: k}
	defer func() { err = errors.Join(err, broken(p.close())) }()
	head, m, err := read(ctx, progressing(f, func(n int64) { k.done.Add(n) }), []age.Identity{key}, p)
	if err != nil {
		return err
	}
	if err := p.out.Sync(); err != nil {
		return broken(err)
	}
	if err := p.compare(ctx, head, m); err != nil {
		return err
	}
	b.Status, b.ProvenAt, b.Schema = library.BackupProven, k.now(), head.Schema
	b.Sources, b.Originals, b.Missing = p.sources, m.Originals, len(m.Missing)
	return nil
}

// proof is a sink that keeps the store in a scratch file and of originals the
// hashes that were there.
type proof struct {
	k       *Keeper
	out     *os.File
	there   map[string]bool
	sources int
}

func (p *proof) begin(h Head) (err error) {
	if err := p.k.room(h.StoreSize + spare/2); err != nil {
		return err
	}
	p.there = map[string]bool{}
	p.out, err = p.k.dir.root.OpenFile(scratch, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	return broken(err)
}

func (p *proof) store() io.Writer { return p }

// Write tells a fault of the disk from one of the backup.
func (p *proof) Write(b []byte) (int, error) {
	n, err := p.out.Write(b)
	return n, broken(err)
}

func (p *proof) original(sha256 string, r io.Reader) error {
	p.there[sha256] = true
	_, err := io.Copy(io.Discard, r)
	return err
}

// Only the owner can open the entry; that it is what init gave is its digest's
// say.
func (p *proof) sealed([]byte, string) error { return nil }

func (p *proof) compare(ctx context.Context, h Head, m Manifest) error {
	missing := map[string]bool{}
	for _, name := range m.Missing {
		missing[name] = true
	}
	found, err := p.k.o.Snapshots.Inspect(ctx, p.out.Name(), func(sha256 string, _ int64) error {
		switch {
		case p.there[sha256]:
			delete(p.there, sha256)
		case !missing[sha256]:
			return fmt.Errorf("a source keeps the original %s, which is not there", sha256[:8])
		}
		return nil
	})
	switch {
	case err != nil:
	case found.Schema != h.Schema:
		err = fmt.Errorf("the store has schema %d, not %d", found.Schema, h.Schema)
	case len(p.there) > 0:
		err = fmt.Errorf("%d originals belong to no source", len(p.there))
	}
	if err != nil {
		return damaged(err)
	}
	p.sources = found.Sources
	return nil
}

func (p *proof) close() error {
	if p.out == nil {
		return nil
	}
	return errors.Join(p.out.Close(), p.k.dir.remove(scratch))
}

// progressing tells of bytes as they are read.
func progressing(r io.Reader, tell func(int64)) io.Reader { return told{r, tell} }

type told struct {
	io.Reader
	tell func(int64)
}

func (t told) Read(b []byte) (int, error) {
	n, err := t.Reader.Read(b)
	t.tell(int64(n))
	return n, err
}
