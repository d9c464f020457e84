package library_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func member(n int) library.Member {
	return library.Member{Number: n, Path: fmt.Sprintf("in/%d.txt", n)}
}

func leftOut(n int) library.Member {
	return library.Member{Number: n, Path: fmt.Sprintf("%d.png", n), Reason: &library.Reason{Code: "unsupported", Message: "A picture."}}
}

func (r *rig) archive() (library.Source, library.Lease) {
	r.t.Helper()
	s, _, err := r.Add(r.t.Context(), "a.zip", strings.NewReader("PK an archive"))
	librarytest.Must(r.t, err)
	l := r.lease()
	if l.Source != s.ID || l.Archive || l.Known != 0 {
		r.t.Fatalf("%+v", l)
	}
	librarytest.Must(r.t, r.Unpack(r.t.Context(), l.ID))
	return s, l
}

func (r *rig) give(l library.Lease, left []library.Member, m library.Member) error {
	return r.AddMember(r.t.Context(), l.ID, left, m, strings.NewReader("the text of "+m.Path))
}

// A kill between any two of its members costs nothing: the next lease says how
// many are there, and a box that starts again has their jobs.
func TestArchiveSurvivesKills(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s, l := r.archive()
		ctx := t.Context()
		librarytest.Must(t, r.give(l, []library.Member{leftOut(0)}, member(1)))
		for n := 2; n < 5; n++ {
			r.reopen() // the process is gone, and its leases
			l = r.lease()
			for l.Source != s.ID {
				r.complete(l)
				l = r.lease()
			}
			if !l.Archive || l.Known != n {
				t.Fatalf("%d members are there: %+v", n, l)
			}
			librarytest.Must(t, r.give(l, nil, member(n)))
			// Handed in once more, as by somebody who did not hear the answer.
			librarytest.Must(t, r.give(l, nil, member(n)))
		}
		librarytest.Must(t, r.Leave(ctx, l.ID, []library.Member{leftOut(5), leftOut(6)}))
		librarytest.WantKind(t, r.CompleteArchive(ctx, l.ID, 8, nil), library.Invalid) // one is missing
		librarytest.Must(t, r.CompleteArchive(ctx, l.ID, 7, nil))
		got, err := r.Source(ctx, s.ID)
		if err != nil || *got.Archive != (library.Contents{Members: 7, Added: 4, Left: 3}) {
			t.Errorf("%+v, %v", got.Archive, err)
		}
		text, err := r.Passages(ctx, s.ID, 0, 9)
		if err != nil || len(text) != 1 || text[0].Text != "0.png\nin/1.txt\nin/2.txt\nin/3.txt\nin/4.txt\n5.png\n6.png" {
			t.Errorf("%+v, %v", text, err)
		}
		all, err := r.Sources(ctx, library.SourceFilter{}, library.Page{})
		if err != nil || all.Total != 5 {
			t.Errorf("%d sources, %v", all.Total, err)
		}
	})
}

// Who holds no lease of the archive adds nothing, and what is out of order or
// malformed is refused.
func TestMembersNeedALease(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s, l := r.archive()
		ctx := t.Context()
		for name, members := range map[string][]library.Member{
			"a gap":         {leftOut(1)},
			"out of order":  {leftOut(0), leftOut(2)},
			"no path":       {{Reason: leftOut(0).Reason}},
			"a long path":   {{Path: strings.Repeat("p", library.MaxPath+1), Reason: leftOut(0).Reason}},
			"not UTF-8":     {{Path: "\xff", Reason: leftOut(0).Reason}},
			"negative":      {leftOut(-1)},
			"beyond":        {leftOut(library.MaxMembers)},
			"many together": make([]library.Member, library.MaxMembersAtOnce+2),
		} {
			if err := r.Leave(ctx, l.ID, members); !errors.Is(err, &library.Error{Kind: library.Invalid}) {
				t.Errorf("%s: %v", name, err)
			}
		}
		librarytest.Must(t, r.give(l, nil, member(0)))
		other := r.add(1)
		o := r.lease()
		if o.Source == other.ID {
			librarytest.WantKind(t, r.give(o, nil, member(0)), library.Invalid) // it is no archive
		}
		for _, c := range []struct {
			name string
			end  func() error
		}{
			{"stopped", func() error { _, err := r.Cancel(ctx, s.ID); return err }},
			{"deleted", func() error { return r.Delete(ctx, s.ID) }},
		} {
			librarytest.Must(t, c.end())
			for what, err := range map[string]error{
				"member": r.give(l, nil, member(1)), "left": r.Leave(ctx, l.ID, []library.Member{leftOut(1)}), "plan": r.Plan(ctx, l.ID, 1, 1),
				"begin": r.Unpack(ctx, l.ID), "end": r.CompleteArchive(ctx, l.ID, 1, nil),
			} {
				if !errors.Is(err, &library.Error{Kind: library.NotFound}) {
					t.Errorf("%s, %s: %v", c.name, what, err)
				}
			}
		}
		members, err := r.Sources(ctx, library.SourceFilter{}, library.Page{})
		if err != nil || members.Total != 2 {
			t.Errorf("%d sources, %v", members.Total, err)
		}
	})
}

// full is what no disk has room for.
type full struct{ library.Blobs }

func (full) Free() (int64, error) { return 5e6, nil }

