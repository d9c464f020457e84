// Package orders decides when the box asks a certificate authority for a
// certificate (ACME, RFC 8555), and remembers what came of it, so that no
// authority is asked more often than it likes, whatever happens to the box.
//
// It owns the book of orders, which survives restarts, and the words about what
// went wrong and what the owner can do. It refuses to ask anybody: it says when.
package orders

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"coffer/appliance/certs"
)

// LetsEncrypt is the authority that is asked when the owner names none.
const LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// Wish is what is to be ordered.
type Wish struct {
	Directory string   `json:"directory"` // of the authority
	Email     string   `json:"email,omitempty"`
	Names     []string `json:"names,omitempty"`
}

// Host is where the authority's directory is, as host:port.
func (w Wish) Host() string {
	u, err := url.Parse(w.Directory)
	if err != nil {
		return ""
	}
	if u.Port() == "" {
		return u.Host + ":443"
	}
	return u.Host
}

// Same reports that an order of either would be answered alike.
func (w Wish) Same(o Wish) bool {
	return w.Directory == o.Directory && w.Email == o.Email && slices.Equal(slices.Sorted(slices.Values(w.Names)), slices.Sorted(slices.Values(o.Names)))
}

// Public reports that the authority vouches for what everybody can reach, so
// that there is no use in asking it for local names.
func Public(directory string) bool {
	u, err := url.Parse(directory)
	return err == nil && (u.Hostname() == "letsencrypt.org" || strings.HasSuffix(u.Hostname(), ".letsencrypt.org"))
}

// Fit reports that an authority at directory could vouch for name: no address,
// no pattern, and for a public one no name of a local network.
func Fit(directory, name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if _, err := netip.ParseAddr(name); err == nil || len(certs.Usable([]string{name})) == 0 || strings.Contains(name, "_") {
		return false
	}
	if !Public(directory) {
		return name != "localhost"
	}
	local := []string{".localhost", ".local", ".lan", ".home.arpa", ".internal", ".fritz.box", ".test", ".example", ".invalid", ".onion"}
	return strings.Contains(name, ".") && !slices.ContainsFunc(local, func(end string) bool { return strings.HasSuffix(name, end) })
}

// Fitting are those of names that an authority could vouch for, each once.
func Fitting(directory string, names []string) []string {
	var all []string
	for _, name := range names {
		name = strings.TrimSuffix(strings.ToLower(name), ".")
		if Fit(directory, name) && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// MaxNames is how many one certificate is ordered for.
const MaxNames = 30

// Request is an order as it is handed to who goes out. The certificate's key is
// not in it.
type Request struct {
	Wish
	Roots   []byte // PEM that alone vouches for the authority; empty: the usual ones
	Account []byte // the account's key, PEM
	CSR     []byte // DER
	// Replaces is the certificate to be renewed, in DER, when the authority made
	// it for the same account; empty: none.
	Replaces []byte
}

// Result is what came of one.
type Result struct {
	Chain  []byte // PEM
	Terms  string // where the authority has its terms; empty: it does not say
	Window *Window
}

// Window is when the authority wants a certificate to be renewed (RFC 9773).
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Again time.Time `json:"again,omitzero"` // it is not to be asked before
}

// Step is how far an order is.
type Step string

// The steps.
const (
	Asking    Step = "asking"    // the authority is told what is wanted
	Challenge Step = "challenge" // it asks this box, under each name
	Making    Step = "making"    // it makes the certificate
	Switching Step = "switching" // the certificate is there and taken into use
)

// AccountName names the account's key for an authority: each has one of its
// own, so that none can tell what is ordered elsewhere.
func AccountName(directory string) string {
	sum := sha256.Sum256([]byte(directory))
	return "account-" + hex.EncodeToString(sum[:8])
}
