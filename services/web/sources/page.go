// Package sources is the list of everything in the library.
package sources

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
	Notice   string
	Self     string
	Status   library.Status
	Tally    string
	Statuses []Choice
	Kinds    []Option
	Rows     []shell.Row
	Narrowed bool
	Newest   string
	Older    string
}

// Choice is a filter as a link.
type Choice struct {
	Text, Link, Count string
	On                bool
}

// Option is a filter in a list of them.
type Option struct {
	Value, Text string
	On          bool
}

const perPage = 50

// Site is the page and what it needs.
type Site struct {
	shell *shell.Shell
	view  *shell.View
}

// New parses the page.
func New(s *shell.Shell) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "sources", Script: "sources"})
	return &Site{shell: s, view: v}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// Register adds the page.
func (s *Site) Register(r gin.IRouter) { r.GET("/library", s.get) }

func (s *Site) get(c *gin.Context) {
	f := filter(c)
	cursor := c.Query("cursor")
	list, err := s.shell.Library.Sources(c.Request.Context(), f, library.Page{Limit: perPage, Cursor: cursor})
	if err != nil {
		s.shell.Fail(c, err)
		return
	}
	w := s.shell.WordsFor(c)
	p := &Page{
		Frame:  s.shell.Frame(c, s.view, "library", w.Sources.Title),
		Status: f.Status, Narrowed: f != library.SourceFilter{},
		Tally: w.For(w.Sources.Count, list.Total),
	}
	switch c.Query("done") {
	case "deleted":
		p.Notice = w.Sources.Deleted
	case "added":
		p.Notice = w.Sources.Added
	}
	p.Self = p.address(f, cursor)
	p.Rows = s.shell.Rows(c.Request.Context(), &p.Frame, list.Items)
	if cursor != "" {
		p.Newest = p.address(f, "")
	}
	if list.Next != "" {
		p.Older = p.address(f, list.Next)
	}
	p.filters(f)
	s.view.Render(c, http.StatusOK, p)
}

// filters writes what the list can be narrowed to.
func (p *Page) filters(f library.SourceFilter) {
	w := p.W
	p.Statuses = append(p.Statuses, Choice{Text: w.Sources.All, Link: p.address(library.SourceFilter{Type: f.Type}, ""), On: f.Status == ""})
	for _, st := range statuses() {
		c := Choice{Text: shell.StatusText(w, st), Link: p.address(library.SourceFilter{Status: st, Type: f.Type}, ""), On: f.Status == st}
		if st == library.StatusFailed && p.Work.Failed > 0 && f.Type == "" {
			c.Count = w.Number(p.Work.Failed)
		}
		p.Statuses = append(p.Statuses, c)
	}
	p.Kinds = append(p.Kinds, Option{Text: w.Kinds.Any, On: f.Type == ""})
	for _, t := range shell.Types() {
		p.Kinds = append(p.Kinds, Option{Value: string(t), Text: shell.Kind(w, t), On: f.Type == t})
	}
}

func (p *Page) address(f library.SourceFilter, cursor string) string {
	v := url.Values{}
	for _, k := range []struct{ name, value string }{
		{"status", string(f.Status)}, {"type", string(f.Type)}, {"cursor", cursor},
	} {
		if k.value != "" {
			v.Set(k.name, k.value)
		}
	}
	if len(v) == 0 {
		return p.Base + "/library"
	}
	return p.Base + "/library?" + v.Encode()
}

func statuses() []library.Status {
	return []library.Status{
		library.StatusReady, library.StatusProcessing, library.StatusQueued, library.StatusFailed, library.StatusCancelled,
	}
}

// filter reads the filter of an address; what it does not know narrows
// nothing.
func filter(c *gin.Context) library.SourceFilter {
	var f library.SourceFilter
	for _, s := range statuses() {
		if c.Query("status") == string(s) {
			f.Status = s
		}
	}
	for _, t := range shell.Types() {
		if c.Query("type") == string(t) {
			f.Type = t
		}
	}
	return f
}
