// Package audit is the section of the settings that shows what was done at
// the door of the box.
package audit

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Name is the section's.
const Name = "audit"

const perPage = 50

// Page is the data of the page.
type Page struct {
	settings.Frame
	Kinds         []Kind
	Rows          []Row
	Newest, Older string
}

// Kind is a filter.
type Kind struct {
	Value, Text string
	On          bool
}

// Row is one event.
type Row struct {
	Text, Tone string
	Who        string // in which capacity, and by which program
	Client     string
	Detail     string
	Times      string // how often, when more than once
	When, Last shell.Moment
}

type site struct {
	*settings.Desk
	keeper *auth.Keeper
	view   *shell.View
}

// New parses the page.
func New(d *settings.Desk, keeper *auth.Keeper) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name)})
	return &site{Desk: d, keeper: keeper, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) { r.GET("/settings/audit", s.get) }

func (s *site) get(c *gin.Context) {
	kind := library.AuditKind(c.Query("kind"))
	if !slices.Contains(library.AuditKinds(), kind) {
		kind = ""
	}
	cursor := c.Query("cursor")
	l, err := s.keeper.Events(c.Request.Context(), library.AuditFilter{Kind: kind}, library.Page{Limit: perPage, Cursor: cursor})
	if err != nil {
		s.Fail(c, err)
		return
	}
	p := &Page{Frame: s.Frame(c, s.view, Name)}
	p.Kinds = append(p.Kinds, Kind{Text: p.W.Audit.Every, On: kind == ""})
	for _, k := range library.AuditKinds() {
		p.Kinds = append(p.Kinds, Kind{Value: string(k), Text: p.W.AuditKind(k), On: k == kind})
	}
	for _, e := range l.Items {
		p.Rows = append(p.Rows, p.row(e))
	}
	if cursor != "" {
		p.Newest = p.address(kind, "")
	}
	if l.Next != "" {
		p.Older = p.address(kind, l.Next)
	}
	s.view.Render(c, http.StatusOK, p)
}

func (p *Page) row(e library.AuditEntry) Row {
	r := Row{
		Text: p.W.AuditKind(e.Kind), Tone: "idle", Who: who(p.W, e), Client: e.Client,
		Detail: e.Detail, When: p.Moment(e.Time), Last: p.Moment(e.Last),
	}
	if e.Kind.Repeats() {
		r.Tone = "warn"
	}
	if e.Count > 1 {
		r.Times = p.W.For(p.W.Audit.Times, e.Count)
		if e.Client == "" {
			r.Client = p.W.Audit.ManyClients
		}
	}
	return r
}

// who says in which capacity something was done, and by which program.
func who(w *words.Words, e library.AuditEntry) string {
	switch e.Who {
	case library.ByConsole:
		return w.Audit.ByConsole
	case library.ByBox:
		return w.Audit.ByBox
	case library.ByKey:
		return w.Audit.ByKey
	case library.ByStranger:
		return w.Audit.ByStranger
	}
	return settings.Browser(w, e.Agent)
}

func (p *Page) address(kind library.AuditKind, cursor string) string {
	v := url.Values{}
	if kind != "" {
		v.Set("kind", string(kind))
	}
	if cursor != "" {
		v.Set("cursor", cursor)
	}
	if len(v) == 0 {
		return p.Base + "/settings/audit"
	}
	return p.Base + "/settings/audit?" + v.Encode()
}
