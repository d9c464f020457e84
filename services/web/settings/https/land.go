package https

import (
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

const done = "/settings/https?done=1"

// land leads the browser on after a switch. Where this origin goes on, that is
// the page itself; where it ends, or pages lead elsewhere now, a page that needs
// nothing more from here leads there: a redirect would not do, because browsers
// take what follows a form to be part of it, and a form stays at its origin.
func (s *site) land(c *gin.Context, was, is library.HTTPS) {
	secure := auth.Secure(c.Request)
	origin := ""
	switch {
	case secure && was.Presented != nil && is.Presented == nil:
		origin = "http://" + beside(c.Request.Host, is.PlainPort)
	case !secure && is.Presented != nil && is.Redirect != "":
		origin = is.Redirect
	}
	if origin == "" {
		s.Go(c, done)
		return
	}
	to := origin + s.BasePath + done
	c.Header("Refresh", "0; url="+to)
	s.moved.Render(c, http.StatusOK, &Moved{W: s.WordsFor(c), Address: to})
}

// secureOrigin is where a browser that is here reaches the box over HTTPS.
func (s *site) secureOrigin(c *gin.Context, h library.HTTPS) string {
	if h.Redirect != "" {
		return h.Redirect
	}
	return "https://" + beside(c.Request.Host, h.Port)
}

// beside is the same host at another port of the box. Who came without a port
// came by the usual one of the scheme, and finds the usual one of the other
// beside it.
func beside(host string, number uint16) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	return net.JoinHostPort(name, port(number))
}
