// Package https is the section of the settings about how the box is served:
// over HTTPS or not, with which certificate, and switching that while it runs.
//
// It owns the form and where the browser goes on after a switch. What may be
// switched is init's matter, behind library.FrontDoor; a key that is handed in
// goes there and comes back in no answer.
package https

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Name is the section's.
const Name = "https"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Standing  shell.Status
	Untaken   *shell.Problem // why what should be presented is not
	Uncovered string         // that browsers warn under the name in use
	Secure    string         // the page over HTTPS; empty: this is it, or there is none
	OpenHint  string
	Presented *Certificate
	Authority *Authority
	Order     *Order // nil: there is nothing to say about it
	Form      Form
	Only      *Only // nil: there is nothing to say about it
}

// Certificate is what is presented.
type Certificate struct {
	From, Issuer string
	Names        []string
	Until, Tone  string
	Renews       string   // from when on the box renews it; empty: it does not
	Fingerprint  []string // in parts
}

// Authority is the box's own, to be installed on devices.
type Authority struct {
	Name        string
	Fingerprint []string
	Plain       bool // this page came over plain HTTP
}

// Moved is the data of the page that leads to where the box is served from now
// on. It needs nothing else of the box, which is about to be gone from here.
type Moved struct {
	W       *words.Words
	Address string
}

type site struct {
	*settings.Desk
	door        library.FrontDoor
	accounts    library.Accounts
	view, moved *shell.View
}

// New parses the pages. Without a front door there is nothing to show.
func New(d *settings.Desk, door library.FrontDoor, accounts library.Accounts) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name), Script: settings.Asset(Name)})
	if err != nil {
		return nil, err
	}
	m, err := d.Shell.View(shell.Sheets{Page: "moved", Entry: "moved", Bare: true})
	return &site{Desk: d, door: door, accounts: accounts, view: v, moved: m}, err
}

func (s *site) Pages() []shell.Page {
	return []shell.Page{{View: s.view, Data: &Page{}}, {View: s.moved, Data: &Moved{}}}
}

func (s *site) Register(r gin.IRouter) {
	r.GET("/settings/https", s.get)
	r.POST("/settings/https", s.change)
	r.POST("/settings/https/order", s.again)
	r.POST("/settings/https/only", s.confirm)
	r.POST("/settings/https/only/back", s.takeBack)
}

func (s *site) get(c *gin.Context) {
	h, err := s.now(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	p, err := s.page(c, h)
	if err != nil {
		s.Fail(c, err)
		return
	}
	p.Notice = notice(p.W, h, c.Query("done"))
	s.view.Render(c, http.StatusOK, p)
}

func (s *site) now(c *gin.Context) (library.HTTPS, error) {
	if s.door == nil {
		return library.HTTPS{}, &library.Error{Kind: library.NotFound, Message: "Nothing here serves HTTPS."}
	}
	return s.door.HTTPS(c.Request.Context())
}

func (s *site) page(c *gin.Context, h library.HTTPS) (*Page, error) {
	p := &Page{Frame: s.Frame(c, s.view, Name)}
	secure := auth.Secure(c.Request)
	p.Standing = standing(p.W, h, secure)
	if f := h.Problem; f != nil {
		p.Untaken = &shell.Problem{Message: p.W.HTTPS.NotTaken, Hint: p.W.HTTPSFault(f.Code, f.Message, f.Hint)}
	}
	host, _ := auth.HostName(c.Request.Host)
	if t := h.Presented; t != nil {
		p.Presented = p.certificate(h)
		if !covers(t, host) {
			p.Uncovered = fmt.Sprintf(p.W.HTTPS.Uncovered, host)
		}
		if !secure {
			p.Secure = s.secureOrigin(c, h) + p.Base + "/settings/https?done=open"
			p.OpenHint = fmt.Sprintf(p.W.HTTPS.OpenHint, port(h.Port))
		}
	}
	p.Order = p.order(h)
	if a := h.Authority; a != nil && h.Presented != nil && h.Presented.Own {
		p.Authority = &Authority{Name: a.Name, Fingerprint: parts(a.Fingerprint), Plain: !secure}
	}
	p.Only = p.only(c, h, host)
	set, err := s.accounts.Settings(c.Request.Context())
	p.Form = form(p.W, h, append(slices.Clone(set.Hosts), host))
	return p, err
}

func standing(w *words.Words, h library.HTTPS, secure bool) shell.Status {
	switch {
	case h.Presented != nil && h.Mode == library.HTTPSACME && !h.Order.Serves:
		return shell.Status{Text: fmt.Sprintf(w.Order.On, port(h.Port)), Tone: "warn"}
	case h.Presented != nil && h.Redirect != "":
		return shell.Status{Text: fmt.Sprintf(w.HTTPS.OnLeads, port(h.Port), h.Redirect), Tone: "ok"}
	case h.Presented != nil:
		return shell.Status{Text: fmt.Sprintf(w.HTTPS.On, port(h.Port)), Tone: "ok"}
	case h.Mode != library.HTTPSOff:
		return shell.Status{Text: w.HTTPS.NotServed, Tone: "bad"}
	case secure:
		return shell.Status{Text: w.HTTPS.OffProxied, Tone: "ok"}
	}
	return shell.Status{Text: w.HTTPS.Off, Tone: "warn"}
}

func port(n uint16) string { return fmt.Sprint(n) }

func (p *Page) certificate(h library.HTTPS) *Certificate {
	w := p.W.HTTPS
	t := h.Presented
	c := &Certificate{Issuer: t.Issuer, Names: t.Names, Fingerprint: parts(t.Fingerprint)}
	switch h.Mode {
	case library.HTTPSACME:
		c.From = p.W.Order.StandsIn
		if h.Order.Serves {
			c.From = fmt.Sprintf(p.W.Order.By, hostOf(h.Order.Directory))
		}
		if h.Order.Serves && h.Order.Next.After(p.Now) {
			c.Renews = fmt.Sprintf(p.W.Order.RenewsAt, p.W.Date(h.Order.Next.Local()))
		}
	case library.HTTPSSelfSigned:
		c.From = w.ByBox
	case library.HTTPSFolder:
		c.From = fmt.Sprintf(w.ByFolder, h.Folder)
	case library.HTTPSFiles:
		c.From = w.ByFiles
	default:
		c.From = w.ByUpload
	}
	left := t.Expires.Sub(p.Now)
	c.Until = fmt.Sprintf(w.Until, p.W.Date(t.Expires.Local()), p.W.For(w.Left, int(left/(24*time.Hour))))
	switch {
	case left <= 0:
		c.Until, c.Tone = fmt.Sprintf(w.Ended, p.W.Date(t.Expires.Local())), "bad"
	case t.EndsSoon(p.Now):
		c.Tone = "warn"
	}
	return c
}

// parts splits a fingerprint as browsers show it, so that it can be compared
// and wraps.
func parts(hex string) []string {
	var all []string
	for hex = strings.ToUpper(hex); len(hex) > 2; hex = hex[2:] {
		all = append(all, hex[:2]+":")
	}
	return append(all, hex)
}

// covers reports that a certificate is for host (RFC 6125): one star stands for
// the first label.
func covers(t *library.Certificate, host string) bool {
	_, below, _ := strings.Cut(host, ".")
	return slices.ContainsFunc(t.Names, func(name string) bool {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		return name == host || below != "" && name == "*."+below
	})
}
