// Package blobs keeps originals as files named by the SHA-256 of their bytes,
// and implements the Blobs port of package library.
//
// It owns one folder: whole originals in xx/yyyy…, where xxyyyy… is the hash
// in lower-case hex, and half-written ones in tmp/. Every path is opened below
// that folder (os.Root), so that no name and no link leads out of it. It
// refuses names that are not hashes, and knows nothing of sources.
package blobs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"coffer/services/library"

	"golang.org/x/sys/unix"
)

// tmp holds what is being written.
const tmp = "tmp"

// Dir is an open folder of originals. It is safe for concurrent use.
type Dir struct {
	root *os.Root

	mu      sync.Mutex
	writing map[string]bool // names in tmp that somebody writes
}

var _ library.Blobs = (*Dir)(nil)

// Open opens the folder at path, and makes it when there is none.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	if err := root.Mkdir(tmp, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		root.Close()
		return nil, err
	}
	return &Dir{root: root, writing: map[string]bool{}}, nil
}

// Close ends the use of the folder.
func (d *Dir) Close() error { return d.root.Close() }

// Stage implements library.Blobs. The bytes are hashed as they pass and are on
// disk when it returns. What would take of the reserve is Full.
func (d *Dir) Stage(ctx context.Context, r io.Reader, max int64) (_ library.Staged, err error) {
	s := &staged{dir: d, name: rand.Text()}
	d.mark(s.name, true)
	f, err := d.root.OpenFile(tmp+"/"+s.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		d.mark(s.name, false)
		return nil, translate(err)
	}
	defer func() {
		if err != nil {
			f.Close()
			s.Discard()
		}
	}()
	hash := sha256.New()
	from := &source{ctx: ctx, r: io.LimitReader(r, max), room: d.room}
	// A plain writer: without it the copy goes through f.ReadFrom, which
	// chooses its own way and does not hash.
	s.size, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(f, hash)}, from, make([]byte, 128<<10))
	if from.err != nil {
		return nil, broken(from.err)
	}
	if err != nil {
		return nil, translate(err)
	}
	if more, err := another(r); err != nil {
		return nil, broken(err)
	} else if more {
		return nil, &library.Error{
			Kind: library.TooLarge, Field: "file",
			Message: fmt.Sprintf("The file is larger than %s.", size(max)),
			Hint:    "Nothing was added. The limit is COFFER_MAX_UPLOAD.",
		}
	}
	if err := f.Sync(); err != nil {
		return nil, translate(err)
	}
	if err := f.Close(); err != nil {
		return nil, translate(err)
	}
	s.sha256 = hex.EncodeToString(hash.Sum(nil))
	return s, nil
}

// room is Full once nothing but the reserve is free.
func (d *Dir) room() error {
	free, size, err := d.Volume()
	if err != nil {
		return translate(err)
	}
	if kept := library.Reserve(size); kept > 0 && free <= kept {
		return &library.Error{
			Kind: library.Full, Message: "The disk is full.",
			Hint: fmt.Sprintf("Nothing was added and nothing was lost. The last %d MB stay free, so that the box can go on. Free some space on the volume and try again.", kept/1e6),
		}
	}
	return nil
}

// Free implements library.Blobs.
func (d *Dir) Free() (int64, error) {
	free, size, err := d.Volume()
	if err != nil {
		return 0, translate(err)
	}
	return max(0, free-library.Reserve(size)), nil
}

// Volume is the room on the volume, in bytes.
func (d *Dir) Volume() (free, size int64, err error) {
	f, err := d.root.Open(".")
	if err != nil {
		return 0, 0, err
	}
	var st unix.Statfs_t
	err = unix.Fstatfs(int(f.Fd()), &st)
	return int64(st.Bavail) * int64(st.Bsize), int64(st.Blocks) * int64(st.Bsize), errors.Join(err, f.Close())
}

// roomEvery is after how many bytes the room is looked at again.
const roomEvery = 8 << 20

