package alarm

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
)

const gib = 1 << 30

func codes(all []library.Alarm) string {
	var out []string
	for _, a := range all {
		out = append(out, string(a.Code))
	}
	return strings.Join(out, " ")
}

func TestDisk(t *testing.T) {
	for _, c := range []struct {
		free, size int64
		want       string
	}{
		{100 * gib, 200 * gib, ""},
		{2*gib + 1, 200 * gib, ""},
		{2*gib - 1, 200 * gib, "disk_low"},
		{64 << 20, 200 * gib, "disk_full"},
		{0, 200 * gib, "disk_full"},
		{1 * gib, 10 * gib, ""},
		{gib / 4, 10 * gib, "disk_low"},
		{100 << 20, gib, "disk_low"},
		{1 << 20, 48 << 20, "disk_low"}, // no reserve on a small volume
		{0, 48 << 20, "disk_full"},
	} {
		w := &Watch{o: Options{Volume: func() (int64, int64, error) { return c.free, c.size, nil }}}
		if got := codes(w.disk()); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.free, c.size, got, c.want)
		}
	}
}

func TestBackups(t *testing.T) {
	now := time.Date(2031, 5, 10, 12, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	b := func(s library.BackupStatus, days int) library.Backup {
		b := library.Backup{Status: s, CreatedAt: day(days)}
		if s == library.BackupProven {
			b.ProvenAt = day(days)
		}
		return b
	}
	const p, f, c, run = library.BackupProven, library.BackupFailed, library.BackupComplete, library.BackupRunning
	for name, row := range map[string]struct {
		key   string
		items []library.Backup
		want  string
	}{
		"nothing":                 {"", nil, ""},
		"a key, nothing yet":      {"age1", nil, ""},
		"proven":                  {"age1", []library.Backup{b(p, 0), b(f, 1)}, ""},
		"failed":                  {"age1", []library.Backup{b(f, 0), b(p, 1)}, "backup_failed"},
		"failed without a key":    {"", []library.Backup{b(f, 0)}, "backup_failed"},
		"failed, another runs":    {"age1", []library.Backup{b(run, 0), b(f, 0), b(p, 1)}, "backup_failed"},
		"written after a failure": {"age1", []library.Backup{b(c, 0), b(f, 0), b(p, 1)}, "backup_failed"},
		"late":                    {"age1", []library.Backup{b(p, 4)}, "backup_overdue"},
		"late without a key":      {"", []library.Backup{b(p, 40)}, ""},
		"never proven":            {"age1", []library.Backup{b(c, 0), b(c, 1), b(c, 4)}, "backup_overdue"},
		"both":                    {"age1", []library.Backup{b(f, 0), b(p, 5)}, "backup_failed backup_overdue"},
	} {
		if got := codes(ofBackups(library.BackupOverview{Recipient: row.key, Items: row.items}, now)); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
	fetched := b(f, 0)
	fetched.Fetched = true
	o := library.BackupOverview{Recipient: "age1", Items: []library.Backup{fetched, b(p, 0)}}
	if got := codes(ofBackups(o, now)); got != "" {
		t.Errorf("another box's backup: %q", got)
	}
	o.Copies = library.CopiesState{Failure: &library.Reason{Code: "key"}, Failed: day(0)}
	if got := codes(ofBackups(o, now)); got != "copy_failed" {
		t.Errorf("not copied: %q", got)
	}
}

func TestCertificate(t *testing.T) {
	now := time.Date(2031, 5, 10, 12, 0, 0, 0, time.UTC)
	until := func(d time.Duration) *library.Certificate { return &library.Certificate{Expires: now.Add(d)} }
	for name, row := range map[string]struct {
		h    library.HTTPS
		want string
	}{
		"off":     {library.HTTPS{}, ""},
		"good":    {library.HTTPS{Presented: until(15 * 24 * time.Hour)}, ""},
		"ends":    {library.HTTPS{Presented: until(13 * 24 * time.Hour)}, "certificate_expires"},
		"short":   {library.HTTPS{Presented: &library.Certificate{NotBefore: now.AddDate(0, 0, -4), Expires: now.AddDate(0, 0, 2)}}, ""},
		"shorter": {library.HTTPS{Presented: &library.Certificate{NotBefore: now.AddDate(0, 0, -5), Expires: now.AddDate(0, 0, 1)}}, "certificate_expires"},
		"unmade":  {library.HTTPS{Order: library.HTTPSOrder{Problem: &library.HTTPSProblem{Code: "x"}}}, "certificate_untaken"},
		"ordered": {library.HTTPS{Order: library.HTTPSOrder{Step: library.HTTPSAsking, Problem: &library.HTTPSProblem{Code: "x"}}}, ""},
		"ended":   {library.HTTPS{Presented: until(0)}, "certificate_expired"},
		"untaken": {library.HTTPS{Presented: until(time.Hour * 9999), Problem: &library.HTTPSProblem{Code: "x"}}, "certificate_untaken"},
	} {
		if got := codes(ofHTTPS(row.h, now)); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

type door struct {
	library.FrontDoor
	err error
}

func (d door) HTTPS(context.Context) (library.HTTPS, error) {
	return library.HTTPS{Presented: &library.Certificate{Expires: time.Now().Add(time.Hour)}}, d.err
}

// An alarm is told once when it begins and once when it is over, and what cannot be
// looked at does not hide the rest.
func TestBeginningAndEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var free, changed atomic.Int64
		var broken atomic.Bool
		free.Store(50 * gib)
		w, err := New(Options{
			Volume: func() (int64, int64, error) {
				if broken.Load() {
					return 0, 0, errors.New("no such volume")
				}
				return free.Load(), 100 * gib, nil
			},
			Door: door{}, Changed: func() { changed.Add(1) }, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = w.Run(ctx) }()
		wants := func(want string, changes int64) {
			t.Helper()
			time.Sleep(every)
			synctest.Wait()
			if got := codes(w.Alarms()); got != want || changed.Load() != changes {
				t.Errorf("%q, %d changes, want %q, %d", got, changed.Load(), want, changes)
			}
		}
		wants("certificate_expires", 1)
		free.Store(0)
		wants("disk_full certificate_expires", 2) // the graver first
		wants("disk_full certificate_expires", 2)
		free.Store(50 * gib)
		wants("certificate_expires", 3)
		broken.Store(true)
		wants("certificate_expires", 3)
		stop()
		synctest.Wait()
		for _, want := range []string{"msg=alarm alarm=disk_full", `msg="alarm over" alarm=disk_full`} {
			if n := strings.Count(log.String(), want); n != 1 {
				t.Errorf("%q is told %d times in\n%s", want, n, log.String())
			}
		}
	})
	if _, err := New(Options{}); err == nil {
		t.Error("a watch without a volume is made")
	}
}
