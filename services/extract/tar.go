package extract

import (
	"archive/tar"
	"errors"
	"io"
	"strings"
)

func (w *walk) tar(s *source) error {
	tr := tar.NewReader(s.stream)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return damaged("", err)
		}
		if err := w.member(); err != nil {
			return err
		}
		if err := w.tarMember(h, tr); err != nil {
			return err
		}
	}
}

func (w *walk) tarMember(h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeDir:
		return w.folder(h.Name)
	case tar.TypeLink, tar.TypeSymlink:
		return w.leave(refuse(Link, h.Name, "it is a link", nil))
	case tar.TypeReg, tar.TypeCont:
		if sparse(h) {
			return w.leave(refuse(Special, h.Name, "it is a file with holes", nil))
		}
		return w.entry(h.Name, h.ModTime, r)
	}
	return w.leave(refuse(Special, h.Name, "it is no ordinary file", nil))
}

// sparse tells the files that yield more than the archive holds. Old GNU
// archives have a type of their own for them.
func sparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}
