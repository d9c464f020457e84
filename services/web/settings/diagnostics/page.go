// Package diagnostics is the section of the settings where the file is made that
// an owner gives away to be helped, and shown before it is downloaded.
package diagnostics

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Name is the section's.
const Name = "diagnostics"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Made  *Made // nil: none is held
	Gone  bool  // the one that was asked for is not held any more
	Never []Gap
}

// Made is a file that is held.
type Made struct {
	ID, Size, Sentence string
	At                 shell.Moment
	Files              []File
	LeftOut            []Gap // besides what is never in it
	Open               *Opened
}

// File is one member.
type File struct {
	Name, Size, Address string
	Rules               []string // what was removed, and how often
	Here                bool
}

// Opened is a member with its text.
type Opened struct{ Name, Text string }

// Gap is something that is not in it. English says that the box wrote it.
type Gap struct {
	What, Why string
	English   bool
}

type site struct {
	*settings.Desk
	makes library.Diagnostics
	view  *shell.View
}

// New parses the page.
func New(d *settings.Desk, makes library.Diagnostics) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name)})
	return &site{Desk: d, makes: makes, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	if s.makes == nil {
		return
	}
	r.GET("/settings/diagnostics", s.get)
	r.POST("/settings/diagnostics", s.make)
}

func (s *site) get(c *gin.Context) {
	p := &Page{Frame: s.Frame(c, s.view, Name)}
	for _, g := range p.W.Diagnostics.Never {
		p.Never = append(p.Never, Gap{What: g.What, Why: g.Why})
	}
	d, held := s.makes.Held()
	id := c.Query("id")
	if p.Gone = id != "" && (!held || d.ID != id); held && !p.Gone {
		p.Made = p.made(d, c.Query("file"))
	}
	s.view.Render(c, http.StatusOK, p)
}

// make makes one and shows it.
func (s *site) make(c *gin.Context) {
	d, err := s.makes.Preview(c.Request.Context(), true)
	if err != nil {
		s.Fail(c, err)
		return
	}
	s.Go(c, "/settings/diagnostics?id="+url.QueryEscape(d.ID))
}

func (p *Page) made(d library.Diagnosis, open string) *Made {
	w := p.W.Diagnostics
	m := &Made{ID: d.ID, Size: p.W.Size(d.Size), At: p.Moment(d.MadeAt)}
	removed := 0
	for _, f := range d.Files {
		row := File{
			Name: f.Name, Size: p.W.Size(int64(len(f.Text))), Here: f.Name == open,
			Address: p.Base + "/settings/diagnostics?" + url.Values{"id": {d.ID}, "file": {f.Name}}.Encode() + "#opened",
		}
		for _, rule := range slices.Sorted(maps.Keys(f.Redacted)) {
			name := w.Rules[rule]
			if name == "" {
				name = rule
			}
			row.Rules = append(row.Rules, name+" "+p.W.Number(f.Redacted[rule]))
			removed += f.Redacted[rule]
		}
		if row.Here {
			m.Open = &Opened{f.Name, f.Text}
		}
		m.Files = append(m.Files, row)
	}
	for _, g := range d.LeftOut {
		if !slices.Contains(w.NeverWords(), g.What) {
			m.LeftOut = append(m.LeftOut, Gap{g.What, g.Why, true})
		}
	}
	m.Sentence = fmt.Sprintf(w.Sentence, p.W.For(w.Files, len(d.Files)), p.W.For(w.Removed, removed))
	return m
}
