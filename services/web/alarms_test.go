package web

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coffer/services/library"
)

// alarmed says what a test gave it.
type alarmed struct {
	all atomic.Pointer[[]library.Alarm]
}

func (a *alarmed) Alarms() []library.Alarm {
	if all := a.all.Load(); all != nil {
		return *all
	}
	return nil
}

func (a *alarmed) tell(all ...library.Alarm) { a.all.Store(&all) }

// someAlarms is one of each.
func someAlarms() []library.Alarm {
	at := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	return []library.Alarm{
		{Code: library.AlarmDiskFull, Free: 12 << 20, Grave: true},
		{Code: library.AlarmBackupFailed, At: at, Reason: &library.Reason{Code: "disk_full", Message: "Full."}, Grave: true},
		{Code: library.AlarmBackupOverdue, At: at, Grave: true},
		{Code: library.AlarmExpired, At: at, Grave: true},
		{Code: library.AlarmDiskLow, Free: 1 << 30},
		{Code: library.AlarmExpires, At: at},
		{Code: library.AlarmUntaken, Reason: &library.Reason{Code: "mismatch", Message: "The key belongs to another certificate."}},
		{Code: library.AlarmBackupOverdue},
	}
}

// An alarm stands on every page of the owner's, in their language and with the way
// to where it is seen to, and on none of a stranger's.
func TestAlarms(t *testing.T) {
	b := newBox(t, "/box")
	b.reader(0)
	v := b.owner()
	for _, path := range []string{"/", "/library", "/settings/account"} {
		page, _ := v.get(path)
		has(t, page, "!class=\"alarms\"", `id="alarms"`)
	}
	b.alarms.tell(someAlarms()...)
	for _, path := range []string{"/", "/library", "/activity", "/posture", "/add", "/settings/account", "/activity/state"} {
		page, _ := v.get(path)
		has(t, page, "The disk is full", "Nothing can be added", "The last backup failed: the disk is full", "No backup has been proven since", "No backup has ever been proven",
			"Browsers refuse", "nearly full", "The certificate ends", "The key belongs to another", `/box/settings/backups">`, `/box/settings/https">`, `/box/library">`)
	}
	health, _ := v.get("/api/v1/health")
	has(t, health, `"alarms":["disk_full","backup_failed"`)
	for _, path := range []string{"/login", "/setup", "/api/v1/health", "/nowhere"} {
		page, _ := b.visitor().get(path)
		if strings.Contains(page, "alarm") && strings.Contains(page, "disk") {
			t.Errorf("a stranger reads of alarms at %s", path)
		}
	}
}
