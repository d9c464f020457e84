// Package settings is the page of what the owner can change: the account, who
// may reach the box, and how it looks in this browser.
package settings

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Notice          string
	Problem         *shell.Problem // with access
	PasswordProblem *shell.Problem
	Sessions        []Session
	shell.ReachChoice
	Languages []*words.Words
}

// Session is one signed-in browser.
type Session struct {
	ID, Agent, Address string
	LastSeen           shell.Moment
	Current            bool
}

// Options are what the page needs.
type Options struct {
	Shell    *shell.Shell
	Keeper   *auth.Keeper
	Cookies  auth.Cookies
	Accounts library.Accounts
	Hosts    auth.Hosts
}

// Site is the page.
type Site struct {
	Options
	view *shell.View
}

// New parses the page.
func New(o Options) (*Site, error) {
	v, err := o.Shell.View(shell.Sheets{Page: "settings", Style: "settings", Script: "settings"})
	return &Site{Options: o, view: v}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// Register adds the page and its forms.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/settings", s.get)
	r.POST("/settings/password", s.password)
	r.POST("/settings/sessions/:id/end", s.endSession)
	r.POST("/settings/access", s.access)
	r.POST("/settings/appearance", s.appearance)
}

func (s *Site) get(c *gin.Context) {
	p, err := s.page(c)
	if err != nil {
		s.Shell.Fail(c, err)
		return
	}
	switch c.Query("done") {
	case "password":
		p.Notice = p.W.Settings.PasswordChanged
	case "session":
		p.Notice = p.W.Settings.SessionEnded
	case "access":
		p.Notice = p.W.Settings.AccessSaved
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *Site) page(c *gin.Context) (*Page, error) {
	ctx := c.Request.Context()
	w := s.Shell.WordsFor(c)
	p := &Page{Frame: s.Shell.Frame(c, s.view, "settings", w.Settings.Title), Languages: s.Shell.Words.All}
	settings, err := s.Accounts.Settings(ctx)
	if err != nil {
		return nil, err
	}
	p.ReachChoice = shell.ReachChoice{Reach: settings.Reach, Hosts: strings.Join(settings.Hosts, "\n")}
	sessions, err := s.Keeper.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	me, _ := auth.FromContext(ctx)
	for _, x := range sessions {
		p.Sessions = append(p.Sessions, Session{
			ID: x.ID, Agent: browser(w, x.Agent), Address: x.Address,
			LastSeen: p.Moment(x.LastSeen), Current: x.ID == me.SessionID,
		})
	}
	return p, nil
}

func (s *Site) password(c *gin.Context) {
	me, _ := auth.FromContext(c.Request.Context())
	grant, err := s.Keeper.ChangePassword(c.Request.Context(), me, c.PostForm("old"), c.PostForm("new"))
	if err == nil {
		for _, k := range s.Cookies.Grant(c.Request, grant) {
			http.SetCookie(c.Writer, k)
		}
		s.Shell.Go(c, "/settings?done=password")
		return
	}
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind == library.Internal {
		s.Shell.Fail(c, err)
		return
	}
	p, err := s.page(c)
	if err != nil {
		s.Shell.Fail(c, err)
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
	s.view.Render(c, s.Shell.Status(e.Kind), p)
}

func (s *Site) endSession(c *gin.Context) {
	err := s.Keeper.Logout(c.Request.Context(), c.Param("id"))
	if err != nil && !shell.IsKind(err, library.NotFound) { // ended already is what was wanted
		s.Shell.Fail(c, err)
		return
	}
	s.Shell.Go(c, "/settings?done=session")
}

func (s *Site) access(c *gin.Context) {
	choice, problem, err := shell.SaveReach(c, s.Shell.WordsFor(c), s.Accounts, s.Hosts)
	if err != nil {
		s.Shell.Fail(c, err)
		return
	}
	if problem == nil {
		s.Shell.Go(c, "/settings?done=access")
		return
	}
	p, err := s.page(c)
	if err != nil {
		s.Shell.Fail(c, err)
		return
	}
	p.ReachChoice, p.Problem = choice, problem
	s.view.Render(c, s.Shell.Status(library.Invalid), p)
}

func (s *Site) appearance(c *gin.Context) {
	s.Shell.Remember(c, c.PostForm("theme"), c.PostForm("language"))
	s.Shell.Go(c, "/settings#appearance")
}
