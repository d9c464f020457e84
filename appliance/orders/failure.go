package orders

import (
	"fmt"
	"time"

	"coffer/appliance/certs"
)

// The kinds of failures.
const (
	Unreachable certs.Code = "acme-unreachable" // the authority does not answer
	Untrusted   certs.Code = "acme-untrusted"   // nobody vouches for the authority
	NotReached  certs.Code = "acme-not-reached" // the authority found nobody at a name
	NoName      certs.Code = "acme-no-name"     // the authority did not find a name
	Elsewhere   certs.Code = "acme-elsewhere"   // the authority found somebody else at a name
	Rejected    certs.Code = "acme-rejected"    // the authority will not vouch for a name
	Contact     certs.Code = "acme-contact"     // the authority does not take the e-mail address
	Limited     certs.Code = "acme-limited"     // the authority wants a pause
	Refused     certs.Code = "acme-refused"     // another answer of the authority
	Unfit       certs.Code = "acme-unfit"       // the certificate that came is none to use
	Interrupted certs.Code = "acme-interrupted" // the box ended in between
	Away        certs.Code = "acme-away"        // the box's own way out
	NoNames     certs.Code = "acme-no-names"    // there is nothing to order one for
	BadOrder    certs.Code = "acme-bad-order"   // what is wished makes no order
	Terms       certs.Code = "acme-terms"       // they are not agreed to
	TooSoon     certs.Code = "acme-too-soon"    // of an order by hand
)

// Codes are all of them.
func Codes() []certs.Code {
	return []certs.Code{
		Unreachable, Untrusted, NotReached, NoName, Elsewhere, Rejected, Contact, Limited, Refused, Unfit, Interrupted, Away,
		NoNames, BadOrder, Terms, TooSoon,
	}
}

// Failure is why an order came to nothing.
type Failure struct {
	Code   certs.Code `json:"code"`
	What   string     `json:"what"`
	Detail string     `json:"detail,omitempty"` // the authority's own words
	Name   string     `json:"name,omitempty"`   // that could not be confirmed
	// Until is when the authority wants to be asked again; zero: it did not say.
	Until time.Time `json:"until,omitzero"`
}

func (f *Failure) Error() string {
	if f.Detail == "" {
		return f.What
	}
	return f.What + " (" + f.Detail + ")"
}

// Faultf is a fault with its remedy.
func Faultf(code certs.Code, format string, args ...any) *certs.Fault {
	return &certs.Fault{Code: code, What: fmt.Sprintf(format, args...), Remedy: remedy(code)}
}

// remedy is what the owner can do; what is served meanwhile is as it was.
func remedy(c certs.Code) string {
	switch c {
	case Unreachable:
		return "See that the box may reach the internet and that its names can be looked up, and that the address of the authority is right."
	case Untrusted:
		return "For an authority of your own, put its root certificate into DATA/config/ca, or name it in COFFER_ACME_ROOTS."
	case NotReached:
		return "The authority asks at port 80 of the name. Forward port 80 of your router and of the host to port 8080 of the box, and let no firewall stand in the way."
	case NoName:
		return "Give the name an address (an A or AAAA record) where it is registered, and wait until it is known."
	case Elsewhere:
		return "Something else answers at port 80 of the name. See that its address (also the one of IPv6) is that of this box, and that a proxy in front passes /.well-known/acme-challenge/ on."
	case Rejected:
		return "Order a certificate for other names, or ask at another authority. A CAA record of the name may forbid this one."
	case Contact:
		return "Give another e-mail address, or none."
	case Limited:
		return "Wait. The box asks again by itself once it may."
	case Refused:
		return "What the authority says is quoted. If it goes on, name another authority."
	case Unfit:
		return "See that this machine's clock is right. If it goes on, name another authority."
	case Interrupted, Away:
		return "The box tries again by itself. If it goes on, the log of egress says why."
	case NoNames:
		return "Give the box a full name that the authority can reach: in Settings, HTTPS, or by COFFER_PUBLIC_URL or COFFER_ALLOWED_HOSTS."
	case BadOrder:
		return "Give full names such as box.example.org, one on each line, the authority's directory as an https address, and an e-mail address or none."
	case Terms:
		return "Read the authority's terms, and agree to them if you do."
	case TooSoon:
		return "Wait. Authorities lock out who asks too often."
	}
	return ""
}

// Fault is a failure with what the owner can do.
func (f *Failure) Fault() *certs.Fault {
	fault := &certs.Fault{Code: f.Code, What: f.What, Remedy: remedy(f.Code)}
	if f.Name != "" {
		fault.What += " (" + f.Name + ")"
	}
	return fault
}

// pace is how long to wait after the first failure of a kind, how much longer
// after each further one, and the most.
func pace(c certs.Code) (first time.Duration, factor int, most time.Duration) {
	switch c {
	case Unreachable, Untrusted, Interrupted, Away:
		return time.Minute, 3, 6 * time.Hour
	case NotReached, NoName, Elsewhere:
		// Let's Encrypt locks a name after five failures in an hour.
		return 15 * time.Minute, 3, 12 * time.Hour
	}
	return time.Hour, 4, 24 * time.Hour
}
