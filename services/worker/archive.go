package worker

import (
	"context"
	"errors"
	"io"

	"coffer/services/library"
	"coffer/services/parser/wire"
)

// maxArchives is how many archives wait, their leases held, while one is taken
// apart. When there are more, those who read documents wait too.
const maxArchives = 16

// archive is a lease whose original is an archive.
type archive struct {
	lease library.Lease
	held  context.Context
	hold  *hold
}

// pass hands an archive over, and gives it back when the worker stops before.
func (r *reader) pass(ctx context.Context, a archive) {
	select {
	case r.archives <- a:
	case <-ctx.Done():
		a.hold.end()
		r.release(ctx, a.lease)
	}
}

// unpackAll takes archives apart, one at a time and beside the documents, until
// the channel is closed. Once ctx has ended it only gives back.
func (r *reader) unpackAll(ctx context.Context, archives <-chan archive) {
	wait := firstPause
	for a := range archives {
		err := r.unpack(ctx, a)
		a.hold.end()
		if err == nil || ctx.Err() != nil {
			wait = firstPause
			continue
		}
		r.o.Log.Warn("worker holds back from archives", "source", a.lease.Source, "err", err, "pause_ms", wait.Milliseconds())
		pause(ctx, wait)
		wait = min(2*wait, lastPause)
	}
}

// unpack takes one archive apart and hands in what it holds. Its error is trouble
// that is not the archive's.
func (r *reader) unpack(ctx context.Context, a archive) error {
	to := &receiver{r: r, ctx: a.held, lease: a.lease, progress: a.hold.files, begun: a.lease.Archive, done: a.lease.Known}
	end, err := r.o.Parser.Unpack(a.held, wire.Unpack{FileName: a.lease.FileName, Size: a.lease.Size, Skip: a.lease.Known},
		&original{r: r, ctx: a.held, lease: a.lease}, to)
	var verdict *wire.Failure
	switch {
	case errors.Is(context.Cause(a.held), errLost), errors.Is(err, &library.Error{Kind: library.NotFound}):
		r.o.Log.Info("lease lost", "source", a.lease.Source)
		return nil
	case errors.Is(err, &library.Error{Kind: library.Full}):
		return nil // the library has it wait
	case err == nil:
		late, cancel := linger(a.held)
		defer cancel()
		return r.contents(late, a.lease, to, end)
	case errors.As(err, &verdict) && verdict.Code != wire.CodeUnavailable:
		late, cancel := linger(a.held)
		defer cancel()
		if to.isDocument(verdict) {
			return r.fail(late, a.lease, wire.TooLarge()) // it came here for its size
		}
		if err := to.flush(late); err != nil {
			return r.handedIn(a.lease, err)
		}
		return r.fail(late, a.lease, verdict)
	}
	r.release(ctx, a.lease)
	return err
}

func (r *reader) contents(ctx context.Context, lease library.Lease, to *receiver, end wire.Unpacked) error {
	var trouble *library.Reason
	if end.Code != "" {
		trouble = &library.Reason{Code: end.Code, Message: end.Message}
	}
	err := to.flush(ctx)
	if err == nil {
		err = r.o.Link.CompleteArchive(ctx, lease.ID, end.Members, trouble)
	}
	if errors.Is(err, &library.Error{Kind: library.Invalid}) {
		r.o.Log.Warn("contents refused", "source", lease.Source, "err", err)
		return r.fail(ctx, lease, &wire.Failure{
			Code: wire.CodeMalformed, Message: "What came out of the archive cannot be kept. Unpack it yourself and add what is in it.",
		})
	}
	return r.handedIn(lease, err)
}

// receiver hands members in as they come. Those that are left out wait for the
// next one that is not, or until they are many.
type receiver struct {
	r        *reader
	ctx      context.Context
	lease    library.Lease
	progress func(done, total int)
	begun    bool // the library knows that it is an archive
	done     int
	total    int
	left     []library.Member
}

// Plan implements parser.Receiver.
func (t *receiver) Plan(p wire.Plan) error {
	t.total = p.Members
	if err := t.begin(t.ctx); err != nil {
		return err
	}
	return t.r.o.Link.Plan(t.ctx, t.lease.ID, p.Members, p.Bytes)
}

// Member implements parser.Receiver.
func (t *receiver) Member(m wire.Member, body io.Reader) error {
	if err := t.begin(t.ctx); err != nil {
		return err
	}
	err := t.r.o.Link.AddMember(t.ctx, t.lease.ID, t.left, library.Member{Number: m.Number, Path: m.Name}, body)
	t.left = nil
	t.count()
	return err
}

// Left implements parser.Receiver.
func (t *receiver) Left(l wire.Left) error {
	t.left = append(t.left, library.Member{Number: l.Number, Path: l.Name, Reason: &library.Reason{Code: l.Code, Message: l.Message}})
	t.count()
	if len(t.left) < library.MaxMembersAtOnce {
		return nil
	}
	return t.flush(t.ctx)
}

// isDocument tells that nothing speaks for an archive.
func (t *receiver) isDocument(verdict *wire.Failure) bool {
	return !t.begun && len(t.left) == 0 && t.lease.Size > wire.MaxDocument &&
		(verdict.Code == wire.CodeUnsupported || verdict.Code == wire.CodeTooLarge)
}

func (t *receiver) begin(ctx context.Context) error {
	if t.begun {
		return nil
	}
	err := t.r.o.Link.Unpack(ctx, t.lease.ID)
	t.begun = err == nil
	return err
}

// flush hands in what was left out.
func (t *receiver) flush(ctx context.Context) error {
	if err := t.begin(ctx); err != nil || len(t.left) == 0 {
		return err
	}
	err := t.r.o.Link.Leave(ctx, t.lease.ID, t.left)
	t.left = nil
	return err
}

// count tells how far it is. Archives inside have more members than the
// directory of the outer one lists.
func (t *receiver) count() {
	t.done++
	total := t.total
	if total > 0 {
		total = max(total, t.done)
	}
	t.progress(t.done, total)
}

// readAhead is how much of an original is fetched at a time, in bytes.
const readAhead = 1 << 20

// original reads the original of a lease at any place.
type original struct {
	r     *reader
	ctx   context.Context
	lease library.Lease
	from  int64
	held  []byte
}

// ReadAt implements io.ReaderAt.
func (o *original) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= o.lease.Size {
			return n, io.EOF
		}
		if at < o.from || at >= o.from+int64(len(o.held)) {
			held := make([]byte, min(readAhead, o.lease.Size-at))
			if err := o.r.o.Link.ReadBlob(o.ctx, o.lease.ID, held, at); err != nil {
				o.held = nil
				return n, errors.Join(errBody, err)
			}
			o.from, o.held = at, held
		}
		n += copy(p[n:], o.held[at-o.from:])
	}
	return n, nil
}
