package keys

import (
	"context"
	"fmt"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/shell"
)

// token says how the key in the file of the owner's scripts stands.
func (s *site) token(c *gin.Context, p *Page) (*Token, error) {
	t, err := s.keeper.Token(c.Request.Context())
	if shell.IsKind(err, library.NotFound) {
		return nil, nil
	}
	w := p.W.Keys
	out := &Token{Path: t.Path, On: t.On, Said: w.TokenOff}
	switch {
	case err != nil:
		// The page has other things to show; what is wrong is in the log and on the
		// page of the box.
		s.Log.Error("the service token cannot be looked at", "err", err)
		out.On, out.Said = true, w.TokenWrong
	case t.Missing:
		out.Said = w.TokenSoon
	case t.On:
		out.Said = fmt.Sprintf(w.TokenOn, p.W.Date(t.Key.CreatedAt.Local()), p.W.Date(t.Renews.Local()))
		out.Try = tryFile(c, p.Base, t.Path)
		if !t.Key.LastUsed.IsZero() {
			used := p.Moment(t.Key.LastUsed)
			used.Text = fmt.Sprintf(w.Used, used.Text)
			out.Used = &used
		}
	}
	return out, nil
}

// tryFile is a command on the machine of the box that uses the file. The key is
// no argument of a program, which others could see in the list of processes.
func tryFile(c *gin.Context, base, path string) string {
	scheme := "http"
	if auth.Secure(c.Request) {
		scheme = "https"
	}
	return fmt.Sprintf("printf 'Authorization: Bearer %%s' \"$(cat %s)\" | curl -H @- %s://%s%s/api/v1/sources", path, scheme, c.Request.Host, base)
}

func (s *site) renewToken(c *gin.Context) { s.changeToken(c, s.keeper.RenewToken, "renewed") }

func (s *site) dropToken(c *gin.Context) { s.changeToken(c, s.keeper.DropToken, "dropped") }

func (s *site) changeToken(c *gin.Context, change func(context.Context, auth.Identity) (auth.Token, error), done string) {
	by, _ := auth.FromContext(c.Request.Context())
	if _, err := change(c.Request.Context(), by); err != nil {
		s.Fail(c, err)
		return
	}
	s.Go(c, "/settings/keys?done="+done)
}
