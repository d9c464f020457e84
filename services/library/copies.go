package library

import (
	"context"
	"io"
	"os"
	"regexp"
	"time"
)

// Copies keeps copies of backups in the owner's storage, off the machine. Errors
// are *Error; of the kind Conflict with a code where the storage did not do it.
type Copies interface {
	Copies(ctx context.Context) (CopiesState, error)
	// SetCopyPlace has copies go to another storage; none where the wish is zero.
	// What lies in the one before stays there.
	SetCopyPlace(ctx context.Context, wish CopyWish) error
	// SetCopiesKept decides how many copies of this box stay in the storage:
	// CopiesAll, or from 1 to MaxCopiesKept.
	SetCopiesKept(ctx context.Context, n int) error
	// TryCopyPlace puts something small there, reads it back and removes it.
	// Copies that failed are tried again once it succeeds.
	TryCopyPlace(ctx context.Context) error
	// ListCopies is what lies in the storage, of this box and of others, newest
	// first.
	ListCopies(ctx context.Context) ([]Copy, error)
	// FetchCopy begins to bring a copy back among the backups of this box. How far
	// it is stands in CopiesState.
	FetchCopy(ctx context.Context, name string) error
}

// How many copies stay.
const (
	CopiesAll     = -1
	MaxCopiesKept = 1000
)

// CopyWish is a storage with what opens it. Zero is none.
type CopyWish struct {
	Endpoint, Region, Bucket, Prefix string
	PathStyle                        bool // the bucket stands in the path, not in the host
	AccessKey, Secret                string
}

// CopyTarget is what may be said of the storage.
type CopyTarget struct {
	Endpoint string // URL; empty: there is none
	Host     string
	Region   string
	Bucket   string
	Prefix   string // "" or "folder/"

	PathStyle bool
}

// Place names where copies lie, for people and to tell storages apart.
func (t CopyTarget) Place() string {
	if t.Host == "" {
		return ""
	}
	return t.Host + "/" + t.Bucket + "/" + t.Prefix
}

// Copy is a backup in the storage.
type Copy struct {
	Name   string // of the object
	Backup string // id of the backup
	Box    string // id of the box that made it
	Own    bool   // this box did
	Here   bool   // the backup is on this box too
	MadeAt time.Time
	Size   int64 // bytes
}

// CopiesState is how copying goes.
type CopiesState struct {
	CopyTarget
	Kept    int       // as for SetCopiesKept
	Copied  time.Time // when the latest copy was there and compared; zero: none is
	Failure *Reason   // of the last attempt; nil: it succeeded
	Failed  time.Time
	Next    time.Time // when it is tried again; zero: nothing waits
	// Working is the backup that is being copied, empty at rest; Done and Total are
	// bytes.
	Working     string
	Done, Total int64
	Fetch       Fetch
}

// Fetch is a copy that is brought back, or the last one that was.
type Fetch struct {
	Name        string // empty: none was since the box started
	Busy        bool
	Done, Total int64
	Failure     *Reason // why it did not come
}

// CopyTries is how the last attempts to copy went.
type CopyTries struct {
	Failure *Reason   `json:"failure,omitempty"`
	Failed  time.Time `json:"failed,omitzero"`
	Next    time.Time `json:"next,omitzero"`
	Count   int       `json:"count,omitempty"` // in a row that failed
}

// CopyPlace keeps the storage with what opens it. Errors are *Error.
type CopyPlace interface {
	CopyTarget(ctx context.Context) (CopyTarget, error)
	SetCopyTarget(ctx context.Context, wish CopyWish) error
}

// CopyStorage speaks to it. Errors are *Error with a code.
type CopyStorage interface {
	// PutCopy copies a file, going on with what an earlier try brought there, and
	// compares what is there then. there hears how many bytes are.
	PutCopy(ctx context.Context, name string, f *os.File, there func(int64)) error
	// GetCopy writes a copy to w; size hears how large it is, first.
	GetCopy(ctx context.Context, name string, w io.Writer, size func(int64)) error
	RemoveCopy(ctx context.Context, name string) error
	ListCopies(ctx context.Context) ([]StoredCopy, error)
	TryCopies(ctx context.Context) error
}

// StoredCopy is an object in the storage.
type StoredCopy struct {
	Name string
	Size int64 // bytes
}

var backupID = regexp.MustCompile(`(?:^|-)([0-9]{8}-[0-9]{6})-[0-9a-z]{6}(?:\.age)?$`)

// BackupTime is when the backup of an id, or of a copy's name, was made.
func BackupTime(of string) (time.Time, bool) {
	found := backupID.FindStringSubmatch(of)
	if found == nil {
		return time.Time{}, false
	}
	at, err := time.Parse("20060102-150405", found[1])
	return at, err == nil
}
