// Package keys is the section of the settings about keys for programs: making
// one, which shows it once, and revoking it.
package keys

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/reauth"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Name is the section's.
const Name = "keys"

const perPage = 50

// Page is the data of the page.
type Page struct {
	settings.Frame
	Made          *Made
	Ask           *Key // that may be revoked
	Problem       *shell.Problem
	Form          Form
	Reauth        reauth.Dialog
	Keys          []Key
	Token         *Token // nil: this box keeps none
	Cursor        string // of this part of the list
	Newest, Older string
}

// Made is a key that was made a moment ago, shown this once.
type Made struct{ Heading, Text, Try string }

// Form is what is wished for.
type Form struct {
	Name   string
	Scopes []Scope
	Ends   []Choice
}

// Scope is one thing that a key may do.
type Scope struct {
	Value, Title, Text string
	On                 bool
}

// Choice is an option.
type Choice struct {
	Value, Text string
	On          bool
}

// Key is one that was made.
type Key struct {
	ID, Name, Begins string
	Scopes           []string
	Ends             string
	Used             *shell.Moment
	Tone             string
}

// Token is the key in the file of the owner's scripts.
type Token struct {
	Path, Said, Try string
	On              bool
	Used            *shell.Moment
}

type site struct {
	*settings.Desk
	keeper *auth.Keeper
	asker  *reauth.Asker
	view   *shell.View
}

// New parses the page.
func New(d *settings.Desk, keeper *auth.Keeper, asker *reauth.Asker) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name), Script: settings.Asset(Name), With: reauth.Templates()})
	return &site{Desk: d, keeper: keeper, asker: asker, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	r.GET("/settings/keys", s.get)
	r.POST("/settings/keys", s.asker.Guard(s.create))
	r.POST("/settings/keys/:id/revoke", s.revoke)
	r.POST("/settings/keys/service-token/renew", s.asker.Guard(s.renewToken))
	r.POST("/settings/keys/service-token/drop", s.asker.Guard(s.dropToken))
}

func (s *site) get(c *gin.Context) {
	p, err := s.page(c, form(s.WordsFor(c), "", []string{auth.ScopeRead}, defaultEnd))
	if err != nil {
		s.Fail(c, err)
		return
	}
	switch c.Query("done") {
	case "revoked":
		p.Notice = p.W.Keys.Revoked
	case "renewed":
		p.Notice = p.W.Keys.TokenRenewed
	case "dropped":
		p.Notice = p.W.Keys.TokenDropped
	}
	s.view.Render(c, http.StatusOK, p)
}

// page lists the keys; ?revoke names one to ask about.
func (s *site) page(c *gin.Context, f Form) (*Page, error) {
	p := &Page{Frame: s.Frame(c, s.view, Name), Form: f}
	var err error
	if p.Reauth, err = s.asker.Dialog(c); err != nil {
		return nil, err
	}
	cursor := c.Query("cursor")
	p.Cursor = cursor
	l, err := s.keeper.ListKeys(c.Request.Context(), library.Page{Limit: perPage, Cursor: cursor})
	if err != nil {
		return nil, err
	}
	if p.Token, err = s.token(c, p); err != nil {
		return nil, err
	}
	for _, e := range l.Items {
		if e.Service {
			continue // it has a place of its own
		}
		k := p.key(e)
		p.Keys = append(p.Keys, k)
		if c.Query("revoke") == e.ID {
			p.Ask = &k
		}
	}
	if cursor != "" {
		p.Newest = p.Base + "/settings/keys"
	}
	if l.Next != "" {
		p.Older = p.Base + "/settings/keys?cursor=" + url.QueryEscape(l.Next)
	}
	return p, nil
}

