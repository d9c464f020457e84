package store

import (
	"context"
	"time"

	bolt "go.etcd.io/bbolt"

	"coffer/services/library"
)

// planRow is library.BackupPlan with names that stay.
type planRow struct {
	Recipient  string            `json:"recipient,omitempty"`
	SetAt      time.Time         `json:"set_at,omitzero"`
	Proof      string            `json:"proof,omitempty"`
	CopiesKept int               `json:"copies_kept,omitempty"`
	CopyTries  library.CopyTries `json:"copy_tries,omitzero"`
}

func getPlan(tx *bolt.Tx) (out library.BackupPlan, err error) {
	var r planRow
	if v := get(tx, bMeta, "backups"); v != nil {
		err = decode(bMeta, v, &r)
	}
	return library.BackupPlan(r), err
}

// BackupPlan implements library.BackupPlans; before the first update it is zero.
func (s *Store) BackupPlan(ctx context.Context) (out library.BackupPlan, err error) {
	err = s.view(ctx, func(tx *bolt.Tx) error {
		out, err = getPlan(tx)
		return err
	})
	return out, err
}

// UpdateBackupPlan implements library.BackupPlans. f may run more than once.
func (s *Store) UpdateBackupPlan(ctx context.Context, f func(*library.BackupPlan) error) error {
	return s.update(ctx, func(tx *bolt.Tx) error {
		p, err := getPlan(tx)
		if err != nil {
			return err
		}
		if err := f(&p); err != nil {
			return err
		}
		return putJSON(tx.Bucket([]byte(bMeta)), "backups", planRow(p))
	})
}
