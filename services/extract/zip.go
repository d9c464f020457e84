package extract

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
)

// encryptedFlag is bit 0 of a ZIP's general purpose flags (APPNOTE 4.4.4).
const encryptedFlag = 1

func (w *walk) zip(s *source) error {
	zr, err := w.directory(s)
	if err != nil {
		return err
	}
	if err := apart(zr.File); err != nil {
		return err
	}
	if err := w.plan(listed(zr.File)); err != nil {
		return err
	}
	decode := decoder(zr.File)
	for _, f := range zr.File {
		if err := w.zipMember(f, decode(f)); err != nil {
			return err
		}
	}
	return nil
}

// listed is how many files a directory lists, and their bytes as it says. A sum
// beyond what a number holds is that number.
func listed(files []*zip.File) (n int, size int64) {
	for _, f := range files {
		if f.Mode().IsDir() {
			continue
		}
		n++
		size += int64(min(f.UncompressedSize64, uint64(math.MaxInt64-size)))
	}
	return n, size
}

// directory reads the list of members. What that may read is bounded, so that
// what it allocates is.
func (w *walk) directory(s *source) (*zip.Reader, error) {
	at := &bounded{r: s.at, left: int64(w.limits.Members)*perMember + directoryFloor}
	zr, err := zip.NewReader(at, s.size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, damaged("", err)
	}
	at.off = true
	if len(zr.File) > w.limits.Members {
		return nil, w.many()
	}
	return zr, nil
}

// apart refuses members whose bytes overlap: the same few bytes would be
// unpacked over and over.
func apart(files []*zip.File) error {
	type span struct{ from, to int64 }
	var spans []span
	for _, f := range files {
		from, err := f.DataOffset()
		if err != nil {
			return damaged(f.Name, err)
		}
		if f.CompressedSize64 > 0 {
			spans = append(spans, span{from, from + int64(f.CompressedSize64)})
		}
	}
	slices.SortFunc(spans, func(a, b span) int {
		switch {
		case a.from < b.from:
			return -1
		case a.from > b.from:
			return 1
		}
		return 0
	})
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return refuse(Damaged, "", "its members lie over each other", nil)
		}
	}
	return nil
}

func (w *walk) zipMember(f *zip.File, name string) error {
	if err := w.member(); err != nil {
		return err
	}
	if strings.HasSuffix(name, "/") || strings.HasSuffix(name, `\`) || f.Mode().IsDir() {
		return w.folder(name)
	}
	if why := unusual(f.Mode(), name); why != nil {
		return w.leave(why)
	}
	if f.Flags&encryptedFlag != 0 {
		return w.leave(refuse(Encrypted, name, "it is locked with a password", nil))
	}
	r, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return w.leave(refuse(Unknown, name, "it is packed by a method that is not read here", nil))
	}
	if err != nil {
		return damaged(name, err)
	}
	defer r.Close()
	err = damaged(name, w.entry(name, f.Modified, w.yields(r)))
	if KindOf(err) == Damaged {
		return w.leave(err) // the others have bytes of their own
	}
	return err
}

// folder takes note of a folder.
func (w *walk) folder(name string) error {
	tidied, err := tidy(name)
	if err == nil {
		err = w.taken.folder(tidied)
	}
	if err != nil {
		return w.leave(err)
	}
	return nil
}

// unusual is the refusal of what is no ordinary file, or nil.
func unusual(mode fs.FileMode, name string) error {
	switch {
	case mode.IsRegular():
		return nil
	case mode&fs.ModeSymlink != 0:
		return refuse(Link, name, "it is a link", nil)
	}
	return refuse(Special, name, "it is no ordinary file", nil)
}

// Document reports that the size bytes of r are a document that is a ZIP
// archive, and not an archive of files: EPUB and OpenDocument name their type in
// a member (OCF 3.3, ODF 1.3 part 2), office documents describe their parts in
// one (ECMA-376 part 2), programs for Java and Android have a manifest, iWork
// documents an index.
func Document(r io.ReaderAt, size int64, l Limits) bool {
	w := &walk{budget: &budget{ctx: context.Background(), limits: l}}
	zr, err := w.directory(&source{at: r, size: size})
	if err != nil {
		return false
	}
	return slices.ContainsFunc(zr.File, func(f *zip.File) bool {
		switch f.Name {
		case "mimetype", "[Content_Types].xml", "META-INF/container.xml", "META-INF/MANIFEST.MF", "Index/Document.iwa":
			return true
		}
		return false
	})
}
