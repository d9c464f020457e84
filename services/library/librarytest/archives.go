package librarytest

import (
	"fmt"
	"reflect"
	"testing"

	"coffer/services/library"
)

// memberOf is source n as it comes in an archive.
func memberOf(archive, n int, path string) (library.Member, *library.Source) {
	s := Source(n)
	s.Origin = &library.Origin{Archive: SourceID(archive), Name: "a.zip", Path: path}
	return library.Member{Number: 0, Path: path, Size: s.Size}, &s
}

// archives become members, in their order, each once.
func archives(t *testing.T, st library.Store) {
	ctx := t.Context()
	add(t, st, 1)
	add(t, st, 2)
	m, s := memberOf(1, 11, "a/b.txt")
	_, _, err := st.AddMembers(ctx, SourceID(1), []library.Member{m}, s)
	WantKind(t, err, library.Invalid) // nobody said that it is one
	a, err := st.BeginArchive(ctx, SourceID(1))
	if err != nil || a.Type != library.TypeArchive || a.Archive == nil || a.Status != library.StatusQueued {
		t.Fatalf("%+v, %v", a, err)
	}
	left := library.Member{Number: 0, Path: "p.png", Reason: &library.Reason{Code: "unsupported", Message: "A picture."}}
	m.Number = 1
	for range 2 { // the second time changes nothing
		_, _, err = st.AddMembers(ctx, SourceID(1), []library.Member{left, m}, s)
		Must(t, err)
	}
	got, err := st.Source(ctx, SourceID(11))
	if err != nil || got.Status != library.StatusQueued || !reflect.DeepEqual(got.Origin, s.Origin) {
		t.Errorf("%+v, %v", got, err)
	}
	known, again := memberOf(1, 2, "known.txt")
	known.Number = 2
	stored, created, err := st.AddMembers(ctx, SourceID(1), []library.Member{known}, again)
	if err != nil || created || stored.ID != SourceID(2) || stored.Origin != nil {
		t.Errorf("%+v, %v, %v", stored, created, err)
	}
	gap, other := memberOf(1, 12, "far.txt")
	gap.Number = 4
	_, _, err = st.AddMembers(ctx, SourceID(1), []library.Member{gap}, other)
	WantKind(t, err, library.Invalid)
	_, err = st.Source(ctx, SourceID(12))
	WantKind(t, err, library.NotFound)
	wantMembers(t, st, 1, "0 p.png left", "1 a/b.txt "+string(SourceID(11)), "2 known.txt known "+string(SourceID(2)))
	wantCounts(t, st, 3, 0, 0)

	trouble := &library.Reason{Code: "damaged", Message: "It was cut off."}
	a, _, err = st.Commit(ctx, SourceID(1), library.Reading{Type: library.TypeArchive, Trouble: trouble}, At(3))
	want := library.Contents{Members: 3, Added: 1, Known: 1, Left: 1, Trouble: trouble}
	if err != nil || a.Status != library.StatusReady || !reflect.DeepEqual(*a.Archive, want) {
		t.Errorf("%+v, %+v, %v", a, a.Archive, err)
	}
	_, _, err = st.AddMembers(ctx, SourceID(1), []library.Member{{Number: 3, Path: "late"}}, nil)
	WantKind(t, err, library.Conflict)
	_, err = st.BeginArchive(ctx, SourceID(1))
	WantKind(t, err, library.Conflict)

	_, _, err = st.DeleteSource(ctx, SourceID(1))
	Must(t, err)
	_, err = st.Members(ctx, SourceID(1), 0, 10)
	WantKind(t, err, library.NotFound)
	_, _, err = st.AddMembers(ctx, SourceID(1), []library.Member{{Number: 3, Path: "late"}}, nil)
	WantKind(t, err, library.NotFound)
	if got, err := st.Source(ctx, SourceID(11)); err != nil || got.Origin == nil {
		t.Errorf("a member went with its archive: %+v, %v", got, err)
	}
	add(t, st, 1)
	_, err = st.BeginArchive(ctx, SourceID(1))
	Must(t, err)
	wantMembers(t, st, 1)
}

// archiveAnew: one that is tried again has its members handed in again, and what
// came in with it the first time did so the second time.
func archiveAnew(t *testing.T, st library.Store) {
	ctx := t.Context()
	add(t, st, 1)
	add(t, st, 3) // a neighbour
	for _, n := range []int{1, 3} {
		_, err := st.BeginArchive(ctx, SourceID(n))
		Must(t, err)
	}
	_, _, err := st.AddMembers(ctx, SourceID(3), []library.Member{{Path: "its own", Reason: &library.Reason{Code: "link", Message: "x"}}}, nil)
	Must(t, err)
	handIn := func() {
		t.Helper()
		first, s := memberOf(1, 11, "a.txt")
		_, _, err := st.AddMembers(ctx, SourceID(1), []library.Member{first}, s)
		Must(t, err)
		twin, s := memberOf(1, 11, "twin.txt")
		twin.Number = 1
		_, _, err = st.AddMembers(ctx, SourceID(1), []library.Member{twin}, s)
		Must(t, err)
	}
	handIn()
	_, _, err = st.RecordFailure(ctx, SourceID(1), library.Reason{Code: "bomb", Message: "x"}, 0, At(0).AddDate(-100, 0, 0), At(1))
	Must(t, err)
	wantMembers(t, st, 1, "0 a.txt "+string(SourceID(11)), "1 twin.txt known "+string(SourceID(11)))
	_, err = st.Cancel(ctx, SourceID(1))
	Must(t, err)
	a, _, err := st.Requeue(ctx, SourceID(1), At(2))
	if err != nil || a.Archive != nil || a.Type != library.TypeArchive {
		t.Errorf("%+v, %v", a, err)
	}
	wantMembers(t, st, 1)
	wantMembers(t, st, 3, "0 its own left")
	_, err = st.BeginArchive(ctx, SourceID(1))
	Must(t, err)
	handIn()
	if a, err = st.Source(ctx, SourceID(1)); err != nil || *a.Archive != (library.Contents{Members: 2, Added: 1, Known: 1}) {
		t.Errorf("%+v, %v", a.Archive, err)
	}
}

func wantMembers(t *testing.T, st library.Store, archive int, want ...string) {
	t.Helper()
	for from := range len(want) + 1 {
		members, err := st.Members(t.Context(), SourceID(archive), from, 100)
		Must(t, err)
		got := []string{}
		for _, m := range members {
			s := fmt.Sprint(m.Number, " ", m.Path)
			if m.Known {
				s += " known"
			}
			if m.Reason != nil {
				s += " left"
			}
			if m.Source != "" {
				s += " " + string(m.Source)
			}
			got = append(got, s)
		}
		if !reflect.DeepEqual(got, append([]string{}, want[from:]...)) {
			t.Errorf("from %d: %q, want %q", from, got, want[from:])
		}
	}
}
