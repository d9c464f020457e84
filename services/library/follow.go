package library

import (
	"context"
	"sync"
	"time"
)

// How the index follows. A batch ends at batchDocs sources or batchBytes of
// text. While jobs keep coming the follower gathers before it writes, longer
// when many are waiting, because one batch of a hundred costs little more than
// one of one. A lone document is written at once.
const (
	batchDocs  = 200
	batchBytes = 4 << 20
	gatherFew  = 100 * time.Millisecond
	gatherMany = 500 * time.Millisecond
	manyJobs   = 16
	// rebuildAfter this many failures in a row the index is emptied and
	// rebuilt from the store.
	rebuildAfter = 3
)

// follower knows which sources are committed but not yet in the index.
type follower struct {
	woken chan struct{} // holds one wake-up

	mu       sync.Mutex
	settling map[SourceID]uint64 // the change to be applied
}

func newFollower() *follower {
	return &follower{woken: make(chan struct{}, 1), settling: map[SourceID]uint64{}}
}

func (f *follower) wake() {
	select {
	case f.woken <- struct{}{}:
	default:
	}
}

// expect marks a source that is about to be committed, so that nobody sees it
// ready before it can be found. settle or forget must follow.
func (f *follower) expect(id SourceID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settling[id] = ^uint64(0)
}

// settle says that a source was committed with change seq.
func (f *follower) settle(id SourceID, seq uint64) {
	f.mu.Lock()
	if _, ok := f.settling[id]; ok {
		f.settling[id] = seq
	}
	f.mu.Unlock()
	f.wake()
}

func (f *follower) forget(id SourceID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.settling, id)
}

func (f *follower) isSettling(id SourceID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.settling[id]
	return ok
}

func (f *follower) settlingIDs() []SourceID {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := make([]SourceID, 0, len(f.settling))
	for id := range f.settling {
		ids = append(ids, id)
	}
	return ids
}

// settled takes out what is in the index now.
func (f *follower) settled(seq uint64) (ids []SourceID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, at := range f.settling {
		if at <= seq {
			ids = append(ids, id)
			delete(f.settling, id)
		}
	}
	return ids
}

// follow applies each change of the store to the index, soon after it was
// committed. It never gives up: trouble is logged and tried again, and an
// index that stays in trouble is emptied and filled from the store.
func (l *Library) follow(ctx context.Context) error {
	failures := 0
	for {
		err := l.catchUp(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			failures = 0
			if err := pause(ctx, forever, l.follower.woken); err != nil {
				return err
			}
			if err := pause(ctx, l.gatherFor(), nil); err != nil {
				return err
			}
			continue
		}
		failures++
		l.o.Log.Error("index does not follow", "failures", failures, "err", err)
		l.ready(ctx, ^uint64(0)-1) // what is read is kept, only not yet searchable
		if failures >= rebuildAfter && !isKind(err, Full) {
			l.rebuild()
			failures = 0
		}
		wait := min(time.Second<<min(failures, 5), 30*time.Second)
		if err := pause(ctx, wait, nil); err != nil {
			return err
		}
	}
}

// gatherFor is how long to wait for more before the next batch.
func (l *Library) gatherFor() time.Duration {
	waiting, running := l.queue.counts()
	switch jobs := waiting + running; {
	case jobs > manyJobs:
		return gatherMany
	case jobs > 0:
		return gatherFew
	}
	return 0
}

func (l *Library) rebuild() {
	l.o.Log.Warn("index is rebuilt from the store")
	if err := l.o.Index.Reset(); err != nil {
		l.o.Log.Error("index could not be emptied", "err", err)
	}
}

// catchUp applies the changes that there are now; later ones wake the follower
// again, and may share a batch then.
func (l *Library) catchUp(ctx context.Context) error {
	applied, err := l.o.Index.Applied()
	if err != nil {
		l.o.Log.Error("index does not know where it stands", "err", err)
		l.rebuild()
		applied = 0
	}
	last, err := l.o.Store.LastChange(ctx)
	if err != nil {
		return err
	}
	if applied > last { // an index of another store
		l.rebuild()
		applied = 0
	}
	for {
		changes, err := l.o.Store.Changes(ctx, applied, batchDocs)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			l.ready(ctx, applied) // what was marked only after it was applied
			return nil
		}
		docs, removed, seq, err := l.gather(ctx, changes)
		if err != nil {
			return err
		}
		if err := l.o.Index.Apply(ctx, seq, docs, removed); err != nil {
			return err
		}
		applied = seq
		l.ready(ctx, seq)
		if len(removed) > 0 {
			if err := l.o.Store.ForgetDeleted(ctx, seq); err != nil {
				return err
			}
		}
		if seq >= last {
			return nil
		}
	}
}

// gather reads what the first changes are about, up to a batch, and the
// sequence that it reaches.
func (l *Library) gather(ctx context.Context, changes []Change) (docs []Document, removed []SourceID, seq uint64, err error) {
	size := 0
	for _, c := range changes {
		doc, err := l.document(ctx, c)
		switch {
		case c.Deleted, isKind(err, NotFound):
			removed = append(removed, c.Source)
		case err != nil:
			return nil, nil, 0, err
		default:
			docs = append(docs, doc)
		}
		seq = c.Seq
		for _, p := range doc.Passages {
			size += len(p.Text)
		}
		if size >= batchBytes {
			break
		}
	}
	return docs, removed, seq, nil
}

func (l *Library) document(ctx context.Context, c Change) (Document, error) {
	if c.Deleted {
		return Document{}, nil
	}
	s, err := l.o.Store.Source(ctx, c.Source)
	if err != nil {
		return Document{}, err
	}
	if s.Passages == 0 {
		return Document{Source: s}, nil
	}
	p, err := l.o.Store.Passages(ctx, s.ID, 0, s.Passages)
	return Document{Source: s, Passages: p}, err
}

// ready tells of the sources that became searchable with change seq.
func (l *Library) ready(ctx context.Context, seq uint64) {
	for _, id := range l.follower.settled(seq) {
		s, err := l.o.Store.Source(ctx, id)
		if err != nil {
			continue // deleted meanwhile, and that was told
		}
		l.tell(s, &Job{Source: id, Title: s.Title, State: JobDone, UpdatedAt: s.ReadyAt})
	}
}
