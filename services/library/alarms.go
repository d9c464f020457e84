package library

import "time"

// Alarms are what the owner has to see to, whatever page they are on.
type Alarms interface {
	// Alarms are those that stand, the worst first. It answers at once.
	Alarms() []Alarm
}

// AlarmCode says what is wrong.
type AlarmCode string

// The alarms.
const (
	AlarmDiskFull      AlarmCode = "disk_full"           // nothing can be added
	AlarmDiskLow       AlarmCode = "disk_low"            // and soon that will be so
	AlarmBackupFailed  AlarmCode = "backup_failed"       // the newest one, or its proof
	AlarmBackupOverdue AlarmCode = "backup_overdue"      // none was proven for BackupOverdueAfter
	AlarmCopyFailed    AlarmCode = "copy_failed"         // a backup did not come into the storage
	AlarmExpired       AlarmCode = "certificate_expired" // browsers refuse the box
	AlarmExpires       AlarmCode = "certificate_expires" // Certificate.EndsSoon
	AlarmUntaken       AlarmCode = "certificate_untaken" // what should be presented is not
)

// Alarm is one of them.
type Alarm struct {
	Code AlarmCode
	// At is when a certificate expires, when a backup failed, or when the last one
	// was proven; zero elsewhere, and where there was none.
	At     time.Time
	Free   int64   // bytes, of the disk's
	Reason *Reason // of a failure
	Grave  bool    // it harms already; else it is going to
}

// When backups and certificates become alarms.
const (
	BackupOverdueAfter       = 3 * 24 * time.Hour // planned ones are made each day
	CertificateExpiresWithin = 14 * 24 * time.Hour
)

// Reserve is how much of a volume of size bytes stays free for the box to go on
// with: to delete, to sign in, to note what happened. A small volume has none.
func Reserve(size int64) int64 {
	if size < 1<<30 {
		return 0
	}
	return 64 << 20
}

// Low is how much is free when the owner is warned, of a volume of size bytes.
func Low(size int64) int64 { return max(min(size/20, 2<<30), 3*Reserve(size)) }
