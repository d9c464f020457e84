// Package login is the page that signs in, that of the second step, and the way
// out.
package login

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/shell"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Notice   string
	Problem  *shell.Problem
	Username string
	Next     string
}

// Site is the page and what it needs.
type Site struct {
	shell   *shell.Shell
	view    *shell.View
	step    *shell.View
	keeper  *auth.Keeper
	cookies auth.Cookies
}

// New parses the pages.
func New(s *shell.Shell, k *auth.Keeper, cookies auth.Cookies) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "login", Script: "login", Bare: true})
	if err != nil {
		return nil, err
	}
	step, err := s.View(shell.Sheets{Page: "login-step", Script: "login-step", Bare: true})
	return &Site{shell: s, view: v, step: step, keeper: k, cookies: cookies}, err
}

// Pages are the templates with the data they take.
func (s *Site) Pages() []shell.Page {
	return []shell.Page{{View: s.view, Data: &Page{}}, {View: s.step, Data: &Step{}}}
}

// Register adds the pages.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/login", s.get)
	r.POST("/login", s.post)
	r.GET("/login/step", s.getStep)
	r.POST("/login/step", s.postStep)
	r.POST("/logout", s.logout)
}

func (s *Site) page(c *gin.Context, next string) *Page {
	w := s.shell.WordsFor(c)
	return &Page{Frame: s.shell.Frame(c, s.view, "", w.Login.Title), Next: s.shell.BasePath + s.shell.Local(next)}
}

func (s *Site) get(c *gin.Context) {
	if needed, err := s.keeper.SetupNeeded(c.Request.Context()); err != nil {
		s.shell.Fail(c, err)
		return
	} else if needed {
		s.shell.Go(c, "/setup")
		return
	}
	if _, ok := auth.FromContext(c.Request.Context()); ok {
		s.shell.Go(c, s.shell.Local(c.Query("next")))
		return
	}
	p := s.page(c, c.Query("next"))
	switch {
	case c.Query("done") == "out":
		p.Notice = p.W.Login.SignedOut
	case c.Query("done") == "everywhere":
		p.Notice = p.W.Account.EverywhereOut
	case c.Query("done") == "late":
		p.Problem = &shell.Problem{Message: p.W.Step.Late}
	case strings.HasPrefix(s.shell.Local(c.Query("next")), "/settings/https?done="):
		p.Notice = p.W.HTTPS.SignInAgain
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *Site) post(c *gin.Context) {
	name, password, next := c.PostForm("username"), c.PostForm("password"), c.PostForm("next")
	entry, err := s.keeper.Login(c.Request.Context(), name, password, s.cookies.Client(c.Request))
	switch {
	case err == nil && entry.Step != nil:
		http.SetCookie(c.Writer, s.cookies.Step(c.Request, *entry.Step))
		s.shell.Go(c, "/login/step?next="+url.QueryEscape(s.shell.BasePath+s.shell.Local(next)))
		return
	case err == nil:
		s.enter(c, entry.Grant, next)
		return
	}
	p := s.page(c, next)
	p.Username = name
	e, ok := errors.AsType[*library.Error](err)
	switch {
	case ok && e.Kind == library.Unauthorized:
		p.Problem = &shell.Problem{Message: p.W.Login.Wrong}
	case ok && e.Kind == library.Limited:
		c.Header("Retry-After", fmt.Sprint(e.RetryAfter))
		p.Problem = &shell.Problem{Message: fmt.Sprintf(p.W.Login.Limited, p.W.Wait(e.RetryAfter))}
	default:
		s.shell.Fail(c, err)
		return
	}
	s.view.Render(c, s.shell.Status(e.Kind), p)
}

// enter signs the browser in and leads on.
func (s *Site) enter(c *gin.Context, g auth.Grant, next string) {
	for _, k := range s.cookies.Grant(c.Request, g) {
		http.SetCookie(c.Writer, k)
	}
	s.shell.Go(c, s.shell.Local(next))
}

func (s *Site) logout(c *gin.Context) {
	if id, ok := auth.FromContext(c.Request.Context()); ok {
		if err := s.keeper.Logout(c.Request.Context(), id.SessionID); err != nil && !shell.IsKind(err, library.NotFound) {
			s.shell.Fail(c, err)
			return
		}
	}
	for _, k := range s.cookies.Clear(c.Request) {
		http.SetCookie(c.Writer, k)
	}
	s.shell.Go(c, "/login?done=out")
}
