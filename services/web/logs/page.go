// Package logs is the page of what the services of the box said.
package logs

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Problem  *shell.Problem
	Services []Choice
	Service  string // empty: all
	Levels   []Level
	Search   string
	More     string // address of what comes
	Lines
}

// Choice is a service as a link.
type Choice struct {
	Text, Link string
	On         bool
}

// Level is a choice of the least level.
type Level struct {
	Value, Text string
	On          bool
}

// Lines is lines with the cursor of what comes after them; also the data of
// the fragment that a page that follows asks for.
type Lines struct {
	Next string
	Gap  string // what to say when lines are missing before these
	Rows []Row
}

// Row is one line.
type Row struct {
	Time                 shell.Moment
	Level, Tone, Service string // Service is empty where only one is shown
	Text                 string
}

// Bounds of what one answer shows.
const (
	most      = 200 // lines
	maxSearch = 256 // bytes
)

// Site is the page and what it needs.
type Site struct {
	shell *shell.Shell
	logs  library.Logs
	view  *shell.View
	more  *shell.View
}

// New parses the page. logs may be nil: then there is nothing to show.
func New(s *shell.Shell, logs library.Logs) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "logs", With: []string{"lines"}, Style: "logs", Script: "logs"})
	if err != nil {
		return nil, err
	}
	more, err := s.View(shell.Sheets{Page: "lines", Entry: "lines"})
	return &Site{shell: s, logs: logs, view: v, more: more}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// MoreView is the fragment's template.
func (s *Site) MoreView() *shell.View { return s.more }

// Register adds the page and its fragment.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/logs", s.get)
	r.GET("/logs/more", s.getMore)
}

func (s *Site) get(c *gin.Context) {
	q := query(c)
	w := s.shell.WordsFor(c)
	p := &Page{Frame: s.shell.Frame(c, s.view, "settings", w.Logs.Title), Service: q.Service, Search: q.Search}
	status := http.StatusOK
	page, err := s.read(c, q)
	if e, ok := errors.AsType[*library.Error](err); ok && e.Kind != library.Internal {
		s.shell.Fail(c, err)
		return
	}
	if err != nil {
		s.shell.Log.Warn("the log cannot be shown", "error", err)
		status = http.StatusServiceUnavailable
		p.Problem = &shell.Problem{Message: w.Failure.Internal, Hint: w.Failure.InternalHint}
	}
	p.Lines = lines(&p.Frame, q, page)
	p.More = p.address("/logs/more", q)
	p.Services = append(p.Services, Choice{w.Logs.All, p.address("/logs", library.LogQuery{Level: q.Level, Search: q.Search}), q.Service == ""})
	for _, name := range page.Services {
		to := library.LogQuery{Service: name, Level: q.Level, Search: q.Search}
		p.Services = append(p.Services, Choice{name, p.address("/logs", to), q.Service == name})
	}
	p.Levels = []Level{
		{"", w.Logs.Every, q.Level == ""}, {"info", w.Logs.Info, q.Level == "info"},
		{"warn", w.Logs.Warnings, q.Level == "warn"}, {"error", w.Logs.Errors, q.Level == "error"},
	}
	s.view.Render(c, status, p)
}

// getMore answers with the lines after a cursor, or with nothing but the
// cursor to go on from.
func (s *Site) getMore(c *gin.Context) {
	q := query(c)
	q.After = c.Query("after")
	page, err := s.read(c, q)
	if err != nil {
		s.shell.Fail(c, err)
		return
	}
	if len(page.Lines) == 0 && !page.Gap {
		c.Header("Coffer-Next", page.Next)
		c.Header("Cache-Control", "no-store")
		c.Status(http.StatusNoContent)
		return
	}
	f := s.shell.Frame(c, s.more, "", "")
	l := lines(&f, q, page)
	s.more.Render(c, http.StatusOK, &l)
}

func (s *Site) read(c *gin.Context, q library.LogQuery) (library.LogPage, error) {
	if s.logs == nil {
		return library.LogPage{}, &library.Error{Kind: library.NotFound, Message: "Nothing here keeps a log."}
	}
	return s.logs.Log(c.Request.Context(), q)
}

// query reads what is asked for; a level that there is not narrows nothing.
func query(c *gin.Context) library.LogQuery {
	q := library.LogQuery{Service: c.Query("service"), Search: c.Query("q"), Limit: most}
	if len(q.Search) > maxSearch {
		q.Search = strings.ToValidUTF8(q.Search[:maxSearch], "")
	}
	switch level := c.Query("level"); level {
	case "info", "warn", "error":
		q.Level = level
	}
	return q
}

func (p *Page) address(path string, q library.LogQuery) string {
	v := url.Values{}
	for _, k := range []struct{ name, value string }{{"service", q.Service}, {"level", q.Level}, {"q", q.Search}} {
		if k.value != "" {
			v.Set(k.name, k.value)
		}
	}
	if len(v) == 0 {
		return p.Base + path
	}
	return p.Base + path + "?" + v.Encode()
}

func lines(f *shell.Frame, q library.LogQuery, page library.LogPage) Lines {
	l := Lines{Next: page.Next}
	if page.Gap {
		l.Gap = f.W.Logs.Gap
	}
	for _, line := range page.Lines {
		r := Row{Time: f.Moment(line.Time), Level: line.Level, Tone: tone(line.Level), Text: line.Text}
		r.Time.Text = clock(line.Time.Local(), f.Now.Local())
		if q.Service == "" {
			r.Service = line.Service
		}
		l.Rows = append(l.Rows, r)
	}
	return l
}

// clock is the time of day, with the date on other days than now.
func clock(t, now time.Time) string {
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}

func tone(level string) string {
	switch {
	case strings.HasPrefix(level, "ERROR"):
		return "bad"
	case strings.HasPrefix(level, "WARN"):
		return "warn"
	}
	return ""
}
