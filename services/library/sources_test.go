package library_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coffer/services/library"
	"coffer/services/library/librarytest"
)

func TestAdd(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s, created, err := r.Add(t.Context(), `C:\Users\ada\Zusammenfassung_2024.pdf`, strings.NewReader("bytes"))
		librarytest.Must(t, err)
		if !created || s.Title != "Zusammenfassung 2024" || s.FileName != "Zusammenfassung_2024.pdf" || s.Status != library.StatusQueued ||
			s.Size != 5 || len(s.SHA256) != 64 || !s.AddedAt.Equal(time.Now()) || s.AddedAt.Location() != time.UTC {
			t.Errorf("%+v", s)
		}
		again, created, err := r.Add(t.Context(), "other name.txt", strings.NewReader("bytes"))
		if err != nil || created || again.ID != s.ID || again.Title != s.Title {
			t.Errorf("%+v, %v, %v", again, created, err)
		}
		_, f, err := r.Original(t.Context(), s.ID)
		librarytest.Must(t, err)
		defer f.Close()
		if b, err := io.ReadAll(f); err != nil || string(b) != "bytes" {
			t.Errorf("%q, %v", b, err)
		}
		for kind, body := range map[library.Kind]io.Reader{
			library.Invalid:  strings.NewReader(""),
			library.TooLarge: io.LimitReader(zeros{}, 1<<20+1),
		} {
			_, _, err := r.Add(t.Context(), "x", body)
			librarytest.WantKind(t, err, kind)
		}
		if _, _, err := r.Add(t.Context(), "x", io.LimitReader(zeros{}, 1<<20)); err != nil {
			t.Errorf("at the limit: %v", err)
		}
		for _, q := range []string{"bytes", ""} {
			_, err := r.Search(t.Context(), library.Query{Text: q})
			librarytest.WantKind(t, err, map[bool]library.Kind{true: library.Invalid}[q == ""])
		}
		if got, want := r.Activity(), (library.Activity{Added: 2, Known: 1, Bytes: 1<<20 + 10, Searches: 1}); got != want {
			t.Errorf("counted %+v, want %+v", got, want)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAddText(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s, created, err := r.AddText(t.Context(), " On  and/or\toff ", "# Another title\n\nText.")
		librarytest.Must(t, err)
		if !created || s.Title != "On and/or off" || s.FileName != "On and-or off.md" {
			t.Errorf("%+v", s)
		}
		reading := librarytest.Reading(library.TypeMarkdown, 1)
		reading.Title = "Another title"
		librarytest.Must(t, r.Complete(t.Context(), r.lease().ID, reading))
		if got, _ := r.Source(t.Context(), s.ID); got.Title != "On and/or off" {
			t.Errorf("a note's title became %q", got.Title)
		}
		for _, c := range []struct {
			title, text, field string
			kind               library.Kind
		}{
			{"", "x", "title", library.Invalid}, {" \n", "x", "title", library.Invalid}, {"\x00", "x", "title", library.Invalid},
			{strings.Repeat("ü", 501), "x", "title", library.Invalid},
			{"x", "", "text", library.Invalid}, {"x", " \n\t", "text", library.Invalid}, {"x", "\xff", "text", library.Invalid},
			{"x", strings.Repeat("x", library.MaxNote+1), "text", library.TooLarge},
		} {
			_, _, err := r.AddText(t.Context(), c.title, c.text)
			librarytest.WantKind(t, err, c.kind)
			if e, _ := errors.AsType[*library.Error](err); e.Field != c.field || e.Hint == "" {
				t.Errorf("%q: field %s, hint %q", c.title, e.Field, e.Hint)
			}
		}
	})
}

func TestRename(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		got, err := r.Rename(t.Context(), s.ID, "  e\u0301tude ")
		if err != nil || got.Title != "\u00e9tude" {
			t.Errorf("%q, %v", got.Title, err)
		}
		for _, bad := range []string{"", " ", strings.Repeat("x", 501), "\u202e"} {
			_, err := r.Rename(t.Context(), s.ID, bad)
			librarytest.WantKind(t, err, library.Invalid)
		}
		_, err = r.Rename(t.Context(), "no such", "x")
		librarytest.WantKind(t, err, library.NotFound)
	})
}

