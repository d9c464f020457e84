// Package reader is the page of one source: its text with hits marked, where
// in it they are, and what can be done with it.
//
// A long text is shown in parts; the index of hits covers all of it.
package reader

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Source       shell.Row
	FileName     string
	SHA256       string
	ShortSHA     string
	AddedExactly shell.Moment
	Self         string
	Back         string
	BackText     string
	Notice       string
	Problem      *shell.Problem
	Renaming     bool

	Origin   *Origin   // nil: it was added by itself
	Contents *Contents // of an archive

	Standing  string // what it means that there is no text yet
	CanRetry  bool
	CanCancel bool

	Query       string
	Marks       int // in the whole text
	MarksBefore int // before this part
	MarksText   string
	Counting    string // where the page stands with its hits counted; empty: here
	PreviousHit string
	NextHit     string
	Index       []Part
	Passages    []Passage
	Earlier     string
	Later       string
}

// Passage is a piece of text as it is shown.
type Passage struct {
	Number    int
	PageMark  string // set where a page begins
	Target    bool
	Link      string
	LinkLabel string
	Blocks    []template.HTML
}

// Part is one tick of the index.
type Part struct {
	Link, Label string
	Heat        int // 0 to 4
	Here        bool
}

// Delete is the page that asks before a source is deleted.
type Delete struct {
	shell.Frame
	ID   library.SourceID
	Name string
	// Means says what goes, and With how many documents may go with it.
	Means, With, WithMeans string
}

// perView is how many passages are shown at a time: some 60 kB of text.
const perView = 40

// Site is the page and what it needs.
type Site struct {
	shell    *shell.Shell
	view     *shell.View
	ask      *shell.View
	outlines *recent[outline]
	counts   *recent[[]int]
}

// New parses the pages.
func New(s *shell.Shell) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "reader", Style: "reader", Script: "reader"})
	if err != nil {
		return nil, err
	}
	ask, err := s.View(shell.Sheets{Page: "delete"})
	return &Site{shell: s, view: v, ask: ask, outlines: newRecent[outline](16), counts: newRecent[[]int](64)}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// DeleteView is the template of the page that asks.
func (s *Site) DeleteView() *shell.View { return s.ask }

// Register adds the pages and their forms.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/library/:id", s.get)
	r.GET("/library/:id/delete", s.askDelete)
	r.POST("/library/:id/delete", s.delete)
	r.POST("/library/:id/rename", s.rename)
	r.POST("/library/:id/retry", s.retry)
	r.POST("/library/:id/cancel", s.cancel)
}

func (s *Site) get(c *gin.Context) {
	src, err := s.shell.Library.Source(c.Request.Context(), library.SourceID(c.Param("id")))
	if err != nil {
		s.shell.Fail(c, err)
		return
	}
	p := s.page(c, src)
	switch c.Query("done") {
	case "renamed":
		p.Notice = p.W.Reader.Renamed
	case "retried":
		p.Notice = p.W.Reader.Retried
	case "stopped":
		p.Notice = p.W.Reader.Stopped
	}
	s.show(c, p, src, http.StatusOK)
}

// show fills in the text when there is one, and sends the page.
func (s *Site) show(c *gin.Context, p *Page, src library.Source, status int) {
	s.origin(c, p, src)
	switch {
	case src.Archive != nil:
		if err := s.contents(c, p, src); err != nil {
			s.shell.Fail(c, err)
			return
		}
	case p.Source.Ready:
		if err := s.text(c, p, src); err != nil {
			s.shell.Fail(c, err)
			return
		}
	}
	s.view.Render(c, status, p)
}

func (s *Site) page(c *gin.Context, src library.Source) *Page {
	f := s.shell.Frame(c, s.view, "library", src.Title)
	w := f.W
	p := &Page{
		Frame: f, FileName: src.FileName, SHA256: src.SHA256, ShortSHA: src.SHA256[:min(12, len(src.SHA256))],
		Self: f.Base + "/library/" + string(src.ID), Back: f.Base + "/library", BackText: w.Reader.BackToLibrary,
		AddedExactly: f.Exactly(src.AddedAt), Query: strings.TrimSpace(c.Query("q")),
	}
	p.Source = s.shell.Rows(c.Request.Context(), &f, []library.Source{src})[0]
	if p.Query != "" {
		p.Back, p.BackText = f.Base+"/?q="+url.QueryEscape(p.Query), w.Reader.BackToResults
	}
	switch src.Status {
	case library.StatusQueued:
		p.Standing, p.CanCancel = w.Reader.QueuedText, true
	case library.StatusProcessing:
		p.Standing, p.CanCancel = w.Reader.ProcessingText, true
	case library.StatusFailed:
		p.Standing, p.CanRetry = w.Reader.FailedText, true
	case library.StatusCancelled:
		p.Standing, p.CanRetry = w.Reader.CancelledText, true
	}
	if src.Type == library.TypeArchive {
		switch src.Status {
		case library.StatusQueued, library.StatusProcessing:
			p.Standing = w.Archives.Processing
		case library.StatusFailed:
			p.Standing = w.Archives.FailedText
		case library.StatusCancelled:
			p.Standing = w.Archives.Stopped
		}
	}
	return p
}

