package unpack

import (
	"errors"
	"fmt"
	"io"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/wire"
)

// remote is an archive that lies at the other end of the conversation. It asks
// for whole blocks and keeps the latest, because what reads archives asks for a
// few bytes at a time. One goroutine uses it.
type remote struct {
	in   *wire.Reader
	out  *wire.Writer
	size int64
	kept []block // least recently used first
	err  error   // of the conversation; nothing is asked for after it
}

type block struct {
	number int64
	data   []byte
}

func newRemote(in *wire.Reader, out *wire.Writer, size int64) *remote {
	return &remote{in: in, out: out, size: size}
}

// ReadAt implements io.ReaderAt.
func (r *remote) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("unpack: a negative offset")
	}
	for n < len(p) && off < r.size {
		b, err := r.block(off / limits.ArchiveBlock)
		if err != nil {
			return n, err
		}
		m := copy(p[n:], b[off%limits.ArchiveBlock:])
		n, off = n+m, off+int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (r *remote) block(number int64) ([]byte, error) {
	for i := len(r.kept) - 1; i >= 0; i-- {
		if b := r.kept[i]; b.number == number {
			copy(r.kept[i:], r.kept[i+1:])
			r.kept[len(r.kept)-1] = b
			return b.data, nil
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	var data []byte
	if len(r.kept) == limits.ArchiveBlocks {
		data = r.kept[0].data[:0]
		r.kept = append(r.kept[:0], r.kept[1:]...)
	}
	data, err := r.fetch(data, number*limits.ArchiveBlock)
	if err != nil {
		r.err = err
		return nil, err
	}
	r.kept = append(r.kept, block{number, data})
	return data, nil
}

// fetch asks for a block and appends what comes to data.
func (r *remote) fetch(data []byte, off int64) ([]byte, error) {
	want := wire.Want{Offset: off, Length: int(min(limits.ArchiveBlock, r.size-off))}
	if err := errors.Join(r.out.Write(want), r.out.Flush()); err != nil {
		return nil, err
	}
	for len(data) < want.Length {
		m, err := r.in.Next()
		if err != nil {
			return nil, errors.Join(wire.ErrFrame, err)
		}
		d, ok := m.(wire.Data)
		if !ok || len(d) > want.Length-len(data) {
			return nil, fmt.Errorf("%w: %T instead of what was wanted", wire.ErrFrame, m)
		}
		data = append(data, d...)
	}
	return data, nil
}
