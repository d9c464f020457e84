// Package copies is the section of the settings about copies of backups in the
// owner's storage.
//
// It owns the forms. The keys that are typed go to init and come back in no
// answer. What lies in the storage is asked for only when the owner asks, because
// that leaves the box.
package copies

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/reauth"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Name is the section's.
const Name = "copies"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Place            string // empty: no copies are made
	Status           shell.Status
	Facts            []string
	Failure          string // of the last attempt
	Working          string
	Bar              bool
	BarValue, BarMax int64
	Test             *shell.Status // what came of one
	Keep             int
	Form             Form
	Of               string // where Problem stands: set, keep or there
	Field            string // that is wrong
	Problem          *shell.Problem
	Listed           bool
	Rows             []Row
	Fetch            *Fetch
	Reauth           reauth.Dialog
}

// Form is what was typed, but for the keys.
type Form struct {
	Endpoint, Region, Bucket, Prefix string
	PathStyle                        bool
}

// Row is one copy in the storage.
type Row struct {
	Name, When string
	Facts      []string
	Here       bool
}

// Fetch is the copy that is brought back.
type Fetch struct {
	Text             string
	Tone             string
	Busy             bool
	BarValue, BarMax int64
}

type site struct {
	*settings.Desk
	keeper *auth.Keeper
	copies library.Copies
	asker  *reauth.Asker
	view   *shell.View
}

// New parses the page.
func New(d *settings.Desk, keeper *auth.Keeper, copies library.Copies, asker *reauth.Asker) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name), Script: settings.Asset(Name), With: reauth.Templates()})
	return &site{Desk: d, keeper: keeper, copies: copies, asker: asker, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	if s.copies == nil {
		return
	}
	r.GET("/settings/copies", s.get)
	r.POST("/settings/copies", s.asker.Guard(s.change))
	r.POST("/settings/copies/remove", s.asker.Guard(s.remove))
	r.POST("/settings/copies/keep", s.asker.Guard(s.keep))
	r.POST("/settings/copies/test", s.test)
	r.POST("/settings/copies/fetch", s.fetch)
}

func (s *site) get(c *gin.Context) {
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	w := p.W.Copies
	p.Notice = map[string]string{"saved": w.Saved, "removed": w.Stopped, "kept": w.Kept, "fetching": w.Fetching}[c.Query("done")]
	if c.Query("list") != "" && p.Place != "" {
		s.list(c, p)
	}
	s.view.Render(c, http.StatusOK, p)
}

// list asks the storage. What it does not answer stands on the page.
func (s *site) list(c *gin.Context, p *Page) {
	all, err := s.copies.ListCopies(c.Request.Context())
	if err != nil {
		code, message := "", err.Error()
		if e, ok := errors.AsType[*library.Error](err); ok {
			code, message = e.Code, e.Message
		}
		p.Of, p.Problem = "there", &shell.Problem{Message: sentence(p.W.CopyAnswer(code, message))}
		return
	}
	p.Listed = true
	for _, one := range all {
		r := Row{Name: one.Name, When: p.Moment(one.MadeAt).Exact, Here: one.Here, Facts: []string{p.W.Size(one.Size), p.W.Copies.ThisBox}}
		if !one.Own {
			r.Facts[1] = fmt.Sprintf(p.W.Copies.OtherBox, one.Box)
		}
		if one.Here {
			r.Facts = append(r.Facts, p.W.Copies.Here)
		}
		p.Rows = append(p.Rows, r)
	}
}

// sentence begins with a capital, as a clause of another sentence does not.
func sentence(text string) string {
	for i := range text {
		if i > 0 {
			return strings.ToUpper(text[:i]) + text[i:]
		}
	}
	return text
}

func (s *site) page(c *gin.Context) (*Page, error) {
	p := &Page{Frame: s.Frame(c, s.view, Name)}
	state, err := s.copies.Copies(c.Request.Context())
	if err != nil {
		return nil, err
	}
	if p.Reauth, err = s.asker.Dialog(c); err != nil {
		return nil, err
	}
	p.fill(state)
	return p, nil
}

func (p *Page) fill(s library.CopiesState) {
	w := p.W.Copies
	p.Place, p.Keep = s.Place(), max(s.Kept, 0)
	p.Form = Form{s.Endpoint, s.Region, s.Bucket, strings.TrimSuffix(s.Prefix, "/"), s.PathStyle || s.Endpoint == ""}
	p.fetching(s.Fetch)
	if p.Place == "" {
		p.Status = shell.Status{Text: w.Nowhere, Tone: "idle"}
		return
	}
	p.Status = shell.Status{Text: fmt.Sprintf(w.To, strings.TrimSuffix(p.Place, "/")), Tone: "ok"}
	p.Facts = append(p.Facts, w.NotYet)
	if !s.Copied.IsZero() {
		p.Facts[0] = fmt.Sprintf(w.Latest, p.Moment(s.Copied).Text)
	}
	if s.Failure != nil {
		p.Status.Tone = "bad"
		p.Failure = fmt.Sprintf(w.Failing, p.W.CopyAnswer(s.Failure.Code, s.Failure.Message))
		if !s.Next.IsZero() {
			p.Failure += " " + fmt.Sprintf(w.NextTry, p.Moment(s.Next).Exact)
		}
	}
	if s.Working != "" {
		p.Status.Tone, p.Working = "busy", w.Looking
		if p.Bar, p.BarValue, p.BarMax = s.Total > 0, s.Done, s.Total; p.Bar {
			p.Working = fmt.Sprintf(w.Working, p.made(s.Working))
		}
	}
}