func (p *Page) key(e auth.KeyEntry) Key {
	w := p.W.Keys
	k := Key{ID: e.ID, Name: e.Name, Begins: fmt.Sprintf(w.Begins, auth.KeyPrefix+e.ID[:min(len(e.ID), 6)]+"…"), Ends: w.Endless, Tone: "ok"}
	for _, name := range e.Scopes {
		title, _ := p.W.Scope(name)
		k.Scopes = append(k.Scopes, title)
	}
	if !e.Expires.IsZero() {
		k.Ends = fmt.Sprintf(w.EndsOn, p.W.Date(e.Expires.Local()))
	}
	switch e.State {
	case auth.KeyExpired:
		k.Ends, k.Tone = fmt.Sprintf(w.EndedOn, p.W.Date(e.Expires.Local())), "warn"
	case auth.KeyVoid:
		k.Ends, k.Tone = w.Void, "warn"
	}
	if !e.LastUsed.IsZero() {
		used := p.Moment(e.LastUsed)
		used.Text = fmt.Sprintf(w.Used, used.Text)
		k.Used = &used
	}
	return k
}

// The ends that are offered, in days; 0 is never.
const defaultEnd = 90

func ends() []int { return []int{30, defaultEnd, 365, 0} }

func form(w *words.Words, name string, on []string, end int) Form {
	f := Form{Name: name}
	for _, scope := range auth.Scopes() {
		title, text := w.Scope(scope)
		f.Scopes = append(f.Scopes, Scope{Value: scope, Title: title, Text: text, On: slices.Contains(on, scope)})
	}
	for _, days := range ends() {
		text := w.Keys.Never
		if days > 0 {
			text = w.For(w.Keys.Days, days)
		}
		f.Ends = append(f.Ends, Choice{Value: fmt.Sprint(days), Text: text, On: days == end})
	}
	return f
}

// create answers with the page itself rather than leading to it, so that the
// key stands in this one answer, which nobody keeps.
func (s *site) create(c *gin.Context) {
	days, err := strconv.Atoi(c.PostForm("ends"))
	if err != nil || !slices.Contains(ends(), days) {
		days = defaultEnd
	}
	want := auth.NewKey{Name: c.PostForm("name"), Scopes: c.PostFormArray("scope")}
	if days > 0 {
		want.Expires = s.Now().AddDate(0, 0, days)
	}
	by, _ := auth.FromContext(c.Request.Context())
	key, text, err := s.keeper.CreateKey(c.Request.Context(), by, want)
	if err != nil {
		s.refuse(c, err, form(s.WordsFor(c), want.Name, want.Scopes, days))
		return
	}
	p, err := s.page(c, form(s.WordsFor(c), "", []string{auth.ScopeRead}, defaultEnd))
	if err != nil {
		s.Fail(c, err)
		return
	}
	p.Made = &Made{Heading: fmt.Sprintf(p.W.Keys.Made, key.Name), Text: text, Try: try(c, p.Base)}
	s.view.Render(c, http.StatusCreated, p)
}

// try is a command that says whose key it is.
func try(c *gin.Context, base string) string {
	scheme := "http"
	if auth.Secure(c.Request) {
		scheme = "https"
	}
	return fmt.Sprintf("curl -H \"Authorization: Bearer $KEY\" %s://%s%s/api/v1/sources", scheme, c.Request.Host, base)
}

// refuse shows what was wrong with what was wished for, and what was.
func (s *site) refuse(c *gin.Context, err error, f Form) {
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != library.Invalid && e.Kind != library.Conflict {
		s.Fail(c, err)
		return
	}
	p, err := s.page(c, f)
	if err != nil {
		s.Fail(c, err)
		return
	}
	message := p.W.Keys.Many
	switch e.Field {
	case "name":
		message = p.W.Keys.BadName
	case "scopes":
		message = p.W.Keys.NoScope
	}
	p.Problem = &shell.Problem{Message: message}
	s.view.Render(c, s.Status(e.Kind), p)
}

func (s *site) revoke(c *gin.Context) {
	by, _ := auth.FromContext(c.Request.Context())
	err := s.keeper.RevokeKey(c.Request.Context(), by, c.Param("id"))
	if err != nil && !shell.IsKind(err, library.NotFound) { // gone already is what was wanted
		s.Fail(c, err)
		return
	}
	s.Go(c, "/settings/keys?done=revoked")
}
