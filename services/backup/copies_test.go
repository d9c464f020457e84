package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// Each proven backup is copied, at the default as many stay as on the volume, and
// what is not this box's stays whatever it is called.
func TestCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, b := copiedRig(t)
		others := []string{
			"photo.jpg", "coffer-0badcafe-20200101-000000-aaaaaa.age", "coffer-deadbeef-20200101-000000-aaaaaa.age.bak",
			"coffer-deadbeef-20200101-0000-aaaaaa.age", "coffer-20200101-000000-aaaaaa.age",
		}
		for _, name := range others {
			b.objects[name] = []byte("x")
		}
		r.key()
		planned(r, 10*time.Minute)
		all, err := r.Keeper.dir.all()
		librarytest.Must(t, err)
		if len(all) != 1 || all[0].CopiedTo != "s3.lan/b/" || all[0].CopiedAt.IsZero() || len(b.puts) != 1 || b.puts[0] != "coffer-deadbeef-"+all[0].ID+".age" {
			t.Fatalf("%+v, %v", all, b.puts)
		}
		if s := r.copiesNow(); s.Copied.IsZero() || s.Failure != nil || s.Kept != keep || s.Working != "" {
			t.Errorf("%+v", s)
		}
		planned(r, 10*24*time.Hour)
		if got := len(b.names()) - len(others); got != keep || len(b.puts) < 9 {
			t.Errorf("%d copies stay of %d", got, len(b.puts))
		}
		for _, name := range others {
			if b.objects[name] == nil {
				t.Errorf("%s is gone", name)
			}
		}
		if b.asked > 3*len(b.puts) {
			t.Errorf("the storage was asked %d times for %d copies", b.asked, len(b.puts))
		}
		// Restarts copy nothing twice.
		before := len(b.puts)
		for range 20 {
			planned(r, 30*time.Minute)
		}
		if len(b.puts) > before+1 {
			t.Errorf("%d more copies after restarts", len(b.puts)-before)
		}
		// Another storage gets those that would stay there, and all that the owner keeps.
		librarytest.Must(t, r.SetCopiesKept(t.Context(), library.CopiesAll))
		librarytest.Must(t, r.SetCopyPlace(t.Context(), library.CopyWish{Endpoint: "https://other.lan", Bucket: "c"}))
		before = len(b.puts)
		planned(r, 10*time.Minute)
		if len(b.puts) != before+keep {
			t.Errorf("%d copies for another storage", len(b.puts)-before)
		}
		b.set(func() { b.removed = nil })
		planned(r, 10*24*time.Hour)
		if len(b.removed) > 0 {
			t.Errorf("all are kept, and %v are removed", b.removed)
		}
	})
}

// What fails is tried again, each time after twice as long, through restarts; it
// is a failure until it succeeds.
func TestCopyFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, b := copiedRig(t)
		b.fail = failedBy("key")
		r.key()
		planned(r, 2*time.Minute)
		s := r.copiesNow()
		if s.Failure == nil || s.Failure.Code != "key" || s.Next.IsZero() || !s.Copied.IsZero() {
			t.Fatalf("%+v", s)
		}
		if f, err := r.Facts(t.Context()); err != nil || f.CopyFailed == "" || f.CopiesTo != "s3.lan" {
			t.Errorf("%+v, %v", f, err)
		}
		if o, err := r.Overview(t.Context()); err != nil || o.Copies.Failure == nil {
			t.Errorf("%+v, %v", o.Copies, err)
		}
		asked := b.asked
		for range 18 {
			planned(r, 10*time.Minute)
		}
		if n := b.asked - asked; n < 5 || n > 9 { // after 1, 2, 4 … 60 minutes
			t.Errorf("tried %d times in three hours", n)
		}
		b.set(func() { b.fail = nil })
		if err := r.TryCopyPlace(t.Context()); err != nil {
			t.Fatal(err)
		}
		planned(r, time.Minute)
		if s := r.copiesNow(); s.Failure != nil || s.Copied.IsZero() {
			t.Errorf("%+v", s)
		}
		// Where only removing fails, that is told, and tried again.
		b.set(func() { b.stay = failedBy("key") })
		planned(r, 5*24*time.Hour)
		if s := r.copiesNow(); s.Failure == nil {
			t.Error("what cannot be removed is not told")
		}
		puts := len(b.puts)
		b.set(func() { b.stay = nil })
		planned(r, 61*time.Minute)
		if s := r.copiesNow(); s.Failure != nil || len(b.puts) > puts+1 {
			t.Errorf("%+v, %d copies", s.Failure, len(b.puts)-puts)
		}
		// What goes out for the box may have to start again: once is no failure.
		b.set(func() {
			once := failedBy(codeUnavailable)
			b.during = func(context.Context) error { defer func() { once = nil }(); return once }
		})
		planned(r, 25*time.Hour)
		if s := r.copiesNow(); s.Failure != nil {
			t.Errorf("%+v", s.Failure)
		}
	})
}