// An archive whose files have no room fails before anything comes in, and says so.
func TestPlanNeedsRoom(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.on(full{r.blobs})
		s, l := r.archive()
		librarytest.Must(t, r.Plan(t.Context(), l.ID, 10, 5e6))
		librarytest.WantKind(t, r.Plan(t.Context(), l.ID, 10, 5e6+1), library.NotFound)
		got, err := r.Source(t.Context(), s.ID)
		if err != nil || got.Status != library.StatusFailed || got.Reason.Code != "no_room" || !strings.Contains(got.Reason.Message, "6 MB, and 5 MB are free") {
			t.Errorf("%+v, %+v, %v", got, got.Reason, err)
		}
	})
}

// brim fills up at its third original.
type brim struct {
	library.Blobs
	left int
}

func (b *brim) Stage(ctx context.Context, r io.Reader, max int64) (library.Staged, error) {
	if b.left--; b.left < 0 {
		return nil, &library.Error{Kind: library.Full, Message: "The disk is full."}
	}
	return b.Blobs.Stage(ctx, r, max)
}

// On a disk that fills up an archive waits, with what came in, and goes on.
func TestArchiveWaitsForRoom(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		disk := &brim{r.blobs, 2}
		r.on(disk)
		s, l := r.archive()
		librarytest.Must(t, r.give(l, nil, member(0)))
		librarytest.WantKind(t, r.give(l, nil, member(1)), library.Full)
		librarytest.WantKind(t, r.give(l, nil, member(1)), library.NotFound) // the lease is void
		r.complete(r.lease())                                                // the member
		if _, ok := r.tryLease(); ok {
			t.Error("it does not wait")
		}
		r.wantStatus(s.ID, library.StatusQueued)
		disk.left = 10
		time.Sleep(time.Minute)
		synctest.Wait()
		if l = r.lease(); l.Source != s.ID || l.Known != 1 {
			t.Errorf("%+v", l)
		}
		librarytest.Must(t, r.give(l, nil, member(1)))
	})
}

// A member over the upload limit is left out, and the rest comes in.
func TestLargeMemberIsLeftOut(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s, l := r.archive()
		librarytest.Must(t, r.AddMember(t.Context(), l.ID, nil, member(0), bytes.NewReader(make([]byte, 1<<20+1))))
		librarytest.Must(t, r.give(l, nil, member(1)))
		m, err := r.Members(t.Context(), s.ID, 0, 9)
		if err != nil || len(m) != 2 || m[0].Reason == nil || m[0].Reason.Code != "too_large" || m[1].Source == "" {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

// Deleting an archive leaves what came in with it, unless the owner says
// otherwise; what was there before stays in any case.
func TestDeleteArchive(t *testing.T) {
	for _, with := range []bool{false, true} {
		bubble(t, func(t *testing.T, r *rig) {
			ctx := t.Context()
			known, _, err := r.Add(ctx, "mine.txt", strings.NewReader("the text of in/1.txt"))
			librarytest.Must(t, err)
			r.complete(r.lease())
			s, l := r.archive()
			for n := range 3 {
				librarytest.Must(t, r.give(l, nil, member(n)))
			}
			if with { // while it is still being taken apart
				librarytest.Must(t, r.DeleteArchive(ctx, s.ID))
				librarytest.WantKind(t, r.give(l, nil, member(3)), library.NotFound)
			} else {
				librarytest.Must(t, r.Delete(ctx, s.ID))
			}
			_, err = r.Source(ctx, s.ID)
			librarytest.WantKind(t, err, library.NotFound)
			all, err := r.Sources(ctx, library.SourceFilter{}, library.Page{})
			if want := map[bool]int{false: 3, true: 1}[with]; err != nil || all.Total != want {
				t.Errorf("with members %v: %d sources, %v", with, all.Total, err)
			}
			r.wantStatus(known.ID, library.StatusReady)
			librarytest.WantKind(t, r.DeleteArchive(ctx, s.ID), library.NotFound)
		})
	}
}

// What came in with another archive is not deleted with this one.
func TestDeleteArchiveSparesOthers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		_, l := r.archive()
		librarytest.Must(t, r.give(l, nil, member(0)))
		librarytest.Must(t, r.CompleteArchive(t.Context(), l.ID, 1, nil))
		r.complete(r.lease())
		second, _, err := r.Add(t.Context(), "b.zip", strings.NewReader("PK another"))
		librarytest.Must(t, err)
		l = r.lease()
		librarytest.Must(t, r.Unpack(t.Context(), l.ID))
		librarytest.Must(t, r.give(l, nil, member(0)))
		librarytest.Must(t, r.DeleteArchive(t.Context(), second.ID))
		all, err := r.Sources(t.Context(), library.SourceFilter{}, library.Page{})
		if err != nil || all.Total != 2 {
			t.Errorf("%d sources, %v", all.Total, err)
		}
	})
}

// A source that is no archive has no members, and is deleted as one that has.
func TestOrdinarySourceHasNoMembers(t *testing.T) {
	r := open(t, t.TempDir())
	s := r.add(1)
	m, err := r.Members(t.Context(), s.ID, 0, 10)
	if err != nil || len(m) > 0 {
		t.Errorf("%v, %v", m, err)
	}
	librarytest.Must(t, r.DeleteArchive(t.Context(), s.ID))
}
