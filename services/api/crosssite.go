package api

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/weaken"
)

// sameSite refuses requests that change something and come from a page of
// another origin, sign-in and sign-out included. A key is no cookie that a
// browser sends by itself; whether it is good is settled next (identify).
func (s *server) sameSite(c *gin.Context) {
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return
	}
	if crossSite(c.Request) && !byKey(c.Request) && !weaken.Without(weaken.SameSite) {
		s.refuse(c, &library.Error{
			Kind: library.Forbidden, Message: "The request came from another site.",
			Hint: "Open the box itself and try again.",
		})
	}
}

// crossSite goes by Sec-Fetch-Site, which pages cannot set. Browsers leave it
// out over plain HTTP to a LAN address; then by Origin, which every browser
// sends with a POST. What has neither is no browser. "null" is an origin that
// hides itself, and counts as another one: our own pages never send it,
// because their Referrer-Policy is same-origin.
func crossSite(r *http.Request) bool {
	if site, sent := r.Header["Sec-Fetch-Site"]; sent {
		return len(site) != 1 || site[0] != "same-origin" && site[0] != "none"
	}
	origin, sent := r.Header["Origin"]
	if !sent {
		return false
	}
	if len(origin) != 1 {
		return true
	}
	u, err := url.Parse(origin[0])
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return true
	}
	return withPort(u.Host, u.Scheme) != withPort(r.Host, u.Scheme)
}

// withPort adds the port that scheme implies, for both sides alike: behind a
// proxy that we do not know of, our own scheme need not be the browser's.
func withPort(host, scheme string) string {
	host = strings.ToLower(host)
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}
