// Package search is the first page: a search box, what it finds, and what is
// new in the box.
//
// It owns how results are written and narrowed; what matches is the library's
// matter.
package search

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Query   string
	Type    library.Type
	Added   string // a range: week, month or year
	Asked   bool
	Total   int // sources in the box that can be searched
	Problem *shell.Problem

	// Of an answer.
	Kinds      []Chip
	Dates      []Chip
	Tally      string
	Near       *Link
	Hits       []Hit
	First      int
	Previous   string
	Next       string
	PageOf     string
	NothingFor string
	Searched   string
	Widen      string

	Latest []shell.Row
}

// Chip narrows the search, or widens it again when it is on.
type Chip struct {
	Text, Link, Count string
	On                bool
}

// Link is a text that leads somewhere.
type Link struct{ Text, Link string }

// Hit is one passage found.
type Hit struct {
	Link, Icon, Title, Kind, Page string
	From                          string // the archive that it came in
	Added                         shell.Moment
	Snippet                       template.HTML
}

const (
	perPage  = 20
	lastPage = 500 // the library's largest offset
	latest   = 8
)

// Site is the page and what it needs.
type Site struct {
	shell *shell.Shell
	view  *shell.View
}

// New parses the page.
func New(s *shell.Shell) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "search", Style: "search", Script: "search"})
	return &Site{shell: s, view: v}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// Register adds the page.
func (s *Site) Register(r gin.IRouter) { r.GET("/", s.get) }

func (s *Site) get(c *gin.Context) {
	q := asked(c)
	title := s.shell.WordsFor(c).Search.Title
	if q.text != "" {
		title = q.text
	}
	p := &Page{Frame: s.shell.Frame(c, s.view, "search", title), Query: q.text, Asked: q.text != "", Type: q.kind, Added: q.added}
	ready, err := s.shell.Library.Sources(c.Request.Context(), library.SourceFilter{Status: library.StatusReady}, library.Page{Limit: 1})
	if err == nil {
		p.Total = ready.Total
		if p.Asked {
			err = s.answer(c, p, q)
		} else {
			err = s.idle(c, p)
		}
	}
	status := http.StatusOK
	if problem, ok := shell.ProblemOf(err); err != nil && ok {
		p.Problem, status = &problem, s.shell.Status(library.Invalid)
	} else if err != nil {
		s.shell.Fail(c, err)
		return
	}
	s.view.Render(c, status, p)
}

func (s *Site) idle(c *gin.Context, p *Page) error {
	l, err := s.shell.Library.Sources(c.Request.Context(), library.SourceFilter{}, library.Page{Limit: latest})
	p.Latest = s.shell.Rows(c.Request.Context(), &p.Frame, l.Items)
	return err
}

func (s *Site) answer(c *gin.Context, p *Page, q query) error {
	ctx := c.Request.Context()
	res, err := s.shell.Library.Search(ctx, q.library(p.Now))
	if err != nil {
		return err
	}
	w := p.W
	for _, h := range res.Hits {
		p.Hits = append(p.Hits, hit(p, q, h))
	}
	for _, f := range res.Facets {
		p.Kinds = append(p.Kinds, kindChip(p, q, f))
	}
	if q.kind != "" && !slices.ContainsFunc(res.Facets, func(f library.Facet) bool { return f.Type == q.kind }) {
		p.Kinds = append(p.Kinds, kindChip(p, q, library.Facet{Type: q.kind})) // to take it off again
	}
	if p.Dates, err = s.dates(ctx, p, q, res); err != nil {
		return err
	}
	found, took := w.For(w.Search.Found, res.Total), w.Took(res.Took)
	p.First = (q.page-1)*perPage + 1
	pages := min(lastPage, (res.Total+perPage-1)/perPage)
	if pages > 1 && len(p.Hits) > 0 {
		p.Tally = fmt.Sprintf(w.Search.Showing, w.Number(p.First), w.Number(p.First+len(p.Hits)-1), found, took)
		p.PageOf = fmt.Sprintf(w.Search.PageOf, w.Number(q.page), w.Number(pages))
	} else {
		p.Tally = fmt.Sprintf(w.Search.TallyShort, found, took)
	}
	if q.page > 1 {
		p.Previous = p.Base + q.with(func(q *query) { q.page-- })
	}
	if q.page < pages {
		p.Next = p.Base + q.with(func(q *query) { q.page++ })
	}
	if res.DidYouMean != "" {
		p.Near = &Link{res.DidYouMean, p.Base + q.with(func(q *query) { q.text, q.page = res.DidYouMean, 1 })}
	}
	if len(p.Hits) == 0 {
		p.NothingFor = fmt.Sprintf(w.Search.NothingFor, q.text)
		p.Searched = w.For(w.Search.SearchedAll, p.Total)
		if q.kind != "" || q.added != "" {
			p.Searched = w.Search.SearchedNarrow
			p.Widen = p.Base + q.with(func(q *query) { q.kind, q.added, q.page = "", "", 1 })
		}
	}
	return nil
}

func hit(p *Page, q query, h library.Hit) Hit {
	out := Hit{
		Link: fmt.Sprintf("%s/library/%s?q=%s&at=%d#p%d", p.Base, h.Source.ID, url.QueryEscape(q.text), h.Passage, h.Passage),
		Icon: shell.Icon(h.Source.Type), Title: h.Source.Title, Kind: shell.Kind(p.W, h.Source.Type),
		Added: p.Moment(h.Source.AddedAt), Snippet: shell.Marked(h.Snippet),
	}
	if h.Source.Origin != nil {
		out.From = fmt.Sprintf(p.W.Archives.From, h.Source.Origin.Name)
	}
	if h.Page > 0 {
		out.Page = fmt.Sprintf(p.W.Kinds.Page, p.W.Number(h.Page))
	}
	return out
}

// query is a search as its address says it.
type query struct {
	text  string
	kind  library.Type
	added string
	page  int
}

func asked(c *gin.Context) query {
	q := query{text: strings.TrimSpace(c.Query("q")), page: 1}
	for _, t := range shell.Types() {
		if c.Query("type") == string(t) {
			q.kind = t
		}
	}
	for _, s := range spans() {
		if c.Query("added") == s.name {
			q.added = s.name
		}
	}
	if n, err := strconv.Atoi(c.Query("page")); err == nil {
		q.page = min(lastPage, max(1, n))
	}
	return q
}

func (q query) library(now time.Time) library.Query {
	out := library.Query{Text: q.text, Limit: perPage, Offset: (q.page - 1) * perPage, Type: q.kind}
	for _, s := range spans() {
		if s.name == q.added {
			out.From = now.Add(-s.length)
		}
	}
	return out
}

// with is the address of the query after a change.
func (q query) with(change func(*query)) string {
	change(&q)
	v := url.Values{"q": {q.text}}
	if q.kind != "" {
		v.Set("type", string(q.kind))
	}
	if q.added != "" {
		v.Set("added", q.added)
	}
	if q.page > 1 {
		v.Set("page", strconv.Itoa(q.page))
	}
	return "/?" + v.Encode()
}