// text fills in the part of the text that the address asks for.
func (s *Site) text(c *gin.Context, p *Page, src library.Source) error {
	ctx := c.Request.Context()
	o, err := s.outline(ctx, src)
	if err != nil {
		return err
	}
	at, err := strconv.Atoi(c.Query("at"))
	target := err == nil && at >= 0 && at < len(o.pages)
	if !target {
		at = 0
	}
	from := at - at%perView
	passages, err := s.shell.Library.Passages(ctx, src.ID, from, perView)
	if err != nil {
		return err
	}
	page := 0
	if from > 0 {
		page = o.pages[from-1]
	}
	for _, ps := range passages {
		out := Passage{
			Number: ps.Number, Target: target && ps.Number == at,
			Link:      fmt.Sprintf("%s?at=%d#p%d", p.Self, ps.Number, ps.Number),
			LinkLabel: fmt.Sprintf(p.W.Reader.PassageLink, p.W.Number(ps.Number+1)),
		}
		if ps.Page != page {
			page = ps.Page
			out.PageMark = fmt.Sprintf(p.W.Kinds.Page, p.W.Number(page))
		}
		for _, b := range blocks(src, ps.Text) {
			marked, _ := s.shell.Library.Highlight(p.Query, b)
			out.Blocks = append(out.Blocks, shell.Marked(marked))
		}
		p.Passages = append(p.Passages, out)
	}
	to := from + len(passages)
	if from > 0 {
		p.Earlier = p.at(from-perView, "")
	}
	if to < len(o.pages) {
		p.Later = p.at(to, "")
	}
	counts, err := s.count(c, p, src, from)
	if err != nil {
		return err
	}
	p.hits(counts, from, to)
	p.Index = p.index(o, counts, from, to)
	return nil
}

// count counts the hits of the whole text. Of a long text that takes a moment,
// so the page goes out without, and asks for itself once more.
func (s *Site) count(c *gin.Context, p *Page, src library.Source, from int) ([]int, error) {
	switch {
	case p.Query == "":
		return nil, nil
	case c.Query("count") == "" && !s.counted(src, p.Query):
		p.Counting = fmt.Sprintf("%s?q=%s&at=%d&count=all", p.Self, url.QueryEscape(p.Query), from)
		return nil, nil
	}
	return s.marks(c.Request.Context(), src, p.Query)
}

// at is the address of a passage under the query.
func (p *Page) at(n int, more string) string {
	q := ""
	if p.Query != "" {
		q = "q=" + url.QueryEscape(p.Query) + "&"
	}
	return fmt.Sprintf("%s?%sat=%d%s#p%d", p.Self, q, n, more, n)
}

// hits counts the marks and finds the nearest ones outside this part.
func (p *Page) hits(counts []int, from, to int) {
	if p.Query == "" || p.Counting != "" {
		return
	}
	for n, marks := range counts {
		p.Marks += marks
		switch {
		case marks == 0:
		case n < from:
			p.MarksBefore += marks
			p.PreviousHit = p.at(n, "&from=end")
		case n >= to && p.NextHit == "":
			p.NextHit = p.at(n, "")
		}
	}
	p.MarksText = p.W.Reader.NoHits
	if p.Marks > 0 {
		p.MarksText = p.W.For(p.W.Reader.Hits, p.Marks)
	}
}

// blocks cuts a passage at its blank lines.
func blocks(src library.Source, text string) []string {
	var out []string
	for b := range strings.SplitSeq(text, "\n\n") {
		if b = strings.TrimSpace(b); b == "" {
			continue
		}
		if breaksLines(src) {
			b = flow(b)
		}
		out = append(out, b)
	}
	return out
}
