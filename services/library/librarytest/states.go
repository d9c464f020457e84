package librarytest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"coffer/services/library"
)

// states tries every step from every state. The empty kind means that it is
// allowed.
func states(t *testing.T, st library.Store) {
	const refused, gone = library.Conflict, library.NotFound
	reason := library.Reason{Code: "malformed", Message: "It is broken."}
	steps := []struct {
		name string
		do   func(library.SourceID) error
	}{
		{"commit", func(id library.SourceID) error {
			_, _, err := st.Commit(t.Context(), id, Reading(library.TypeText, 1), At(5))
			return err
		}},
		{"fail", func(id library.SourceID) error {
			_, _, err := st.RecordFailure(t.Context(), id, reason, 1, time.Time{}, At(5))
			return err
		}},
		{"wait", func(id library.SourceID) error {
			_, _, err := st.RecordFailure(t.Context(), id, reason, 1, At(9), At(5))
			return err
		}},
		{"cancel", func(id library.SourceID) error { _, err := st.Cancel(t.Context(), id); return err }},
		{"requeue", func(id library.SourceID) error { _, _, err := st.Requeue(t.Context(), id, At(6)); return err }},
		{"delete", func(id library.SourceID) error { _, _, err := st.DeleteSource(t.Context(), id); return err }},
	}
	n := 0
	for _, c := range []struct {
		path []string // the steps that lead there
		end  library.Status
		want []library.Kind // commit, fail, wait, cancel, requeue, delete
	}{
		{nil, library.StatusQueued, []library.Kind{"", "", "", "", refused, ""}},
		{[]string{"wait"}, library.StatusQueued, []library.Kind{"", "", "", "", refused, ""}},
		{[]string{"commit"}, library.StatusReady, []library.Kind{refused, refused, refused, refused, refused, ""}},
		{[]string{"fail"}, library.StatusFailed, []library.Kind{refused, refused, refused, refused, "", ""}},
		{[]string{"cancel"}, library.StatusCancelled, []library.Kind{refused, refused, refused, refused, "", ""}},
		{[]string{"fail", "requeue"}, library.StatusQueued, []library.Kind{"", "", "", "", refused, ""}},
		{[]string{"wait", "cancel", "requeue"}, library.StatusQueued, []library.Kind{"", "", "", "", refused, ""}},
		{[]string{"delete"}, "", []library.Kind{gone, gone, gone, gone, gone, gone}},
	} {
		for i, step := range steps {
			t.Run(fmt.Sprintf("%v/%s", c.path, step.name), func(t *testing.T) {
				n++
				id := add(t, st, n).ID
				for _, name := range c.path {
					for _, s := range steps {
						if s.name == name {
							Must(t, s.do(id))
						}
					}
				}
				before, err := st.Source(t.Context(), id)
				if c.end != "" && (err != nil || before.Status != c.end) {
					t.Fatalf("%v leads to %s, %v", c.path, before.Status, err)
				}
				WantKind(t, step.do(id), c.want[i])
				if after, _ := st.Source(t.Context(), id); c.want[i] != "" && !reflect.DeepEqual(after, before) {
					t.Errorf("a refused step changed %+v to %+v", before, after)
				}
			})
		}
	}
}

func passages(t *testing.T, st library.Store) {
	ctx := t.Context()
	// Neighbours whose keys must not run into each other.
	for n := range 3 {
		add(t, st, n)
		_, _, err := st.Commit(ctx, SourceID(n), Reading(library.TypePDF, 300), At(n))
		Must(t, err)
	}
	want := Reading(library.TypePDF, 300).Passages
	for _, c := range []struct{ from, n, first, count int }{
		{0, 300, 0, 300}, {0, 1000, 0, 300}, {0, 1, 0, 1}, {255, 3, 255, 3}, {299, 5, 299, 1},
		{300, 5, 0, 0}, {1 << 40, 5, 0, 0}, {-1, 5, 0, 0}, {5, 0, 0, 0},
	} {
		got, err := st.Passages(ctx, SourceID(1), c.from, c.n)
		Must(t, err)
		if len(got) != c.count {
			t.Fatalf("%d from %d: %d passages, want %d", c.n, c.from, len(got), c.count)
		}
		for i, p := range got {
			w := want[c.first+i]
			w.Source = SourceID(1)
			if p != w {
				t.Fatalf("passage %+v, want %+v", p, w)
			}
		}
	}
	_, err := st.Passages(ctx, "no such", 0, 1)
	WantKind(t, err, library.NotFound)
	if p, err := st.Passages(ctx, add(t, st, 9).ID, 0, 9); err != nil || len(p) > 0 {
		t.Errorf("a queued source has passages %v, %v", p, err)
	}
}

