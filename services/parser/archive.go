package parser

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"coffer/services/parser/wire"
)

// unpack is one conversation about an archive: it hands what a child wants from
// the peer to it, and what the child finds to the peer. Its error is about the
// peer or the service, never about the archive.
func (s *server) unpack(ctx context.Context, peer *peer, request wire.Unpack) error {
	child, err := s.pool.takeUnpacker(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.options.Log.Error("no child can be started", slog.Any("error", err))
		}
		return peer.say(*unavailable())
	}
	defer s.pool.endUnpacker(child)
	l := s.options.Limits
	// It holds one member at a time.
	if err := child.bound(l.Data, wire.MaxDocument); err != nil {
		return errors.Join(err, peer.say(*unavailable()))
	}
	l.CPU, l.Wall = l.ArchiveCPU, l.ArchiveWall
	w := startWatch(ctx, child, l)
	w.hasDocument()
	a := &archive{peer: peer, child: child, watch: w, judge: wire.NewUnpacking(request, l.ArchiveBytes)}
	answer, err := a.converse(request)
	verdict := w.stop()
	switch {
	case errors.Is(err, errPeer):
		return ignoreEOF(err)
	case verdict != nil:
		answer = *ofArchive(verdict)
	case err != nil:
		child.end()
		answer = *ofArchive(crashed(child.complaint.String()))
	}
	if f, ok := answer.(wire.Failure); ok && f.Died {
		s.options.Log.Warn("a child of the parser died of an archive", slog.String("code", f.Code), slog.Any("cause", err),
			slog.String("said", child.complaint.first()), slog.Int64("size", request.Size))
	}
	return peer.say(answer)
}

// archive is one archive on its way through a child.
type archive struct {
	peer  *peer
	child *process
	watch *watch
	judge *wire.Unpacking
}

// converse relays until the child's last word, which is returned.
func (a *archive) converse(request wire.Unpack) (wire.Message, error) {
	if err := a.tell(request); err != nil {
		return nil, err
	}
	for {
		m, err := a.child.out.Next()
		if err != nil {
			return nil, err
		}
		if err := a.judge.Check(m); err != nil {
			return nil, err
		}
		switch m := m.(type) {
		case wire.Unpacked, wire.Failure:
			return m, nil
		case wire.Want:
			err = a.fetch(m)
		case wire.Data, wire.Member:
			err = theirFault(a.peer.write(m))
		default:
			err = theirFault(a.peer.say(m))
		}
		if err != nil {
			return nil, err
		}
		a.watch.heard() // the peer may have taken its time
	}
}

func (a *archive) tell(m wire.Message) error {
	return errors.Join(a.child.in.Write(m), a.child.in.Flush())
}

// fetch gets from the peer what the child wants.
func (a *archive) fetch(want wire.Want) error {
	if err := a.peer.say(want); err != nil {
		return theirFault(err)
	}
	for left := want.Length; left > 0; {
		m, err := a.peer.next()
		if err != nil {
			return theirFault(err)
		}
		d, ok := m.(wire.Data)
		if left -= len(d); !ok || left < 0 {
			return theirFault(fmt.Errorf("%w: %T instead of what was wanted", wire.ErrFrame, m))
		}
		if err := a.child.in.Write(d); err != nil {
			return err
		}
	}
	return a.child.in.Flush()
}

// ofArchive says of an archive what f says of a document.
func ofArchive(f *wire.Failure) *wire.Failure {
	switch f.Code {
	case wire.CodeTimeout:
		f.Message = "Taking the archive apart took too long and was stopped. It may be made to keep a reader busy. If you trust it, unpack it yourself and add what is in it."
	case wire.CodeMemory:
		f.Message = "Taking the archive apart needs more memory than it may use. Unpack it yourself, or pack it anew with a smaller dictionary, and add that."
	case wire.CodeCrashed:
		f.Message = "What takes archives apart crashed over this one, most likely because it is damaged. Nothing else was affected. If you trust it, unpack it yourself and add what is in it."
	}
	return f
}