// made says when the backup of an id, or the copy of a name, was made.
func (p *Page) made(of string) string {
	if at, ok := library.BackupTime(of); ok {
		return p.Moment(at).Exact
	}
	return of
}

func (p *Page) fetching(f library.Fetch) {
	w := p.W.Copies
	switch when := p.made(f.Name); {
	case f.Name == "":
	case f.Busy:
		p.Fetch = &Fetch{Text: fmt.Sprintf(w.Coming, when), Tone: "busy", Busy: true, BarValue: f.Done, BarMax: f.Total}
	case f.Failure != nil:
		p.Fetch = &Fetch{Text: fmt.Sprintf(w.NotCome, when, p.W.CopyAnswer(f.Failure.Code, f.Failure.Message)), Tone: "bad"}
	default:
		p.Fetch = &Fetch{Text: fmt.Sprintf(w.Came, when), Tone: "ok"}
	}
}

func (s *site) change(c *gin.Context) {
	ctx := c.Request.Context()
	wish := library.CopyWish{
		Endpoint: c.PostForm("endpoint"), Region: c.PostForm("region"), Bucket: c.PostForm("bucket"), Prefix: c.PostForm("prefix"),
		PathStyle: c.PostForm("style") != "host", AccessKey: c.PostForm("access_key"), Secret: c.PostForm("secret"),
	}
	if wish.Endpoint == "" { // zero would forget what there is
		wish.Endpoint = " "
	}
	if err := s.copies.SetCopyPlace(ctx, wish); err != nil {
		s.refuse(c, "set", err, func(p *Page) {
			p.Form = Form{strings.TrimSpace(wish.Endpoint), wish.Region, wish.Bucket, wish.Prefix, wish.PathStyle}
		})
		return
	}
	if state, err := s.copies.Copies(ctx); err == nil {
		s.keeper.Record(ctx, library.AuditCopiesSet, state.Place())
	}
	s.Go(c, "/settings/copies?done=saved")
}

func (s *site) remove(c *gin.Context) {
	ctx := c.Request.Context()
	if err := s.copies.SetCopyPlace(ctx, library.CopyWish{}); err != nil {
		s.refuse(c, "set", err, nil)
		return
	}
	s.keeper.Record(ctx, library.AuditCopiesOff, "")
	s.Go(c, "/settings/copies?done=removed")
}

func (s *site) keep(c *gin.Context) {
	n, err := strconv.Atoi(strings.TrimSpace(c.PostForm("keep")))
	switch {
	case err != nil || n < 0:
		n = library.MaxCopiesKept + 1 // which is refused
	case n == 0:
		n = library.CopiesAll
	}
	if err := s.copies.SetCopiesKept(c.Request.Context(), n); err != nil {
		s.refuse(c, "keep", err, nil)
		return
	}
	s.Go(c, "/settings/copies?done=kept")
}

// refuse shows the forms again, without the keys.
func (s *site) refuse(c *gin.Context, of string, err error, more func(*Page)) {
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != library.Invalid && e.Kind != library.Conflict && e.Kind != library.NotFound {
		s.Fail(c, err)
		return
	}
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	message := ""
	switch of {
	case "set":
		message = p.W.CopyFault(e.Code, e.Message)
	case "keep":
		message = p.W.Copies.KeepBad
	default:
		message = sentence(p.W.CopyAnswer(e.Code, e.Message))
	}
	p.Of, p.Field, p.Problem = of, e.Field, &shell.Problem{Message: message}
	if more != nil {
		more(p)
	}
	s.view.Render(c, s.Status(e.Kind), p)
}

// test says on the page what the storage answered.
func (s *site) test(c *gin.Context) {
	tried := s.copies.TryCopyPlace(c.Request.Context())
	e, ok := errors.AsType[*library.Error](tried)
	if tried != nil && (!ok || e.Kind != library.Conflict) {
		s.Fail(c, tried)
		return
	}
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	p.Test = &shell.Status{Tone: "ok", Text: p.W.Copies.Works}
	if tried != nil {
		p.Test = &shell.Status{Tone: "bad", Text: fmt.Sprintf(p.W.Copies.Fails, p.W.CopyAnswer(e.Code, e.Message))}
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *site) fetch(c *gin.Context) {
	name := c.PostForm("name")
	if err := s.copies.FetchCopy(c.Request.Context(), name); err != nil {
		s.refuse(c, "there", err, nil)
		return
	}
	s.keeper.Record(c.Request.Context(), library.AuditCopyFetched, name)
	s.Go(c, "/settings/copies?done=fetching#there")
}
