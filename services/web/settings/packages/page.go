// Package packages is the section of the settings where the library leaves the
// box and packages come in.
package packages

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Name is the section's.
const Name = "packages"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Signer  string
	Problem *shell.Problem
	Last    *Last
}

// Last is the package that is being added, or was last.
type Last struct {
	Title, When string
	Status      shell.Status
	Said        string
	Facts       []string
	Running     bool
	Done, Total int
	Notes       []string
}

type site struct {
	*settings.Desk
	keeper   *auth.Keeper
	packages library.Packages
	view     *shell.View
}

// New parses the page.
func New(d *settings.Desk, keeper *auth.Keeper, packages library.Packages) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name), Script: settings.Asset(Name)})
	return &site{Desk: d, keeper: keeper, packages: packages, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	if s.packages == nil {
		return
	}
	r.GET("/settings/packages", s.get)
	r.POST("/settings/packages/import", s.take)
	r.GET("/settings/packages/import", func(c *gin.Context) { s.Go(c, "/settings/packages") })
	r.POST("/settings/packages/stop", s.stop)
}

func (s *site) get(c *gin.Context) {
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	if c.Query("done") == "taken" {
		p.Notice = p.W.Packages.Taken
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *site) page(c *gin.Context) (*Page, error) {
	p := &Page{Frame: s.Frame(c, s.view, Name), Signer: s.packages.Signer()}
	i, err := s.packages.LastImport(c.Request.Context())
	if shell.IsKind(err, library.NotFound) {
		return p, nil
	}
	p.Last = p.last(i)
	return p, err
}

func (p *Page) last(i library.Import) *Last {
	w := p.W.Packages
	l := &Last{
		Title: i.Title, When: p.Moment(i.At).Text, Running: i.Status == library.ImportRunning, Done: i.Done, Total: i.Sources,
	}
	if l.Title == "" {
		l.Title = i.Name
	}
	switch {
	case i.Waiting:
		l.Status.Tone, l.Said = "warn", w.Waiting
	case l.Running:
		l.Status.Tone, l.Said = "busy", w.Running
	case i.Status == library.ImportDone:
		l.Status.Tone, l.Said = "ok", w.Done
	case i.Status == library.ImportStopped:
		l.Status.Tone, l.Said = "warn", w.Stopped
	default:
		l.Status.Tone, l.Said = "bad", w.Failed
	}
	l.Facts = append(l.Facts, fmt.Sprintf(w.Of, p.W.Number(i.Done), p.W.Number(i.Sources)))
	if i.Added > 0 {
		l.Facts = append(l.Facts, p.W.For(w.Added, i.Added))
	}
	if i.Known > 0 {
		l.Facts = append(l.Facts, p.W.For(w.Known, i.Known))
	}
	if i.Left > 0 {
		l.Facts = append(l.Facts, p.W.For(w.Left, i.Left))
	}
	switch {
	case i.Own:
		l.Facts = append(l.Facts, w.Own)
	case i.Signer != "":
		l.Facts = append(l.Facts, fmt.Sprintf(w.Signed, i.Signer))
	default:
		l.Facts = append(l.Facts, w.Unsigned)
	}
	for _, n := range i.Notes {
		l.Notes = append(l.Notes, n.Message)
	}
	return l
}

func (s *site) take(c *gin.Context) {
	file, err := file(c.Request)
	var i library.Import
	if err == nil {
		i, err = s.packages.Import(c.Request.Context(), file)
	}
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.keeper.Record(c.Request.Context(), library.AuditImported, i.Name)
	s.Go(c, "/settings/packages?done=taken")
}

// file is the first part of the form, which is all that it has.
func file(r *http.Request) (io.Reader, error) {
	none := &library.Error{Kind: library.Invalid, Field: "file", Message: "No package was sent."}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, none
	}
	var part *multipart.Part
	if part, err = parts.NextPart(); err != nil || part.FormName() != "file" || part.FileName() == "" {
		return nil, none
	}
	return part, nil
}

func (s *site) stop(c *gin.Context) {
	_, err := s.packages.StopImport(c.Request.Context())
	if err != nil && !shell.IsKind(err, library.Conflict) { // over already is what was wanted
		s.Fail(c, err)
		return
	}
	s.Go(c, "/settings/packages")
}

// refuse shows what was wrong on the page.
func (s *site) refuse(c *gin.Context, err error) {
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != library.Invalid && e.Kind != library.Conflict && e.Kind != library.Full {
		s.Fail(c, err)
		return
	}
	p, failed := s.page(c)
	if failed != nil {
		s.Fail(c, failed)
		return
	}
	w := p.W.Packages
	message, known := w.Refused[e.Code]
	switch {
	case known:
	case e.Kind == library.Conflict:
		message = w.Busy
	case e.Kind == library.Full:
		message = w.Full
	case e.Cause != nil:
		message = w.Unread
	default:
		message = w.NoFile
	}
	p.Problem = &shell.Problem{Message: message}
	s.view.Render(c, s.Status(e.Kind), p)
}
