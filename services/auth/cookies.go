package auth

import (
	"net/http"
	"strings"
	"time"

	"coffer/weaken"
)

// Cookies builds and reads the cookies of one box. Box tells two boxes on one
// host apart, because cookies ignore ports. The cookie's name follows the
// scheme: a page on HTTP can neither read nor overwrite a Secure cookie, so
// one name for both would make turning TLS off a login loop.
type Cookies struct {
	Box      string // 8 hex characters
	BasePath string // "" or "/name", without a slash at its end
	Sites    Sites
}

// Grant returns the cookies that sign the browser of r in. A second step that
// it was at is over then.
func (c Cookies) Grant(r *http.Request, g Grant) []*http.Cookie {
	all := []*http.Cookie{
		c.cookie(r, c.name(r), g.Token, g.Expires),
		c.cookie(r, c.name(r)+known, g.Browser, g.BrowserExpires),
	}
	if len(values(r, c.name(r)+step)) > 0 {
		all = append(all, c.gone(r, c.name(r)+step))
	}
	return all
}

// Step returns the cookie that binds the second step of a sign-in to the
// browser of r. Pages find the ticket in it too.
func (c Cookies) Step(r *http.Request, s Step) *http.Cookie {
	return c.cookie(r, c.name(r)+step, s.Nonce+"."+s.Ticket, s.Expires)
}

// StepOf returns what Step left in the browser of r; empty when it is at no
// second step.
func (c Cookies) StepOf(r *http.Request) (nonce, ticket string) {
	if v := values(r, c.name(r)+step); len(v) > 0 {
		nonce, ticket, _ = strings.Cut(v[0], ".")
	}
	return nonce, ticket
}

// Clear returns the cookies that sign the browser of r out. The browser stays
// known.
func (c Cookies) Clear(r *http.Request) []*http.Cookie {
	return []*http.Cookie{c.gone(r, c.name(r))}
}

func (c Cookies) gone(r *http.Request, name string) *http.Cookie {
	gone := c.cookie(r, name, "", time.Unix(1, 0))
	gone.MaxAge = -1
	return gone
}

// Tokens returns the session tokens that r carries under the one name that is
// valid for its scheme. There can be several when another site on a parent
// domain set one too; the caller tries each.
func (c Cookies) Tokens(r *http.Request) []string { return values(r, c.name(r)) }

// Client describes the sender of r for limits and for the list of sessions.
// The address is the edge's word (X-Client-Addr).
func (c Cookies) Client(r *http.Request) Client {
	out := Client{Address: r.Header.Get("X-Client-Addr"), Agent: strings.ToValidUTF8(r.UserAgent(), ""), Site: c.Sites.Of(r)}
	if t := values(r, c.name(r)+known); len(t) > 0 {
		out.Browser = t[0]
	}
	return out
}

// Secure reports whether the browser reached the edge over TLS, by the edge's
// word (X-Forwarded-Proto).
func Secure(r *http.Request) bool { return r.Header.Get("X-Forwarded-Proto") == "https" }

// CameSecurelyBy reports whether the browser reached the edge over TLS under
// name, whatever the port.
func CameSecurelyBy(r *http.Request, name string) bool {
	host, ok := HostName(r.Host)
	return ok && Secure(r) && host == strings.ToLower(strings.TrimSuffix(name, "."))
}

// known ends the name of the cookie that marks a browser as the owner's, step
// that of the cookie of a sign-in that waits for its second step.
const (
	known = "_known"
	step  = "_step"
)

// maxSame bounds how many cookies of one name are looked at.
const maxSame = 4

func values(r *http.Request, name string) []string {
	var out []string
	for _, k := range r.CookiesNamed(name) {
		if k.Value != "" && len(k.Value) <= maxToken && len(out) < maxSame {
			out = append(out, k.Value)
		}
	}
	return out
}

func (c Cookies) name(r *http.Request) string {
	switch {
	case !Secure(r):
		return "coffer_" + c.Box
	case c.BasePath != "": // __Host- demands Path=/
		return "__Secure-coffer_" + c.Box
	default:
		return "__Host-coffer_" + c.Box
	}
}

func (c Cookies) cookie(r *http.Request, name, value string, expires time.Time) *http.Cookie {
	path := c.BasePath
	if path == "" {
		path = "/"
	}
	return &http.Cookie{
		Name: name, Value: value, Path: path, Expires: expires,
		HttpOnly: !weaken.Without(weaken.Scripts), Secure: Secure(r), SameSite: http.SameSiteLaxMode,
	}
}
