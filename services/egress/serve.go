package egress

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/services/peer"
)

// Options are what the wiring gives the service.
type Options struct {
	// Open are the purposes that the owner's configuration leaves open.
	Open []string
	// Roots are the owner's certificates in PEM, besides the built-in ones.
	Roots []byte
	// Recipient is who is told of alarms, once that purpose is open.
	Recipient Recipient
	// Bucket is where copies of backups go, once that purpose is open.
	Bucket Bucket
	// InitUID and APIUID are who may ask. Where they are the same, the kernel
	// cannot tell them apart and either may ask for anything that is open.
	InitUID, APIUID int
	// Idle is how long Serve waits without a connection before it returns.
	Idle time.Duration
	// Tell takes every attempt. It is called from several goroutines.
	Tell func(Attempt)
	Log  *slog.Logger
}

// Bounds of the service.
const (
	maxTalks      = 8                // at once; more wait in the listener's queue
	requestWithin = 10 * time.Second // to send a request, and to serve a challenge
	talkWithin    = 10 * time.Minute
)

type server struct {
	Options
	door func(purpose string, limit int64) *door // replaced in tests
}

// Serve goes out for whoever connects to listener and may, until ctx ends or
// nobody has connected for Options.Idle; both return nil. It leaves the
// listener open: init owns it and starts the service again on the next
// connection.
func Serve(ctx context.Context, listener *net.UnixListener, o Options) error {
	return newServer(o).serve(ctx, listener)
}

func newServer(o Options) *server {
	s := &server{Options: o}
	s.Tell = func(a Attempt) {
		a.Purpose, a.Destination, a.Reason = clip(a.Purpose), clip(a.Destination), clip(a.Reason)
		o.Tell(a)
	}
	s.door = func(purpose string, limit int64) *door {
		if purpose == Fetch {
			return publicDoor(purpose, limit, s.Tell)
		}
		return newDoor(purpose, limit, s.Tell)
	}
	return s
}

// maxWord bounds what is told of an attempt, in bytes for each text: a line of
// JSON with three of them, escaped, goes through a pipe whole.
const maxWord = 200

func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxWord)], "") }

// alone reports that init and the API are one user, as they are without root.
func (s *server) alone() bool { return s.InitUID == s.APIUID }

func (s *server) serve(ctx context.Context, listener *net.UnixListener) error {
	stop := context.AfterFunc(ctx, func() { _ = listener.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	var talks errgroup.Group
	talks.SetLimit(maxTalks)
	defer func() { _ = talks.Wait() }() // each answers its own error
	busy := &presence{}
	for {
		if err := listener.SetDeadline(time.Now().Add(s.Idle)); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		conn, err := listener.AcceptUnix()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close() // the caller asks again
			}
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			if busy.lately(s.Idle) {
				continue
			}
			return nil
		case err != nil:
			return err
		}
		busy.enter()
		talks.Go(func() error {
			defer busy.leave()
			defer conn.Close()
			s.talk(ctx, conn)
			return nil
		})
	}
}

// presence knows whether somebody is being served, or was until lately.
type presence struct {
	mu   sync.Mutex
	now  int
	left time.Time
}

func (p *presence) enter() { p.mu.Lock(); defer p.mu.Unlock(); p.now++ }

func (p *presence) leave() { p.mu.Lock(); defer p.mu.Unlock(); p.now--; p.left = time.Now() }

func (p *presence) lately(idle time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now > 0 || time.Since(p.left) < idle
}

// talk is one conversation.
type talk struct {
	server  *server
	ctx     context.Context
	conn    *net.UnixConn
	lines   *lines
	given   *given
	request Request
}

func (s *server) talk(ctx context.Context, conn *net.UnixConn) {
	given := &given{conn: conn}
	defer given.close()
	t := &talk{server: s, ctx: ctx, conn: conn, lines: conversation(given), given: given}
	err := t.converse()
	if err == nil {
		return
	}
	f := explain(err)
	s.Log.Warn("going out failed", slog.String("purpose", t.request.Purpose), slog.String("code", string(f.Code)), slog.Any("error", f))
	_ = t.write(answer{Failure: f}) // whoever left needs no answer
}

func (t *talk) converse() error {
	caller, err := t.server.caller(t.conn)
	if err != nil {
		return err
	}
	if err := t.read(&t.request); err != nil {
		return failure(CodeInvalid, "A request is one line of JSON.")
	}
	p, f := t.server.purpose(t.request.Purpose, caller)
	if f != nil {
		t.refuse(t.destination(), f)
		return f
	}
	within := p.within
	if within == 0 {
		within = talkWithin
	}
	ctx, cancel := context.WithTimeout(t.ctx, within)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = t.conn.SetDeadline(time.Unix(1, 0)) })()
	t.ctx = ctx
	if err := p.serve(t); err != nil {
		return err
	}
	return t.write(answer{End: true})
}

// destination is where a request would lead, for the count.
func (t *talk) destination() string {
	switch r := t.request; {
	case r.Order != nil:
		return hostOf(r.Order.Directory)
	case r.Issued != nil:
		return hostOf(r.Issued.Directory)
	case r.Notice != nil:
		return hostOf(t.server.Recipient.bare())
	case r.Copy != nil:
		return hostOf(t.server.Bucket.Endpoint)
	}
	return hostOf(t.request.URL)
}

// refuse counts a request that no packet was sent for.
func (t *talk) refuse(destination string, f *Failure) {
	t.server.Tell(Attempt{
		At: time.Now().UTC(), Purpose: t.request.Purpose, Destination: destination, Outcome: Refused, Reason: f.Message,
	})
}

func (t *talk) read(into any) error {
	if err := t.conn.SetReadDeadline(time.Now().Add(requestWithin)); err != nil {
		return err
	}
	return t.lines.read(into)
}

func (t *talk) write(a answer) error {
	if err := t.conn.SetWriteDeadline(time.Now().Add(requestWithin)); err != nil {
		return err
	}
	return t.lines.write(a)
}

// caller asks the kernel who connected.
func (s *server) caller(conn *net.UnixConn) (Caller, error) {
	uid, err := peer.UID(conn)
	if err != nil {
		return "", err
	}
	return s.judge(uid)
}

func (s *server) judge(uid int) (Caller, error) {
	switch uid {
	case s.InitUID:
		return Init, nil
	case s.APIUID:
		return API, nil
	}
	return "", failure(CodeRefused, "User %d may not go out.", uid)
}