// The end of the box in the middle of a copy is no failure: the next start goes
// on.
func TestCopyBrokenOff(t *testing.T) {
	r, b := copiedRig(t)
	begun := make(chan struct{}, 1)
	b.during = func(ctx context.Context) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	made := r.until(r.Create(t.Context(), passphrase))
	wantStatus(t, made, library.BackupProven)
	r.copyStep(t.Context())
	<-begun
	if s := r.copiesNow(); s.Working != made.ID || s.Total != made.Size {
		t.Errorf("%+v", s)
	}
	if err := r.FetchCopy(t.Context(), "coffer-deadbeef-20200101-000000-aaaaaa.age"); !errors.Is(err, &library.Error{Kind: library.Conflict}) {
		t.Errorf("two at a time: %v", err)
	}
	librarytest.Must(t, r.Close())
	r.open()
	r.o.Place, r.o.Storage = b, b
	if s := r.copiesNow(); s.Failure != nil || s.Working != "" {
		t.Errorf("%+v", s)
	}
	b.set(func() { b.during = nil })
	r.copyStep(t.Context())
	r.work.Wait()
	if s := r.copiesNow(); s.Copied.IsZero() || len(b.names()) != 1 {
		t.Errorf("%+v, %v", s, b.names())
	}
}

// A storage that the owner changes in the middle is not said to have the copy.
func TestCopyMoved(t *testing.T) {
	r, b := copiedRig(t)
	b.during = func(context.Context) error {
		b.set(func() { b.to.Bucket, b.during = "other", nil })
		return nil
	}
	made := r.until(r.Create(t.Context(), passphrase))
	r.copyStep(t.Context())
	r.work.Wait()
	if got, err := r.Backup(t.Context(), made.ID); err != nil || got.CopiedTo != "" {
		t.Errorf("%+v, %v", got, err)
	}
	// And one that is deleted in the middle does not come back.
	b.during = func(ctx context.Context) error { return r.Delete(ctx, made.ID) }
	r.copyStep(t.Context())
	r.work.Wait()
	if _, err := r.Backup(t.Context(), made.ID); !errors.Is(err, &library.Error{Kind: library.NotFound}) {
		t.Errorf("%v", err)
	}
}

func TestSurplusCopies(t *testing.T) {
	c := func(n int, own bool) library.Copy {
		return library.Copy{Name: fmt.Sprint(n), Backup: fmt.Sprintf("id%d", n), Own: own, Size: int64(n)}
	}
	six := []library.Copy{c(6, true), c(5, true), c(4, true), c(3, true), c(2, true), c(1, true)}
	for _, row := range []struct {
		name string
		all  []library.Copy
		kept int
		good map[string]int64
		want string
	}{
		{"none", nil, 3, nil, ""},
		{"as many", six[:3], 3, map[string]int64{"id6": 6}, ""},
		{"more", six, 3, map[string]int64{"id6": 6, "id5": 5}, "3 2 1"},
		{"one", six, 1, map[string]int64{"id6": 6}, "5 4 3 2 1"},
		{"all", six, library.CopiesAll, map[string]int64{"id6": 6}, ""},
		{"the last good one is old", six, 2, map[string]int64{"id2": 2, "id1": 1}, "4 3 1"},
		{"none is good", six, 2, nil, ""},
		{"one of another size is not good", six, 1, map[string]int64{"id6": 5, "id4": 4}, "5 3 2 1"},
		{"another's", []library.Copy{c(6, true), c(5, false), c(4, true)}, 1, map[string]int64{"id6": 6}, "4"},
	} {
		if got := strings.Join(surplusCopies(row.all, row.kept, row.good), " "); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// A copy that somebody else removed is no longer counted on, but not because a
// list does not have it yet.
func TestCopyRemovedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, b := copiedRig(t)
		r.key()
		planned(r, 10*time.Minute)
		b.set(func() { clear(b.objects) })
		to, err := b.CopyTarget(t.Context())
		librarytest.Must(t, err)
		copiedTo := func() string {
			t.Helper()
			librarytest.Must(t, r.thinCopies(t.Context(), to, keep))
			all, err := r.Keeper.dir.all()
			librarytest.Must(t, err)
			return all[0].CopiedTo
		}
		if got := copiedTo(); got != to.Place() {
			t.Errorf("a list that is late: %q", got)
		}
		time.Sleep(2 * afterward)
		if got := copiedTo(); got != "" {
			t.Errorf("it is gone, and still counted on at %q", got)
		}
	})
}
