package backup

import (
	"context"
	"errors"

	"filippo.io/age"

	"coffer/services/library"
)

// proven looks at a whole backup and writes down how it ended. One that the end
// of the box breaks off says nothing of the file: what was known stays.
func (k *Keeper) proven(b library.Backup, key age.Identity) library.Backup {
	known := b
	err := k.prove(&b, key)
	if err != nil && k.ending.Err() != nil {
		k.o.Log.Info("backup not looked at to its end", "backup", b.ID, "err", err)
		return known
	}
	return k.note(b, err)
}

// note writes down how it ended.
func (k *Keeper) note(b library.Backup, err error) library.Backup {
	if err != nil {
		if k.ending.Err() != nil { // whatever it was said to be
			err = errors.Join(context.Canceled, err)
		}
		b.Status, b.Reason = library.BackupFailed, reason(err)
		k.o.Log.Error("backup failed", "backup", b.ID, "err", err)
	} else {
		b.Reason = nil
		k.o.Log.Info("backup "+string(b.Status), "backup", b.ID, "bytes", b.Size, "sources", b.Sources, "originals", b.Originals, "missing", b.Missing)
	}
	if err := k.write(b); err != nil {
		k.o.Log.Error("backup not noted", "backup", b.ID, "err", err)
	}
	return b
}

// write puts a record down, with what was noted of its copy meanwhile.
func (k *Keeper) write(b library.Backup) error {
	k.records.Lock()
	defer k.records.Unlock()
	if now, err := k.dir.get(b.ID); err == nil {
		b.CopiedAt, b.CopiedTo = now.CopiedAt, now.CopiedTo
	}
	return k.dir.put(b)
}

var errUnsealed = errors.New("init did not seal the secrets")
