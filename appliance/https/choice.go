// Package https decides how the box is served over TLS: from what the
// configuration says, from what the owner chose in Settings, and from the
// certificates that there are.
//
// It owns the owner's choice, kept below DATA/secrets/tls, and the rules for
// changing it. It refuses changes that would lock browsers out, and knows
// neither nginx nor processes: who serves is told what to serve.
package https

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"coffer/appliance/certs"
)

// Mode is where the certificate comes from.
type Mode string

// The modes.
const (
	Off        Mode = "off"
	SelfSigned Mode = "self-signed" // by the box's own authority
	Files      Mode = "files"       // that the configuration names
	Uploaded   Mode = "uploaded"    // handed in by the owner
	Folder     Mode = "folder"      // Options.Folder
	ACME       Mode = "acme"        // ordered from an authority
)

// Options are what a start knows.
type Options struct {
	// Mode is the configuration's; Fixed says that it decides, and not the
	// owner's choice.
	Mode  Mode
	Fixed bool
	// Names are the configured ones; Passing are more of them for a certificate
	// of the box's own, which may change at any time.
	Names, Passing func() []string
	// Pair reads the one of Files; From is what the owner calls it.
	Pair func() (chain, key []byte, err error)
	From string
	// Folder is where the owner may put a pair, to be looked at again and again.
	Folder string
	Order  Ordering
	Store  certs.Store
	Log    *slog.Logger
}

// Choice is what the owner chose at run time.
type Choice struct {
	Mode Mode `json:"mode,omitempty"` // empty: nothing chosen
	// Names are those that a certificate of the box's own is for, besides the
	// configured ones.
	Names []string `json:"names,omitempty"`
	// Uploaded names the pair that was handed in last, in the store.
	Uploaded string `json:"uploaded,omitempty"`
	Pins     []Pin  `json:"pins,omitempty"`
	// Order is what the owner has ordered; nil: nothing yet.
	Order *Order `json:"order,omitempty"`
	// Wanted says that ACME is chosen and takes over from Mode once there is a
	// certificate.
	Wanted bool `json:"wanted,omitempty"`
}

// Pin is a name that browsers are told is opened over HTTPS only.
type Pin struct {
	Name    string `json:"name"`
	Below   bool   `json:"below,omitempty"`   // names below it too
	Preload bool   `json:"preload,omitempty"` // browsers may ship with it
	// Back is when it was taken back; who asks is told so for PinLife after it.
	Back time.Time `json:"back,omitzero"`
}

// PinLife is how long a browser keeps to what it was told.
const PinLife = 365 * 24 * time.Hour

// Held reports that it was not taken back.
func (p Pin) Held() bool { return p.Back.IsZero() }

// Setup is what decides: the options and the choice.
type Setup struct {
	Options
	Choice
}

// Load reads the choice of an earlier run. One that cannot be read is told and
// counts as none, because a box that does not start would help nobody.
func Load(o Options) Setup {
	s := Setup{Options: o}
	text, err := o.Store.Note(choiceFile)
	if err == nil {
		err = json.Unmarshal(text, &s.Choice)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		o.Log.Error("what was chosen about HTTPS cannot be read, and HTTPS is off until it is chosen again", slog.Any("error", err))
		s.Choice = Choice{}
	}
	return s
}

const choiceFile = "choice.json"

// Save keeps the choice for the next run.
func (s Setup) Save() error {
	text, err := json.Marshal(s.Choice)
	if err != nil {
		return err
	}
	return s.Store.PutNote(choiceFile, text)
}

// Mode is the one that decides.
func (s Setup) Mode() Mode {
	switch {
	case s.Fixed:
		return s.Options.Mode
	case s.Choice.Mode == "":
		return Off
	}
	return s.Choice.Mode
}

// Pair is what is to be presented, nil when HTTPS is off. The error is a
// *certs.Fault where it is the pair's.
func (s Setup) Pair(now time.Time) (*certs.Pair, error) {
	switch s.Mode() {
	case Off:
		return nil, nil
	case SelfSigned:
		return s.Store.SelfSigned(s.All(), s.Passing(), now)
	case Files:
		chain, key, err := s.Options.Pair()
		if err != nil {
			return nil, err
		}
		return certs.Parse(chain, key, now)
	case Uploaded:
		return s.Store.Kept(s.Choice.Uploaded, now)
	case Folder:
		chain, key, err := certs.ReadFolder(s.Folder)
		if err != nil {
			return nil, err
		}
		return certs.Parse(chain, key, now)
	case ACME:
		return s.ordered(now)
	}
	return nil, faultf(BadMode, "HTTPS cannot be %q", s.Mode())
}

// Own reports that certificates are the box's own.
func (s Setup) Own() bool { return s.Mode() == SelfSigned }

// All are the names that the owner gave the box for HTTPS.
func (s Setup) All() []string { return slices.Concat(s.Options.Names(), s.Choice.Names) }

// Last is the owner's pair that was presented last, nil when there is none or
// the certificate is the box's own.
func (s Setup) Last() *certs.Pair {
	if s.Mode() == Off || s.Own() {
		return nil
	}
	return s.Store.Supplied()
}
