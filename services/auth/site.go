package auth

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
)

// Site is where a browser sees the box. A passkey belongs to the name in it.
type Site struct {
	Host   string // a name or an address, without a port
	Origin string // as the browser writes it
}

// The reasons why a browser uses no passkeys at a site.
const (
	NoPasskeysPlain   = "plain"   // the connection is not secure
	NoPasskeysAddress = "address" // no name: an address, or a name that cannot hold any
)

// SiteOf is the site that r came to.
func SiteOf(r *http.Request) Site {
	host, ok := HostName(r.Host)
	if !ok {
		return Site{}
	}
	scheme := "http://"
	if Secure(r) {
		scheme = "https://"
	}
	return Site{Host: host, Origin: scheme + strings.ToLower(r.Host)}
}

// NoPasskeys is why there can be none here; empty: there can. Browsers take
// localhost for secure without TLS (Secure Contexts, section 3.1).
func (s Site) NoPasskeys() string {
	if _, err := netip.ParseAddr(s.Host); err == nil || s.Host == "" {
		return NoPasskeysAddress
	}
	local := s.Host == "localhost" || strings.HasSuffix(s.Host, ".localhost")
	switch {
	case !local && !strings.HasPrefix(s.Origin, "https://"):
		return NoPasskeysPlain
	case protocol.ValidateRPID(s.Host) != nil:
		return NoPasskeysAddress
	}
	return ""
}
