package auth

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
)

// Site is where a browser sees the box.
type Site struct {
	Host   string // a name or an address, without a port
	Origin string // as the browser writes it
	Within string // the name above Host that passkeys belong to; empty: they belong to Host
}

// Sites says which name the passkeys of a site belong to (relying party
// identifier, WebAuthn Level 3, section 4).
type Sites struct {
	Public string   // the host of COFFER_PUBLIC_URL; empty when that is not set
	Listed []string // the names that the configuration lists
}

// The reasons why a browser uses no passkeys at a site.
const (
	NoPasskeysPlain   = "plain"   // the connection is not secure
	NoPasskeysAddress = "address" // no name: an address, or a name that cannot hold any
)

// Of is the site that r came to. Below the public name, passkeys belong to that
// name, and work under all of these. A name must be listed for that: whoever
// could take one in the network would else be asked for passkeys of the public
// name (section 13.4.9). Browsers take no name of a single label for one above.
func (s Sites) Of(r *http.Request) Site {
	host, ok := HostName(r.Host)
	if !ok {
		return Site{}
	}
	scheme := "http://"
	if Secure(r) {
		scheme = "https://"
	}
	at := Site{Host: host, Origin: scheme + strings.ToLower(r.Host)}
	if strings.Contains(s.Public, ".") && strings.HasSuffix(host, "."+s.Public) && slices.Contains(s.Listed, host) {
		at.Within = s.Public
	}
	return at
}

// Name is the name that a passkey belongs to which is made here.
func (s Site) Name() string { return cmp.Or(s.Within, s.Host) }

// works is the name by which passkeys of the names given work here; empty: none
// does. One that was made before the public name was known still does.
func (s Site) works(names []string) string {
	if s.NoPasskeys() == "" {
		for _, name := range []string{s.Name(), s.Host} {
			if slices.Contains(names, name) {
				return name
			}
		}
	}
	return ""
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
