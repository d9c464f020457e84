package library

import (
	"context"
	"io"
	"log/slog"
	"time"
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
	o Options
}

// Open reads the queue from the store and returns a Library whose Run must be
// called for the index to follow and for expired leases to return.
func Open(ctx context.Context, o Options) (*Library, error) { panic("unwritten") }

// Run keeps the index in step with the store, returns expired leases to the
// queue, prunes finished jobs and removes orphaned blobs, until ctx ends.
func (l *Library) Run(ctx context.Context) error { panic("unwritten") }

// Add streams an original in and queues it. Known content returns the existing
// source with created false.
func (l *Library) Add(ctx context.Context, fileName string, r io.Reader) (s Source, created bool, err error) {
	panic("unwritten")
}

// AddText adds a note: title and text, stored as a text original.
func (l *Library) AddText(ctx context.Context, title, text string) (s Source, created bool, err error) {
	panic("unwritten")
}

// Source returns one source, processing when it is leased.
func (l *Library) Source(ctx context.Context, id SourceID) (Source, error) { panic("unwritten") }

// Sources lists sources, newest first.
func (l *Library) Sources(ctx context.Context, f SourceFilter, p Page) (List[Source], error) {
	panic("unwritten")
}

// Rename changes a title: 1 to 500 characters.
func (l *Library) Rename(ctx context.Context, id SourceID, title string) (Source, error) {
	panic("unwritten")
}

// Delete removes a source, its job, passages, index entries and original.
func (l *Library) Delete(ctx context.Context, id SourceID) error { panic("unwritten") }

// Retry queues a failed or cancelled source again; Conflict in other states.
func (l *Library) Retry(ctx context.Context, id SourceID) (Source, error) { panic("unwritten") }

// Cancel ends a queued or processing source; Conflict in other states.
func (l *Library) Cancel(ctx context.Context, id SourceID) (Source, error) { panic("unwritten") }

// Passages returns up to n passages from number from on.
func (l *Library) Passages(ctx context.Context, id SourceID, from, n int) ([]Passage, error) {
	panic("unwritten")
}

// Original opens the bytes as they were added.
func (l *Library) Original(ctx context.Context, id SourceID) (Source, io.ReadSeekCloser, error) {
	panic("unwritten")
}

// Search finds passages; each Hit has its whole Source and a snippet.
func (l *Library) Search(ctx context.Context, q Query) (Results, error) { panic("unwritten") }

// Highlight marks in text what query matches: escaped HTML with <mark>, and the
// number of marks.
func (l *Library) Highlight(query, text string) (html string, marks int) { panic("unwritten") }

// Jobs lists jobs: running, then waiting, then finished, newest first in each.
func (l *Library) Jobs(ctx context.Context, p Page) (List[Job], error) { panic("unwritten") }

// JobCounts counts jobs by state.
func (l *Library) JobCounts() map[JobState]int { panic("unwritten") }

// Subscribe delivers events after id last (0: from now) until ctx ends. A
// slow subscriber gets EventReset and then newer events; it never blocks others.
func (l *Library) Subscribe(ctx context.Context, last uint64) <-chan Event { panic("unwritten") }

// Lease waits until a job is due, or ctx ends, and leases it.
func (l *Library) Lease(ctx context.Context) (Lease, error) { panic("unwritten") }

// Heartbeat renews a lease and records progress; NotFound when the lease was
// lost or the source was cancelled or deleted, and then the reader stops.
func (l *Library) Heartbeat(ctx context.Context, id LeaseID, p Progress) (expires time.Time, err error) {
	panic("unwritten")
}

// LeasedBlob opens the original that a live lease is for.
func (l *Library) LeasedBlob(ctx context.Context, id LeaseID) (io.ReadSeekCloser, error) {
	panic("unwritten")
}

// Complete commits a reading under a live lease.
func (l *Library) Complete(ctx context.Context, id LeaseID, r Reading) error { panic("unwritten") }

// Fail records a failure under a live lease.
func (l *Library) Fail(ctx context.Context, id LeaseID, f Failure) error { panic("unwritten") }

// Release gives a lease back unread; it charges nothing.
func (l *Library) Release(ctx context.Context, id LeaseID) error { panic("unwritten") }