// source remembers the error of the reader, ends with its context, and before
// the disk is full.
type source struct {
	ctx   context.Context
	r     io.Reader
	room  func() error
	until int64 // bytes until room is asked again
	err   error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	if s.until <= 0 {
		if s.err = s.room(); s.err != nil {
			return 0, s.err
		}
		s.until = roomEvery
	}
	n, err := s.r.Read(p)
	s.until -= int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// another reports whether r has another byte.
func another(r io.Reader) (bool, error) {
	n, err := io.ReadFull(r, make([]byte, 1))
	if err == io.EOF {
		err = nil
	}
	return n > 0, err
}

// broken is the trouble of the one who sends, not of the disk.
func broken(err error) error {
	var known *library.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &library.Error{
		Kind: library.Invalid, Field: "file", Message: "The upload broke off before its end.",
		Hint: "Nothing was added; send the file again.", Cause: err,
	}
}

// size is a limit in words.
func size(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// staged implements library.Staged.
type staged struct {
	dir    *Dir
	name   string
	sha256 string
	size   int64
	once   sync.Once
}

func (s *staged) SHA256() string { return s.sha256 }
func (s *staged) Size() int64    { return s.size }

// Publish implements library.Staged: the file moves to its place, and the
// folders that hold it are made durable. A file of another length there is a
// damaged one, and is replaced.
func (s *staged) Publish() error {
	shard, name := s.sha256[:2], path(s.sha256)
	if there, err := s.dir.root.Lstat(name); err == nil && there.Mode().IsRegular() && there.Size() == s.size {
		return nil
	}
	err := s.dir.root.Rename(tmp+"/"+s.name, name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.dir.root.Mkdir(shard, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return translate(err)
		}
		if err := s.dir.sync("."); err != nil {
			return translate(err)
		}
		err = s.dir.root.Rename(tmp+"/"+s.name, name)
	}
	if err != nil {
		return translate(err)
	}
	return translate(s.dir.sync(shard))
}

// Discard implements library.Staged.
func (s *staged) Discard() {
	s.once.Do(func() {
		// What cannot be removed now is removed by the next Tidy.
		_ = s.dir.root.Remove(tmp + "/" + s.name)
		s.dir.mark(s.name, false)
	})
}

func (d *Dir) mark(name string, writing bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if writing {
		d.writing[name] = true
	} else {
		delete(d.writing, name)
	}
}

func (d *Dir) isWriting(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writing[name]
}

// sync makes the names in a folder durable.
func (d *Dir) sync(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Open implements library.Blobs.
func (d *Dir) Open(sha256 string) (io.ReadSeekCloser, error) {
	if !isHash(sha256) {
		return nil, missing()
	}
	f, err := d.root.Open(path(sha256))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing()
	}
	if err != nil {
		return nil, translate(err)
	}
	return f, nil
}

// Remove implements library.Blobs.
func (d *Dir) Remove(sha256 string) error {
	if !isHash(sha256) {
		return missing()
	}
	if err := d.root.Remove(path(sha256)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return translate(err)
	}
	return nil
}

// Tidy implements library.Blobs.
func (d *Dir) Tidy() error {
	halves, err := d.names(tmp)
	if err != nil {
		return err
	}
	for _, name := range halves {
		if !d.isWriting(name) {
			if err := d.root.Remove(tmp + "/" + name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return translate(err)
			}
		}
	}
	return nil
}

// Sweep implements library.Blobs. Names that are not hashes are left alone.
func (d *Dir) Sweep(ctx context.Context, part byte, f func(sha256 string) error) error {
	shard := hex.EncodeToString([]byte{part})
	if _, err := d.root.Lstat(shard); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	names, err := d.names(shard)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if isHash(shard + name) {
			if err := f(shard + name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *Dir) names(folder string) ([]string, error) {
	f, err := d.root.Open(folder)
	if err != nil {
		return nil, translate(err)
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return names, translate(err)
}

func path(sha256 string) string { return sha256[:2] + "/" + sha256[2:] }

func isHash(s string) bool { return len(s) == 64 && isHex(s) }

func isHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func missing() error {
	return &library.Error{
		Kind: library.NotFound, Message: "The original is not on the disk.", Hint: "Add the file again.",
	}
}

func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return &library.Error{
			Kind: library.Full, Message: "The disk is full.",
			Hint:  "Nothing was added and nothing was lost. Free some space on the volume and try again.",
			Cause: err,
		}
	}
	return &library.Error{
		Kind: library.Internal, Message: "The original could not be read or written.",
		Hint: "Look at the log of the API and at the health of the disk.", Cause: err,
	}
}
