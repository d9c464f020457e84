package library

import (
	"context"
	"time"
)

// FrontDoor tells how the box is served over HTTPS and changes that. Errors
// are *Error. Where the change itself is at fault they carry a Code, and as
// Field the part of the change that has to be another one: mode, names,
// certificate, key or https_only.
type FrontDoor interface {
	HTTPS(context.Context) (HTTPS, error)
	// ChangeHTTPS returns once the change is served, or all is as it was. It
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

// Authority is the box's own, for browsers to be told to trust it.
type Authority struct {
	PEM         []byte
	Name        string
	Expires     time.Time
	Fingerprint string // as Certificate.Fingerprint
}

// HTTPSProblem is a fault as the box tells it, in English.
type HTTPSProblem struct{ Code, Message, Hint string }

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
}
