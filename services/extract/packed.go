package extract

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"io"
	"path"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// packed reads one compressed stream: a tar, at the same depth, or one file.
func (w *walk) packed(f Format, s *source) error {
	r, err := w.decompress(f, s.stream)
	if err != nil {
		return damaged("", err)
	}
	defer r.Close()
	br := bufio.NewReader(w.yields(r))
	head, err := br.Peek(sniffLength)
	if err != nil && err != io.EOF {
		return damaged("", err)
	}
	if isTar(head) {
		if err := w.tar(&source{name: s.name, stream: br}); err != nil {
			return err
		}
		// What follows the tar is padding, but its sum is checked.
		return damaged("", w.drain(br))
	}
	name := path.Base(s.name)
	if err := w.member(); err != nil {
		return err
	}
	return w.entry(stem(name, f), time.Time{}, br)
}

func (w *walk) decompress(f Format, r io.Reader) (io.ReadCloser, error) {
	switch f {
	case Gzip:
		return gzip.NewReader(r)
	case Bzip2:
		return io.NopCloser(bzip2.NewReader(r)), nil
	case XZ:
		xr, err := xz.NewReader(r, uint32(w.limits.Dictionary))
		if err != nil {
			return nil, err
		}
		return io.NopCloser(xr), nil
	default:
		zr, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(uint64(w.limits.Dictionary)))
		if err != nil {
			return nil, err
		}
		return zr.IOReadCloser(), nil
	}
}
