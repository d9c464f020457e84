package backup

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"coffer/services/library"
)

// folder holds backups: ID.age, and ID.json that says how it is with it. What
// is being written ends in .part; a store that is being looked at is named
// scratch.db.
type folder struct{ root *os.Root }

const (
	fileEnd    = ".age"
	recordEnd  = ".json"
	partialEnd = ".part"
	scratch    = "scratch.db"
)

// record is what ID.json holds.
type record struct {
	CreatedAt time.Time            `json:"created_at"`
	Status    library.BackupStatus `json:"status"`
	Reason    *library.Reason      `json:"reason,omitempty"`
	Seal      library.BackupSeal   `json:"seal"`
	Scheduled bool                 `json:"scheduled,omitempty"`
	Size      int64                `json:"size,omitempty"`
	Schema    int                  `json:"schema,omitempty"`
	Sources   int                  `json:"sources,omitempty"`
	Originals int                  `json:"originals,omitempty"`
	Missing   int                  `json:"missing,omitempty"`
	ProvenAt  time.Time            `json:"proven_at,omitzero"`
	CopiedAt  time.Time            `json:"copied_at,omitzero"`
	CopiedTo  string               `json:"copied_to,omitempty"`
	Fetched   bool                 `json:"fetched,omitempty"`
}

func (r record) backup(id string) library.Backup {
	return library.Backup{
		ID: id, CreatedAt: r.CreatedAt, Status: r.Status, Reason: r.Reason, Seal: r.Seal, Scheduled: r.Scheduled, Size: r.Size,
		Schema: r.Schema, Sources: r.Sources, Originals: r.Originals, Missing: r.Missing, ProvenAt: r.ProvenAt,
		CopiedAt: r.CopiedAt, CopiedTo: r.CopiedTo, Fetched: r.Fetched,
	}
}

func recordOf(b library.Backup) record {
	return record{
		CreatedAt: b.CreatedAt, Status: b.Status, Reason: b.Reason, Seal: b.Seal, Scheduled: b.Scheduled, Size: b.Size,
		Schema: b.Schema, Sources: b.Sources, Originals: b.Originals, Missing: b.Missing, ProvenAt: b.ProvenAt,
		CopiedAt: b.CopiedAt, CopiedTo: b.CopiedTo, Fetched: b.Fetched,
	}
}

// newID sorts by time and cannot be guessed from another.
func newID(now time.Time) string {
	return now.UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:6])
}

// isID keeps names from elsewhere out of paths.
func isID(s string) bool {
	return len(s) == len("20060102-150405-abcdef") && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz-") == ""
}

func (f folder) put(b library.Backup) error {
	text, err := json.Marshal(recordOf(b))
	if err != nil {
		return err
	}
	name := b.ID + recordEnd
	out, err := f.root.OpenFile(name+partialEnd, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	if err = errors.Join(err, out.Sync(), out.Close()); err == nil {
		err = f.root.Rename(name+partialEnd, name)
	}
	if err != nil {
		return errors.Join(err, f.remove(name+partialEnd))
	}
	return f.sync()
}

func (f folder) get(id string) (library.Backup, error) {
	if !isID(id) {
		return library.Backup{}, noSuch()
	}
	text, err := f.root.ReadFile(id + recordEnd)
	if errors.Is(err, fs.ErrNotExist) {
		return library.Backup{}, noSuch()
	}
	if err != nil {
		return library.Backup{}, broken(err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return library.Backup{}, broken(fmt.Errorf("%s: %w", id+recordEnd, err))
	}
	return r.backup(id), nil
}

// all are the backups that have a record, newest first. A record that cannot
// be read is one of a backup that failed.
func (f folder) all() ([]library.Backup, error) {
	names, err := f.names()
	if err != nil {
		return nil, broken(err)
	}
	var out []library.Backup
	for _, name := range names {
		id, ok := strings.CutSuffix(name, recordEnd)
		if !ok || !isID(id) {
			continue
		}
		b, err := f.get(id)
		if errors.Is(err, &library.Error{Kind: library.NotFound}) {
			continue // removed meanwhile
		}
		if err != nil {
			at, _ := time.Parse("20060102-150405", id[:15]) // zero: unknown
			b = library.Backup{ID: id, CreatedAt: at, Status: library.BackupFailed, Reason: &library.Reason{Code: codeRecord, Message: "What was noted of this backup cannot be read."}}
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b library.Backup) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(b.ID, a.ID)
	})
	return out, nil
}

func (f folder) names() ([]string, error) {
	d, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// drop removes a backup: the file first, so that no record stands for one that
// is not there for longer than a crash.
func (f folder) drop(id string) error {
	return errors.Join(f.remove(id+fileEnd), f.remove(id+recordEnd), f.sync())
}

func (f folder) remove(name string) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f folder) sync() error {
	d, err := f.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// free is what an unprivileged user may still write, in bytes.
func (f folder) free() (int64, error) {
	d, err := f.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	raw, err := d.SyscallConn()
	if err != nil {
		return 0, err
	}
	var s syscall.Statfs_t
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = syscall.Fstatfs(int(fd), &s) }); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, failed
}

func noSuch() error {
	return &library.Error{Kind: library.NotFound, Message: "There is no such backup.", Hint: "It may have been deleted."}
}

// broken makes what the system says of the folder an error of the domain.
func broken(err error) error {
	if _, ok := errors.AsType[*library.Error](err); ok || err == nil {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return &library.Error{
			Kind: library.Full, Message: "The disk is full, so the backup could not be written.",
			Hint: "Free some space on the volume, or delete old backups, and try again. Nothing else was changed.", Cause: err,
		}
	}
	return &library.Error{
		Kind: library.Internal, Message: "The folder of backups could not be read or written.",
		Hint: "Look at the log of the API and at the health of the disk.", Cause: err,
	}
}
