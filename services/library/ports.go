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
	// BySHA256 finds the source that keeps a blob; NotFound when none does.
	BySHA256(ctx context.Context, sha256 string) (Source, error)
	Sources(ctx context.Context, f SourceFilter, p Page) (List[Source], error)
	// SourceCounts counts the sources of each status and type that there is.
	SourceCounts(ctx context.Context) (map[SourceFilter]int, error)
	// SetTitle gives a source the title that its owner chose.
	SetTitle(ctx context.Context, id SourceID, title string) (Source, error)
	// DeleteSource removes the source, its job and passages, and appends the
	// change. orphaned is true when no other source uses the blob.
	DeleteSource(ctx context.Context, id SourceID) (removed Source, orphaned bool, err error)

	// BeginArchive says that a source that waits to be read is an archive.
	// Archive of what it returns is set. It fails as Commit does.
	BeginArchive(ctx context.Context, id SourceID) (Source, error)
	// AddMembers writes the next members of an archive that waits to be read, in
	// their order, and with s the source that the last of them is, as AddSource
	// does. What is there already is passed over, so that members may be handed in
	// twice; with a gap before them it fails with Invalid, else as Commit does.
	AddMembers(ctx context.Context, archive SourceID, members []Member, s *Source) (stored Source, created bool, err error)
	// Members returns up to n members of an archive from number from on.
	Members(ctx context.Context, archive SourceID, from, n int) ([]Member, error)

	// Queue calls f for each waiting job, oldest source first, without titles.
	// UpdatedAt is when it was queued; NotBefore is set after a failed attempt.
	Queue(ctx context.Context, f func(Job) error) error
	// Jobs lists the waiting jobs (state JobWaiting), newest source first, or
	// the finished ones (JobDone: done and failed together), last ended first.
	Jobs(ctx context.Context, state JobState, p Page) (List[Job], error)
	// JobCounts counts stored jobs: waiting, done and failed.
	JobCounts(ctx context.Context) (map[JobState]int, error)
	// Requeue puts a failed or cancelled source back to queued with a fresh job.
	// An archive forgets its members, which are handed in anew.
	Requeue(ctx context.Context, id SourceID, now time.Time) (Source, Job, error)
	// Cancel ends a queued source.
	Cancel(ctx context.Context, id SourceID) (Source, error)
	// Commit writes a reading: passages, source ready, job done, and the change
	// of sequence seq. It fails with NotFound or Conflict when the source is
	// gone or not waiting to be read.
	Commit(ctx context.Context, id SourceID, r Reading, now time.Time) (s Source, seq uint64, err error)
	// RecordFailure writes a failure: final when notBefore is zero, else the
	// job waits until then with its attempts. It fails as Commit does.
	RecordFailure(ctx context.Context, id SourceID, r Reason, attempts int, notBefore, now time.Time) (Source, Job, error)
	// PruneJobs drops finished jobs that ended before t.
	PruneJobs(ctx context.Context, t time.Time) error

	// Passages returns up to n passages of a source from number from on.
	Passages(ctx context.Context, id SourceID, from, n int) ([]Passage, error)
	// Changes returns up to n changes after sequence seq, oldest first. Only
	// the latest change of a source is kept.
	Changes(ctx context.Context, seq uint64, n int) ([]Change, error)
	// LastChange is the newest sequence, 0 when nothing ever changed.
	LastChange(ctx context.Context) (uint64, error)
	// ForgetDeleted drops the changes up to seq that only tell of deletions.
	ForgetDeleted(ctx context.Context, seq uint64) error
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
	// Stage streams r to disk, at most max bytes. More than max is TooLarge; no
	// space is Full; nothing of a failed Stage remains. A staged blob is not
	// yet under its hash: Publish puts it there, Discard drops it.
	Stage(ctx context.Context, r io.Reader, max int64) (Staged, error)
	// Open is NotFound when there is no such blob.
	Open(sha256 string) (io.ReadSeekCloser, error)
	// Remove is content with a blob that is gone already.
	Remove(sha256 string) error
	// Free is how many bytes there is room for.
	Free() (int64, error)
	// Tidy removes half-written blobs that nobody is writing any more.
	Tidy() error
	// Sweep calls f for each whole blob whose hash begins with the byte part; f
	// may remove it.
	Sweep(ctx context.Context, part byte, f func(sha256 string) error) error
}

// Staged is an original whose bytes are on disk and whose hash is known.
type Staged interface {
	SHA256() string // lower-case hex
	Size() int64
	// Publish makes the blob durable under its hash; it is content when the
	// same blob is there already.
	Publish() error
	// Discard drops what was not published; it may be called after Publish.
	Discard()
}
