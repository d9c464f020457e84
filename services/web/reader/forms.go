package reader

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
)

func (s *Site) askDelete(c *gin.Context) {
	src, err := s.shell.Library.Source(c.Request.Context(), library.SourceID(c.Param("id")))
	if err != nil {
		s.shell.Fail(c, err)
		return
	}
	w := s.shell.WordsFor(c)
	p := &Delete{Frame: s.shell.Frame(c, s.ask, "library", w.Reader.DeleteTitle), ID: src.ID, Name: src.Title, Means: w.Reader.DeleteMeans}
	if src.Archive != nil {
		p.Means = w.Archives.DeleteMeans
		if src.Archive.Added > 0 {
			p.With, p.WithMeans = w.For(w.Archives.DeleteWith, src.Archive.Added), w.Archives.DeleteWithMeans
		}
	}
	s.ask.Render(c, http.StatusOK, p)
}

func (s *Site) delete(c *gin.Context) {
	remove := s.shell.Library.Delete
	if c.PostForm("members") != "" {
		remove = s.shell.Library.DeleteArchive
	}
	err := remove(c.Request.Context(), library.SourceID(c.Param("id")))
	if err != nil && !shell.IsKind(err, library.NotFound) { // gone already is what was wanted
		s.shell.Fail(c, err)
		return
	}
	s.shell.Go(c, "/library?done=deleted")
}

func (s *Site) rename(c *gin.Context) {
	ctx, id := c.Request.Context(), library.SourceID(c.Param("id"))
	_, err := s.shell.Library.Rename(ctx, id, c.PostForm("title"))
	if err == nil {
		s.shell.Go(c, "/library/"+string(id)+"?done=renamed")
		return
	}
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != library.Invalid {
		s.shell.Fail(c, err)
		return
	}
	src, err := s.shell.Library.Source(ctx, id)
	if err != nil {
		s.shell.Fail(c, err)
		return
	}
	p := s.page(c, src)
	p.Problem, p.Renaming = &shell.Problem{Message: p.W.Reader.BadTitle}, true
	s.show(c, p, src, s.shell.Status(library.Invalid))
}

func (s *Site) retry(c *gin.Context) {
	_, err := s.shell.Library.Retry(c.Request.Context(), library.SourceID(c.Param("id")))
	s.moved(c, err, "retried")
}

func (s *Site) cancel(c *gin.Context) {
	_, err := s.shell.Library.Cancel(c.Request.Context(), library.SourceID(c.Param("id")))
	s.moved(c, err, "stopped")
}

// moved goes back to where the button was. A source that is in another state
// by now shows it there.
func (s *Site) moved(c *gin.Context, err error, done string) {
	if err != nil && !shell.IsKind(err, library.Conflict) {
		s.shell.Fail(c, err)
		return
	}
	if err != nil {
		done = ""
	}
	to := "/library/" + c.Param("id")
	if c.Query("back") == "activity" {
		to = "/activity"
	}
	if done != "" {
		to += "?done=" + done
	}
	s.shell.Go(c, to)
}