func jobs(t *testing.T, st library.Store) {
	ctx := t.Context()
	for n := range 6 {
		add(t, st, n)
	}
	reason := library.Reason{Code: "crashed", Message: "It broke its reader."}
	_, job, err := st.RecordFailure(ctx, SourceID(1), reason, 2, At(40), At(10))
	Must(t, err)
	if job.State != library.JobWaiting || job.Attempts != 2 || !job.NotBefore.Equal(At(40)) {
		t.Errorf("a job that waits: %+v", job)
	}
	_, _, err = st.Commit(ctx, SourceID(4), Reading(library.TypeText, 1), At(11))
	Must(t, err)
	_, job, err = st.RecordFailure(ctx, SourceID(2), reason, 3, time.Time{}, At(12))
	Must(t, err)
	if job.State != library.JobFailed || job.Attempts != 3 || *job.Reason != reason {
		t.Errorf("a job that failed: %+v", job)
	}
	var queue []library.Job
	Must(t, st.Queue(ctx, func(j library.Job) error { queue = append(queue, j); return nil }))
	wantJobs(t, queue, 0, 1, 3, 5)
	if j := queue[1]; j.Attempts != 2 || !j.NotBefore.Equal(At(40)) {
		t.Errorf("the queue forgets attempts: %+v", j)
	}
	if j := queue[0]; !j.UpdatedAt.Equal(At(0)) || !j.NotBefore.IsZero() {
		t.Errorf("the queue makes up times: %+v", j)
	}
	ids := func(state library.JobState) func(library.Page) (library.List[library.SourceID], error) {
		return func(p library.Page) (library.List[library.SourceID], error) {
			l, err := st.Jobs(ctx, state, p)
			out := library.List[library.SourceID]{Total: l.Total, Next: l.Next}
			for _, j := range l.Items {
				out.Items = append(out.Items, j.Source)
			}
			return out, err
		}
	}
	for _, limit := range []int{1, 2, 3, 50} {
		wantPages(t, []library.SourceID{SourceID(5), SourceID(3), SourceID(1), SourceID(0)}, limit, ids(library.JobWaiting))
		wantPages(t, []library.SourceID{SourceID(2), SourceID(4)}, limit, ids(library.JobDone))
	}
	for _, cursor := range []string{"x", "zzzzzzzzzzzzzzzzzzzzzzzz", "0123"} {
		_, err := st.Jobs(ctx, library.JobDone, library.Page{Cursor: cursor})
		WantKind(t, err, library.Invalid)
	}
	wantCounts(t, st, 4, 1, 1)
	l, err := st.Jobs(ctx, library.JobDone, library.Page{})
	Must(t, err)
	if j := l.Items[0]; j.Title != "Source 2" || j.State != library.JobFailed || !j.UpdatedAt.Equal(At(12)) || *j.Reason != reason {
		t.Errorf("a finished job: %+v", j)
	}
	Must(t, st.PruneJobs(ctx, At(12)))
	wantCounts(t, st, 4, 0, 1)
	Must(t, st.PruneJobs(ctx, At(13)))
	wantCounts(t, st, 4, 0, 0)
	if s, err := st.Source(ctx, SourceID(2)); err != nil || s.Status != library.StatusFailed || *s.Reason != reason {
		t.Errorf("pruning changed a source: %+v, %v", s, err)
	}
	_, job, err = st.Requeue(ctx, SourceID(2), At(14))
	Must(t, err)
	if job.Attempts != 0 || !job.NotBefore.IsZero() || !job.UpdatedAt.Equal(At(14)) {
		t.Errorf("a fresh job: %+v", job)
	}
	_, _, err = st.DeleteSource(ctx, SourceID(0))
	Must(t, err)
	wantCounts(t, st, 4, 0, 0)
}

func wantJobs(t *testing.T, got []library.Job, want ...int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d jobs, want %d", len(got), len(want))
	}
	for i, n := range want {
		if got[i].Source != SourceID(n) {
			t.Errorf("job %d is %s, want %s", i, got[i].Source, SourceID(n))
		}
	}
}

func wantCounts(t *testing.T, st library.Store, waiting, done, failed int) {
	t.Helper()
	got, err := st.JobCounts(t.Context())
	Must(t, err)
	want := map[library.JobState]int{library.JobWaiting: waiting, library.JobDone: done, library.JobFailed: failed}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
}

