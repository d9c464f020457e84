// Package login is the page that signs in, and the way out.
package login

import (
	"errors"
	"fmt"
	"net/http"
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
	keeper  *auth.Keeper
	cookies auth.Cookies
}

// New parses the page.
func New(s *shell.Shell, k *auth.Keeper, cookies auth.Cookies) (*Site, error) {
	v, err := s.View(shell.Sheets{Page: "login", Script: "login", Bare: true})
	return &Site{shell: s, view: v, keeper: k, cookies: cookies}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// Register adds the page.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/login", s.get)
	r.POST("/login", s.post)
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
	case strings.HasPrefix(s.shell.Local(c.Query("next")), "/settings/https?done="):
		p.Notice = p.W.HTTPS.SignInAgain
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *Site) post(c *gin.Context) {
	name, password, next := c.PostForm("username"), c.PostForm("password"), c.PostForm("next")
	grant, err := s.keeper.Login(c.Request.Context(), name, password, s.cookies.Client(c.Request))
	if err == nil {
		for _, k := range s.cookies.Grant(c.Request, grant) {
			http.SetCookie(c.Writer, k)
		}
		s.shell.Go(c, s.shell.Local(next))
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
