// Package notices is the section of the settings about who is told of alarms.
//
// It owns the form. The address that is typed goes to init and comes back in no
// answer: what the page shows is the host.
package notices

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/reauth"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Name is the section's.
const Name = "notices"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Host    string // empty: nobody is told
	Locked  bool
	Status  shell.Status
	Facts   []string
	Failure string // of the last attempt
	Kinds   []Kind
	Test    *shell.Status // what came of one
	Problem *shell.Problem
	Reauth  reauth.Dialog
}

// Kind is what may answer at an address.
type Kind struct {
	Value, Title, Text string
	On                 bool
}

type site struct {
	*settings.Desk
	keeper  *auth.Keeper
	notices library.Notices
	asker   *reauth.Asker
	view    *shell.View
}

// New parses the page.
func New(d *settings.Desk, keeper *auth.Keeper, notices library.Notices, asker *reauth.Asker) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name), Script: settings.Asset(Name), With: reauth.Templates()})
	return &site{Desk: d, keeper: keeper, notices: notices, asker: asker, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	if s.notices == nil {
		return
	}
	r.GET("/settings/notices", s.get)
	r.POST("/settings/notices", s.asker.Guard(s.change))
	r.POST("/settings/notices/remove", s.asker.Guard(s.remove))
	r.POST("/settings/notices/test", s.test)
}

func (s *site) get(c *gin.Context) {
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	switch c.Query("done") {
	case "saved":
		p.Notice = p.W.Notices.Saved
	case "removed":
		p.Notice = p.W.Notices.Removed
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *site) page(c *gin.Context) (*Page, error) {
	p := &Page{Frame: s.Frame(c, s.view, Name)}
	n, err := s.notices.Notices(c.Request.Context())
	if err != nil {
		return nil, err
	}
	if p.Reauth, err = s.asker.Dialog(c); err != nil {
		return nil, err
	}
	p.fill(n)
	return p, nil
}

func (p *Page) fill(n library.NoticesState) {
	w := p.W.Notices
	p.Host, p.Locked = n.Host, n.Locked
	p.kinds(n.Kind)
	if n.Host == "" {
		p.Status = shell.Status{Text: w.Nobody, Tone: "idle"}
		return
	}
	p.Status = shell.Status{Text: fmt.Sprintf(w.Tells, n.Host), Tone: "ok"}
	p.Facts = append(p.Facts, w.NeverSent)
	if !n.Sent.IsZero() {
		p.Facts[0] = fmt.Sprintf(w.Sent, p.Moment(n.Sent).Text)
	}
	if n.Waiting > 0 {
		p.Status.Tone = "warn"
		p.Facts = append(p.Facts, p.W.For(w.Waiting, n.Waiting))
	}
	if n.Lost > 0 {
		p.Facts = append(p.Facts, p.W.For(w.Lost, n.Lost))
	}
	if n.Failure != nil {
		p.Status.Tone = "bad"
		p.Failure = fmt.Sprintf(w.Failing, n.Failure.Message)
		if !n.Next.IsZero() {
			p.Failure += " " + fmt.Sprintf(w.NextTry, p.Moment(n.Next).Exact)
		}
	}
}

func (p *Page) kinds(on library.NoticeKind) {
	w := p.W.Notices
	if on == "" {
		on = library.NoticeNtfy
	}
	p.Kinds = []Kind{
		{string(library.NoticeNtfy), w.NtfyTitle, w.NtfyText, on == library.NoticeNtfy},
		{string(library.NoticeWebhook), w.WebhookTitle, w.WebhookText, on == library.NoticeWebhook},
	}
}

func (s *site) change(c *gin.Context) {
	ctx := c.Request.Context()
	wish := library.NoticeWish{Kind: library.NoticeKind(c.PostForm("kind")), Address: c.PostForm("address")}
	err := s.notices.SetNotices(ctx, wish, s.WordsFor(c).Code)
	if err != nil {
		s.refuse(c, err, wish.Kind)
		return
	}
	if n, err := s.notices.Notices(ctx); err == nil {
		s.keeper.Record(ctx, library.AuditNoticesSet, n.Host)
	}
	s.Go(c, "/settings/notices?done=saved")
}

// refuse shows the form again, without the address: it is a secret, and the
// browser's way back has it.
func (s *site) refuse(c *gin.Context, err error, kind library.NoticeKind) {
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != library.Invalid && e.Kind != library.Conflict {
		s.Fail(c, err)
		return
	}
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	p.kinds(kind)
	p.Problem = &shell.Problem{Message: p.W.NoticeFault(e.Code, e.Message)}
	s.view.Render(c, s.Status(e.Kind), p)
}

func (s *site) remove(c *gin.Context) {
	ctx := c.Request.Context()
	if err := s.notices.SetNotices(ctx, library.NoticeWish{}, s.WordsFor(c).Code); err != nil {
		s.refuse(c, err, "")
		return
	}
	s.keeper.Record(ctx, library.AuditNoticesOff, "")
	s.Go(c, "/settings/notices?done=removed")
}

// test sends one and says on the page what came back.
func (s *site) test(c *gin.Context) {
	got, tried := s.notices.TryNotice(c.Request.Context(), s.WordsFor(c).Code)
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
	w := p.W.Notices
	switch {
	case tried != nil:
		p.Test = &shell.Status{Tone: "bad", Text: fmt.Sprintf(w.NotTaken, e.Message)}
	case got.Said == "":
		p.Test = &shell.Status{Tone: "ok", Text: fmt.Sprintf(w.Taken, got.Status)}
	default:
		p.Test = &shell.Status{Tone: "ok", Text: fmt.Sprintf(w.TakenSaid, got.Status, got.Said)}
	}
	s.view.Render(c, http.StatusOK, p)
}
