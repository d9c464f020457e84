package https

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Only is what browsers are told of names that are opened over HTTPS only.
type Only struct {
	Names     []OnlyName
	Name      string // that can be confirmed here; empty: none
	Elsewhere string // why none can be; empty: there is nothing to say
	Text      string
	Sure      string
	Below     string
	Problem   *shell.Problem
	Fault     string
}

// OnlyName is one such name.
type OnlyName struct {
	Name  string
	Held  bool
	Means []string
}

// only says what is told, and offers the name that the page was opened under.
// Browsers listen over HTTPS, and to full names only.
func (p *Page) only(c *gin.Context, h library.HTTPS, host string) *Only {
	w := p.W.HTTPS
	o := &Only{}
	held := false
	for _, n := range h.Only {
		o.Names = append(o.Names, OnlyName{Name: n.Name, Held: n.Held(), Means: p.means(n)})
		held = held || n.Held() && n.Name == host
	}
	_, bad := netip.ParseAddr(host)
	switch full := bad != nil && strings.Contains(host, "."); {
	case h.Presented == nil || held:
	case !full || !auth.Secure(c.Request):
		o.Elsewhere = w.OnlyElsewhere
	default:
		o.Name, o.Text = host, fmt.Sprintf(w.OnlyText, host)
		o.Sure, o.Below = fmt.Sprintf(w.OnlySure, host), fmt.Sprintf(w.OnlyBelow, host)
	}
	if o.Name == "" && o.Elsewhere == "" && len(o.Names) == 0 {
		return nil
	}
	return o
}

func (p *Page) means(n library.HTTPSOnly) []string {
	w := p.W.HTTPS
	if !n.Held() {
		return []string{fmt.Sprintf(w.OnlyBack, p.W.Date(n.Back.Local()), p.W.Date(n.Back.Add(library.HTTPSOnlyLasts).Local()))}
	}
	all := []string{w.OnlyHeld}
	if n.Below {
		all = append(all, w.OnlyWithBelow)
	}
	if n.Preload {
		all = append(all, w.OnlyPreloaded)
	}
	return all
}

// backedOut warns of turning HTTPS off: browsers that did not hear that a name
// was taken back go on insisting on it.
func backedOut(w *words.Words, h library.HTTPS) string {
	var names []string
	for _, n := range h.Only {
		if !n.Held() {
			names = append(names, n.Name)
		}
	}
	if len(names) == 0 || h.Presented == nil {
		return ""
	}
	return fmt.Sprintf(w.HTTPS.OnlyUnheard, strings.Join(names, ", "))
}

// confirm tells browsers that the name of this request is opened over HTTPS
// only, once the owner says so.
func (s *site) confirm(c *gin.Context) {
	host, _ := auth.HostName(c.Request.Host)
	was, err := s.now(c)
	if err == nil {
		switch {
		case !auth.Secure(c.Request):
			err = &library.Error{Kind: library.Conflict, Code: "elsewhere", Message: s.WordsFor(c).HTTPS.OnlyElsewhere}
		case c.PostForm("sure") == "":
			err = &library.Error{Kind: library.Invalid, Code: "unsure", Message: s.WordsFor(c).HTTPS.OnlyUnsure}
		default:
			_, err = s.door.ChangeHTTPS(c.Request.Context(), library.HTTPSChange{Only: &library.HTTPSOnly{
				Name: host, Below: c.PostForm("below") != "", Preload: c.PostForm("preload") != "",
			}})
		}
	}
	s.told(c, was, err, "only")
}

// takeBack has browsers told that a name is not.
func (s *site) takeBack(c *gin.Context) {
	was, err := s.now(c)
	if err == nil {
		_, err = s.door.ChangeHTTPS(c.Request.Context(), library.HTTPSChange{TakeBack: c.PostForm("name")})
	}
	s.told(c, was, err, "back")
}

// told answers what came of either.
func (s *site) told(c *gin.Context, was library.HTTPS, err error, what string) {
	s.answer(c, was, err, what, func(p *Page, fault string) {
		if p.Only == nil {
			p.Only = &Only{}
		}
		p.Only.Problem, p.Only.Fault = &shell.Problem{Message: p.W.HTTPS.Unchanged}, fault
	})
}

// answer leads back to the page, which says what was done, or shows it with
// what is at fault.
func (s *site) answer(c *gin.Context, was library.HTTPS, err error, what string, show func(p *Page, fault string)) {
	if err == nil {
		s.Go(c, "/settings/https?done="+what)
		return
	}
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Code == "" {
		s.Fail(c, err)
		return
	}
	p, err := s.page(c, was)
	if err != nil {
		s.Fail(c, err)
		return
	}
	show(p, p.W.HTTPSFault(e.Code, e.Message, e.Hint))
	s.view.Render(c, s.Status(e.Kind), p)
}

// notice says what was done a moment ago.
func notice(w *words.Words, h library.HTTPS, done string) string {
	switch {
	case done == "only":
		return w.HTTPS.OnlyDone
	case done == "back":
		return w.HTTPS.OnlyBackDone
	case done == "order":
		return w.Order.Begun
	case done == "1" && h.Order.Wanted: // which stands above
		return ""
	case done != "1":
		return ""
	case h.Presented == nil:
		return w.HTTPS.DoneOff
	}
	return w.HTTPS.Done
}
