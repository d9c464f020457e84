package shell

import (
	"fmt"
	"strings"

	"coffer/services/library"
)

// Alarm is a line above every page.
type Alarm struct {
	Tone     string // bad or warn
	Text     string
	Link, To string // where it can be seen to
}

// alarms puts those that stand into words.
func (s *Shell) alarms(f *Frame) (out []Alarm) {
	for _, a := range s.Alarms.Alarms() {
		line := Alarm{Tone: "warn", Text: f.alarm(a)}
		if a.Grave {
			line.Tone = "bad"
		}
		switch a.Code {
		case library.AlarmDiskFull, library.AlarmDiskLow:
			line.Link, line.To = f.Base+"/library", f.W.Alarms.ToDocuments
		case library.AlarmBackupFailed, library.AlarmBackupOverdue:
			line.Link, line.To = f.Base+"/settings/backups", f.W.Alarms.ToBackups
		case library.AlarmCopyFailed:
			line.Link, line.To = f.Base+"/settings/copies", f.W.Copies.ToCopies
		default:
			line.Link, line.To = f.Base+"/settings/https", f.W.Alarms.ToHTTPS
		}
		out = append(out, line)
	}
	return out
}

func (f *Frame) alarm(a library.Alarm) string {
	w := f.W.Alarms
	switch a.Code {
	case library.AlarmDiskFull:
		return fmt.Sprintf(w.DiskFull, f.W.Size(a.Free))
	case library.AlarmDiskLow:
		return fmt.Sprintf(w.DiskLow, f.W.Size(a.Free))
	case library.AlarmBackupFailed:
		why := ""
		if a.Reason != nil {
			why = strings.TrimSuffix(f.W.BackupReason(a.Reason.Code, a.Reason.Message), ".")
		}
		return fmt.Sprintf(w.BackupFailed, why)
	case library.AlarmCopyFailed:
		return fmt.Sprintf(w.CopyFailed, f.W.CopyAnswer(a.Reason.Code, a.Reason.Message))
	case library.AlarmBackupOverdue:
		if a.At.IsZero() {
			return w.NeverProven
		}
		return fmt.Sprintf(w.BackupOverdue, f.Moment(a.At).Exact)
	case library.AlarmExpired:
		return fmt.Sprintf(w.Expired, f.Moment(a.At).Exact)
	case library.AlarmExpires:
		return fmt.Sprintf(w.Expires, f.Moment(a.At).Exact)
	case library.AlarmUntaken:
		return fmt.Sprintf(w.Untaken, a.Reason.Message)
	}
	return string(a.Code)
}
