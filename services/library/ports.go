package library

import (
	"context"
	"io"
	"time"
)

// Store keeps sources, jobs and passages. Each method that writes is one
// transaction, on disk when it returns. Errors are *Error.
type Store interface {
	// AddSource writes the source and its job, and is the reference that keeps
	// the blob. When a source with the same SHA256 exists it is returned with
	// created false and nothing is written.
	AddSource(ctx context.Context, s Source) (stored Source, created bool, err error)
	Source(ctx context.Context, id SourceID) (Source, error)
	Sources(ctx context.Context, f SourceFilter, p Page) (List[Source], error)
	SetTitle(ctx context.Context, id SourceID, title string) (Source, error)
	// DeleteSource removes the source, its job and passages, and appends the
	// change. orphaned is true when no other source uses the blob.
	DeleteSource(ctx context.Context, id SourceID) (removed Source, orphaned bool, err error)

	// Jobs calls f for each stored job, waiting and finished ones alike.
	Jobs(ctx context.Context, f func(Job) error) error
	// Requeue puts a failed or cancelled source back to queued with a fresh job.
	Requeue(ctx context.Context, id SourceID) (Source, Job, error)
	// Cancel ends a queued or processing source.
	Cancel(ctx context.Context, id SourceID) (Source, error)
	// Commit writes a reading: passages, source ready, job done, change appended.
	// It fails with NotFound or Conflict when the source is gone or not waiting
	// to be read.
	Commit(ctx context.Context, id SourceID, r Reading, now time.Time) (Source, error)
	// RecordFailure writes a failure: final when notBefore is zero, else the
	// job waits until then with its attempts.
	RecordFailure(ctx context.Context, id SourceID, r Reason, attempts int, notBefore, now time.Time) (Source, Job, error)
	// PruneJobs drops finished jobs that ended before t.
	PruneJobs(ctx context.Context, t time.Time) error

	// Passages returns up to n passages of a source from number from on.
	Passages(ctx context.Context, id SourceID, from, n int) ([]Passage, error)
	// Changes returns up to n changes after sequence seq, oldest first.
	Changes(ctx context.Context, seq uint64, n int) ([]Change, error)
	// LastChange is the newest sequence, 0 when nothing ever changed.
	LastChange(ctx context.Context) (uint64, error)
}

// Change is one step of the library that the index must follow.
type Change struct {
	Seq     uint64
	Source  SourceID
	Deleted bool // else: its passages or title are new
}

// Index finds passages. It is disposable: it can be rebuilt from the store.
type Index interface {
	// Applied is the last change sequence that the index holds on disk.
	Applied() (uint64, error)
	// Apply replaces the passages of each document and drops removed ones, as
	// one batch, and records seq as applied with it.
	Apply(ctx context.Context, seq uint64, docs []Document, removed []SourceID) error
	// Search returns hits whose Source holds only the ID; the caller fills in
	// the rest. Snippets are made by Highlight.
	Search(ctx context.Context, q Query) (Results, error)
	// Highlight marks what q matched in text: escaped HTML with <mark>. With
	// max > 0 it returns the best window of at most about max bytes, else all
	// of text. n is the number of marks.
	Highlight(q string, text string, max int) (html string, n int)
	// Reset empties the index so that it is filled again from sequence 0.
	Reset() error
	Close() error
}

// Document is a source as the index takes it.
type Document struct {
	Source   Source
	Passages []Passage
}

// Blobs keeps originals, addressed by the SHA-256 of their bytes.
type Blobs interface {
	// Put streams r to disk, at most max bytes, and returns its hash and size
	// once it is durable. More than max is TooLarge; no space is Full; nothing
	// of a failed Put remains.
	Put(ctx context.Context, r io.Reader, max int64) (sha256 string, size int64, err error)
	Open(sha256 string) (io.ReadSeekCloser, error)
	Remove(sha256 string) error
	// Sweep removes blobs for which keep is false and half-written ones.
	Sweep(ctx context.Context, keep func(sha256 string) bool) error
}