// changes checks that only the latest of each source is kept, in order.
func changes(t *testing.T, st library.Store) {
	ctx := t.Context()
	wantChanges(t, st, 0)
	for n := range 4 {
		add(t, st, n)
		_, seq, err := st.Commit(ctx, SourceID(n), Reading(library.TypeText, 1), At(n))
		Must(t, err)
		if last, err := st.LastChange(ctx); err != nil || seq != last {
			t.Errorf("commit %d has sequence %d, the last is %d, %v", n, seq, last, err)
		}
	}
	add(t, st, 5)
	_, err := st.SetTitle(ctx, SourceID(5), "not read yet: nothing to follow")
	Must(t, err)
	wantChanges(t, st, 0, "+0", "+1", "+2", "+3")
	_, err = st.SetTitle(ctx, SourceID(1), "renamed")
	Must(t, err)
	wantChanges(t, st, 0, "+0", "+2", "+3", "+1")
	_, _, err = st.DeleteSource(ctx, SourceID(2))
	Must(t, err)
	_, _, err = st.DeleteSource(ctx, SourceID(5))
	Must(t, err)
	wantChanges(t, st, 0, "+0", "+3", "+1", "-2")
	wantChanges(t, st, 5, "-2")
	last, err := st.LastChange(ctx)
	Must(t, err)
	Must(t, st.ForgetDeleted(ctx, last-1))
	wantChanges(t, st, 5, "-2")
	Must(t, st.ForgetDeleted(ctx, last))
	wantChanges(t, st, 0, "+0", "+3", "+1")
	if again, err := st.LastChange(ctx); err != nil || again != last {
		t.Errorf("forgetting moved the last change from %d to %d, %v", last, again, err)
	}
	_, err = st.SetTitle(ctx, SourceID(0), "renamed too")
	Must(t, err)
	wantChanges(t, st, last, "+0")
}

func wantChanges(t *testing.T, st library.Store, after uint64, want ...string) {
	t.Helper()
	all, err := st.Changes(t.Context(), after, 100)
	Must(t, err)
	var got []string
	for i, c := range all {
		sign := "+"
		if c.Deleted {
			sign = "-"
		}
		got = append(got, sign+string(c.Source[len(c.Source)-1:]))
		if c.Seq <= after || i > 0 && c.Seq <= all[i-1].Seq {
			t.Errorf("sequences do not grow: %v", all)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("changes after %d: %v, want %v", after, got, want)
	}
	if some, err := st.Changes(t.Context(), after, 1); err != nil || len(some) != min(1, len(want)) {
		t.Errorf("one change wanted: %v, %v", some, err)
	}
}

// deletion leaves nothing behind, and lets the same content come again.
func deletion(t *testing.T, st library.Store) {
	ctx := t.Context()
	for n := range 3 {
		add(t, st, n)
		_, _, err := st.Commit(ctx, SourceID(n), Reading(library.TypeText, 40), At(n))
		Must(t, err)
	}
	s, orphaned, err := st.DeleteSource(ctx, SourceID(1))
	if err != nil || !orphaned || s.SHA256 != Hash(1) {
		t.Fatalf("%+v, %v, %v", s, orphaned, err)
	}
	_, err = st.Passages(ctx, SourceID(1), 0, 1)
	WantKind(t, err, library.NotFound)
	_, err = st.BySHA256(ctx, Hash(1))
	WantKind(t, err, library.NotFound)
	_, _, err = st.DeleteSource(ctx, SourceID(1))
	WantKind(t, err, library.NotFound)
	for _, n := range []int{0, 2} {
		if p, err := st.Passages(ctx, SourceID(n), 0, 100); err != nil || len(p) != 40 {
			t.Errorf("a neighbour has %d passages, %v", len(p), err)
		}
	}
	wantCounts(t, st, 0, 2, 0)
	again := Source(9)
	again.SHA256 = Hash(1)
	if _, created, err := st.AddSource(ctx, again); err != nil || !created {
		t.Errorf("deleted content cannot come again: %v, %v", created, err)
	}
	if p, err := st.Passages(ctx, SourceID(9), 0, 100); err != nil || len(p) > 0 {
		t.Errorf("it came back with %d old passages, %v", len(p), err)
	}
}

// cancelled sources lose their job, and get a fresh one when queued again.
func cancelled(t *testing.T, st library.Store) {
	ctx := t.Context()
	add(t, st, 1)
	_, _, err := st.RecordFailure(ctx, SourceID(1), library.Reason{Code: "crashed", Message: "x"}, 2, At(90), At(1))
	Must(t, err)
	s, err := st.Cancel(ctx, SourceID(1))
	if err != nil || s.Status != library.StatusCancelled || s.Reason != nil {
		t.Errorf("%+v, %v", s, err)
	}
	wantCounts(t, st, 0, 0, 0)
	_, j, err := st.Requeue(ctx, SourceID(1), At(2))
	if err != nil || j.Attempts != 0 || j.Reason != nil {
		t.Errorf("%+v, %v", j, err)
	}
	wantCounts(t, st, 1, 0, 0)
}