func TestDelete(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.add(1)
		r.complete(r.lease())
		synctest.Wait()
		librarytest.Must(t, r.Delete(t.Context(), s.ID))
		_, err := r.Source(t.Context(), s.ID)
		librarytest.WantKind(t, err, library.NotFound)
		_, _, err = r.Original(t.Context(), s.ID)
		librarytest.WantKind(t, err, library.NotFound)
		_, err = r.blobs.Open(s.SHA256)
		librarytest.WantKind(t, err, library.NotFound)
		librarytest.WantKind(t, r.Delete(t.Context(), s.ID), library.NotFound)

		// On a full disk the original makes the room that the store needs.
		s = r.add(2)
		r.store.remove = func() error {
			if f, err := r.blobs.Open(s.SHA256); err == nil {
				f.Close()
				return &library.Error{Kind: library.Full, Message: "The disk is full."}
			}
			return nil
		}
		librarytest.Must(t, r.Delete(t.Context(), s.ID))
		_, err = r.Source(t.Context(), s.ID)
		librarytest.WantKind(t, err, library.NotFound)
	})
}

// Lists agree with what one source says of itself while it is read.
func TestProcessingIsListed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.halt() // the index does not follow: what is committed stays unsettled
		var all []library.SourceID
		for n := range 6 {
			all = append(all, r.add(n).ID)
			time.Sleep(time.Millisecond)
		}
		slices.Reverse(all)
		r.complete(r.lease()) // all[5] settles
		r.lease()             // all[4] is read
		for _, c := range []struct {
			f    library.SourceFilter
			want []library.SourceID
		}{
			{library.SourceFilter{}, all},
			{library.SourceFilter{Status: "queued"}, all[:4]},
			{library.SourceFilter{Status: "processing"}, all[4:]},
			{library.SourceFilter{Status: "ready"}, nil},
			{library.SourceFilter{Status: "processing", Type: "text"}, all[5:]},
			{library.SourceFilter{Status: "queued", Type: "text"}, nil},
			{library.SourceFilter{Type: "text"}, all[5:]},
			{library.SourceFilter{Status: "failed"}, nil},
		} {
			for _, limit := range []int{1, 2, 50} {
				var got []library.SourceID
				for p := (library.Page{Limit: limit}); ; {
					l, err := r.Sources(t.Context(), c.f, p)
					librarytest.Must(t, err)
					if l.Total != len(c.want) {
						t.Errorf("%+v: total %d, want %d", c.f, l.Total, len(c.want))
					}
					for _, s := range l.Items {
						got = append(got, s.ID)
						if one, err := r.Source(t.Context(), s.ID); err != nil || one.Status != s.Status {
							t.Errorf("%+v: listed as %s, is %s, %v", c.f, s.Status, one.Status, err)
						}
					}
					if p.Cursor = l.Next; p.Cursor == "" {
						break
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%+v in steps of %d: %v, want %v", c.f, limit, got, c.want)
				}
			}
		}
		counts, err := r.SourceCounts(t.Context())
		librarytest.Must(t, err)
		for f, n := range map[library.SourceFilter]int{
			{Status: "queued"}: 4, {Status: "processing"}: 1, {Status: "processing", Type: "text"}: 1, {Status: "ready", Type: "text"}: 0,
		} {
			if counts[f] != n {
				t.Errorf("%+v: counted %d, want %d", f, counts[f], n)
			}
		}
		for _, p := range []library.Page{{Limit: -1}, {Limit: 201}, {Cursor: strings.Repeat("x", 300)}} {
			_, err := r.Sources(t.Context(), library.SourceFilter{}, p)
			librarytest.WantKind(t, err, library.Invalid)
			_, err = r.Jobs(t.Context(), p)
			librarytest.WantKind(t, err, library.Invalid)
		}
	})
}

func TestJobs(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var ids []library.SourceID
		for n := range 7 {
			ids = append(ids, r.add(n).ID)
			time.Sleep(time.Millisecond)
		}
		r.complete(r.lease()) // 0 is done
		time.Sleep(time.Millisecond)
		librarytest.Must(t, r.Fail(t.Context(), r.lease().ID, library.Failure{})) // 1 failed
		r.lease()
		r.lease() // 2 and 3 run
		want := []library.SourceID{ids[3], ids[2], ids[6], ids[5], ids[4], ids[1], ids[0]}
		for limit := 1; limit < 9; limit++ {
			var got []library.SourceID
			for p := (library.Page{Limit: limit}); ; {
				l, err := r.Jobs(t.Context(), p)
				librarytest.Must(t, err)
				if l.Total != len(want) || len(l.Items) > limit {
					t.Fatalf("%d of %d", len(l.Items), l.Total)
				}
				for _, j := range l.Items {
					got = append(got, j.Source)
					if j.Title == "" {
						t.Errorf("no title: %+v", j)
					}
				}
				if p.Cursor = l.Next; p.Cursor == "" || len(got) > len(want) {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("in steps of %d: %v, want %v", limit, got, want)
			}
		}
		for _, cursor := range []string{"x", "q1", "fzz", "\x00"} {
			_, err := r.Jobs(t.Context(), library.Page{Cursor: cursor})
			librarytest.WantKind(t, err, library.Invalid)
		}
	})
}
