package extract

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Options are what a walk keeps to.
type Options struct {
	Limits Limits
	// Formats are those that are read, at every level.
	Formats []Format
	// Refused is told of each member that is left out: a link, a device, a bad or
	// second name, a locked one. The walk goes on unless it returns an error. When
	// it is nil, the first such member refuses the whole archive.
	Refused func(*Error) error
	// Planned, when set, is told once how many files the directory of the
	// outermost archive lists, and how many bytes it says they have, before the
	// first is visited: of ZIP and 7z, which have one. It is what the archive
	// claims. Its error ends the walk.
	Planned func(files int, size int64) error
}

// Entry is a member that is an ordinary file.
type Entry struct {
	// Name is its path, tidied: elements joined by slashes that stay inside. That
	// of a member of an inner archive begins with the inner archive's own.
	Name string
	// Modified is the zero time when the archive does not say.
	Modified time.Time
	// Depth is 1 for a member of the outermost archive.
	Depth int
}

// A Visit takes one member. What it does not read is passed over. The reader
// is of no use after it returns. Its errors end the walk and are returned as
// they are.
type Visit func(Entry, io.Reader) error

// errTime is the cause by which a walk's own time ends it, told from its
// caller's.
var errTime = errors.New("extract: time is over")

// Walk takes apart the size bytes of r, in the archive's order, and hands each
// file to visit. name is what the archive is called: it names what a bare
// compressed stream holds. Refusals are *Error; what was visited before one is
// the caller's to drop.
func Walk(ctx context.Context, r io.ReaderAt, size int64, name string, o Options, visit Visit) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Limits.Time, errTime)
	defer cancel()
	b := &budget{ctx: ctx, limits: o.Limits, packed: size}
	w := &walk{budget: b, options: o, visit: visit}
	head := make([]byte, sniffLength)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	f, err := w.detect(head[:n])
	if err != nil {
		return err
	}
	at := timed{b, r}
	return plain(w.open(f, &source{name: name, at: at, size: size, stream: io.NewSectionReader(at, 0, size)}))
}

// WalkStream is Walk for what can only be read from its beginning: tar,
// compressed or not, and RAR. Limits.Ratio is held against what was read so
// far.
func WalkStream(ctx context.Context, r io.Reader, name string, o Options, visit Visit) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Limits.Time, errTime)
	defer cancel()
	b := &budget{ctx: ctx, limits: o.Limits}
	w := &walk{budget: b, options: o, visit: visit}
	br := bufio.NewReader(b.input(r))
	head, err := br.Peek(sniffLength)
	if err != nil && err != io.EOF {
		return err
	}
	f, err := w.detect(head)
	if err != nil {
		return err
	}
	if f.seeks() {
		return refuse(Unknown, "", "this format cannot be read from its beginning", nil)
	}
	return plain(w.open(f, &source{name: name, stream: br}))
}

// plain takes the mark off a visitor's error.
func plain(err error) error {
	var v *visitError
	if errors.As(err, &v) {
		return v.err
	}
	return err
}

type walk struct {
	*budget
	options Options
	visit   Visit
	depth   int
	taken   *taken // of the archive being read
	prefix  string // of its members' names, empty or ending in a slash
}

// source is an archive to be opened. at is nil when it can only be read from
// its beginning.
type source struct {
	name   string
	at     io.ReaderAt
	size   int64
	stream io.Reader
}

func (w *walk) detect(head []byte) (Format, error) {
	f := Detect(head)
	if f == None || !slices.Contains(w.options.Formats, f) {
		return None, refuse(Unknown, "", "this is no archive that can be read here", nil)
	}
	return f, nil
}

