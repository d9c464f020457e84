package https

import (
	"errors"
	"strings"
	"time"

	"coffer/appliance/certs"
)

// State is how HTTPS is now, for those who show it.
type State struct {
	Mode  Mode   `json:"mode"`
	Fixed bool   `json:"fixed,omitempty"` // the configuration decides the mode
	Port  uint16 `json:"port"`            // where HTTPS is served, or would be
	Plain uint16 `json:"plain"`           // where HTTP is
	// Redirect is where pages over plain HTTP lead; empty: they are served.
	Redirect  string       `json:"redirect,omitempty"`
	Presented *Certificate `json:"presented,omitempty"` // nil: HTTPS is off
	Uploaded  *Certificate `json:"uploaded,omitempty"`  // handed in, whether or not it is presented
	Authority *Authority   `json:"authority,omitempty"` // nil: none was made yet
	Folder    string       `json:"folder"`
	Fixes     []string     `json:"fixed_names,omitempty"` // that the configuration gives the box
	Names     []string     `json:"names,omitempty"`       // that were chosen besides
	Pins      []Pin        `json:"pins,omitempty"`
	Order     Ordered      `json:"order"`
	Problem   *Problem     `json:"problem,omitempty"` // why what should be presented is not
}

// Certificate is what is said of one.
type Certificate struct {
	Names       []string  `json:"names"`
	Issuer      string    `json:"issuer"`
	NotBefore   time.Time `json:"not_before"`
	Expires     time.Time `json:"expires"`
	Fingerprint string    `json:"fingerprint"` // SHA-256, hex
	Own         bool      `json:"own,omitempty"`
}

// Authority is the box's own, for browsers to be told to trust it.
type Authority struct {
	PEM         string    `json:"pem"`
	Name        string    `json:"name"`
	Expires     time.Time `json:"expires"`
	Fingerprint string    `json:"fingerprint"`
}

// Problem is a fault as it is told.
type Problem struct {
	Code   certs.Code `json:"code,omitempty"`
	Part   certs.Part `json:"part,omitempty"`
	What   string     `json:"what"`
	Remedy string     `json:"remedy,omitempty"`
	// Detail are the other side's own words, and Until when it wants to be asked
	// again.
	Detail string    `json:"detail,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// Told makes a Problem of an error; nil stays nil.
func Told(err error) *Problem {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*certs.Fault](err); ok {
		return &Problem{Code: f.Code, Part: f.Part, What: f.What, Remedy: f.Remedy}
	}
	return &Problem{What: err.Error()}
}

func (p *Problem) String() string {
	if p == nil {
		return ""
	}
	text := p.What
	if p.Detail != "" {
		text += ": " + strings.TrimSuffix(p.Detail, ".")
	}
	if p.Remedy != "" {
		text += ". " + p.Remedy
	}
	return text
}

// Describe says what a certificate is.
func Describe(p *certs.Pair, own bool) *Certificate {
	if p == nil {
		return nil
	}
	return &Certificate{
		Names: p.Names(), Issuer: p.Issuer(), NotBefore: p.NotBefore(), Expires: p.Expires(), Fingerprint: p.Fingerprint(), Own: own,
	}
}

// State is what is known without asking who serves.
func (s Setup) State(now time.Time) State {
	st := State{
		Mode: s.Mode(), Fixed: s.Fixed, Folder: s.Folder,
		Fixes: s.Options.Names(), Names: s.Choice.Names, Pins: s.Told(now),
		Order: s.Ordered(s.Book(), now),
	}
	if p, _ := s.Store.Kept(s.Choice.Uploaded, now); p != nil {
		st.Uploaded = Describe(p, false)
	}
	if p, err := s.Store.Authority(); err == nil {
		st.Authority = &Authority{PEM: string(p.ChainPEM()), Name: p.Subject(), Expires: p.Expires(), Fingerprint: p.Fingerprint()}
	}
	return st
}
