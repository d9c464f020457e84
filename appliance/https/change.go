package https

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/orders"
)

// The kinds of faults besides those of a pair.
const (
	BadMode   certs.Code = "bad-mode"
	Decided   certs.Code = "decided"    // the configuration decides
	NoUpload  certs.Code = "no-upload"  // nothing was ever handed in
	BadName   certs.Code = "bad-name"   // it cannot be pinned
	BadNames  certs.Code = "bad-names"  // no certificate can hold one of them
	Pinned    certs.Code = "pinned"     // browsers would refuse the box
	Uncovered certs.Code = "uncovered"  // the certificate is not for a pinned name
	Port      certs.Code = "port"       // HTTPS cannot listen
	Unserved  certs.Code = "not-served" // the edge does not take it
)

// Codes are all kinds that a change can be refused with.
func Codes() []certs.Code {
	own := []certs.Code{BadMode, Decided, NoUpload, BadName, BadNames, Pinned, Uncovered, Port, Unserved}
	return slices.Concat(certs.Codes(), own, orders.Codes())
}

func faultf(code certs.Code, format string, args ...any) *certs.Fault {
	return &certs.Fault{Code: code, What: fmt.Sprintf(format, args...), Remedy: remedy(code)}
}

func remedy(c certs.Code) string {
	switch c {
	case BadMode:
		return "Choose one of those that are offered."
	case Decided:
		return "Remove COFFER_TLS from the configuration and start the box again to choose here."
	case NoUpload:
		return "Choose the certificate and its key."
	case BadNames:
		return "Give names such as box.example.org, and addresses such as 192.168.1.5, one on each line."
	case BadName:
		return "Open the box under a name over HTTPS, and confirm that name."
	case Pinned:
		return "Take that back first, open the box once more in each browser that uses it, and then turn HTTPS off."
	case Uncovered:
		return "Use a certificate for that name, or take back that it is HTTPS-only."
	}
	return ""
}

// Change is what the owner wants otherwise. What is zero stays as it is.
type Change struct {
	Mode  Mode      `json:"mode,omitempty"`
	Names *[]string `json:"names,omitempty"`
	// Chain and Key are a pair to be handed in, as it came: what is no PEM is
	// told so.
	Chain []byte `json:"chain,omitempty"`
	Key   []byte `json:"key,omitempty"`
	// Pin is a name that the owner confirmed to be opened over HTTPS only;
	// Release is one of which that is taken back.
	Pin     *Pin   `json:"pin,omitempty"`
	Release string `json:"release,omitempty"`
	// Order is what is to be ordered, for ACME; Agree, that the owner agrees to
	// the terms of that authority. Again has a certificate ordered now.
	Order *Order `json:"order,omitempty"`
	Agree bool   `json:"agree,omitempty"`
	Again bool   `json:"again,omitempty"`
}

// Limits of a choice.
const (
	maxNames = 50
	maxPins  = 8
)

// With returns what s becomes by c, and the pair that is then presented. A pair
// that is handed in lies in the store then, and is used once the result is
// saved.
func (s Setup) With(c Change, now time.Time) (Setup, *certs.Pair, error) {
	next := s
	next.Choice.Pins = slices.Clone(s.Choice.Pins)
	if err := next.apply(c, now); err != nil {
		return s, nil, err
	}
	p, err := next.Pair(now)
	if err != nil {
		return s, nil, err
	}
	for _, pin := range next.Choice.Pins {
		switch {
		case !pin.Held():
		case p == nil:
			return s, nil, faultf(Pinned, "browsers were told that %s is opened over HTTPS only; they would refuse to open the box without it", pin.Name)
		case !p.Covers(pin.Name):
			return s, nil, faultf(Uncovered, "browsers were told that %s is opened over HTTPS only, and the certificate is not for that name", pin.Name)
		}
	}
	if c.Mode != "" || c.Order != nil || c.Pin != nil {
		if err := next.keepsPromises(); err != nil {
			return s, nil, err
		}
	}
	return next, p, nil
}

func (s *Setup) apply(c Change, now time.Time) error {
	if c.Mode != "" && c.Mode != s.Mode() {
		switch {
		case s.Fixed:
			return faultf(Decided, "COFFER_TLS says how HTTPS is served (%s)", s.Options.Mode)
		case !slices.Contains([]Mode{Off, SelfSigned, Uploaded, Folder, ACME}, c.Mode):
			return faultf(BadMode, "HTTPS cannot be %q", c.Mode)
		}
	}
	if c.Mode != "" && !s.Fixed {
		s.Choice.Wanted = c.Mode == ACME && s.Mode() != ACME
		if c.Mode != ACME {
			s.Choice.Mode = c.Mode
		}
	}
	if err := s.order(c, now); err != nil {
		return err
	}
	if c.Names != nil {
		for _, name := range *c.Names {
			if len(certs.Usable([]string{name})) == 0 {
				return faultf(BadNames, "%.100q is neither a name nor an address that a certificate can be for", name)
			}
		}
		s.Choice.Names = certs.Usable(*c.Names)
		if len(s.Choice.Names) > maxNames {
			return faultf(BadNames, "more than %d names are given", maxNames)
		}
	}
	if len(c.Chain) > 0 || len(c.Key) > 0 {
		p, err := certs.Parse(c.Chain, c.Key, now)
		if err != nil {
			return err
		}
		if s.Choice.Uploaded, err = s.Store.Keep(p); err != nil {
			return err
		}
	}
	if s.Mode() == Uploaded && s.Choice.Uploaded == "" {
		return faultf(NoUpload, "no certificate was handed in")
	}
	if c.Release != "" {
		s.release(c.Release, now)
	}
	if c.Pin != nil {
		return s.pin(*c.Pin)
	}
	return nil
}

func (s *Setup) release(name string, now time.Time) {
	for n, p := range s.Choice.Pins {
		if p.Name == name && p.Held() {
			s.Choice.Pins[n].Back = now.UTC().Truncate(time.Second)
		}
	}
}

func (s *Setup) pin(p Pin) error {
	p.Name = strings.ToLower(strings.TrimSuffix(p.Name, "."))
	p.Back, p.Preload = time.Time{}, p.Preload && p.Below
	if _, err := netip.ParseAddr(p.Name); err == nil || !strings.Contains(p.Name, ".") || !regexp.MustCompile(`^[a-z0-9._-]{3,253}$`).MatchString(p.Name) {
		return faultf(BadName, "%q is not a full name, and browsers keep this for full names only", p.Name)
	}
	if s.Mode() == Off {
		return faultf(BadName, "HTTPS is off, so nothing can be promised about %s", p.Name)
	}
	s.Choice.Pins = slices.DeleteFunc(s.Choice.Pins, func(o Pin) bool { return o.Name == p.Name })
	if len(s.Choice.Pins) >= maxPins {
		return faultf(BadName, "more than %d names are opened over HTTPS only", maxPins)
	}
	s.Choice.Pins = append(s.Choice.Pins, p)
	return nil
}

// Told are the pins that browsers are to hear of at now.
func (s Setup) Told(now time.Time) []Pin {
	return slices.DeleteFunc(slices.Clone(s.Choice.Pins), func(p Pin) bool { return !p.Held() && now.After(p.Back.Add(PinLife)) })
}

// Tidy removes what the choice no longer uses, once it is saved.
func (s Setup) Tidy() error { return s.Store.Forget(s.Choice.Uploaded) }
