// Package reauth asks the signed-in owner once more who they are, before a form
// does what would do lasting harm in the wrong hands.
//
// A page with such a form asks in a dialog and sends the form then. Without
// scripts, or when the page has stood for long, the form is answered by a page
// that asks, holds what was sent, and sends it on with the password.
package reauth

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/shell"
)

// Dialog is what a page with such a form has in its data, as Reauth.
type Dialog struct {
	Left  int  // seconds for which the owner is not asked
	Lasts int  // and after a right answer
	Code  bool // a second factor is on

	Passkey bool // one may stand in for the code here
}

// Page is the data of the page that asks.
type Page struct {
	shell.Frame
	Reauth  Dialog
	Problem *shell.Problem
	Action  string
	Sent    []Field
}

// Field is one of the form that waits.
type Field struct{ Name, Value string }

// Asker asks. It is safe for concurrent use.
type Asker struct {
	shell  *shell.Shell
	view   *shell.View
	keeper *auth.Keeper
	sites  auth.Sites
}

// New parses the page.
func New(sh *shell.Shell, k *auth.Keeper, sites auth.Sites) (*Asker, error) {
	v, err := sh.View(shell.Sheets{Page: "reauth", With: Templates(), Script: "reauth"})
	return &Asker{shell: sh, view: v, keeper: k, sites: sites}, err
}

// Templates are what a page with such a form needs: "reauth" is the dialog.
func Templates() []string { return []string{"reauth-dialog"} }

// View is the page's template.
func (a *Asker) View() *shell.View { return a.view }

// slack is taken off what is left, for the way from here to the browser and
// back.
const slack = 5 * time.Second

// Dialog says for how long nobody is asked.
func (a *Asker) Dialog(c *gin.Context) (Dialog, error) {
	by, _ := auth.FromContext(c.Request.Context())
	left, err := a.keeper.ProofLeft(c.Request.Context(), by)
	if err != nil {
		return Dialog{}, err
	}
	factors, err := a.keeper.Factors(c.Request.Context())
	seconds := func(d time.Duration) int { return max(0, int((d - slack).Seconds())) }
	return Dialog{Left: seconds(left), Lasts: seconds(auth.ProofLasts), Code: factors.On(), Passkey: factors.PasskeyAt(a.sites.Of(c.Request))}, err
}

// The names of the page's own fields begin with this.
const own = "reauth_"

// Guard asks before act does what a form wants.
func (a *Asker) Guard(act gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := c.Request.Context()
		by, _ := auth.FromContext(ctx)
		if password, given := c.GetPostForm(own + "password"); given {
			if err := a.prove(c, by, password); err != nil {
				a.again(c, err)
				return
			}
		}
		left, err := a.keeper.ProofLeft(ctx, by)
		switch {
		case err != nil:
			a.shell.Fail(c, err)
		case left <= 0:
			a.ask(c, a.shell.Status(library.Unproved), nil)
		default:
			act(c)
		}
	}
}

func (a *Asker) prove(c *gin.Context, by auth.Identity, password string) error {
	if answer := c.PostForm(own + "passkey"); answer != "" {
		return a.keeper.ReauthenticateByPasskey(c.Request.Context(), by, password, c.PostForm(own+"ticket"), []byte(answer), a.sites.Of(c.Request))
	}
	return a.keeper.Reauthenticate(c.Request.Context(), by, password, c.PostForm(own+"code"))
}

// again asks once more after a wrong answer.
func (a *Asker) again(c *gin.Context, err error) {
	e, ok := errors.AsType[*library.Error](err)
	w := a.shell.WordsFor(c)
	switch {
	case ok && e.Kind == library.Forbidden && e.Field == "code":
		a.ask(c, a.shell.Status(e.Kind), &shell.Problem{Message: w.Reauth.WrongCode})
	case ok && (e.Field == "passkey" || e.Field == "ticket"):
		a.ask(c, a.shell.Status(e.Kind), &shell.Problem{Message: w.Passkeys.Wrong})
	case ok && e.Kind == library.Forbidden && e.Field != "":
		a.ask(c, a.shell.Status(e.Kind), &shell.Problem{Message: w.Reauth.Wrong})
	case ok && e.Kind == library.Limited:
		c.Header("Retry-After", fmt.Sprint(e.RetryAfter))
		a.ask(c, a.shell.Status(e.Kind), &shell.Problem{Message: fmt.Sprintf(w.Step.Limited, w.Wait(e.RetryAfter))})
	default:
		a.shell.Fail(c, err)
	}
}

func (a *Asker) ask(c *gin.Context, status int, problem *shell.Problem) {
	dialog, err := a.Dialog(c)
	if err != nil {
		a.shell.Fail(c, err)
		return
	}
	p := &Page{Reauth: dialog, Problem: problem, Action: c.Request.URL.Path}
	p.Frame = a.shell.Frame(c, a.view, "settings", a.shell.WordsFor(c).Reauth.Title)
	for _, name := range slices.Sorted(maps.Keys(c.Request.PostForm)) {
		if strings.HasPrefix(name, own) {
			continue
		}
		for _, value := range c.Request.PostForm[name] {
			p.Sent = append(p.Sent, Field{name, value})
		}
	}
	if c.Request.Method != http.MethodPost { // nothing waits
		a.shell.Go(c, "/settings")
		return
	}
	a.view.Render(c, status, p)
}
