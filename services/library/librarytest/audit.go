package librarytest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// Audit runs the suite of library.Audit; open returns an empty one.
func Audit(t *testing.T, open func(testing.TB) library.Audit) {
	t.Run("events", func(t *testing.T) { events(t, open(t)) })
	t.Run("repeats", func(t *testing.T) { repeats(t, open(t)) })
	t.Run("flood", func(t *testing.T) { flood(t, open(t)) })
	t.Run("bounds", func(t *testing.T) { bounds(t, open(t)) })
}

func record(t testing.TB, a library.Audit, e library.AuditEntry) {
	t.Helper()
	if err := a.Record(t.Context(), e); err != nil {
		t.Error(err)
	}
}

func list(t testing.TB, a library.Audit, k library.AuditKind) library.List[library.AuditEntry] {
	t.Helper()
	l, err := a.Events(t.Context(), library.AuditFilter{Kind: k}, library.Page{Limit: 200})
	Must(t, err)
	return l
}

func events(t *testing.T, a library.Audit) {
	if l := list(t, a, ""); l.Total != 0 || len(l.Items) != 0 || l.Next != "" {
		t.Errorf("an empty log holds %+v", l)
	}
	whole := library.AuditEntry{
		Time: At(1), Kind: library.AuditSessionEnded, Who: library.BySession, Client: "192.0.2.7", Agent: "A browser", Detail: "Another browser",
	}
	record(t, a, whole)
	got := list(t, a, "").Items[0]
	whole.ID, whole.Count, whole.Last = got.ID, 1, whole.Time
	if got != whole || got.ID == "" {
		t.Errorf("%+v\nwant %+v", got, whole)
	}
	var all, signIns []time.Time
	all = append(all, At(1))
	for n := range 25 {
		kind := library.AuditSignIn
		if n%3 == 0 {
			kind = library.AuditSignOut
		} else {
			signIns = append([]time.Time{At(2 + n)}, signIns...)
		}
		record(t, a, library.AuditEntry{Time: At(2 + n), Kind: kind, Who: library.BySession})
		all = append([]time.Time{At(2 + n)}, all...)
	}
	for kind, want := range map[library.AuditKind][]time.Time{"": all, library.AuditSignIn: signIns, library.AuditSetup: nil} {
		for _, limit := range []int{0, 1, 7, 200} {
			wantPages(t, want, limit, func(p library.Page) (library.List[time.Time], error) {
				l, err := a.Events(t.Context(), library.AuditFilter{Kind: kind}, p)
				out := library.List[time.Time]{Total: l.Total, Next: l.Next}
				for _, e := range l.Items {
					out.Items = append(out.Items, e.Time)
				}
				return out, err
			})
		}
	}
	// A page stands where it stood when something newer happens.
	first, err := a.Events(t.Context(), library.AuditFilter{}, library.Page{Limit: 10})
	Must(t, err)
	record(t, a, library.AuditEntry{Time: At(59), Kind: library.AuditSetup})
	second, err := a.Events(t.Context(), library.AuditFilter{}, library.Page{Limit: 10, Cursor: first.Next})
	Must(t, err)
	if !second.Items[0].Time.Equal(all[10]) {
		t.Errorf("the next page begins with %+v", second.Items[0])
	}
	for _, cursor := range []string{"x", "00", "no such", "00000000000000001"} {
		_, err := a.Events(t.Context(), library.AuditFilter{}, library.Page{Cursor: cursor})
		WantKind(t, err, library.Invalid)
	}
}

// repeats: what one client does again and again is one entry for each hour,
// and hides nothing that others did.
func repeats(t *testing.T, a library.Audit) {
	for n := range 30 {
		record(t, a, library.AuditEntry{Time: At(n), Kind: library.AuditSignInFailed, Who: library.ByStranger, Client: fmt.Sprint("192.0.2.", n%2)})
	}
	record(t, a, library.AuditEntry{Time: At(30), Kind: library.AuditSetupFailed, Client: "192.0.2.0"})
	record(t, a, library.AuditEntry{Time: At(31), Kind: library.AuditSignIn, Client: "192.0.2.0"})
	record(t, a, library.AuditEntry{Time: At(32), Kind: library.AuditSignIn, Client: "192.0.2.0"})
	l := list(t, a, library.AuditSignInFailed)
	if l.Total != 2 || l.Items[0].Count != 15 || !l.Items[0].Time.Equal(At(1)) || !l.Items[0].Last.Equal(At(29)) || l.Items[0].Client != "192.0.2.1" {
		t.Errorf("%+v", l)
	}
	if l := list(t, a, ""); l.Total != 5 {
		t.Errorf("%d entries, want 2 of failures, one of a wrong code, and each sign-in", l.Total)
	}
	record(t, a, library.AuditEntry{Time: At(0).Add(library.AuditSpan), Kind: library.AuditSignInFailed, Client: "192.0.2.0"})
	if l := list(t, a, library.AuditSignInFailed); l.Total != 3 || l.Items[0].Count != 1 {
		t.Errorf("after an hour: %+v", l)
	}
}

// flood: many clients fill no more than their share of an hour, counted to the
// last one.
func flood(t *testing.T, a library.Audit) {
	const many = 500
	for n := range many {
		record(t, a, library.AuditEntry{
			Time: At(n / 10), Kind: library.AuditSignInFailed, Who: library.ByStranger, Client: fmt.Sprintf("198.51.%d.%d", n/250, n%250), Agent: "flood",
		})
	}
	l := list(t, a, library.AuditSignInFailed)
	if l.Total != library.AuditClients+1 {
		t.Errorf("%d clients fill %d entries", many, l.Total)
	}
	sum := 0
	for _, e := range l.Items {
		sum += e.Count
	}
	if rest := l.Items[0]; sum != many || rest.Client != "" || rest.Agent != "" {
		t.Errorf("%d were counted; those together are %+v", sum, rest)
	}
}

// bounds: age and number bound the log, and repeats cannot push out the rest.
func bounds(t *testing.T, a library.Audit) {
	record(t, a, library.AuditEntry{Time: At(0), Kind: library.AuditSetup})
	record(t, a, library.AuditEntry{Time: At(1), Kind: library.AuditSignIn, Detail: "kept"})
	// At once, but none so late that it falls among AuditClients newer ones.
	var wg sync.WaitGroup
	const writers = library.AuditClients / 2
	for round := 0; round < library.AuditRepeats+2*writers; round += writers {
		for n := round; n < round+writers; n++ {
			wg.Go(func() {
				record(t, a, library.AuditEntry{Time: At(0).Add(time.Duration(n) * 12 * time.Minute), Kind: library.AuditSignInFailed, Client: fmt.Sprint(n)})
			})
		}
		wg.Wait()
	}
	if l := list(t, a, library.AuditSignInFailed); l.Total != library.AuditRepeats {
		t.Errorf("%d entries that repeat", l.Total)
	}
	if l := list(t, a, library.AuditSignIn); l.Total != 1 || l.Items[0].Detail != "kept" {
		t.Errorf("repeats pushed out %+v", l)
	}
	record(t, a, library.AuditEntry{Time: At(2).Add(library.AuditAge), Kind: library.AuditSignIn, Detail: "new"})
	if l := list(t, a, library.AuditSetup); l.Total != 0 {
		t.Errorf("an entry older than a year stays: %+v", l)
	}
	if l := list(t, a, library.AuditSignIn); l.Total != 1 || l.Items[0].Detail != "new" {
		t.Errorf("%+v", l)
	}
}
