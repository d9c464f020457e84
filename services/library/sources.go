package library

import (
	"context"
	"io"
	"sort"
)

// Source returns one source, processing when it is leased.
func (l *Library) Source(ctx context.Context, id SourceID) (Source, error) {
	s, err := l.o.Store.Source(ctx, id)
	if err != nil {
		return Source{}, err
	}
	return l.live(s), nil
}

// live is s as its owner sees it: processing while it is leased, and until
// the index holds what was read, so that ready means searchable.
func (l *Library) live(s Source) Source {
	switch s.Status {
	case StatusQueued:
		if l.queue.isLeased(s.ID) || l.follower.isSettling(s.ID) {
			s.Status = StatusProcessing
		}
	case StatusReady:
		if l.follower.isSettling(s.ID) {
			s.Status = StatusProcessing
		}
	}
	return s
}

// Sources lists sources, newest first.
func (l *Library) Sources(ctx context.Context, f SourceFilter, p Page) (List[Source], error) {
	var err error
	if p, err = checkPage(p); err != nil {
		return List[Source]{}, err
	}
	processing, err := l.processing(ctx, f.Type)
	if err != nil {
		return List[Source]{}, err
	}
	if f.Status == StatusProcessing {
		return cutSources(processing, p), nil
	}
	list, err := l.o.Store.Sources(ctx, f, p)
	if err != nil {
		return List[Source]{}, err
	}
	busy := make(map[SourceID]bool, len(processing))
	for _, s := range processing {
		busy[s.ID] = true
		if stored := stateBehind(s); stored == f.Status {
			list.Total--
		}
	}
	kept := list.Items[:0]
	for _, s := range list.Items {
		switch {
		case !busy[s.ID]:
			kept = append(kept, s)
		case f.Status == "":
			s.Status = StatusProcessing
			kept = append(kept, s)
		}
	}
	list.Items, list.Total = kept, max(list.Total, len(kept))
	return list, nil
}

// stateBehind is what the store says of a source that is shown as processing.
func stateBehind(s Source) Status {
	if s.ReadyAt.IsZero() {
		return StatusQueued
	}
	return StatusReady
}

// processing are the sources being read or settling into the index, newest
// first. They are few: one per reader, and a batch of the index.
func (l *Library) processing(ctx context.Context, t Type) ([]Source, error) {
	ids := l.follower.settlingIDs()
	for _, j := range l.queue.running() {
		ids = append(ids, j.source)
	}
	var all []Source
	for _, id := range ids {
		s, err := l.o.Store.Source(ctx, id)
		switch {
		case isKind(err, NotFound):
		case err != nil:
			return nil, err
		case t == "" || s.Type == t:
			if s = l.live(s); s.Status == StatusProcessing {
				all = append(all, s)
			}
		}
	}
	sort.Slice(all, func(a, b int) bool { return all[a].ID > all[b].ID })
	return all, nil
}

// SourceCounts counts the sources of each status and type that there is, as
// their owner sees them.
func (l *Library) SourceCounts(ctx context.Context) (map[SourceFilter]int, error) {
	processing, err := l.processing(ctx, "")
	if err != nil {
		return nil, err
	}
	counts, err := l.o.Store.SourceCounts(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range processing {
		stored := SourceFilter{Status: stateBehind(s), Type: s.Type}
		// One that changed between the two looks is counted as it is stored.
		if counts[stored] > 0 {
			counts[stored]--
			counts[SourceFilter{Status: StatusProcessing, Type: s.Type}]++
		}
	}
	return counts, nil
}

// cutSources is the page p of a list that is whole in memory.
func cutSources(all []Source, p Page) List[Source] {
	list := List[Source]{Total: len(all)}
	for _, s := range all {
		if p.Cursor != "" && s.ID >= SourceID(p.Cursor) {
			continue
		}
		if len(list.Items) == p.Limit {
			list.Next = string(list.Items[p.Limit-1].ID)
			break
		}
		list.Items = append(list.Items, s)
	}
	return list
}

// checkPage fills in the default limit.
func checkPage(p Page) (Page, error) {
	switch {
	case p.Limit == 0:
		p.Limit = 50
	case p.Limit < 0 || p.Limit > 200:
		return p, fault(Invalid, "limit", "The limit is from 1 to 200.", "Ask for fewer at a time.")
	}
	if len(p.Cursor) > 200 {
		return p, fault(Invalid, "cursor", "The cursor is not one of a list.", "Start again without it.")
	}
	return p, nil
}

// Rename changes a title: 1 to 500 characters.
func (l *Library) Rename(ctx context.Context, id SourceID, title string) (Source, error) {
	title, err := checkTitle(title)
	if err != nil {
		return Source{}, err
	}
	defer l.sources.lock(string(id))()
	s, err := l.o.Store.SetTitle(ctx, id, title)
	if err != nil {
		return Source{}, err
	}
	l.follower.wake()
	s = l.live(s)
	l.tell(s, nil)
	return s, nil
}

// Delete removes a source, its job, passages, index entries and original.
// The store is first: after it the source is gone whatever fails, its index
// entries go with the change it left, and a blob that outlives a crash here
// is swept within a day.
func (l *Library) Delete(ctx context.Context, id SourceID) error {
	defer l.sources.lock(string(id))()
	s, err := l.o.Store.Source(ctx, id)
	if err != nil {
		return err
	}
	defer l.blobs.lock(s.SHA256)()
	_, orphaned, err := l.o.Store.DeleteSource(ctx, id)
	if isKind(err, Full) && s.Size > 0 {
		// Even to delete, the store writes. The original goes first then: its
		// owner wants it gone, and it is what takes up the space.
		if err := l.o.Blobs.Remove(s.SHA256); err != nil {
			return err
		}
		_, orphaned, err = l.o.Store.DeleteSource(ctx, id)
	}
	if err != nil {
		return err
	}
	l.queue.remove(id)
	l.follower.forget(id)
	l.follower.wake()
	l.hub.publish(Event{Kind: EventSource, Deleted: id})
	if orphaned {
		l.drop(s.SHA256)
	}
	return nil
}

// Retry queues a failed or cancelled source again; Conflict in other states.
func (l *Library) Retry(ctx context.Context, id SourceID) (Source, error) {
	defer l.sources.lock(string(id))()
	s, j, err := l.o.Store.Requeue(ctx, id, l.o.Now())
	if err != nil {
		return Source{}, err
	}
	l.tell(s, &j)
	l.queue.push(id, j.UpdatedAt, 0)
	return s, nil
}

// Cancel ends a queued or processing source; Conflict in other states.
func (l *Library) Cancel(ctx context.Context, id SourceID) (Source, error) {
	defer l.sources.lock(string(id))()
	s, err := l.o.Store.Cancel(ctx, id)
	if err != nil {
		return Source{}, err
	}
	l.queue.remove(id)
	l.tell(s, nil)
	return s, nil
}

// Passages returns up to n passages from number from on.
func (l *Library) Passages(ctx context.Context, id SourceID, from, n int) ([]Passage, error) {
	if from < 0 || n < 1 {
		return nil, fault(Invalid, "from", "Passages are counted from 0.", "")
	}
	return l.o.Store.Passages(ctx, id, from, n)
}

// Original opens the bytes as they were added.
func (l *Library) Original(ctx context.Context, id SourceID) (Source, io.ReadSeekCloser, error) {
	s, err := l.Source(ctx, id)
	if err != nil {
		return Source{}, nil, err
	}
	f, err := l.o.Blobs.Open(s.SHA256)
	if err != nil {
		return Source{}, nil, err
	}
	return s, f, nil
}
