package library

import (
	"context"
	"io"
	"time"
)

// Snapshots takes copies of the store and looks into one. Errors are *Error.
type Snapshots interface {
	// Snapshot is one moment of the store. Others go on reading and writing; the
	// file cannot reuse what they free until it is closed.
	Snapshot(ctx context.Context) (Snapshot, error)
	// Schema is the newest that can be read.
	Schema() int
	// Inspect reads the copy in the file at path from end to end and calls
	// original for each original that its sources keep. It changes nothing.
	Inspect(ctx context.Context, path string, original func(sha256 string, size int64) error) (Inspection, error)
}

// Snapshot is the store as it was at one moment. It must be closed.
type Snapshot interface {
	Size() int64 // bytes that WriteTo writes
	Schema() int
	// Originals calls f for each original that a source keeps, in the order of
	// their hashes.
	Originals(f func(sha256 string, size int64) error) error
	WriteTo(w io.Writer) (int64, error)
	Close() error
}

// Inspection is what a copy of the store holds.
type Inspection struct {
	Schema  int
	Sources int
}

// Backup is one sealed copy of the box, or the attempt to make one.
type Backup struct {
	ID        string
	CreatedAt time.Time
	Status    BackupStatus
	Reason    *Reason    // of a failure
	Seal      BackupSeal // who can open it
	Scheduled bool
	Size      int64 // bytes of the file; 0 until it is complete
	Schema    int   // of the store
	Sources   int
	Originals int
	// Missing counts originals that the box no longer had, or had damaged, when
	// the backup was made. The rest is whole.
	Missing  int
	ProvenAt time.Time // zero: not yet
	// CopiedAt is when a copy of it was in the storage CopiedTo and was compared;
	// zero: none is.
	CopiedAt time.Time
	CopiedTo string // CopyTarget.Place
	Fetched  bool   // it was brought back from there, and may be another box's
	// Done and Total are bytes of what is being made or proven; both 0 at rest.
	Done, Total int64
}

// BackupStatus is how far a backup has come.
type BackupStatus string

// The states of a backup.
const (
	BackupRunning  BackupStatus = "running"
	BackupComplete BackupStatus = "complete" // written, not proven
	BackupProven   BackupStatus = "proven"
	BackupFailed   BackupStatus = "failed"
)

// BackupSeal is what opens a backup.
type BackupSeal string

// The seals.
const (
	SealPassphrase BackupSeal = "passphrase"
	SealKey        BackupSeal = "key" // the owner's recovery key
)

// BackupPlan is how backups are made without being asked for.
type BackupPlan struct {
	// Recipient is the public half of the owner's recovery key (age1…); empty:
	// none is set up, and nothing is made unasked.
	Recipient string
	SetAt     time.Time
	// Proof is the box's own identity, with which it opens what it made.
	Proof string
	// CopiesKept is how many copies stay in the storage: as many as planned backups
	// on the volume where it is 0, or as for Copies.SetCopiesKept.
	CopiesKept int
	CopyTries  CopyTries
}

// BackupPlans keeps the plan. A write is on disk when it returns.
type BackupPlans interface {
	BackupPlan(ctx context.Context) (BackupPlan, error)
	UpdateBackupPlan(ctx context.Context, f func(*BackupPlan) error) error
}

// BackupKey is a fresh recovery key. The box keeps neither half until the owner
// shows that they have it.
type BackupKey struct {
	Recipient string
	Identity  string // secret
}

// BackupOverview is the state of backups as a whole.
type BackupOverview struct {
	Recipient string // empty: no recovery key is set up
	Next      time.Time
	Items     []Backup // newest first
	Free      int64    // bytes on the volume
	// Copies is as it was seen last; zero where none are made, and until then.
	Copies CopiesState
}

// Restored is what a backup held that was taken.
type Restored struct {
	CreatedAt time.Time
	Program   string // version that made it
	Sources   int
	Originals int
	Missing   int
}

// BackupFacts are what the box says of its backups, for the page on which it
// proves its claims. They open nothing.
type BackupFacts struct {
	Planned    bool      `json:"backups_planned"`      // a recovery key is set up
	Backups    int       `json:"backups"`              // that have a file
	ProvenAt   time.Time `json:"backup_proven_at"`     // the latest proof; zero: none
	Sources    int       `json:"backup_sources"`       // in that one
	Failed     string    `json:"backup_failed"`        // why the newest failed; empty: it did not
	CopiesTo   string    `json:"copies_to"`            // host of the storage; empty: no copies are made
	CopiedAt   time.Time `json:"copied_at"`            // the latest copy; zero: none
	CopyFailed string    `json:"copy_failed"`          // why the last attempt failed; empty: it did not
	Bare       bool      `json:"backup_bare"`          // what is sealed can be read without a key; found by trying
	ForeignIn  bool      `json:"backup_foreign"`       // another's key opens it; found by trying
	TamperedIn bool      `json:"backup_tampered"`      // one with a changed bit is taken; found by trying
	PartIsIn   bool      `json:"backup_part_is_whole"` // one that lacks something is taken; found by trying
}

// Former is what was there before the last restore.
type Former interface {
	At(ctx context.Context) (time.Time, error) // zero: nothing is
	PutBack(ctx context.Context) error         // and the box starts again
	Forget(ctx context.Context) error
}

// Backups makes sealed copies of the box and proves them. Errors are *Error.
type Backups interface {
	Overview(ctx context.Context) (BackupOverview, error)
	// Create begins a backup to the passphrase, or to the recovery key where it
	// is empty. Conflict while another one is made or proven.
	Create(ctx context.Context, passphrase string) (Backup, error)
	// Restore reads a backup from r, all of it, and then puts what it holds in
	// the place of what the box has. key is a recovery key or a passphrase. When
	// it returns without an error the box is about to start again; with one,
	// nothing was changed. Conflict while a backup is made or proven.
	Restore(ctx context.Context, r io.Reader, key string) (Restored, error)
	// RestoreHere is Restore with a backup that lies on the box.
	RestoreHere(ctx context.Context, id, key string) (Restored, error)
	// Former is when what was there before the last restore was laid aside; zero:
	// nothing is.
	Former(ctx context.Context) (time.Time, error)
	// PutBack puts that in the place of what the box has, which is laid aside in
	// its turn. When it returns without an error the box is about to start again.
	// NotFound where there is none, Conflict while a backup is made or proven.
	PutBack(ctx context.Context) error
	// Forget removes it, and the room it takes is free.
	Forget(ctx context.Context) error
	// Verify begins to prove a backup again. The passphrase is needed where it
	// is sealed with one.
	Verify(ctx context.Context, id, passphrase string) (Backup, error)
	Backup(ctx context.Context, id string) (Backup, error)
	// Open reads the sealed file of a backup that is complete.
	Open(ctx context.Context, id string) (io.ReadSeekCloser, Backup, error)
	Delete(ctx context.Context, id string) error
	// NewKey makes a recovery key and forgets it.
	NewKey(ctx context.Context) (BackupKey, error)
	// Facts looks at what there is, and tries the seal on something small.
	Facts(ctx context.Context) (BackupFacts, error)
	// SetKey takes the recovery key whose secret half is shown.
	SetKey(ctx context.Context, identity string) error
}
