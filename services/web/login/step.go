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

// Step is the data of the page of the second step.
type Step struct {
	shell.Frame
	Problem  *shell.Problem
	Recovery bool // it was a recovery code that was wrong
	App      bool // a code of the app can be right
	NoApp    bool // the app is on, and none can
	Left     int  // recovery codes

	Passkey   string // what it is asked, JSON; empty: none works here
	Elsewhere string // where passkeys work, when none does here

	Next  string
	Again string // where a sign-in begins anew
}

// getStep can be opened again while the step may be taken: phones forget pages
// when another app is opened.
func (s *Site) getStep(c *gin.Context) {
	nonce, ticket := s.cookies.StepOf(c.Request)
	f, passkey, err := s.keeper.LookAtStep(c.Request.Context(), ticket, nonce, s.cookies.Sites.Of(c.Request))
	if err != nil {
		s.over(c, err, c.Query("next"))
		return
	}
	s.step.Render(c, http.StatusOK, s.stepPage(c, f, passkey, c.Query("next")))
}

func (s *Site) stepPage(c *gin.Context, f auth.FactorState, passkey []byte, next string) *Step {
	w := s.shell.WordsFor(c)
	p := &Step{Frame: s.shell.Frame(c, s.step, "", w.Step.Heading), App: f.TOTP && f.Readable, NoApp: !f.Readable, Left: f.RecoveryLeft, Passkey: string(passkey)}
	if p.Passkey == "" && len(f.Passkeys) > 0 {
		p.Elsewhere = fmt.Sprintf(w.Passkeys.Elsewhere, strings.Join(f.Hosts(), ", "))
	}
	p.Next = s.shell.BasePath + s.shell.Local(next)
	p.Again = s.shell.BasePath + "/login?next=" + url.QueryEscape(p.Next)
	return p
}

func (s *Site) postStep(c *gin.Context) {
	ctx, next := c.Request.Context(), c.PostForm("next")
	nonce, ticket := s.cookies.StepOf(c.Request)
	client := s.cookies.Client(c.Request)
	var grant auth.Grant
	var err error
	if c.PostForm("kind") == auth.MethodPasskey {
		grant, err = s.keeper.TakeStepByPasskey(ctx, ticket, nonce, []byte(c.PostForm("passkey")), client)
	} else {
		grant, err = s.keeper.TakeStep(ctx, ticket, nonce, c.PostForm("code"), client)
	}
	if err == nil {
		s.enter(c, grant, next)
		return
	}
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != library.Limited && (e.Kind != library.Unauthorized || e.Field == "ticket") {
		s.over(c, err, next)
		return
	}
	f, passkey, looked := s.keeper.LookAtStep(ctx, ticket, nonce, client.Site)
	if looked != nil {
		s.over(c, looked, next)
		return
	}
	p := s.stepPage(c, f, passkey, next)
	p.Recovery = c.PostForm("kind") == auth.MethodRecovery
	switch {
	case e.Kind == library.Limited:
		c.Header("Retry-After", fmt.Sprint(e.RetryAfter))
		p.Problem = &shell.Problem{Message: fmt.Sprintf(p.W.Step.Limited, p.W.Wait(e.RetryAfter))}
	case e.Field == "passkey":
		p.Problem = &shell.Problem{Message: p.W.Passkeys.Wrong}
	case p.Recovery:
		p.Problem = &shell.Problem{Message: p.W.Step.WrongRecovery}
	default:
		p.Problem = &shell.Problem{Message: p.W.Step.WrongCode}
	}
	s.step.Render(c, s.shell.Status(e.Kind), p)
}

// over begins the sign-in anew when its second step cannot be taken any more.
func (s *Site) over(c *gin.Context, err error, next string) {
	if !shell.IsKind(err, library.Unauthorized) {
		s.shell.Fail(c, err)
		return
	}
	s.shell.Go(c, "/login?done=late&next="+url.QueryEscape(s.shell.BasePath+s.shell.Local(next)))
}
