package parser

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// maxConversations is how many peers are talked to at once. More wait in the
// listener's queue.
const maxConversations = 16

// Serve reads documents for whoever connects to listener, one per connection,
// until ctx ends or nobody has connected for Options.Idle; both return nil. It
// leaves the listener open, because init owns it and starts the service again
// on the next connection.
func Serve(ctx context.Context, listener net.Listener, options Options) error {
	options = options.withDefaults()
	if len(options.ChildCommand) == 0 {
		return errors.New("parser: no command for a child")
	}
	s := &server{options: options, pool: newPool(options), listener: listener}
	return s.serve(ctx)
}

type server struct {
	options  Options
	pool     *pool
	listener net.Listener

	mu     sync.Mutex
	active int
	idle   *time.Timer
}

func (s *server) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, s.interrupt)
	defer stop()
	s.idle = time.AfterFunc(max(s.options.Idle, 0), s.quit)
	if s.options.Idle < 0 {
		s.idle.Stop()
	}
	defer s.idle.Stop()

	var reaper errgroup.Group
	reaper.Go(func() error { s.pool.reap(ctx); return nil })
	var talks errgroup.Group
	talks.SetLimit(maxConversations)
	err := s.accept(ctx, &talks)
	if err != nil {
		cancel()
	}
	// Nothing is lost when a talk ends with an error: it logs its own.
	_ = talks.Wait()
	cancel()
	_ = reaper.Wait()
	return err
}

func (s *server) accept(ctx context.Context, talks *errgroup.Group) error {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
				return nil
			}
			return err
		}
		s.enter()
		talks.Go(func() error {
			defer s.leave()
			defer conn.Close()
			if err := s.talk(ctx, conn); err != nil && ctx.Err() == nil {
				s.options.Log.Warn("a conversation with the parser failed", slog.Any("error", err))
			}
			return nil
		})
	}
}

func (s *server) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active++
	s.idle.Stop()
}

func (s *server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active--; s.active == 0 && s.options.Idle > 0 {
		s.idle.Reset(s.options.Idle)
	}
}

// quit ends a service that nobody talks to.
func (s *server) quit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == 0 && s.options.Idle >= 0 {
		s.interrupt()
	}
}

// interrupt makes Accept return without closing the listener.
func (s *server) interrupt() {
	if l, ok := s.listener.(interface{ SetDeadline(time.Time) error }); ok && l.SetDeadline(time.Unix(1, 0)) == nil {
		return
	}
	s.listener.Close()
}
