package backup

import (
	"errors"
	"testing"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

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
