package library

import (
	"context"
	"time"
)

// FrontDoor tells how the box is served over HTTPS and changes that. Errors
// are *Error. Where the change itself is at fault they carry a Code, and as
// Field the part of the change that has to be another one: mode, names,
// certificate, key, order or https_only.
type FrontDoor interface {
	HTTPS(context.Context) (HTTPS, error)
	// ChangeHTTPS returns once the change is served, or all is as it was; a
	// certificate that has to be ordered first is served later. It
	// records what is different in the audit log.
	ChangeHTTPS(context.Context, HTTPSChange) (HTTPS, error)
}

// HTTPSMode is where the certificate comes from.
type HTTPSMode string

// The modes.
const (
	HTTPSOff        HTTPSMode = "off"
	HTTPSSelfSigned HTTPSMode = "self-signed" // by the box's own authority
	HTTPSUploaded   HTTPSMode = "uploaded"    // handed in by the owner
	HTTPSFolder     HTTPSMode = "folder"      // HTTPS.Folder
	HTTPSFiles      HTTPSMode = "files"       // that the configuration names
	HTTPSACME       HTTPSMode = "acme"        // ordered from an authority
)

// HTTPS is how the box is served over HTTPS.
type HTTPS struct {
	Mode   HTTPSMode
	Locked bool // the configuration decides the mode
	// Port is where HTTPS is served, or would be; PlainPort where HTTP is. Both
	// are the box's own: what a container publishes can be others.
	Port, PlainPort uint16
	// Redirect is where pages over plain HTTP lead once HTTPS is on, as
	// https://host[:port]; empty: they are served.
	Redirect   string
	Presented  *Certificate  // nil: HTTPS is not served
	Uploaded   *Certificate  // handed in, whether or not it is presented
	Authority  *Authority    // the box's own; nil: none was made yet
	Folder     string        // where the owner may put a pair for HTTPSFolder
	FixedNames []string      // that the configuration gives the box
	Names      []string      // that a certificate of the box's own is for besides
	Only       []HTTPSOnly   // what browsers are told of names
	Order      HTTPSOrder    // of HTTPSACME
	Problem    *HTTPSProblem // why what should be presented is not
}

// HTTPSOnly is a name that browsers are told is opened over HTTPS only, for a
// year (RFC 6797).
type HTTPSOnly struct {
	Name    string
	Below   bool // names below it too
	Preload bool // browsers may ship with it
	// Back is when it was taken back, and browsers are told so instead; zero: it
	// was not.
	Back time.Time
}

// Held reports that it was not taken back.
func (o HTTPSOnly) Held() bool { return o.Back.IsZero() }

// HTTPSOnlyLasts is how long a browser keeps to what it was told, and is told
// that it was taken back.
const HTTPSOnlyLasts = 365 * 24 * time.Hour

// Certificate is what is said of one.
type Certificate struct {
	Names              []string // addresses among them
	Issuer             string
	NotBefore, Expires time.Time
	Fingerprint        string // SHA-256 of the DER, in hex
	Own                bool   // by the box's own authority
}

// EndsSoon reports an end to see to: in two weeks, or in the last quarter of the
// life of one that lasts shorter. What is renewed in time does not come to it.
func (c Certificate) EndsSoon(now time.Time) bool {
	return c.Expires.Sub(now) < min(CertificateExpiresWithin, c.Expires.Sub(c.NotBefore)/4)
}

// Authority is the box's own, for browsers to be told to trust it.
type Authority struct {
	PEM         []byte
	Name        string
	Expires     time.Time
	Fingerprint string // as Certificate.Fingerprint
}

// HTTPSProblem is a fault as the box tells it, in English. Quote are the other
// side's own words, and Until when it wants to be asked again.
type HTTPSProblem struct {
	Code, Message, Hint string
	Quote               string
	Until               time.Time
}

// HTTPSOrder is how a certificate is ordered from an authority (ACME).
type HTTPSOrder struct {
	// Wanted says that HTTPSACME is chosen and takes over from HTTPS.Mode once
	// there is a certificate; Serves, that one is presented.
	Wanted, Serves bool

	Directory       string // of the authority
	DirectoryLocked bool   // the configuration decides
	Email           string
	EmailLocked     bool
	Names           []string // all that are ordered
	Chosen          []string // those of them that were chosen at run time
	Agreed          bool     // to the terms of this authority
	Terms           string   // where they are; empty: it did not say yet

	Step    HTTPSStep // empty: no order runs
	Next    time.Time // when the box orders next by itself; zero: it does not
	Free    time.Time // when it can be asked to
	Ended   time.Time // of the last order; zero: there was none
	Problem *HTTPSProblem
}

// HTTPSStep is how far an order is.
type HTTPSStep string

// The steps.
const (
	HTTPSAsking    HTTPSStep = "asking"    // the authority is told what is wanted
	HTTPSChallenge HTTPSStep = "challenge" // it asks this box, under each name
	HTTPSMaking    HTTPSStep = "making"    // it makes the certificate
	HTTPSSwitching HTTPSStep = "switching" // the certificate is taken into use
)

// HTTPSWish is what is to be ordered.
type HTTPSWish struct {
	Directory, Email string   // where the configuration does not decide
	Names            []string // besides the configured ones
	Agree            bool     // to the terms of this authority
}

// HTTPSChange is what the owner wants otherwise. What is zero stays as it is.
type HTTPSChange struct {
	Mode  HTTPSMode
	Names *[]string
	// Certificate, with its chain, and Key are handed in together, in PEM.
	Certificate, Key []byte
	// Only is a name to be opened over HTTPS only; TakeBack one of which that
	// is taken back.
	Only     *HTTPSOnly
	TakeBack string
	// Order is what is to be ordered; Again has it ordered now.
	Order *HTTPSWish
	Again bool
}
