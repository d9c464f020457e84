package parser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"coffer/services/parser/wire"
)

// Receiver takes what comes out of an archive, in its order. An error of any of
// its methods ends the conversation and is returned as it is.
type Receiver interface {
	// Plan is told before the first member where the archive has a directory.
	Plan(wire.Plan) error
	// Member takes m.Size bytes of body.
	Member(m wire.Member, body io.Reader) error
	Left(wire.Left) error
}

// Unpack has the request.Size bytes of archive taken apart. Its error is a
// *wire.Failure when there is an answer: about the archive, or with
// CodeUnavailable about the service. Any other error is the receiver's, or about
// the archive, the connection or ctx. Ending ctx ends the conversation.
func (c Client) Unpack(ctx context.Context, request wire.Unpack, archive io.ReaderAt, to Receiver) (wire.Unpacked, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.Socket)
	if err != nil {
		return wire.Unpacked{}, unavailableBecause(ctx, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	u := &unpacking{in: wire.NewReader(conn), out: wire.NewWriter(conn), judge: wire.NewUnpacking(request, 1<<62), archive: archive, to: to}
	end, err := u.run(request)
	var failure *wire.Failure
	switch {
	case ctx.Err() != nil:
		return wire.Unpacked{}, ctx.Err()
	case u.own != nil:
		return wire.Unpacked{}, u.own
	case err != nil && !errors.As(err, &failure):
		return wire.Unpacked{}, unavailableBecause(ctx, err)
	}
	return end, err
}

// unpacking is the reader's end of a conversation about an archive.
type unpacking struct {
	in      *wire.Reader
	out     *wire.Writer
	judge   *wire.Unpacking
	archive io.ReaderAt
	to      Receiver
	own     error // of the archive or the receiver, not of the conversation
}

func (u *unpacking) next() (wire.Message, error) {
	m, err := u.in.Next()
	if err == nil {
		err = u.judge.Check(m)
	}
	return m, err
}

func (u *unpacking) run(request wire.Unpack) (wire.Unpacked, error) {
	if err := errors.Join(u.out.Write(request), u.out.Flush()); err != nil {
		return wire.Unpacked{}, err
	}
	for {
		m, err := u.next()
		if err != nil {
			return wire.Unpacked{}, err
		}
		switch m := m.(type) {
		case wire.Unpacked:
			return m, nil
		case wire.Failure:
			return wire.Unpacked{}, &m
		case wire.Want:
			err = u.give(m)
		case wire.Plan:
			u.own = u.to.Plan(m)
		case wire.Left:
			u.own = u.to.Left(m)
		case wire.Member:
			err = u.member(m)
		}
		if err = errors.Join(err, u.own); err != nil {
			return wire.Unpacked{}, err
		}
	}
}

// give answers a want.
func (u *unpacking) give(want wire.Want) error {
	data := make([]byte, want.Length)
	if n, err := u.archive.ReadAt(data, want.Offset); n < len(data) {
		u.own = fmt.Errorf("reading the archive at %d: %w", want.Offset, err)
		return u.own
	}
	for len(data) > 0 {
		n := min(len(data), wire.MaxChunk)
		if err := u.out.Write(wire.Data(data[:n])); err != nil {
			return err
		}
		data = data[n:]
	}
	return u.out.Flush()
}

// member hands one over. What the receiver does not read is passed over.
func (u *unpacking) member(m wire.Member) error {
	body := &memberBody{u: u}
	u.own = u.to.Member(m, body)
	if body.err != nil && body.err != io.EOF {
		u.own = nil // it is the conversation that broke off
		return body.err
	}
	if u.own != nil {
		return u.own
	}
	_, err := io.Copy(io.Discard, body)
	return err
}

// memberBody is the bytes of one member.
type memberBody struct {
	u    *unpacking
	rest []byte
	err  error
}

func (b *memberBody) Read(p []byte) (int, error) {
	for len(b.rest) == 0 && b.err == nil {
		m, err := b.u.next()
		switch m := m.(type) {
		case wire.Data:
			b.rest = m
		case wire.End:
			b.err = io.EOF
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			b.err = err
		}
	}
	if len(b.rest) == 0 {
		return 0, b.err
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
