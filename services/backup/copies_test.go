package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

// bucket is a storage in memory, at a place that can be changed.
type bucket struct {
	mu      sync.Mutex
	to      library.CopyTarget
	objects map[string][]byte
	puts    []string
	removed []string
	asked   int
	fail    error // of whatever is asked
	stay    error // of removing
	during  func(ctx context.Context) error
}

func newBucket() *bucket {
	return &bucket{to: library.CopyTarget{Endpoint: "https://s3.lan", Host: "s3.lan", Bucket: "b"}, objects: map[string][]byte{}}
}

func (b *bucket) CopyTarget(context.Context) (library.CopyTarget, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.to, nil
}

func (b *bucket) SetCopyTarget(_ context.Context, w library.CopyWish) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = library.CopyTarget{Endpoint: w.Endpoint, Host: strings.TrimPrefix(w.Endpoint, "https://"), Bucket: w.Bucket, Prefix: w.Prefix}
	return nil
}

func (b *bucket) PutCopy(ctx context.Context, name string, f *os.File, there func(int64)) error {
	b.mu.Lock()
	during := b.during
	b.mu.Unlock()
	if during != nil {
		if err := during(ctx); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.puts = append(b.puts, name); b.fail != nil {
		return b.fail
	}
	text, err := io.ReadAll(f)
	b.objects[name] = text
	there(int64(len(text)))
	return err
}

func (b *bucket) GetCopy(_ context.Context, name string, w io.Writer, size func(int64)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	text, ok := b.objects[name]
	if !ok || b.fail != nil {
		return errors.Join(b.fail, &library.Error{Kind: library.Conflict, Code: "gone", Message: "gone"})
	}
	size(int64(len(text)))
	_, err := w.Write(text)
	return err
}

func (b *bucket) RemoveCopy(_ context.Context, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stay != nil {
		return b.stay
	}
	b.removed = append(b.removed, name)
	delete(b.objects, name)
	return nil
}

func (b *bucket) ListCopies(context.Context) (all []library.StoredCopy, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	for name, text := range b.objects {
		all = append(all, library.StoredCopy{Name: name, Size: int64(len(text))})
	}
	return all, b.fail
}

func (b *bucket) TryCopies(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fail
}

func (b *bucket) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

func (b *bucket) names() (all []string) {
	b.set(func() {
		for name := range b.objects {
			all = append(all, name)
		}
	})
	slices.Sort(all)
	return all
}

// copied is a rig whose backups are copied to b.
func copiedRig(t *testing.T) (*rig, *bucket) {
	r, b := newRig(t), newBucket()
	r.o.Place, r.o.Storage = b, b
	r.add(1)
	return r, b
}

func failedBy(code string) error {
	return &library.Error{Kind: library.Conflict, Code: code, Message: "The storage did not."}
}

func (r *rig) copiesNow() library.CopiesState {
	r.t.Helper()
	s, err := r.Copies(r.t.Context())
	librarytest.Must(r.t, err)
	return s
}

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

// A copy comes back to an empty box, and is restored there with the recovery key.
func TestFetch(t *testing.T) {
	r, b := copiedRig(t)
	key := r.key()
	made := r.until(r.Create(t.Context(), ""))
	r.copyStep(t.Context())
	r.work.Wait()
	name := r.copyName(made.ID)

	empty := newRig(t)
	empty.o.Place, empty.o.Storage, empty.o.Box = b, b, "0badcafe"
	all, err := empty.ListCopies(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != name || all[0].Own || all[0].Here || all[0].Box != "deadbeef" || !all[0].MadeAt.Equal(made.CreatedAt) {
		t.Fatalf("%+v, %v", all, err)
	}
	fetch := func(name string) library.Fetch {
		t.Helper()
		librarytest.Must(t, empty.FetchCopy(t.Context(), name))
		empty.work.Wait()
		return empty.copiesNow().Fetch
	}
	b.set(func() { b.fail = failedBy("unreachable") })
	if f := fetch(name); f.Busy || f.Failure == nil {
		t.Errorf("%+v", f)
	}
	b.set(func() {
		b.fail, b.objects["coffer-0badcafe-20200101-000000-aaaaaa.age"] = nil, []byte("no backup\nat all\n")
	})
	if f := fetch("coffer-0badcafe-20200101-000000-aaaaaa.age"); f.Failure == nil || f.Failure.Code != codeDamaged && f.Failure.Code != "" {
		t.Errorf("%+v", f)
	}
	if got, err := empty.Overview(t.Context()); err != nil || len(got.Items) != 0 {
		t.Errorf("%+v, %v", got.Items, err)
	}
	if f := fetch(name); f.Busy || f.Failure != nil {
		t.Fatalf("%+v", f)
	}
	got, err := empty.Backup(t.Context(), made.ID)
	if err != nil || got.Status != library.BackupComplete || !got.Fetched || got.Size != made.Size || got.Seal != library.SealKey {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, bad := range []string{name, "x", "../x", "coffer-deadbeef-../../../etc-passwd.age"} {
		if err := empty.FetchCopy(t.Context(), bad); err == nil {
			t.Errorf("%s is fetched", bad)
		}
	}
	// It is another box's: this one neither proves it nor counts it as its own.
	if _, err := empty.Verify(t.Context(), made.ID, ""); !errors.Is(err, &library.Error{Kind: library.Conflict}) {
		t.Errorf("%v", err)
	}
	empty.key()
	if _, ok := stale([]library.Backup{got}, time.Now()); ok {
		t.Error("it is to be proven")
	}
	if due := uncopied([]library.Backup{got}, "elsewhere", 3); len(due) > 0 {
		t.Error("it is to be copied")
	}
	if f, err := empty.Facts(t.Context()); err != nil || f.Failed != "" {
		t.Errorf("%+v, %v", f, err)
	}
	taken := ""
	empty.commit = func(key string) error { taken = key; return nil }
	if _, err := empty.RestoreHere(t.Context(), made.ID, passphrase); err == nil {
		t.Error("a passphrase opens it")
	}
	res, err := empty.RestoreHere(t.Context(), made.ID, key.Identity)
	if err != nil || res.Sources != 1 || taken != key.Identity {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestFetchRoom(t *testing.T) {
	r, _ := copiedRig(t)
	w := &arriving{k: r.Keeper}
	w.size(1 << 62)
	if n, err := w.Write([]byte("x")); n != 0 || !errors.Is(err, &library.Error{Kind: library.Full}) {
		t.Errorf("%d, %v", n, err)
	}
}

func TestCopiesKept(t *testing.T) {
	r, b := copiedRig(t)
	for _, n := range []int{0, -2, library.MaxCopiesKept + 1} {
		if err := r.SetCopiesKept(t.Context(), n); !errors.Is(err, &library.Error{Kind: library.Invalid}) {
			t.Errorf("%d: %v", n, err)
		}
	}
	librarytest.Must(t, r.SetCopiesKept(t.Context(), 7))
	if s := r.copiesNow(); s.Kept != 7 {
		t.Errorf("%+v", s)
	}
	b.to = library.CopyTarget{}
	for name, err := range map[string]error{
		"try": r.TryCopyPlace(t.Context()), "fetch": r.FetchCopy(t.Context(), "coffer-deadbeef-20200101-000000-aaaaaa.age"),
	} {
		if e, ok := errors.AsType[*library.Error](err); !ok || e.Code != codeNoPlace {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.o.Storage = nil
	if _, err := r.Copies(t.Context()); !errors.Is(err, &library.Error{Kind: library.NotFound}) {
		t.Errorf("%v", err)
	}
}
