package web

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

const someReason = "This is a picture (PNG), which cannot be read."

// archive adds an archive and takes it apart as a worker does: n texts, a text
// that the box has, and what is left out. end is called under its lease.
func (b *box) archive(name string, n int, end func(library.LeaseID, int)) library.Source {
	b.t.Helper()
	ctx := b.t.Context()
	_, _, err := b.lib.Add(ctx, "known.txt", strings.NewReader("Text that was here."))
	must(b.t, err)
	s, _, err := b.lib.Add(ctx, name, strings.NewReader("PK of "+name))
	must(b.t, err)
	for {
		waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
		l, err := b.lib.Lease(waiting)
		cancel()
		must(b.t, err)
		if l.Source != s.ID {
			b.read(ctx, l, 0)
			continue
		}
		must(b.t, b.lib.Unpack(ctx, l.ID))
		for i := range n {
			path := fmt.Sprintf("letters/<b>letter</b> %d.txt", i)
			must(b.t, b.lib.AddMember(ctx, l.ID, nil, library.Member{Number: i, Path: path}, strings.NewReader(fmt.Sprint("Text of archive letter ", i))))
		}
		must(b.t, b.lib.AddMember(ctx, l.ID, nil, library.Member{Number: n, Path: "known.txt"}, strings.NewReader("Text that was here.")))
		must(b.t, b.lib.Leave(ctx, l.ID, []library.Member{
			{Number: n + 1, Path: "photo.png", Reason: &library.Reason{Code: "unsupported", Message: someReason}},
			{Number: n + 2, Path: "../evil", Reason: &library.Reason{Code: "name", Message: "Its name leads out of the archive."}},
		}))
		end(l.ID, n+3)
		return s
	}
}

func (b *box) ends(trouble *library.Reason) func(library.LeaseID, int) {
	return func(l library.LeaseID, members int) {
		must(b.t, b.lib.CompleteArchive(b.t.Context(), l, members, trouble))
	}
}

// The page of an archive lists what it holds; what came in says where it came
// from, also once the archive is gone.
func TestArchive(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	s := b.archive("papers.zip", 120, b.ends(&library.Reason{Code: "damaged", Message: "It was cut off."}))
	b.reader(0)
	b.wait(string(s.ID))
	at := "/library/" + string(s.ID)
	page, _ := v.get(at)
	has(t, page, "Archive", "What is in it", "123 files · 120 came in · 1 was here already · 2 left out", "It was cut off.",
		"letters/&lt;b&gt;letter&lt;/b&gt; 0.txt", "!<b>letter", "?from=100#contents", "!photo.png", "not lost")
	page, _ = v.get(at + "?from=100")
	has(t, page, "letter&lt;/b&gt; 119.txt", "photo.png", "This kind of file is not read.", "was here already", "?from=0#contents", "!letter&lt;/b&gt; 9.txt")
	page, _ = v.get(at + "?q=photo.png")
	has(t, page, "<mark>photo", "1 of 123 files", "Show all", "!letters/")
	for _, bad := range []string{"-1", "99999", "x"} {
		page, r := v.get(at + "?from=" + bad)
		status(t, r, 200)
		has(t, page, "letter&lt;/b&gt; 0.txt")
	}
	page, _ = v.get("/library?type=archive")
	has(t, page, "papers", "!letter")

	members, err := b.lib.Members(t.Context(), s.ID, 7, 1)
	must(t, err)
	b.wait(string(members[0].Source))
	page, _ = v.get("/?q=" + url.QueryEscape("\"archive letter 7\""))
	has(t, page, "in papers.zip")
	page, _ = v.get("/library/" + string(members[0].Source))
	has(t, page, "From archive", `<a href="`+at+`">papers</a> / letters/&lt;b&gt;letter&lt;/b&gt; 7.txt`)

	v.post("/settings/appearance", url.Values{"language": {"de"}})
	page, _ = v.get(at + "?from=100")
	has(t, page, "123 Dateien · 120 kamen herein · 1 war schon da · 2 ausgelassen", "Diese Art Datei wird nicht gelesen.", "Das Archiv ist beschädigt oder abgeschnitten.")
	v.post("/settings/appearance", url.Values{"language": {"en"}})

	v.post("/library/"+string(members[0].Source)+"/delete", nil)
	page, _ = v.get(at)
	has(t, page, "no longer in the library")
	page, _ = v.get(at + "/delete")
	has(t, page, `name="members"`, "Also delete the 120 documents that came in with it", "stay in the library")
	v.post(at+"/delete", nil)
	members, err = b.lib.Members(t.Context(), s.ID, 8, 1)
	if !isNotFound(err) {
		t.Errorf("%v, %v", members, err)
	}
	page, _ = v.get("/?q=" + url.QueryEscape("\"archive letter 8\""))
	has(t, page, "in papers.zip")
}

func isNotFound(err error) bool {
	e, ok := err.(*library.Error)
	return ok && e.Kind == library.NotFound
}

// With the tick, what came in goes too, and what was here before stays.
func TestDeleteArchiveWithItsMembers(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	s := b.archive("papers.zip", 3, b.ends(nil))
	v.post("/library/"+string(s.ID)+"/delete", url.Values{"members": {"1"}})
	page, _ := v.get("/library")
	has(t, page, ">known<", "!letter", "!papers")
}

// One that is refused says why in the owner's language, and lists what came in.
func TestRefusedArchive(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	s := b.archive("bomb.tgz", 2, func(l library.LeaseID, _ int) {
		_, err := b.lib.Heartbeat(t.Context(), l, library.Progress{Page: 3, Total: 340, Files: true})
		must(t, err)
		all, err := b.lib.Jobs(t.Context(), library.Page{})
		must(t, err)
		page, _ := v.get("/library/" + string(all.Items[0].Source))
		has(t, page, "Taking out file 3 of 340", "come in one after another", "2 came in")
		page, _ = v.get("/activity")
		has(t, page, "Taking out file 3 of 340")
		must(t, b.lib.Fail(t.Context(), l, library.Failure{Reason: library.Reason{Code: "bomb", Message: "More than 250 times its size comes out of the archive."}}))
	})
	page, _ := v.get("/library/" + string(s.ID))
	has(t, page, "More than 250 times", "2 came in", "Retry", "so is what came in before")
	v.post("/settings/appearance", url.Values{"language": {"de"}})
	page, _ = v.get("/library/" + string(s.ID))
	has(t, page, "250-Fache", "2 kamen herein")
}
