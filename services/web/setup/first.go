package setup

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

func (s *Site) firstPage(c *gin.Context) *First {
	title := s.Shell.WordsFor(c).Setup.Title
	return &First{Frame: s.Shell.Frame(c, s.first, "", title), Step: 3}
}

// getFirst asks for a document, or shows how the reading of it goes.
func (s *Site) getFirst(c *gin.Context) {
	ctx := c.Request.Context()
	p := s.firstPage(c)
	id := library.SourceID(c.Query("id"))
	if id == "" {
		s.first.Render(c, http.StatusOK, p)
		return
	}
	src, err := s.Shell.Library.Source(ctx, id)
	if err != nil {
		s.Shell.Fail(c, err)
		return
	}
	row := s.Shell.Rows(ctx, &p.Frame, []library.Source{src})[0]
	p.Source, p.Self = &row, p.Base+"/setup/first?id="+url.QueryEscape(string(id))
	if row.Ready {
		passages, err := s.Shell.Library.Passages(ctx, id, 0, suggestFrom)
		if err != nil {
			s.Shell.Fail(c, err)
			return
		}
		p.Suggestion = suggest(src.Title, passages)
	}
	s.first.Render(c, http.StatusOK, p)
}
