package boot

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/https"
	"coffer/appliance/orders"
	"coffer/appliance/supervise"
)

// Authority is who goes out to certificate authorities for init. Errors are
// *orders.Failure, or the context's.
type Authority struct {
	Issue func(ctx context.Context, r orders.Request, told func(orders.Step)) (orders.Result, error)
	// Renewal asks when a certificate (in DER) is to be renewed; nil: the
	// authority does not say.
	Renewal func(ctx context.Context, directory string, roots, certificate []byte) (*orders.Window, error)
}

// errand is what an authority is asked while everything else goes on. Only the
// goroutine of run knows of it.
type errand struct {
	wish    orders.Wish
	account string
	request *certs.Request // nil: it asks about a renewal
	stop    context.CancelFunc
	dropped bool // nobody wants to know any more
}

// returned is what came of it.
type returned struct {
	result orders.Result
	window *orders.Window
	err    error
}

// errands begins what is due, if anything is, and says how long there is
// nothing to do.
func (b *box) errands(ctx context.Context, s *supervise.Supervisor) time.Duration {
	f := b.front
	now := time.Now()
	w, wanted := f.setup.Wish()
	if e := f.errand; e != nil {
		if !wanted || !e.wish.Same(w) {
			e.dropped = true
			e.stop()
		}
		return lookEvery
	}
	if !wanted || len(w.Names) == 0 || b.Authority.Issue == nil {
		f.byHand = false
		return lookEvery
	}
	p := f.setup.Store.Ordered(now)
	due := f.book.Due(w, p, now)
	if f.byHand {
		due = f.book.Free(w, now)
	}
	ask := f.book.AskAt(w, p)
	switch {
	case !due.After(now):
		if !f.answers(ctx) {
			return time.Second // the authority would find nobody
		}
		f.byHand = false
		b.place(ctx, s, w, p, now)
	case !ask.IsZero() && !ask.After(now):
		b.inquire(ctx, s, w, p)
	default:
		return min(due.Sub(now), lookEvery)
	}
	return lookEvery
}

// answers reports that the edge serves what it should.
func (f *front) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	runs, err := f.runs(ctx, f.edge.Token)
	return err == nil && runs == f.edge.Generation
}

// place orders a certificate; p is the one that it renews, or nil. That it does
// is written down before anybody is asked.
func (b *box) place(ctx context.Context, s *supervise.Supervisor, w orders.Wish, p *certs.Pair, now time.Time) {
	f := b.front
	r, e, err := b.prepareOrder(w, p)
	if err != nil {
		f.book.Stay(&orders.Failure{Code: orders.Away, What: err.Error()}, now)
		b.keep()
		return
	}
	f.progress(orders.Asking)
	f.book.Begin(w, now)
	if err := f.setup.SaveBook(f.book); err != nil {
		f.progress("")
		b.Log.Error("no certificate is ordered, because it could not be noted down", slog.Any("error", err))
		return
	}
	b.Log.Info("a certificate is ordered", slog.Any("names", w.Names), slog.String("from", w.Host()))
	b.send(ctx, s, e, func(ctx context.Context) (back returned) {
		back.result, back.err = b.Authority.Issue(ctx, r, f.progress)
		return back
	})
}

func (b *box) prepareOrder(w orders.Wish, p *certs.Pair) (r orders.Request, e *errand, err error) {
	f := b.front
	e = &errand{wish: w}
	r.Wish = w
	if r.Roots, err = f.setup.Options.Order.Roots(); err != nil {
		return r, nil, err
	}
	if r.Account, e.account, err = f.Store.Account(orders.AccountName(w.Directory)); err != nil {
		return r, nil, err
	}
	if e.request, err = certs.NewRequest(w.Names); err != nil {
		return r, nil, err
	}
	r.CSR = e.request.DER
	if f.book.Account(w, p) == e.account {
		r.Replaces = p.Leaf()
	}
	return r, e, nil
}

// inquire asks the authority about renewing p.
func (b *box) inquire(ctx context.Context, s *supervise.Supervisor, w orders.Wish, p *certs.Pair) {
	roots, err := b.front.setup.Options.Order.Roots()
	if err != nil {
		b.front.book.Heard(nil, err, time.Now())
		return
	}
	b.send(ctx, s, &errand{wish: w}, func(ctx context.Context) (back returned) {
		back.window, back.err = b.Authority.Renewal(ctx, w.Directory, roots, p.Leaf())
		return back
	})
}

