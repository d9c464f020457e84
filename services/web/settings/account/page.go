// Package account is the section of the settings about the owner: password,
// second factor and signed-in browsers.
package account

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/reauth"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Name is the section's.
const Name = "account"

// Page is the data of the page.
type Page struct {
	settings.Frame
	PasswordProblem *shell.Problem
	Factors         Factors
	Reauth          reauth.Dialog
	Browsers        []Browser
	SessionsText    string
}

// Browser is one that is signed in.
type Browser struct {
	ID, Agent, Address string
	LastSeen, Since    shell.Moment
	Current            bool
}

type site struct {
	*settings.Desk
	keeper  *auth.Keeper
	cookies auth.Cookies
	asker   *reauth.Asker
	view    *shell.View
	enrol   *shell.View
	codes   *shell.View
	make    *shell.View
}

// New parses the pages.
func New(d *settings.Desk, keeper *auth.Keeper, cookies auth.Cookies, asker *reauth.Asker) (settings.Section, error) {
	s := &site{Desk: d, keeper: keeper, cookies: cookies, asker: asker}
	var errs [4]error
	s.view, errs[0] = d.View(Name, shell.Sheets{Script: settings.Asset(Name), With: reauth.Templates()})
	s.enrol, errs[1] = d.View(Name, shell.Sheets{Page: "enrol", Style: "factor", Script: "factor"})
	s.codes, errs[2] = d.View(Name, shell.Sheets{Page: "recovery-codes", Style: "factor", Script: "factor"})
	s.make, errs[3] = d.View(Name, shell.Sheets{Page: "passkey", Style: "factor", Script: "passkey"})
	return s, errors.Join(errs[:]...)
}

func (s *site) Pages() []shell.Page {
	return []shell.Page{{View: s.view, Data: &Page{}}, {View: s.enrol, Data: &Enrol{}}, {View: s.codes, Data: &Codes{}}, {View: s.make, Data: &Make{}}}
}

func (s *site) Register(r gin.IRouter) {
	r.GET("/settings/account", s.get)
	r.POST("/settings/account/password", s.password)
	r.POST("/settings/account/sessions/:id/end", s.endSession)
	r.POST("/settings/account/others/end", s.endOthers)
	r.POST("/settings/account/everywhere/end", s.endAll)
	s.registerFactors(r)
}

func (s *site) get(c *gin.Context) {
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	switch c.Query("done") {
	case "password":
		p.Notice = p.W.Settings.PasswordChanged
	case "session":
		p.Notice = p.W.Settings.SessionEnded
	case "factor":
		if p.Notice = p.W.Factors.TurnedOff; p.Factors.On {
			p.Notice = p.W.Factors.AppOff
		}
	case "app":
		p.Notice = p.W.Factors.AppOn
	case "passkey":
		p.Notice = p.W.Passkeys.IsAdded
	case "unpasskey":
		p.Notice = p.W.Passkeys.IsRemoved
	case "unmade":
		p.Notice = p.W.Passkeys.NotMade
	case "unnamed":
		p.Notice = p.W.Passkeys.NoName
	case "late":
		p.Notice = p.W.Factors.Late
	case "others":
		p.Notice = p.W.Account.OthersEnded
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *site) page(c *gin.Context) (*Page, error) {
	ctx := c.Request.Context()
	p := &Page{Frame: s.Frame(c, s.view, Name)}
	const day = 24 * time.Hour
	p.SessionsText = fmt.Sprintf(p.W.Account.SessionsText, p.W.Number(int(auth.SessionTTL/day)), p.W.Number(int(auth.SessionMax/day)))
	if err := s.factors(c, p); err != nil {
		return nil, err
	}
	sessions, err := s.keeper.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	me, _ := auth.FromContext(ctx)
	for _, x := range sessions {
		p.Browsers = append(p.Browsers, Browser{
			ID: x.ID, Agent: settings.Browser(p.W, x.Agent), Address: x.Address,
			LastSeen: p.Moment(x.LastSeen), Since: p.Moment(x.CreatedAt), Current: x.ID == me.SessionID,
		})
	}
	return p, nil
}

func (s *site) password(c *gin.Context) {
	me, _ := auth.FromContext(c.Request.Context())
	grant, err := s.keeper.ChangePassword(c.Request.Context(), me, c.PostForm("old"), c.PostForm("new"))
	if err == nil {
		for _, k := range s.cookies.Grant(c.Request, grant) {
			http.SetCookie(c.Writer, k)
		}
		s.Go(c, "/settings/account?done=password")
		return
	}
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind == library.Internal {
		s.Fail(c, err)
		return
	}
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	p.PasswordProblem = &shell.Problem{Message: e.Message, Hint: e.Hint}
	switch {
	case e.Kind == library.Forbidden:
		p.PasswordProblem = &shell.Problem{Message: p.W.Settings.WrongPassword}
	case e.Kind == library.Limited:
		c.Header("Retry-After", fmt.Sprint(e.RetryAfter))
		p.PasswordProblem = &shell.Problem{Message: fmt.Sprintf(p.W.Login.Limited, p.W.Wait(e.RetryAfter))}
	case e.Kind == library.Invalid && len(c.PostForm("new")) < 1000:
		p.PasswordProblem = &shell.Problem{Message: p.W.Setup.ShortPassword}
	case e.Kind == library.Invalid:
		p.PasswordProblem = &shell.Problem{Message: p.W.Setup.TooLong}
	}
	s.view.Render(c, s.Status(e.Kind), p)
}

func (s *site) endSession(c *gin.Context) {
	err := s.keeper.Logout(c.Request.Context(), c.Param("id"))
	if err != nil && !shell.IsKind(err, library.NotFound) { // ended already is what was wanted
		s.Fail(c, err)
		return
	}
	s.Go(c, "/settings/account?done=session")
}

func (s *site) endOthers(c *gin.Context) {
	me, _ := auth.FromContext(c.Request.Context())
	if err := s.keeper.LogoutOthers(c.Request.Context(), me); err != nil {
		s.Fail(c, err)
		return
	}
	s.Go(c, "/settings/account?done=others")
}

func (s *site) endAll(c *gin.Context) {
	me, _ := auth.FromContext(c.Request.Context())
	if err := s.keeper.LogoutEverywhere(c.Request.Context(), me); err != nil {
		s.Fail(c, err)
		return
	}
	for _, k := range s.cookies.Clear(c.Request) {
		http.SetCookie(c.Writer, k)
	}
	s.Go(c, "/login?done=everywhere")
}
