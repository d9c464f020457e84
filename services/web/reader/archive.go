package reader

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
)

// perList is how many members of an archive are shown at a time, and atOnce how
// many are read.
const (
	perList = 100
	atOnce  = 500
)

// Contents are the members of an archive as they are shown.
type Contents struct {
	Tally     []string // how many came in, were here, were left out
	AnyLeft   bool
	Trouble   string
	Matching  string // those shown have the words that are looked for
	Members   []Member
	Earlier   string
	Later     string
	ShowAll   string
	StillOpen bool // more may come
}

// Member is one of them.
type Member struct {
	Path template.HTML
	Link string // of its source; empty: it has none
	Size string
	Note string // why it is not here, or is not new
	Left bool
}

// Origin is the archive that a source came in.
type Origin struct {
	Name, Link, Path string // Link is empty once the archive is deleted
}

func (s *Site) origin(c *gin.Context, p *Page, src library.Source) {
	if src.Origin == nil {
		return
	}
	p.Origin = &Origin{Name: src.Origin.Name, Path: src.Origin.Path}
	if a, err := s.shell.Library.Source(c.Request.Context(), src.Origin.Archive); err == nil {
		p.Origin.Name, p.Origin.Link = a.Title, p.Base+"/library/"+string(a.ID)
	}
}

// contents fills in the members that the address asks for.
func (s *Site) contents(c *gin.Context, p *Page, src library.Source) error {
	w, a := p.W, src.Archive
	out := &Contents{AnyLeft: a.Left > 0, StillOpen: !p.Source.Settled, Tally: []string{w.For(w.Archives.Count, a.Members)}}
	if a.Added > 0 || a.Members > 0 {
		out.Tally = append(out.Tally, w.For(w.Archives.Added, a.Added))
	}
	if a.Known > 0 {
		out.Tally = append(out.Tally, w.For(w.Archives.Known, a.Known))
	}
	if a.Left > 0 {
		out.Tally = append(out.Tally, w.For(w.Archives.LeftN, a.Left))
	}
	if a.Trouble != nil {
		out.Trouble = w.OfArchive(a.Trouble.Code, a.Trouble.Message)
	}
	p.Contents = out
	if p.Query != "" {
		return s.matching(c, p, src)
	}
	from, err := strconv.Atoi(c.Query("from"))
	if err != nil || from < 0 || from >= a.Members {
		from = 0
	}
	members, err := s.shell.Library.Members(c.Request.Context(), src.ID, from, perList)
	if err != nil {
		return err
	}
	for _, m := range members {
		path := template.HTMLEscapeString(m.Path)
		if err := s.member(c, p, m, path); err != nil {
			return err
		}
	}
	if from > 0 {
		out.Earlier = fmt.Sprintf("%s?from=%d#contents", p.Self, max(0, from-perList))
	}
	if to := from + len(members); to < a.Members {
		out.Later = fmt.Sprintf("%s?from=%d#contents", p.Self, to)
	}
	return nil
}

// matching shows the first members whose path has what is looked for.
func (s *Site) matching(c *gin.Context, p *Page, src library.Source) error {
	found := 0
	for from := 0; ; from += atOnce {
		members, err := s.shell.Library.Members(c.Request.Context(), src.ID, from, atOnce)
		if err != nil {
			return err
		}
		for _, m := range members {
			marked, n := s.shell.Library.Highlight(p.Query, m.Path)
			if n == 0 {
				continue
			}
			if found++; found <= perList {
				if err := s.member(c, p, m, marked); err != nil {
					return err
				}
			}
		}
		if len(members) < atOnce {
			break
		}
	}
	p.Contents.Matching = fmt.Sprintf(p.W.Archives.Matching, p.W.Number(found), p.W.Number(src.Archive.Members))
	p.Contents.ShowAll = p.Self
	return nil
}

// member adds one to the list; path is escaped.
func (s *Site) member(c *gin.Context, p *Page, m library.Member, path string) error {
	w := p.W
	out := Member{Path: shell.Marked(path), Left: m.Source == ""}
	switch {
	case m.Reason != nil:
		out.Note = w.LeftOut(m.Reason.Code, m.Reason.Message)
	case m.Source != "":
		src, err := s.shell.Library.Source(c.Request.Context(), m.Source)
		switch {
		case shell.IsKind(err, library.NotFound):
			out.Note, out.Left = w.Archives.Gone, true
		case err != nil:
			return err
		default:
			out.Link, out.Size = p.Base+"/library/"+url.PathEscape(string(m.Source)), w.Size(m.Size)
			if m.Known {
				out.Note = w.Archives.HadIt
			}
			if src.Status == library.StatusFailed {
				out.Note = shell.Why(w, src.Reason)
			}
		}
	}
	p.Contents.Members = append(p.Contents.Members, out)
	return nil
}
