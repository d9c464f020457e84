package extract

import (
	"errors"
	"io"
	"math"

	"github.com/bodgit/sevenzip"
	"github.com/nwaples/rardecode/v2"
)

// rar reads a RAR archive from its beginning. Members of a solid one are
// unpacked one after another, also those that are left out.
func (w *walk) rar(s *source) error {
	rr, err := rardecode.NewReader(s.stream, rardecode.MaxDictionarySize(w.limits.Dictionary))
	if err != nil {
		return locked("", err)
	}
	for {
		h, err := rr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return locked("", err)
		}
		if err := w.member(); err != nil {
			return err
		}
		if err := w.rarMember(h, rr); err != nil {
			return err
		}
	}
}

func (w *walk) rarMember(h *rardecode.FileHeader, r io.Reader) error {
	switch {
	case h.IsDir:
		return w.folder(h.Name)
	case h.LinkType != rardecode.LinkTypeNone:
		return w.leave(refuse(Link, h.Name, "it is a link", nil))
	case h.Encrypted:
		return w.leave(refuse(Encrypted, h.Name, "it is locked with a password", nil))
	}
	if why := unusual(h.Mode(), h.Name); why != nil {
		return w.leave(why)
	}
	return w.entry(h.Name, h.ModificationTime, w.yields(r))
}

// sevenZip reads a 7z archive. Its members are visited in the order in which
// they are packed, so that each block is unpacked once.
func (w *walk) sevenZip(s *source) error {
	zr, err := sevenzip.NewReader(s.at, s.size)
	if err != nil {
		return locked("", err)
	}
	files, size := 0, int64(0)
	for _, f := range zr.File {
		if !f.FileInfo().IsDir() {
			files++
			size += int64(min(f.UncompressedSize, uint64(math.MaxInt64-size)))
		}
	}
	if err := w.plan(files, size); err != nil {
		return err
	}
	for _, f := range zr.File {
		if err := w.member(); err != nil {
			return err
		}
		if err := w.sevenZipMember(f); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) sevenZipMember(f *sevenzip.File) error {
	if f.FileInfo().IsDir() {
		return w.folder(f.Name)
	}
	if why := unusual(f.Mode(), f.Name); why != nil {
		return w.leave(why)
	}
	r, err := f.Open()
	if err == nil {
		defer r.Close()
		err = w.entry(f.Name, f.Modified, w.yields(r))
	}
	if err := locked(f.Name, err); KindOf(err) != Encrypted {
		return err
	}
	// Only its bytes tell that it is locked.
	return w.leave(refuse(Encrypted, f.Name, "it is locked with a password", err))
}

// locked tells what needs a password from what is damaged.
func locked(member string, err error) error {
	var sz *sevenzip.ReadError
	if errors.As(err, &sz) && sz.Encrypted ||
		errors.Is(err, rardecode.ErrArchiveEncrypted) || errors.Is(err, rardecode.ErrArchivedFileEncrypted) {
		return refuse(Encrypted, member, "it is locked with a password", err)
	}
	return damaged(member, err)
}
