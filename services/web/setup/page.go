// Package setup is the wizard of the first minute: the owner, who may reach
// the box, and the first document.
//
// Its first step needs the one-time code and nothing else; the others need the
// owner.
package setup

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/shell"
)

// Owner is the data of the first step.
type Owner struct {
	shell.Frame
	Step       int
	CodeNeeded bool
	Code       string
	Username   string
	Fault      string // the field at fault
	Problem    *shell.Problem
}

// Reach is the data of the second step.
type Reach struct {
	shell.Frame
	Step    int
	Problem *shell.Problem
	shell.ReachChoice
}

// First is the data of the third step.
type First struct {
	shell.Frame
	Step       int
	Source     *shell.Row
	Self       string
	Suggestion string
}

// Options are what the wizard needs.
type Options struct {
	Shell    *shell.Shell
	Keeper   *auth.Keeper
	Cookies  auth.Cookies
	Accounts library.Accounts
	Hosts    auth.Hosts
	Open     bool // no code is needed
}

// Site is the wizard.
type Site struct {
	Options
	owner, reach, first *shell.View
}

// New parses the pages.
func New(o Options) (*Site, error) {
	s := &Site{Options: o}
	var err error
	for _, p := range []struct {
		view *(*shell.View)
		page string
		live bool
	}{{&s.owner, "setup", false}, {&s.reach, "reach", false}, {&s.first, "first", true}} {
		*p.view, err = o.Shell.View(shell.Sheets{
			Page: p.page, With: []string{"steps"}, Style: "setup", Script: "setup", Bare: true, Live: p.live,
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Views are the templates of the three steps.
func (s *Site) Views() (owner, reach, first *shell.View) { return s.owner, s.reach, s.first }

// Register adds the wizard.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/setup", s.getOwner)
	r.POST("/setup", s.postOwner)
	r.GET("/setup/reach", s.Shell.Owner, s.getReach)
	r.POST("/setup/reach", s.Shell.Owner, s.postReach)
	r.GET("/setup/first", s.Shell.Owner, s.getFirst)
}

func (s *Site) ownerPage(c *gin.Context) *Owner {
	title := s.Shell.WordsFor(c).Setup.Title
	return &Owner{Frame: s.Shell.Frame(c, s.owner, "", title), Step: 1, CodeNeeded: !s.Open}
}

// getOwner shows the first step, or leads to where the owner left off.
func (s *Site) getOwner(c *gin.Context) {
	ctx := c.Request.Context()
	needed, err := s.Keeper.SetupNeeded(ctx)
	if err != nil {
		s.Shell.Fail(c, err)
		return
	}
	if needed {
		p := s.ownerPage(c)
		p.Code = c.Query("code")
		s.owner.Render(c, http.StatusOK, p)
		return
	}
	if _, ok := auth.FromContext(ctx); !ok {
		s.Shell.Go(c, "/login")
		return
	}
	settings, err := s.Accounts.Settings(ctx)
	switch {
	case err != nil:
		s.Shell.Fail(c, err)
	case settings.Reach == "":
		s.Shell.Go(c, "/setup/reach")
	default:
		s.Shell.Go(c, "/")
	}
}

func (s *Site) postOwner(c *gin.Context) {
	code, name, password := c.PostForm("code"), c.PostForm("username"), c.PostForm("password")
	grant, err := s.Keeper.Setup(c.Request.Context(), code, name, password, s.Cookies.Client(c.Request))
	if err == nil {
		for _, k := range s.Cookies.Grant(c.Request, grant) {
			http.SetCookie(c.Writer, k)
		}
		s.Shell.Go(c, "/setup/reach")
		return
	}
	e, ok := errors.AsType[*library.Error](err)
	if !ok {
		s.Shell.Fail(c, err)
		return
	}
	p := s.ownerPage(c)
	w := p.W
	p.Code, p.Username = code, name
	switch {
	case e.Kind == library.Conflict:
		s.Shell.Go(c, "/login")
		return
	case e.Kind == library.Limited:
		c.Header("Retry-After", fmt.Sprint(e.RetryAfter))
		p.Problem = &shell.Problem{Message: fmt.Sprintf(w.Setup.Limited, w.Wait(e.RetryAfter))}
	case e.Kind == library.Forbidden:
		p.Fault, p.Problem = "code", &shell.Problem{Message: w.Setup.WrongCode}
	case e.Field == "username":
		p.Fault, p.Problem = "username", &shell.Problem{Message: w.Setup.BadName}
	case e.Field == "password" && len(password) < 1000:
		p.Fault, p.Problem = "password", &shell.Problem{Message: w.Setup.ShortPassword}
	case e.Field == "password":
		p.Fault, p.Problem = "password", &shell.Problem{Message: w.Setup.TooLong}
	default:
		s.Shell.Fail(c, err)
		return
	}
	s.owner.Render(c, s.Shell.Status(e.Kind), p)
}

func (s *Site) reachPage(c *gin.Context, choice shell.ReachChoice) *Reach {
	title := s.Shell.WordsFor(c).Setup.Title
	return &Reach{Frame: s.Shell.Frame(c, s.reach, "", title), Step: 2, ReachChoice: choice}
}

func (s *Site) getReach(c *gin.Context) {
	settings, err := s.Accounts.Settings(c.Request.Context())
	if err != nil {
		s.Shell.Fail(c, err)
		return
	}
	choice := shell.ReachChoice{
		Reach: settings.Reach, Hosts: strings.Join(settings.Hosts, "\n"), Fixed: strings.Join(s.Hosts.Fixed, ", "),
	}
	if name, public := publicName(c); public && !slices.Contains(s.Hosts.Fixed, name) {
		choice.OpenedUnder = name
		if !strings.Contains("\n"+choice.Hosts+"\n", "\n"+name+"\n") {
			choice.Hosts = strings.TrimSpace(choice.Hosts + "\n" + name)
		}
	}
	if choice.Reach == "" {
		choice.Reach = likely(c)
	}
	s.reach.Render(c, http.StatusOK, s.reachPage(c, choice))
}

func (s *Site) postReach(c *gin.Context) {
	w := s.Shell.WordsFor(c)
	choice, problem, err := shell.SaveReach(c, w, s.Keeper, s.Hosts)
	switch {
	case err != nil:
		s.Shell.Fail(c, err)
	case problem != nil:
		p := s.reachPage(c, choice)
		p.Problem = problem
		s.reach.Render(c, s.Shell.Status(library.Invalid), p)
	default:
		s.Shell.Go(c, "/setup/first")
	}
}

// publicName is the name that the browser used, when the box answers to it
// only if it is listed.
func publicName(c *gin.Context) (string, bool) {
	name, ok := auth.HostName(c.Request.Host)
	return name, ok && !auth.BuiltIn(name)
}

// likely guesses who may reach the box by the name it was opened under.
func likely(c *gin.Context) string {
	if _, public := publicName(c); !public {
		return "network"
	}
	if auth.Secure(c.Request) {
		return "proxy"
	}
	return "names"
}
