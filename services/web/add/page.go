// Package add puts things into the box: the page for browsers without scripts,
// and the tray that shows what is on its way.
package add

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Problem *shell.Problem
}

// Items is the data of the tray's list.
type Items struct {
	shell.Frame
	Items []shell.Row
}

// maxItems bounds how many sources the tray asks for at once.
const maxItems = 100

// Site is the page and what it needs.
type Site struct {
	shell *shell.Shell
	view  *shell.View
	items *shell.View
}

// New parses the page.
func New(s *shell.Shell) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "add"})
	if err != nil {
		return nil, err
	}
	items, err := s.View(shell.Sheets{Page: "items", Entry: "items"})
	return &Site{shell: s, view: v, items: items}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// ItemsView is the template of the tray's list.
func (s *Site) ItemsView() *shell.View { return s.items }

// Register adds the page, its form and the tray's list.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/add", func(c *gin.Context) { s.show(c, http.StatusOK, nil) })
	r.POST("/add", s.post)
	r.GET("/tray", s.tray)
}

func (s *Site) show(c *gin.Context, status int, problem *shell.Problem) {
	title := s.shell.WordsFor(c).Add.Title
	s.view.Render(c, status, &Page{Frame: s.shell.Frame(c, s.view, "add", title), Problem: problem})
}

func (s *Site) post(c *gin.Context) {
	added, err := Receive(c, s.shell.Library)
	if err != nil {
		problem, ok := ProblemOf(s.shell.WordsFor(c), err)
		if !ok {
			s.shell.Fail(c, err)
			return
		}
		s.show(c, StatusOf(s.shell, err), &problem)
		return
	}
	if c.Query("for") == "setup" {
		s.shell.Go(c, "/setup/first?id="+url.QueryEscape(string(added[0].ID)))
		return
	}
	if len(added) == 1 {
		s.shell.Go(c, "/library/"+string(added[0].ID))
		return
	}
	s.shell.Go(c, "/activity?done=added")
}

// tray writes the sources that a browser's tray holds; deleted ones are left
// out.
func (s *Site) tray(c *gin.Context) {
	p := &Items{Frame: s.shell.Frame(c, s.items, "", "")}
	var found []library.Source
	ids := c.QueryArray("id")
	for _, id := range ids[:min(len(ids), maxItems)] {
		src, err := s.shell.Library.Source(c.Request.Context(), library.SourceID(id))
		switch {
		case err == nil:
			found = append(found, src)
		case !shell.IsKind(err, library.NotFound):
			s.shell.Fail(c, err)
			return
		}
	}
	p.Items = s.shell.Rows(c.Request.Context(), &p.Frame, found)
	s.items.Render(c, http.StatusOK, p)
}
