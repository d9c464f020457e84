// Package worker reads documents for the library: it leases a job over the
// link, hands the original to a parser, and hands in what came back.
//
// It owns the pace: how many documents at once, when a lease is renewed, and
// how long to hold back when a parser or the library is away. It opens no file
// and judges no document; a verdict is the parser's, and what a verdict means
// is the library's. Only a verdict is charged to a document: whatever breaks
// on the way gives the lease back.
package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/services/library"
	"coffer/services/link"
	"coffer/services/parser"
	"coffer/services/parser/wire"
)

// Parser reads one document: request.Size bytes of body. A *wire.Failure is an
// answer about the document, or with CodeUnavailable about the parser; any
// other error means that there was no answer.
type Parser interface {
	Parse(ctx context.Context, request wire.Request, body io.Reader, onProgress func(wire.Progress)) (wire.Result, error)
	// Unpack takes an archive apart. Errors are as of Parse, or those of to.
	Unpack(ctx context.Context, request wire.Unpack, archive io.ReaderAt, to parser.Receiver) (wire.Unpacked, error)
}

// Options are what a worker is made of. Link and Parser are required.
type Options struct {
	Link        *link.Client
	Parser      Parser
	Concurrency int          // documents at once; 0 means 2
	Log         *slog.Logger // nil: slog.Default
}

// The pause after trouble that is not a document's: it doubles from the first
// to the last, and starts anew with the next document that is read.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// partingTime is what handing in and giving back may take when the worker stops.
const partingTime = 2 * time.Second

// Run reads documents until ctx ends, then gives back what it was reading.
func Run(ctx context.Context, o Options) error {
	if o.Link == nil || o.Parser == nil {
		return errors.New("worker: a link and a parser are required")
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 2
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	defer o.Link.Close()
	archives := make(chan archive, maxArchives)
	var readers, unpacker errgroup.Group
	for range o.Concurrency {
		readers.Go(func() error {
			(&reader{o, archives}).run(ctx)
			return nil
		})
	}
	unpacker.Go(func() error {
		(&reader{o, archives}).unpackAll(ctx, archives)
		return nil
	})
	err := readers.Wait()
	close(archives)
	return errors.Join(err, unpacker.Wait())
}

// reader reads one document at a time, and passes archives on.
type reader struct {
	o        Options
	archives chan<- archive
}

func (r *reader) run(ctx context.Context) {
	wait := firstPause
	for ctx.Err() == nil {
		lease, err := r.o.Link.Lease(ctx)
		if err == nil {
			err = r.read(ctx, lease)
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			wait = firstPause
			continue
		}
		r.o.Log.Warn("worker holds back", "source", lease.Source, "err", err, "pause_ms", wait.Milliseconds())
		pause(ctx, wait)
		wait = min(2*wait, lastPause)
	}
}

// read reads one document and hands in the outcome. Its error is trouble that
// is not the document's.
func (r *reader) read(ctx context.Context, lease library.Lease) error {
	held, hold := r.hold(ctx, lease)
	if lease.Archive || lease.Size > wire.MaxDocument {
		r.pass(ctx, archive{lease, held, hold})
		return nil
	}
	result, err := r.parse(held, lease, hold.progress)
	var verdict *wire.Failure
	if errors.As(err, &verdict) && verdict.Code == wire.CodeArchive {
		r.pass(ctx, archive{lease, held, hold})
		return nil
	}
	defer hold.end()
	switch {
	case errors.Is(context.Cause(held), errLost):
		r.o.Log.Info("lease lost", "source", lease.Source)
		return nil
	case err == nil:
		late, cancel := linger(held)
		defer cancel()
		return r.complete(late, lease, result)
	case errors.As(err, &verdict) && verdict.Code != wire.CodeUnavailable:
		late, cancel := linger(held)
		defer cancel()
		return r.fail(late, lease, verdict)
	}
	r.release(ctx, lease)
	return err
}

// errBody is wrapped by what went wrong with the original on its way here; a
// parser's answer to half a document is no verdict.
var errBody = errors.New("original did not arrive")

func (r *reader) parse(ctx context.Context, lease library.Lease, progress func(wire.Progress)) (wire.Result, error) {
	blob, err := r.o.Link.Blob(ctx, lease.ID)
	if err != nil {
		return wire.Result{}, errors.Join(errBody, err)
	}
	defer blob.Close()
	body := &watched{r: blob, left: lease.Size}
	result, err := r.o.Parser.Parse(ctx, wire.Request{
		FileName: lease.FileName, Size: lease.Size, Alone: lease.Alone,
	}, body, progress)
	if body.err != nil {
		return wire.Result{}, errors.Join(errBody, body.err)
	}
	return result, err
}

// watched remembers that a body broke off.
type watched struct {
	r    io.Reader
	left int64
	err  error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.left -= int64(n)
	if err != nil && (err != io.EOF || w.left > 0) {
		w.err = err
		if err == io.EOF {
			w.err, err = io.ErrUnexpectedEOF, io.ErrUnexpectedEOF
		}
	}
	return n, err
}

func (r *reader) complete(ctx context.Context, lease library.Lease, result wire.Result) error {
	reading := library.Reading{Type: library.Type(result.Type), Title: result.Title, Pages: result.Pages}
	reading.Passages = make([]library.Passage, len(result.Passages))
	for i, p := range result.Passages {
		reading.Passages[i] = library.Passage{Number: i, Page: p.Page, Text: p.Text}
	}
	err := r.o.Link.Complete(ctx, lease.ID, reading)
	if errors.Is(err, &library.Error{Kind: library.Invalid}) {
		// It would be refused again: the document has more in it than is kept.
		r.o.Log.Warn("reading refused", "source", lease.Source, "err", err)
		return r.fail(ctx, lease, &wire.Failure{
			Code: wire.CodeTooLarge, Message: "What was read from the document is more than Coffer keeps of one. Split it and add the parts.",
		})
	}
	return r.handedIn(lease, err)
}

func (r *reader) fail(ctx context.Context, lease library.Lease, f *wire.Failure) error {
	return r.handedIn(lease, r.o.Link.Fail(ctx, lease.ID, library.Failure{
		Reason:     library.Reason{Code: f.Code, Message: f.Message},
		ParserDied: f.Died,
	}))
}

// handedIn passes over a lease that was lost at the last moment: somebody
// else has the document, or nobody wants it.
func (r *reader) handedIn(lease library.Lease, err error) error {
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		r.o.Log.Info("lease lost", "source", lease.Source)
		return nil
	}
	return err
}

// release gives a lease back, also when the worker is stopping.
func (r *reader) release(ctx context.Context, lease library.Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), partingTime)
	defer cancel()
	if err := r.o.Link.Release(ctx, lease.ID); err != nil && !errors.Is(err, &library.Error{Kind: library.NotFound}) {
		r.o.Log.Warn("lease not given back, it will expire", "source", lease.Source, "err", err)
	}
}

// linger returns a context that outlives ctx by partingTime, so that what was
// read when the worker is told to stop is still handed in.
func linger(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(partingTime, cancel) })
	return late, func() { stop(); cancel() }
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
