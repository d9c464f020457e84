package parser

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"coffer/services/parser/internal/sniff"
	"coffer/services/parser/wire"
)

// talk is one conversation: it hands one document to a child and what the
// child says to the peer. Its error is about the peer or the service, never
// about the document.
func (s *server) talk(ctx context.Context, conn net.Conn) error {
	peer := &peer{conn: conn, in: wire.NewReader(conn), out: wire.NewWriter(conn), pause: s.options.Limits.Hand}
	first, err := peer.next()
	if err != nil {
		return ignoreEOF(err)
	}
	if request, ok := first.(wire.Unpack); ok {
		return s.unpack(ctx, peer, request)
	}
	request, ok := first.(wire.Request)
	if !ok {
		return fmt.Errorf("%w: %T before a request", wire.ErrFrame, first)
	}
	head, whole, err := peer.head()
	if err != nil {
		return err
	}
	child, err := s.pool.take(ctx, sniff.MayBePDF(head), request.Alone)
	if err != nil {
		if ctx.Err() == nil {
			s.options.Log.Error("no child can be started", slog.Any("error", err))
		}
		return peer.say(*unavailable())
	}
	d := &document{server: s, peer: peer, child: child, request: request, head: head, whole: whole}
	failure, err := d.read(ctx)
	s.pool.give(child, failure == nil && err == nil && !d.spoilt && !request.Alone)
	if failure != nil {
		return errors.Join(err, peer.say(*failure))
	}
	return err
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil // connected and left
	}
	return err
}

// peer is who wants a document read.
type peer struct {
	conn  net.Conn
	in    *wire.Reader
	out   *wire.Writer
	pause time.Duration
}

func (p *peer) next() (wire.Message, error) {
	if err := p.conn.SetReadDeadline(time.Now().Add(p.pause)); err != nil {
		return nil, err
	}
	return p.in.Next()
}

// head returns as much of the document as it takes to tell a PDF, and whether
// that is all of it.
func (p *peer) head() ([]byte, bool, error) {
	var head []byte
	for len(head) < 2<<10 {
		m, err := p.next()
		if err != nil {
			return nil, false, err
		}
		switch m := m.(type) {
		case wire.Data:
			head = append(head, m...)
		case wire.End:
			return head, true, nil
		default:
			return nil, false, fmt.Errorf("%w: %T inside a document", wire.ErrFrame, m)
		}
	}
	return head, false, nil
}

// write sends m with what was written before it, or keeps it for later.
func (p *peer) write(m wire.Message) error {
	if err := p.conn.SetWriteDeadline(time.Now().Add(p.pause)); err != nil {
		return err
	}
	return p.out.Write(m)
}

func (p *peer) say(m wire.Message) error {
	if err := p.write(m); err != nil {
		return err
	}
	return p.out.Flush()
}

// document is one document on its way through a child.
type document struct {
	server  *server
	peer    *peer
	child   *process
	request wire.Request
	head    []byte
	whole   bool
	spoilt  bool // the child must not read another document
}

// errGone is the cause of a document whose peer went away.
var errGone = errors.New("parser: the peer went away")

// read returns the failure that the peer must still be told, or an error
// about the peer or the child's manners.
func (d *document) read(ctx context.Context) (*wire.Failure, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := d.child.bound(d.server.options.Limits.Data, d.request.Size); err != nil {
		return unavailable(), err
	}
	w := startWatch(ctx, d.child, d.server.options.Limits)
	answer, err := d.converse(w, cancel)
	// From here on nothing kills the child any more: a peer that has its
	// answer goes away, and that is no reason to.
	verdict := w.stop()
	switch {
	case context.Cause(ctx) == errGone && (verdict != nil || err != nil):
		d.spoilt = true
		return nil, nil
	case errors.Is(err, errPeer):
		return nil, err
	case verdict != nil:
		d.report(verdict, "")
		return verdict, nil
	case err != nil:
		d.child.end()
		failure := crashed(d.child.complaint.String())
		d.report(failure, err.Error())
		return failure, nil
	}
	return nil, theirFault(d.peer.say(answer))
}

