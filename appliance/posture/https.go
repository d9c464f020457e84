package posture

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"coffer/appliance/certs"
)

// Certificate is what the edge is to present.
type Certificate struct {
	Mode    string
	Address string      // at which this machine reaches it
	Pair    *certs.Pair // nil: HTTPS is off
	Names   []string    // those that the owner gave the box
	Problem string      // why another one was not taken up
	Pinned  []string    // names that browsers were told are opened over HTTPS only
	// Ordered is the authority that a certificate is ordered from; empty: none.
	Ordered   string
	Unordered string // why its last order came to nothing
	StandsIn  bool   // Pair is the box's own, until there is one of the authority
}

func (l *look) https(ctx context.Context) Finding {
	c := l.Certificate()
	if c.Pair == nil && c.Mode != "off" {
		return fail(c.Mode + ": HTTPS should be served and is not (" + strings.TrimSuffix(c.Problem, ".") + ")")
	}
	if c.Pair == nil && c.Ordered != "" {
		return degraded(c.waits() + "; until it is there the box speaks plain HTTP")
	}
	if c.Pair == nil {
		return Finding{NotApplicable, "off: the box speaks plain HTTP, so whoever is on the way between you and it reads the password and every document, unless a proxy with a certificate stands in front and that way is yours"}
	}
	state, err := l.shake(ctx, c.Address, &tls.Config{MinVersion: tls.VersionTLS12})
	if err != nil {
		return unseen(err)
	}
	left := c.Pair.Expires().Sub(l.now())
	evidence := fmt.Sprintf("%s: the edge presents the certificate for %s, by %s, sha256 %.16s…, %s left, and speaks %s",
		c.Mode, few(c.Pair.Names()), c.Pair.Issuer(), c.Pair.Fingerprint(), days(left), tls.VersionName(state.Version))
	if !bytes.Equal(state.PeerCertificates[0].Raw, c.Pair.Leaf()) {
		return fail(fmt.Sprintf("%s: the edge presents another certificate (%s) than it should", c.Mode, state.PeerCertificates[0].Subject))
	}
	if _, err := l.shake(ctx, c.Address, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		return fail("the edge speaks TLS 1.1; " + evidence)
	}
	switch missing := uncovered(c); {
	case left <= 0:
		return fail("the certificate has ended; " + evidence)
	case l.now().Before(c.Pair.NotBefore()):
		return fail("the certificate has not begun; " + evidence)
	case c.StandsIn:
		return degraded(c.waits() + "; until it is there one of the box's own stands in, which browsers warn of; " + evidence)
	case c.Problem != "":
		return degraded("another certificate was not taken up (" + strings.TrimSuffix(c.Problem, ".") + "); " + evidence)
	case c.Unordered != "":
		return degraded(c.waits() + "; " + evidence)
	case c.Pair.Soon(l.now()):
		return degraded("the certificate ends soon; " + evidence)
	case missing != "":
		return degraded("the certificate is not for " + missing + "; " + evidence)
	}
	if len(c.Pinned) > 0 {
		evidence += "; browsers were told that " + few(c.Pinned) + " is opened over HTTPS only"
	}
	return pass(evidence + "; TLS 1.1 is refused")
}

// waits says how an order is.
func (c Certificate) waits() string {
	if c.Unordered == "" {
		return "a certificate is ordered from " + c.Ordered
	}
	return "no certificate came from " + c.Ordered + " (" + strings.TrimSuffix(c.Unordered, ".") + ")"
}

// shake makes a handshake with the edge and looks at what is presented.
func (l *look) shake(ctx context.Context, address string, c *tls.Config) (tls.ConnectionState, error) {
	c.InsecureSkipVerify = true // it is compared with what it has to be
	conn, err := (&tls.Dialer{Config: c}).DialContext(ctx, "tcp", address)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState(), nil
}

// uncovered lists the owner's names that the certificate is not for.
func uncovered(c Certificate) string {
	var missing []string
	for _, name := range c.Names {
		if !c.Pair.Covers(name) {
			missing = append(missing, name)
		}
	}
	return few(missing)
}

func days(d time.Duration) string {
	n := int(d / (24 * time.Hour))
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
