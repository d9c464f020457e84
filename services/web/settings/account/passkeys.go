package account

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Passkey is one that is on.
type Passkey struct {
	ID, Name, Where string
	Added           shell.Moment
	Used            *shell.Moment
}

// Make is the data of the page on which a passkey is made.
type Make struct {
	settings.Frame
	Named, Text     string
	Ticket, Options string
}

func (s *site) registerPasskeys(r gin.IRouter) {
	back := func(c *gin.Context) { s.Go(c, "/settings/account#factors") }
	r.GET("/settings/account/passkeys", back)
	r.GET("/settings/account/passkeys/confirm", back)
	r.POST("/settings/account/passkeys", s.asker.Guard(s.beginPasskey))
	r.POST("/settings/account/passkeys/confirm", s.addPasskey)
	r.POST("/settings/account/passkeys/:id/remove", s.asker.Guard(s.removePasskey))
}

func (s *site) passkeys(c *gin.Context, p *Page, all []auth.Passkey) {
	for _, k := range all {
		shown := Passkey{ID: k.ID, Name: k.Name, Where: fmt.Sprintf(p.W.Passkeys.WorksAt, k.Host), Added: p.Moment(k.Added)}
		if !k.Used.IsZero() {
			used := p.Moment(k.Used)
			shown.Used = &used
		}
		p.Factors.Passkeys = append(p.Factors.Passkeys, shown)
	}
	switch why := s.cookies.Sites.Of(c.Request).NoPasskeys(); {
	case why == auth.NoPasskeysPlain:
		p.Factors.NoPasskeys = p.W.Passkeys.Plain
	case why != "":
		p.Factors.NoPasskeys = p.W.Passkeys.Address
	case len(all) >= auth.MaxPasskeys:
		p.Factors.NoPasskeys = p.W.Passkeys.Full
	}
}

func (s *site) beginPasskey(c *gin.Context) {
	name := strings.TrimSpace(c.PostForm("name"))
	if name == "" || utf8.RuneCountInString(name) > 64 {
		s.Go(c, "/settings/account?done=unnamed#factors")
		return
	}
	by, _ := auth.FromContext(c.Request.Context())
	at := s.cookies.Sites.Of(c.Request)
	a, err := s.keeper.BeginPasskey(c.Request.Context(), by, at)
	if err != nil {
		s.refuse(c, err)
		return
	}
	p := &Make{Frame: s.Frame(c, s.make, Name), Named: name, Ticket: a.Ticket, Options: string(a.Options)}
	p.Title, p.Text = p.W.Passkeys.MakeTitle, fmt.Sprintf(p.W.Passkeys.MakeText, at.Name())
	s.make.Render(c, http.StatusOK, p)
}

func (s *site) addPasskey(c *gin.Context) {
	ctx := c.Request.Context()
	by, _ := auth.FromContext(ctx)
	codes, err := s.keeper.AddPasskey(ctx, by, c.PostForm("ticket"), c.PostForm("name"), []byte(c.PostForm("passkey")), s.cookies.Sites.Of(c.Request))
	switch {
	case shell.IsKind(err, library.Invalid), shell.IsKind(err, library.Unproved):
		s.Go(c, "/settings/account?done=unmade#factors")
	case err != nil:
		s.refuse(c, err)
	case len(codes) > 0:
		s.show(c, codes, s.WordsFor(c).Factors.TurnedOn)
	default:
		s.Go(c, "/settings/account?done=passkey#factors")
	}
}

func (s *site) removePasskey(c *gin.Context) {
	by, _ := auth.FromContext(c.Request.Context())
	err := s.keeper.RemovePasskey(c.Request.Context(), by, c.Param("id"))
	if err != nil && !shell.IsKind(err, library.NotFound) { // removed already is what was wanted
		s.refuse(c, err)
		return
	}
	s.Go(c, "/settings/account?done=unpasskey#factors")
}
