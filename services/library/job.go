package library

import "time"

// JobID names a job; it equals the id of the source it reads.
type JobID = SourceID

// JobState is where a job stands.
type JobState string

// The states of a job as lists show them. Done and failed ones are kept for
// the day's list and pruned after it.
const (
	JobWaiting JobState = "waiting" // due now, or at NotBefore after a failed attempt
	JobRunning JobState = "running"
	JobFailed  JobState = "failed"
	JobDone    JobState = "done"
)

// Progress says how far a running job is. Total is 0 when unknown.
type Progress struct {
	Page  int `json:"page"`
	Total int `json:"total"`
	// Files: an archive is being taken apart, and its files are counted.
	Files bool `json:"files,omitempty"`
}

// Job is the work of reading one source.
type Job struct {
	Source    SourceID
	Title     string
	State     JobState
	Attempts  int       // parser deaths so far; MaxAttempts is final
	NotBefore time.Time // zero: due
	Progress  Progress
	Reason    *Reason
	UpdatedAt time.Time
}

// MaxAttempts is how many parser deaths a source survives before it fails.
const MaxAttempts = 3

// LeaseID names one lease; it is random, and knowing it is the right to its
// blob and its source.
type LeaseID string

// Lease is the right to read one source until Expires, renewed by heartbeats.
type Lease struct {
	ID       LeaseID
	Source   SourceID
	FileName string // a hint for telling text formats apart
	Size     int64
	SHA256   string
	// Alone asks the parser to read the document in a child of its own,
	// because it has killed one before.
	Alone bool
	// Archive: it was found to be one before, and Known of its members, taken and
	// left out, are there.
	Archive bool
	Known   int
	Expires time.Time
}

// LeaseTTL is how long a lease lasts without a heartbeat.
const LeaseTTL = 30 * time.Second

// Reading is what a parser found in a document.
type Reading struct {
	Type     Type
	Title    string // empty: keep the title given on adding
	Pages    int
	Passages []Passage // Source may be empty; it is the lease's
	Trouble  *Reason   // of an archive: what kept it from being followed to its end
}

// Failure is why a document could not be read.
type Failure struct {
	Reason Reason
	// ParserDied is set when the document killed its parser or breached a
	// limit of it. It charges an attempt and is retried with backoff until
	// MaxAttempts. Otherwise the failure is the document's own (encrypted,
	// malformed, no text) and final.
	ParserDied bool
}
