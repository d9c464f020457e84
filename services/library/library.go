package library

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options are what a Library is made of. All fields are required but Log and
// Now, which default to slog.Default and time.Now.
type Options struct {
	Store     Store
	Index     Index
	Blobs     Blobs
	MaxUpload int64 // bytes
	Log       *slog.Logger
	Now       func() time.Time
}

// Library is the set of use cases. It is safe for concurrent use.
type Library struct {
	o        Options
	ids      *clock
	queue    *queue
	hub      *hub
	follower *follower
	sources  *locks // one change of a source's state at a time
	blobs    *locks // one change of a blob and its reference at a time
	holds    holds
	done     activity
}

// Open reads the queue from the store and returns a Library whose Run must be
// called for the index to follow and for expired leases to return.
func Open(ctx context.Context, o Options) (*Library, error) {
	if o.Store == nil || o.Index == nil || o.Blobs == nil || o.MaxUpload <= 0 {
		return nil, errors.New("library: store, index, blobs and an upload limit are required")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	l := &Library{
		o: o, ids: &clock{now: now}, queue: newQueue(now), hub: newHub(now()),
		follower: newFollower(), sources: newLocks(), blobs: newLocks(),
	}
	// Times of the domain are what the store can keep: UTC, to the millisecond.
	l.o.Now = func() time.Time { return now().UTC().Truncate(time.Millisecond) }

	newest, err := o.Store.Sources(ctx, SourceFilter{}, Page{Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("reading the newest source: %w", err)
	}
	for _, s := range newest.Items {
		l.ids.after(s.ID)
	}
	err = o.Store.Queue(ctx, func(j Job) error {
		due := j.UpdatedAt
		if !j.NotBefore.IsZero() {
			due = j.NotBefore
		}
		l.queue.push(j.Source, due, j.Attempts)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the queue: %w", err)
	}
	return l, nil
}

// Run keeps the index in step with the store, returns expired leases to the
// queue, prunes finished jobs and removes orphaned blobs, until ctx ends.
func (l *Library) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.follow(ctx) })
	g.Go(func() error { return l.tidy(ctx) })
	g.Go(func() error {
		return l.queue.returnExpired(ctx, func(j job) {
			l.o.Log.Warn("lease expired", "source", j.source)
			l.tellWaiting(ctx, j.source)
		})
	})
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// Subscribe delivers events after id last (0: from now) until ctx ends. A
// slow subscriber gets EventReset and then newer events; it never blocks others.
func (l *Library) Subscribe(ctx context.Context, last uint64) <-chan Event {
	if last == 0 {
		last = l.hub.newest()
	}
	return l.hub.subscribe(ctx, last)
}

// LastEvent is the id of the newest event, for a subscriber that must know
// where it begins.
func (l *Library) LastEvent() uint64 { return l.hub.newest() }

// Announce publishes that the box itself changed.
func (l *Library) Announce() { l.hub.publish(Event{Kind: EventBox}) }

// fault is an error of the owner's making.
func fault(k Kind, field, message, hint string) error {
	return &Error{Kind: k, Field: field, Message: message, Hint: hint}
}

func isKind(err error, k Kind) bool { return errors.Is(err, &Error{Kind: k}) }