// converse hands the document over and relays what the child says, up to its
// last word, which is returned.
func (d *document) converse(w *watch, cancel context.CancelCauseFunc) (wire.Message, error) {
	if err := d.hand(); err != nil {
		return nil, err
	}
	w.hasDocument()
	// The deadline of the last chunk would end the wait too early.
	_ = d.peer.conn.SetReadDeadline(time.Time{})
	var gone sync.WaitGroup
	gone.Go(func() { d.awaitGone(cancel) })
	answer, err := d.relay(w)
	// The past as a deadline ends the wait for the peer's going.
	_ = d.peer.conn.SetReadDeadline(time.Unix(1, 0))
	gone.Wait()
	return answer, err
}

// report logs the end of a child.
func (d *document) report(f *wire.Failure, cause string) {
	if f.Died {
		d.server.options.Log.Warn("a child of the parser died",
			slog.String("code", f.Code), slog.String("cause", cause),
			slog.String("said", d.child.complaint.first()),
			slog.Int64("size", d.request.Size), slog.Bool("alone", d.request.Alone))
	}
}

// errPeer marks errors that are the peer's.
var errPeer = errors.New("parser: the peer failed")

func theirFault(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errPeer, err)
}

// hand gives the child the request and the document.
func (d *document) hand() error {
	if err := d.child.in.Write(d.request); err != nil {
		return err
	}
	sent := int64(0)
	give := func(b []byte) error {
		if sent += int64(len(b)); sent > d.request.Size {
			return theirFault(fmt.Errorf("%w: a document longer than announced", wire.ErrFrame))
		}
		return d.child.in.Write(wire.Data(b))
	}
	for head := d.head; len(head) > 0; {
		n := min(len(head), wire.MaxChunk)
		if err := give(head[:n]); err != nil {
			return err
		}
		head = head[n:]
	}
	for !d.whole {
		m, err := d.peer.next()
		if err != nil {
			return theirFault(err)
		}
		switch m := m.(type) {
		case wire.Data:
			if err := give(m); err != nil {
				return err
			}
		case wire.End:
			d.whole = true
		default:
			return theirFault(fmt.Errorf("%w: %T inside a document", wire.ErrFrame, m))
		}
	}
	if sent != d.request.Size {
		return theirFault(fmt.Errorf("%w: a document shorter than announced", wire.ErrFrame))
	}
	if err := d.child.in.Write(wire.End{}); err != nil {
		return err
	}
	return d.child.in.Flush()
}

// awaitGone cancels the document when the peer closes its side or talks out of
// turn.
func (d *document) awaitGone(cancel context.CancelCauseFunc) {
	if _, err := d.peer.in.Next(); !isTimeout(err) {
		cancel(errGone)
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// relay passes on what the child says, within the limits on output, and
// returns the result's head or the failure that ends it. What breaks the limits
// ends the child.
func (d *document) relay(w *watch) (wire.Message, error) {
	limits := d.server.options.Limits
	var passages, text int
	for {
		m, err := d.child.out.Next()
		if err != nil {
			return nil, err
		}
		w.heard()
		switch m := m.(type) {
		case wire.Progress:
			err = d.peer.say(m)
		case wire.Passage:
			passages++
			if text += len(m.Text); passages > limits.Passages || text > limits.Text {
				w.breach(tooMuch())
				return nil, fmt.Errorf("%w: too much output", wire.ErrFrame)
			}
			err = d.peer.write(m)
		case wire.Head:
			if m.Passages != passages {
				return nil, fmt.Errorf("%w: %d passages instead of %d", wire.ErrFrame, m.Passages, passages)
			}
			return m, nil
		case wire.Failure:
			d.spoilt = m.Died
			d.report(&m, "the child says so itself")
			return m, nil
		default:
			return nil, fmt.Errorf("%w: %T as an answer", wire.ErrFrame, m)
		}
		if err != nil {
			return nil, theirFault(err)
		}
	}
}
