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
}

type site struct {
	*settings.Desk
	accounts library.Accounts
	keeper   *auth.Keeper
	hosts    auth.Hosts
	view     *shell.View
}

// New parses the page.
func New(d *settings.Desk, accounts library.Accounts, keeper *auth.Keeper, hosts auth.Hosts) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{})
	return &site{Desk: d, accounts: accounts, keeper: keeper, hosts: hosts, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	r.GET("/settings/access", s.get)
	r.POST("/settings/access", s.save)
}

func (s *site) get(c *gin.Context) {
	set, err := s.accounts.Settings(c.Request.Context())
	if err != nil {
		s.Fail(c, err)
		return
	}
	p := &Page{
		Frame:       s.Frame(c, s.view, Name),
		ReachChoice: shell.ReachChoice{Reach: set.Reach, Hosts: strings.Join(set.Hosts, "\n")},
	}
	if c.Query("done") != "" {
		p.Notice = p.W.Settings.AccessSaved
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *site) save(c *gin.Context) {
	choice, problem, err := shell.SaveReach(c, s.WordsFor(c), s.keeper, s.hosts)
	if err != nil {
		s.Fail(c, err)
		return
	}
	if problem == nil {
		s.Go(c, "/settings/access?done=access")
		return
	}
	s.view.Render(c, s.Status(library.Invalid), &Page{Frame: s.Frame(c, s.view, Name), ReachChoice: choice, Problem: problem})
}
