package backup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// planned waits for each planned backup to end and returns them, oldest first.
func planned(r *rig, most time.Duration) (out []library.Backup) {
	r.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	time.Sleep(most)
	stop()
	librarytest.Must(r.t, <-done)
	r.work.Wait()
	all, err := r.Keeper.dir.all()
	librarytest.Must(r.t, err)
	slices.Reverse(all)
	return all
}

func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.add(2)
		if got := planned(r, 49*time.Hour); len(got) > 0 {
			t.Errorf("without a key there are %d backups", len(got))
		}
		r.key()
		set := time.Now()
		if got := planned(r, 10*time.Minute); len(got) != 1 || got[0].Status != library.BackupProven || !got[0].Scheduled {
			t.Fatalf("soon after the start: %+v", got)
		} else if after := got[0].CreatedAt.Sub(set); after < settle-time.Second || after > settle+time.Second {
			t.Errorf("the first comes after %v", after)
		}
		// A box that is restarted every hour has one a day all the same.
		for range 30 {
			planned(r, time.Hour)
		}
		if got := planned(r, time.Second); len(got) != 2 {
			t.Errorf("%d backups after a day of restarts", len(got))
		}
		// One that was missed is made up for soon after the start.
		time.Sleep(5 * 24 * time.Hour)
		if got := planned(r, 5*time.Minute); len(got) != 3 {
			t.Errorf("%d backups after days switched off", len(got))
		}
		got := planned(r, 20*24*time.Hour)
		if len(got) != keep {
			t.Errorf("%d backups are kept", len(got))
		}
		for _, b := range got {
			wantStatus(t, b, library.BackupProven)
		}
		// Failures are tried again within the hour, and are news until one succeeds.
		r.sealed = func(string) ([]byte, error) { return nil, errTest }
		got = planned(r, 27*time.Hour)
		failed := 0
		for _, b := range got {
			if b.Status == library.BackupFailed {
				failed++
			}
		}
		if failed < 2 || len(got) != keep+failed {
			t.Errorf("%d failures in %+v", failed, got)
		}
	})
}

func TestOldProofsAreRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.key()
		b := r.until(r.Create(t.Context(), ""))
		b.ProvenAt = b.ProvenAt.Add(-8 * 24 * time.Hour)
		librarytest.Must(t, r.Keeper.dir.put(b))
		planned(r, 2*time.Hour)
		got, err := r.Backup(t.Context(), b.ID)
		if err != nil || time.Since(got.ProvenAt) > 3*time.Hour {
			t.Errorf("proven at %v, %v", got.ProvenAt, err)
		}
	})
}

// TestABrokenProofSaysNothing ends the box while a backup is looked at: the file
// is none the worse for it, and it is looked at again.
func TestABrokenProofSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.key()
		b := r.until(r.Create(t.Context(), ""))
		key, err := r.unseal(t.Context(), b, "")
		librarytest.Must(t, err)
		r.stop()
		if got := r.proven(b, key); got.Status != library.BackupProven || got.Reason != nil {
			t.Errorf("%+v", got)
		}
		b.Status = library.BackupComplete
		librarytest.Must(t, r.Keeper.dir.put(b))
		wantStatus(t, r.proven(b, key), library.BackupComplete)
		librarytest.Must(t, r.Keeper.Close())
		r.open()
		planned(r, 10*time.Minute)
		b, err = r.Backup(t.Context(), b.ID)
		librarytest.Must(t, err)
		wantStatus(t, b, library.BackupProven)
	})
}

func TestSurplus(t *testing.T) {
	b := func(id string, s library.BackupStatus, size int64, scheduled bool) library.Backup {
		return library.Backup{ID: id, Status: s, Size: size, Scheduled: scheduled}
	}
	const p, c, f, run = library.BackupProven, library.BackupComplete, library.BackupFailed, library.BackupRunning
	for _, row := range []struct {
		what string
		all  []library.Backup // newest first
		most int64
		want string
	}{
		{"three stay", []library.Backup{b("5", p, 1, true), b("4", p, 1, true), b("3", p, 1, true), b("2", p, 1, true), b("1", p, 1, true)}, 100, "[2 1]"},
		{"the owner's own stay", []library.Backup{b("5", p, 1, true), b("4", p, 1, false), b("3", p, 1, true), b("2", p, 1, true), b("1", p, 1, false)}, 100, "[]"},
		{"by size", []library.Backup{b("3", p, 40, true), b("2", p, 40, true), b("1", p, 40, true)}, 100, "[1]"},
		{"the newest proven one stays, however large", []library.Backup{b("3", p, 400, true), b("2", p, 40, true)}, 100, "[2]"},
		{"what is not proven is no reason to drop what is", []library.Backup{b("5", c, 60, true), b("4", c, 60, true), b("3", p, 60, true), b("2", p, 60, true)}, 100, "[4 2]"},
		{"failures before a success are no news", []library.Backup{b("4", f, 0, true), b("3", p, 1, true), b("2", f, 0, true), b("1", run, 0, true)}, 100, "[2]"},
		{"nothing", nil, 100, "[]"},
	} {
		if got := fmt.Sprint(surplus(row.all, row.most)); got != row.want {
			t.Errorf("%s: %s, want %s", row.what, got, row.want)
		}
	}
}

// TestFullDisk fills the volume of the backups while one is made, which only
// root can arrange.
func TestFullDisk(t *testing.T) {
	r := newRig(t)
	r.key()
	dir := filepath.Join(r.dir, "backups")
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=40m"); err != nil {
		t.Skipf("full disk tier: no file system of a given size here: %v", err)
	}
	defer func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) }()
	librarytest.Must(t, r.Keeper.Close())
	r.open()
	r.add(3)
	r.hold = make(chan struct{})
	b, err := r.Create(t.Context(), passphrase)
	librarytest.Must(t, err)
	for r.done.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ballast := filepath.Join(dir, "ballast")
	_ = os.WriteFile(ballast, make([]byte, 50<<20), 0o600) // it ends with the room
	close(r.hold)
	b = r.until(b, nil)
	if b.Status != library.BackupFailed {
		t.Fatalf("%+v", b)
	}
	librarytest.Must(t, os.Remove(ballast))
	wantStatus(t, r.until(r.Create(t.Context(), passphrase)), library.BackupProven)

	librarytest.Must(t, os.WriteFile(ballast, make([]byte, 10<<20), 0o600))
	b = r.until(r.Create(t.Context(), passphrase))
	wantFailed(t, b, codeFull) // before a byte is written
}
