// Package access is the section of the settings about who may reach the box.
package access

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Name is the section's.
const Name = "access"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Problem *shell.Problem
	shell.ReachChoice
	Sight
}

// Options are what the section needs.
type Options struct {
	*settings.Desk
	Accounts library.Accounts
	Keeper   *auth.Keeper
	Hosts    auth.Hosts
	Budgets  *auth.Budgets
	Proxies  []string // that are believed about who asks
}

type site struct {
	Options
	view *shell.View
}

// New parses the page.
func New(o Options) (settings.Section, error) {
	v, err := o.View(Name, shell.Sheets{Style: settings.Asset(Name)})
	return &site{Options: o, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	r.GET("/settings/access", s.get)
	r.POST("/settings/access", s.save)
}

func (s *site) get(c *gin.Context) {
	set, err := s.Accounts.Settings(c.Request.Context())
	if err != nil {
		s.Fail(c, err)
		return
	}
	s.show(c, http.StatusOK, nil, shell.ReachChoice{
		Reach: set.Reach, Hosts: strings.Join(set.Hosts, "\n"), Fixed: strings.Join(s.Hosts.Fixed, ", "),
		MayAnyHost: true, AnyHost: set.AnyHost,
	})
}

func (s *site) show(c *gin.Context, status int, problem *shell.Problem, choice shell.ReachChoice) {
	p := &Page{Frame: s.Frame(c, s.view, Name), ReachChoice: choice, Problem: problem}
	var err error
	if p.Sight, err = s.sight(c, p.W); err != nil {
		s.Fail(c, err)
		return
	}
	if c.Query("done") != "" {
		p.Notice = p.W.Settings.AccessSaved
	}
	s.view.Render(c, status, p)
}

func (s *site) save(c *gin.Context) {
	choice, problem, err := shell.SaveReach(c, s.WordsFor(c), s.Keeper, s.Hosts)
	switch {
	case err != nil:
		s.Fail(c, err)
	case problem != nil:
		s.show(c, s.Status(library.Invalid), problem, choice)
	default:
		s.Go(c, "/settings/access?done=access")
	}
}
