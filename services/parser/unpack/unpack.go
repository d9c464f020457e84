// Package unpack takes one archive apart inside a confined child of the parser.
//
// It owns which members are worth a document, what is said of the others, and
// the conversation of package wire from the child's end: it asks for the bytes
// of the archive that it wants, holds one member at a time, and sends those that
// can be read. It opens nothing, and trusts no name and no size that an archive
// gives. How an archive is read, and every bound on that, is package extract's.
package unpack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"coffer/services/extract"
	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/sniff"
	"coffer/services/parser/wire"
)

// bounds are those of one archive as it ships.
func bounds() extract.Limits {
	return extract.Limits{
		Members: wire.MaxMembers, File: limits.ArchiveTotal, Total: limits.ArchiveTotal,
		Ratio: limits.ArchiveRatio, RatioFrom: limits.ArchiveRatioFrom,
		Depth: limits.ArchiveDepth, Nested: limits.ArchiveNested, Dictionary: limits.ArchiveDictionary, Time: limits.ArchiveTime,
	}
}

// Run takes the archive of request apart. Its last word is Unpacked, or a Failure
// when the archive is at fault as a whole; its error is about the conversation.
func Run(request wire.Unpack, in *wire.Reader, out *wire.Writer) error {
	return run(request, in, out, bounds())
}

func run(request wire.Unpack, in *wire.Reader, out *wire.Writer, l extract.Limits) error {
	w := &work{request: request, out: out, locked: true}
	archive := newRemote(in, out, request.Size)
	if extract.Document(archive, request.Size, l) {
		// One that is small enough is read as what it is before anybody comes here.
		return w.say(*wire.TooLarge())
	}
	o := extract.Options{Limits: l, Formats: extract.All(), Refused: w.refused, Planned: w.planned}
	err := extract.Walk(context.Background(), archive, request.Size, request.FileName, o, w.visit)
	if archive.err != nil {
		return archive.err
	}
	var e *extract.Error
	if err != nil && !errors.As(err, &e) {
		return err
	}
	return w.say(w.verdict(e))
}

// work is one archive being taken apart.
type work struct {
	request wire.Unpack
	out     *wire.Writer
	next    int  // number of the next member
	taken   int  // members that were worth a document
	locked  bool // every one that was left out is locked with a password
}

func (w *work) say(m wire.Message) error {
	if err := w.out.Write(m); err != nil {
		return err
	}
	return w.out.Flush()
}

func (w *work) planned(files int, size int64) error {
	return w.say(wire.Plan{Members: min(files, wire.MaxMembers), Bytes: size})
}

// number claims the next number; known is true when it has been told before.
func (w *work) number() (n int, known bool, err error) {
	if n = w.next; n >= wire.MaxMembers {
		return 0, false, tooMany()
	}
	w.next++
	return n, n < w.request.Skip, nil
}

// tooMany ends a walk: archives inside have members of their own.
func tooMany() error {
	return &extract.Error{Kind: extract.Members, Reason: fmt.Sprintf("there are more than %d files in it", wire.MaxMembers)}
}

func (w *work) left(name, code, message string) error {
	w.locked = w.locked && code == wire.CodeEncrypted
	n, known, err := w.number()
	if err != nil || known {
		return err
	}
	return w.say(wire.Left{Number: n, Name: name, Code: code, Message: message})
}

// refused is told of what package extract leaves out.
func (w *work) refused(e *extract.Error) error {
	return w.left(e.Member, string(e.Kind), sentence(e))
}

// visit takes one member.
func (w *work) visit(e extract.Entry, r io.Reader) error {
	doc, err := w.read(e.Name, r)
	var failure *wire.Failure
	if errors.As(err, &failure) {
		return w.left(e.Name, failure.Code, failure.Message)
	}
	if err != nil {
		return err
	}
	w.taken++
	n, known, err := w.number()
	if err != nil || known {
		return err
	}
	if err := w.out.Write(wire.Member{Number: n, Name: e.Name, Size: int64(len(doc))}); err != nil {
		return err
	}
	return w.out.Document(bytes.NewReader(doc), int64(len(doc)))
}

// read holds a member in memory, unless its beginning says already that it
// cannot be read. Its error is a *wire.Failure when it is left out.
func (w *work) read(name string, r io.Reader) ([]byte, error) {
	base := path.Base(name)
	var doc bytes.Buffer
	n, err := io.CopyN(&doc, r, sniff.HeadLength)
	if err == nil && n == sniff.HeadLength {
		if err := sniff.Beginning(doc.Bytes(), base); err != nil {
			return nil, err
		}
		_, err = io.CopyN(&doc, r, wire.MaxDocument+1-n)
	}
	switch {
	case err == nil && doc.Len() > wire.MaxDocument:
		return nil, wire.TooLarge()
	case err != nil && err != io.EOF:
		return nil, err
	}
	_, err = sniff.Kind(doc.Bytes(), base)
	return doc.Bytes(), err
}