func (b *box) send(ctx context.Context, s *supervise.Supervisor, e *errand, ask func(context.Context) returned) {
	f := b.front
	ctx, e.stop = context.WithCancel(ctx)
	f.errand = e
	go func() { // run waits for it
		if err := b.outward(ctx, s); err != nil {
			f.back <- returned{err: err}
			return
		}
		f.back <- ask(ctx)
	}()
}

// settle takes up what came of the errand.
func (b *box) settle(ctx context.Context, s *supervise.Supervisor, back returned) {
	f := b.front
	e := f.errand
	f.errand = nil
	e.stop()
	defer f.progress("")
	now := time.Now()
	switch {
	case ctx.Err() != nil: // the box ends; the book says that it did in between
		return
	case e.request == nil:
		if f.book.Made != nil {
			f.book.Heard(back.window, back.err, now)
		}
	case e.dropped:
		f.book.Drop()
	case back.err != nil:
		b.failed(failureOf(back.err), now)
	default:
		b.arrived(ctx, s, e, back.result, now)
	}
	b.keep()
}

func failureOf(err error) *orders.Failure {
	if f, ok := errors.AsType[*orders.Failure](err); ok {
		return f
	}
	return &orders.Failure{Code: orders.Away, What: "the box's way out failed", Detail: err.Error()}
}

func (b *box) failed(f *orders.Failure, now time.Time) {
	b.front.book.Fail(f, now)
	b.Log.Error("no certificate was made", slog.String("code", string(f.Code)), slog.Any("problem", f), slog.Time("again", b.front.book.Next))
}

// arrived takes a certificate into use, after it was judged as the owner's are.
func (b *box) arrived(ctx context.Context, s *supervise.Supervisor, e *errand, r orders.Result, now time.Time) {
	f := b.front
	p, err := e.request.Pair(r.Chain, now)
	if err == nil && slices.ContainsFunc(e.wish.Names, func(name string) bool { return !p.Covers(name) }) {
		err = errors.New("it is not for all names that were ordered")
	}
	if err == nil {
		err = f.Store.PutOrdered(p)
	}
	if err != nil {
		b.failed(&orders.Failure{Code: orders.Unfit, What: "the certificate that the authority made cannot be used", Detail: err.Error()}, now)
		return
	}
	f.book.Succeed(p, r, e.account, now)
	b.keep()
	b.Log.Info("an authority made a certificate", slog.Any("names", p.Names()), slog.String("by", p.Issuer()), slog.Time("until", p.Expires()))
	f.progress(orders.Switching)
	f.note(b.adopt(ctx, s, p), b.Log)
}

// adopt presents what an authority made.
func (b *box) adopt(ctx context.Context, s *supervise.Supervisor, p *certs.Pair) error {
	next, err := b.front.setup.Adopt(p)
	if err != nil {
		return err
	}
	return b.turn(ctx, s, next, p)
}

// keep writes the book down.
func (b *box) keep() {
	if err := b.front.setup.SaveBook(b.front.book); err != nil {
		b.Log.Error("what came of an order could not be noted down", slog.Any("error", err))
	}
}

// progress tells how far an order is; it may come from any goroutine.
func (f *front) progress(s orders.Step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.step = s
}

// orderNow asks for an order by the owner's hand; one that runs will do.
func (f *front) orderNow(now time.Time) error {
	w, wanted := f.setup.Wish()
	switch free := f.book.Free(w, now); {
	case !wanted:
		return orders.Faultf(https.BadMode, "no certificate is ordered from an authority")
	case len(w.Names) == 0:
		return orders.Faultf(orders.NoNames, "there is no name that an authority could vouch for")
	case f.errand != nil && f.errand.request != nil:
		return nil
	case free.After(now):
		return orders.Faultf(orders.TooSoon, "the authority is not asked before %s", free.UTC().Format("2006-01-02 15:04 MST"))
	}
	f.byHand = true
	return nil
}
