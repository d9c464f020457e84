// Package outgoing is the section of the settings that shows what may leave
// the box and what did. Nothing can be changed here: what goes out is set up
// where it is used.
package outgoing

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Name is the section's.
const Name = "outgoing"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Sentence     string
	Purposes     []Purpose
	Destinations []Destination
}

// Purpose is something that the box may go out for.
type Purpose struct {
	Title, Text  string
	Status       shell.Status
	Destinations []string
}

// Destination is a place that was tried.
type Destination struct {
	Place, Purpose string
	Status         shell.Status
	Counts         []string // what came of the attempts, and how much went over them
	Reason         string   // of a last attempt that came to nothing; the box says it in English
	Last           shell.Moment
}

type site struct {
	*settings.Desk
	way  library.WayOut
	view *shell.View
}

// New parses the page. Without a way out it says so.
func New(d *settings.Desk, way library.WayOut) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name)})
	return &site{Desk: d, way: way, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) { r.GET("/settings/outgoing", s.get) }

func (s *site) get(c *gin.Context) {
	var out library.Outgoing
	if s.way != nil {
		var err error
		if out, err = s.way.Outgoing(c.Request.Context()); err != nil {
			s.Fail(c, err)
			return
		}
	}
	p := &Page{Frame: s.Frame(c, s.view, Name)}
	p.fill(out)
	s.view.Render(c, http.StatusOK, p)
}

func (p *Page) fill(out library.Outgoing) {
	configured, connected := false, false
	for _, row := range out.Purposes {
		p.Purposes = append(p.Purposes, purpose(p.W, row))
		configured = configured || row.Configured()
	}
	for _, row := range out.Destinations {
		p.Destinations = append(p.Destinations, p.destination(row))
		connected = connected || row.Connected > 0
	}
	switch o := p.W.Outgoing; {
	case configured:
		p.Sentence = o.Some
	case connected:
		p.Sentence = o.NoMore
	default:
		p.Sentence = o.Nothing
	}
}

func purpose(w *words.Words, row library.Purpose) Purpose {
	title, text := w.Purpose(row.Name)
	p := Purpose{Title: title, Text: text, Destinations: row.Destinations, Status: shell.Status{Text: w.Outgoing.NotSetUp, Tone: "idle"}}
	switch {
	case row.Configured():
		p.Status = shell.Status{Text: w.Outgoing.SetUp, Tone: "ok"}
	case row.Later:
		p.Status.Text = w.Outgoing.Later
	}
	return p
}

func (p *Page) destination(row library.Destination) Destination {
	title, _ := p.W.Purpose(row.Purpose)
	d := Destination{Place: row.Place, Purpose: title, Last: p.Moment(row.Last), Reason: row.Reason}
	o := p.W.Outgoing
	switch row.Outcome {
	case library.WentOut:
		d.Status = shell.Status{Text: o.Connected, Tone: "ok"}
	case library.RefusedOut:
		d.Status = shell.Status{Text: o.Refused, Tone: "warn"}
	default:
		d.Status = shell.Status{Text: o.Failed, Tone: "bad"}
	}
	for _, n := range []struct {
		count int64
		said  words.Plural
	}{{row.Connected, o.Connections}, {row.Failed, o.Failures}, {row.Refused, o.Refusals}} {
		if n.count > 0 {
			d.Counts = append(d.Counts, p.W.For(n.said, int(n.count)))
		}
	}
	if row.Sent+row.Received > 0 {
		d.Counts = append(d.Counts, p.W.Size(row.Sent)+" "+o.Sent, p.W.Size(row.Received)+" "+o.Received)
	}
	return d
}