// open takes apart one archive, inside the one that is being read if any.
func (w *walk) open(f Format, s *source) error {
	outer, prefix, depth := w.taken, w.prefix, w.depth
	defer func() { w.taken, w.prefix, w.depth = outer, prefix, depth }()
	w.depth++
	if depth > 0 {
		w.prefix = prefix + s.name + "/"
	}
	w.taken = newTaken()
	switch {
	case f == Zip:
		return w.zip(s)
	case f == Tar:
		return w.tar(s)
	case f == SevenZip:
		return w.sevenZip(s)
	case f == RAR:
		return w.rar(s)
	default:
		return w.packed(f, s)
	}
}

// plan tells what a directory lists, of the outermost archive only.
func (w *walk) plan(files int, size int64) error {
	if w.depth > 1 || w.options.Planned == nil {
		return nil
	}
	if err := w.options.Planned(files, max(size, 0)); err != nil {
		return &visitError{err}
	}
	return nil
}

// leave tells of a member that is left out, for a reason that is not the whole
// archive's.
func (w *walk) leave(why error) error {
	var e *Error
	if !errors.As(why, &e) || w.options.Refused == nil {
		return why
	}
	e.Member = clip(w.prefix + e.Member)
	if err := w.options.Refused(e); err != nil {
		return &visitError{err}
	}
	return nil
}

// entry hands over one file, or takes it apart when it is an archive itself
// and there is depth left. It reads r to its end, so that a library that
// unpacks what is skipped cannot do so unseen.
func (w *walk) entry(name string, modified time.Time, r io.Reader) error {
	tidied, err := tidy(name)
	if err == nil {
		err = w.taken.file(tidied)
	}
	r = w.file(name, r)
	if err != nil {
		return w.pass(r, err)
	}
	br := bufio.NewReaderSize(r, sniffLength)
	head, err := br.Peek(sniffLength)
	if err != nil && err != io.EOF {
		return err
	}
	if f := Detect(head); w.limits.Depth > 1 && slices.Contains(w.options.Formats, f) {
		return w.inner(f, tidied, modified, br)
	}
	return w.hand(tidied, modified, br)
}

func (w *walk) hand(name string, modified time.Time, r io.Reader) error {
	if err := w.visit(Entry{Name: w.prefix + name, Modified: modified, Depth: w.depth}, r); err != nil {
		if KindOf(err) == "" {
			err = &visitError{err}
		}
		return err
	}
	return w.drain(r)
}

// inner takes apart an archive inside another. Documents that are ZIP archives
// are handed over whole.
func (w *walk) inner(f Format, name string, modified time.Time, r io.Reader) error {
	s := &source{name: name, stream: r}
	if f.seeks() {
		held, err := io.ReadAll(io.LimitReader(r, w.limits.Nested))
		if err != nil {
			return err
		}
		if f == Zip && Document(bytes.NewReader(held), int64(len(held)), w.limits) {
			return w.hand(name, modified, io.MultiReader(bytes.NewReader(held), r))
		}
		if n, _ := r.Read(make([]byte, 1)); n > 0 {
			return w.pass(r, refuse(Depth, name, "it is an archive inside another and too large to be taken apart there: add it by itself", nil))
		}
		s.at, s.size = timed{w.budget, bytes.NewReader(held)}, int64(len(held))
		s.stream = io.NewSectionReader(s.at, 0, s.size)
	}
	if w.depth == w.limits.Depth {
		return w.pass(r, refuse(Depth, name, fmt.Sprintf("it is an archive, and archives inside each other are taken apart %d deep", w.limits.Depth), nil))
	}
	err := w.open(f, s)
	switch KindOf(err) {
	case Damaged, Unknown, Encrypted:
		// What is wrong with it is not wrong with the archive around it.
		err.(*Error).Member = name
		return w.pass(r, err)
	}
	if err != nil {
		return err
	}
	return w.drain(r)
}

// pass leaves a member out and goes over what is left of it.
func (w *walk) pass(r io.Reader, why error) error {
	if err := w.leave(why); err != nil {
		return err
	}
	return w.drain(r)
}

func (w *walk) drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
