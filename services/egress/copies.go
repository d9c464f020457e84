package egress

import (
	"context"
	"io"
	"math"
	"os"
	"time"
)

// Deed is what is to be done with copies.
type Deed string

// The deeds.
const (
	PutCopy    Deed = "put" // of the file that is given with the request
	GetCopy    Deed = "get"
	RemoveCopy Deed = "remove"
	ListCopies Deed = "list"
	TryStorage Deed = "try"
)

// Copy asks for a deed. Nothing in it says where the storage is.
type Copy struct {
	Do   Deed   `json:"do"`
	Name string `json:"name,omitempty"` // of PutCopy, GetCopy and RemoveCopy
}

// listedAtOnce is how many copies are told in one line.
const listedAtOnce = 1000

// storage does what a request asks for in the owner's storage.
func (t *talk) storage() error {
	c := t.request.Copy
	if c == nil {
		return failure(CodeInvalid, "Nothing is asked for.")
	}
	named := c.Do == PutCopy || c.Do == GetCopy || c.Do == RemoveCopy
	if named && !copyName.MatchString(c.Name) {
		return failure(CodeInvalid, "That is no name of a copy.")
	}
	limit := int64(maxSpoken)
	if c.Do == GetCopy {
		limit = math.MaxInt64
	}
	d := t.server.door(Storage, limit)
	d.roots = t.server.roots("")
	s, err := newStorage(d, t.server.Bucket)
	if err != nil {
		return err
	}
	defer s.close()
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	go t.left(cancel)
	switch c.Do {
	case PutCopy:
		return t.put(ctx, s, c.Name)
	case GetCopy:
		return s.get(ctx, c.Name, func(o Object) error { return t.write(answer{Object: &o}) },
			func(b []byte) error { return t.write(answer{Chunk: b}) })
	case RemoveCopy:
		return s.remove(ctx, c.Name)
	case TryStorage:
		return s.try(ctx)
	case ListCopies:
		all, err := s.list(ctx)
		for len(all) > 0 && err == nil {
			n := min(len(all), listedAtOnce)
			err, all = t.write(answer{Objects: all[:n]}), all[n:]
		}
		return err
	}
	return failure(CodeInvalid, "Nothing answers to %q.", c.Do)
}

// left calls gone once the caller is: who asked for a copy and was killed asks
// again, and two would bring the same parts. It ends with the connection.
func (t *talk) left(gone func()) {
	if t.conn.SetReadDeadline(time.Time{}) == nil {
		_, _ = t.conn.Read(make([]byte, 1)) // a caller says no more; either way it ends
	}
	gone()
}

func (t *talk) put(ctx context.Context, s *storage, name string) error {
	f := t.given.file
	if f == nil {
		return failure(CodeInvalid, "No file was given.")
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return failure(CodeInvalid, "What was given is no file.")
	}
	err = s.put(ctx, name, f, info.Size(), func(n int64) error { return t.write(answer{There: n}) })
	if err == nil {
		err = s.tidy(ctx, name, time.Now())
	}
	return err
}

// PutCopy copies a file to the owner's storage under a name; there hears how
// many bytes of it are there. An upload that broke off is gone on with. Its error
// is a *Failure, or ctx's.
func (c Client) PutCopy(ctx context.Context, name string, f *os.File, there func(int64)) error {
	return c.exchange(ctx, Request{Purpose: Storage, Copy: &Copy{PutCopy, name}}, f, copyWithin, func(_ *lines, a answer) error {
		there(a.There)
		return nil
	})
}

// GetCopy writes a copy to w; size hears how large it is, first. Its error is a
// *Failure, ctx's or w's.
func (c Client) GetCopy(ctx context.Context, name string, w io.Writer, size func(int64)) error {
	return c.exchange(ctx, Request{Purpose: Storage, Copy: &Copy{GetCopy, name}}, nil, copyWithin, func(_ *lines, a answer) error {
		if a.Object != nil {
			size(a.Object.Size)
		}
		_, err := w.Write(a.Chunk)
		return err
	})
}

// RemoveCopy removes a copy; one that is not there is no error.
func (c Client) RemoveCopy(ctx context.Context, name string) error {
	return c.ask(ctx, Request{Purpose: Storage, Copy: &Copy{RemoveCopy, name}}, func(*lines, answer) error { return nil })
}

// ListCopies is every copy in the storage, of whatever box, the latest first.
func (c Client) ListCopies(ctx context.Context) (all []Object, err error) {
	err = c.ask(ctx, Request{Purpose: Storage, Copy: &Copy{Do: ListCopies}}, func(_ *lines, a answer) error {
		all = append(all, a.Objects...)
		return nil
	})
	return all, err
}

// TryStorage puts something small there, reads it back and removes it.
func (c Client) TryStorage(ctx context.Context) error {
	return c.ask(ctx, Request{Purpose: Storage, Copy: &Copy{Do: TryStorage}}, func(*lines, answer) error { return nil })
}
