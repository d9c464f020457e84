package extract

import (
	"context"
	"fmt"
	"io"
)

// budget is what one walk may still spend, over all levels.
type budget struct {
	ctx     context.Context
	limits  Limits
	packed  int64 // bytes of the outermost archive, or those read of it so far
	yielded int64 // bytes out of decompressors
	members int
}

// member counts an entry.
func (b *budget) member() error {
	b.members++
	if b.members > b.limits.Members {
		return b.many()
	}
	return b.time()
}

func (b *budget) many() error {
	return refuse(Members, "", fmt.Sprintf("there are more than %d files and folders in it", b.limits.Members), nil)
}

func (b *budget) time() error {
	if b.ctx.Err() == nil {
		return nil
	}
	if cause := context.Cause(b.ctx); cause != errTime {
		return cause
	}
	return refuse(Time, "", fmt.Sprintf("taking it apart took longer than %v", b.limits.Time), nil)
}

// yield counts n bytes that came out of a decompressor.
func (b *budget) yield(n int) error {
	b.yielded += int64(n)
	switch {
	case b.yielded > b.limits.Total:
		return refuse(TooLarge, "", fmt.Sprintf("more than %d bytes come out of it", b.limits.Total), nil)
	case b.yielded > b.limits.RatioFrom && b.yielded/b.limits.Ratio > b.packed:
		return refuse(Ratio, "", fmt.Sprintf("more than %d times its size comes out of it", b.limits.Ratio), nil)
	}
	return b.time()
}

// yields counts what r gives as come out of a decompressor.
func (b *budget) yields(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		if over := b.yield(n); over != nil {
			return 0, over
		}
		return n, err
	})
}

// file bounds what r gives to the size of one member.
func (b *budget) file(name string, r io.Reader) io.Reader {
	left := b.limits.File
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		left -= int64(n)
		if left < 0 {
			return 0, refuse(TooLarge, name, fmt.Sprintf("it is larger than %d bytes", b.limits.File), nil)
		}
		if err != nil && err != io.EOF {
			err = locked(name, err)
		}
		return n, err
	})
}

// input is the outermost archive, read from its beginning.
func (b *budget) input(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := b.time(); err != nil {
			return 0, err
		}
		n, err := r.Read(p)
		b.packed += int64(n)
		return n, err
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// timed is an archive that is read at any place, for as long as there is time.
type timed struct {
	b *budget
	r io.ReaderAt
}

func (t timed) ReadAt(p []byte, off int64) (int, error) {
	if err := t.b.time(); err != nil {
		return 0, err
	}
	return t.r.ReadAt(p, off)
}

// bounded fails once more than left bytes were asked for.
type bounded struct {
	r    io.ReaderAt
	left int64
	off  bool // no longer bounded
}

func (r *bounded) ReadAt(p []byte, off int64) (int, error) {
	if !r.off {
		if r.left -= int64(len(p)); r.left < 0 {
			return 0, refuse(Members, "", "its directory is far too long", nil)
		}
	}
	return r.r.ReadAt(p, off)
}
