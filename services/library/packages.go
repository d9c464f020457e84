package library

import (
	"context"
	"io"
	"time"
)

// Packages lets the library leave as a file that others can read, and takes
// such files in. Errors are *Error.
type Packages interface {
	// Export writes every source to w as a CCX 3.0 package. What changes
	// meanwhile may be in it or not; each source that is in it is whole.
	Export(ctx context.Context, w io.Writer, o PackageOptions) error
	// Plain writes a ZIP with every original under its own name, its text, and
	// what is known of it as JSON: nothing is needed to read it.
	Plain(ctx context.Context, w io.Writer) error
	// Import reads a package from r, all of it, checks all of it, and begins to
	// add what it holds. With an error nothing was added. Conflict while another
	// one is being added.
	Import(ctx context.Context, r io.Reader) (Import, error)
	// LastImport is the one that is being added, or was last; NotFound: none.
	LastImport(ctx context.Context) (Import, error)
	// StopImport ends the one that is being added. What has been added stays.
	StopImport(ctx context.Context) (Import, error)
	// Signer is the box's public key as people compare it.
	Signer() string
}

// PackageOptions are what a package is to be.
type PackageOptions struct {
	// Referenced leaves originals out: the package tells what they were.
	Referenced bool
	// License is an SPDX identifier for the whole; empty: NOASSERTION.
	License string
}

// Import is a package that was taken.
type Import struct {
	ID      string
	Name    string // as the package calls itself
	Version string
	Title   string
	Program string // that made it, as it says
	At      time.Time
	Status  ImportStatus
	// Signer is the public key whose signature holds, as Signer gives it; empty:
	// it is not signed in a way that is understood here. Own: it is this box's.
	Signer string
	Own    bool
	// Sources are what it holds, Done those that were looked at; of them Added
	// are new, Known were there, and Left have nothing that can be added.
	Sources, Done, Added, Known, Left int
	Waiting                           bool      // for room on the disk
	Notes                             []Reason  // what was left out, and why; at most MaxImportNotes
	EndedAt                           time.Time // zero: it runs
}

// MaxImportNotes bounds what is remembered of what was left out.
const MaxImportNotes = 50

// ImportStatus is how far an import has come.
type ImportStatus string

// The states of an import.
const (
	ImportRunning ImportStatus = "running"
	ImportDone    ImportStatus = "done"
	ImportStopped ImportStatus = "stopped" // by the owner
	ImportFailed  ImportStatus = "failed"
)

// Brought is a document that comes with what is known of it elsewhere.
type Brought struct {
	Title    string
	Chosen   bool // by its owner: a reading does not replace it
	FileName string
}

// Bring adds a document as Add does, with the title it had.
func (l *Library) Bring(ctx context.Context, b Brought, r io.Reader) (s Source, created bool, err error) {
	name := baseName(b.FileName)
	title := clean(b.Title, MaxTitle)
	if title == "" {
		title = titleFrom(name)
	}
	return l.add(ctx, Source{Title: title, Named: b.Chosen && title != "", FileName: name}, r)
}

// Keeps reports whether a source has these bytes as its original.
func (l *Library) Keeps(ctx context.Context, sha256 string) (bool, error) {
	_, err := l.o.Store.BySHA256(ctx, sha256)
	if isKind(err, NotFound) {
		return false, nil
	}
	return err == nil, err
}
