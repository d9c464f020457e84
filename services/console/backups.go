package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"coffer/services/library"
)

// What can be asked about backups.
const (
	ListBackups  = "backups"
	MakeBackup   = "make-backup"   // to Key, a passphrase, or to the recovery key
	VerifyBackup = "verify-backup" // of ID; Key is its passphrase where it has one
	// RestoreBackup puts the file that follows the request in the place of what
	// there is; Key opens it.
	RestoreBackup = "restore"
	// PutBack puts what was there before the last restore back.
	PutBack = "put-back"
)

// Backups makes, proves and restores them.
type Backups interface {
	Overview(ctx context.Context) (library.BackupOverview, error)
	Create(ctx context.Context, passphrase string) (library.Backup, error)
	Verify(ctx context.Context, id, passphrase string) (library.Backup, error)
	Restore(ctx context.Context, r io.Reader, key string) (library.Restored, error)
	PutBack(ctx context.Context) error
}

// aboutBackups answers what is asked about backups; asked is false for
// anything else.
func (o Options) aboutBackups(ctx context.Context, r Request, file io.Reader) (a Answer, asked bool, err error) {
	switch r.Ask {
	case ListBackups, MakeBackup, VerifyBackup, RestoreBackup, PutBack:
	default:
		return a, false, nil
	}
	if o.Backups == nil {
		return a, true, &library.Error{Kind: library.NotFound, Message: "No backups are made here."}
	}
	switch r.Ask {
	case ListBackups:
		var all library.BackupOverview
		all, err = o.Backups.Overview(ctx)
		a.Backups = all.Items
	case MakeBackup:
		var b library.Backup
		if b, err = o.Backups.Create(ctx, r.Key); err == nil {
			a.Backups = []library.Backup{b}
			o.Keeper.RecordByConsole(ctx, library.AuditBackupMade, b.ID)
		}
	case VerifyBackup:
		var b library.Backup
		b, err = o.Backups.Verify(ctx, r.ID, r.Key)
		a.Backups = []library.Backup{b}
	case RestoreBackup:
		a.Restored, err = o.Backups.Restore(ctx, file, r.Key)
	case PutBack:
		err = o.Backups.PutBack(ctx)
	}
	return a, true, err
}

// Await asks for a backup by its id until it is no longer worked on, and tells
// of its progress meanwhile.
func Await(ctx context.Context, path, id string, tell func(library.Backup)) (library.Backup, error) {
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for {
		a, err := Exchange(ctx, path, Request{Ask: ListBackups}, nil)
		if err != nil {
			return library.Backup{}, err
		}
		found := false
		for _, b := range a.Backups {
			if b.ID != id {
				continue
			}
			if b.Status != library.BackupRunning && b.Total == 0 {
				return b, nil
			}
			found = true
			tell(b)
		}
		if !found {
			return library.Backup{}, fmt.Errorf("the backup %s is gone", id)
		}
		select {
		case <-ctx.Done():
			return library.Backup{}, errors.New("it goes on in the box; coffer backup list says how")
		case <-t.C:
		}
	}
}
