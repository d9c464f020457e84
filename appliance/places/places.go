// Package places keeps where the owner has the box go by itself, with what opens
// it there: the address that is told of alarms, and the storage that copies of
// backups go to.
//
// It owns the files for them below DATA/secrets, which init alone reads and
// hands to who goes out. It refuses an address that cannot be gone to before it
// is kept, and to say of one what opens it: of who is told the host and the port
// alone, of a storage all but its keys. It knows neither services nor processes.
package places

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"strings"

	"coffer/appliance/beneath"
)

// NoticesFile holds the address for notices, below DATA/secrets.
const NoticesFile = "notices.json"

const (
	fileMode   = 0o400 // init's alone
	maxFile    = 16 << 10
	maxAddress = 2048
)

// Kind is how a place wants to be told.
type Kind string

// The kinds.
const (
	Webhook Kind = "webhook"
	Ntfy    Kind = "ntfy"
)

// Notices is who is told of alarms. Zero is nobody.
type Notices struct {
	Kind    Kind   `json:"kind"`
	Address string `json:"address"` // URL
}

// Host is what of the address may be shown: its host, and the port where it is
// not the usual one. Empty: nobody is told.
func (n Notices) Host() string {
	u, err := url.Parse(n.Address)
	if err != nil {
		return ""
	}
	return u.Host
}

// Secrets are the parts of the address that open something, for those who blot
// them out of texts: the address itself, what signs in, and long parts of what
// follows the host.
func (n Notices) Secrets() []string {
	u, err := url.Parse(n.Address)
	if err != nil || n.Address == "" {
		return nil
	}
	all := []string{n.Address}
	if u.User != nil {
		password, _ := u.User.Password()
		all = append(all, long(password)...)
		all = append(all, long(u.User.Username())...)
	}
	for _, part := range strings.Split(u.EscapedPath(), "/") {
		all = append(all, long(part)...)
	}
	for _, values := range u.Query() {
		for _, v := range values {
			all = append(all, long(v)...)
		}
	}
	return all
}

// long leaves out what is too short to be found in a text only where it is meant.
func long(part string) []string {
	if len(part) < 8 {
		return nil
	}
	return []string{part}
}

// State is what may be told of it.
type State struct {
	Kind  Kind   `json:"kind,omitempty"`
	Host  string `json:"host,omitempty"` // empty: nobody is told
	Fixed bool   `json:"fixed"`          // the configuration decides
}

// Change is a wish for another recipient; the zero value for none.
type Change struct {
	Kind    Kind   `json:"kind"`
	Address string `json:"address"`
}

// Store is where the owner's places lie.
type Store struct {
	Dir string // DATA/secrets
	// Given is what the configuration says; Fixed, that it does.
	Given Notices
	Fixed bool
	// Reachable says why a host cannot be gone to, nil for one that may be.
	Reachable func(host string) error
	Log       *slog.Logger
}

// Notices is who is told. What cannot be read is logged and counts as nobody,
// because a box that does not start would tell nobody either.
func (s Store) Notices() Notices {
	if s.Fixed {
		return s.Given
	}
	n, err := s.read()
	if err != nil {
		s.Log.Error("the address for notices cannot be read, and nobody is told of alarms until it is given again", slog.Any("error", err))
		return Notices{}
	}
	return n
}

// State is what may be told of it.
func (s Store) State() State {
	n := s.Notices()
	return State{Kind: n.Kind, Host: n.Host(), Fixed: s.Fixed}
}

func (s Store) read() (Notices, error) {
	var n Notices
	there, err := s.load(NoticesFile, &n)
	if err == nil && there && s.check(n) != nil {
		err = errors.New(NoticesFile + " is damaged")
	}
	if err != nil {
		return Notices{}, err
	}
	return n, nil
}

// load reads a file into what is at into; there is false where there is none.
func (s Store) load(name string, into any) (there bool, err error) {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return false, err
	}
	defer dir.Close()
	f, err := dir.File(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	text, err := f.Read(maxFile)
	if err != nil {
		return false, err
	}
	if json.Unmarshal(text, into) != nil {
		return true, errors.New(name + " is damaged") // the error of JSON may quote it
	}
	return true, nil
}

// Apply keeps what is wished for. Its error is a *Fault where the owner can mend
// it.
func (s Store) Apply(c Change) error {
	if s.Fixed {
		return fault(Decided, "the configuration decides who is told of alarms", "Change COFFER_NOTIFY_URL, or remove it to choose here")
	}
	n := Notices{Kind: c.Kind, Address: strings.TrimSpace(c.Address)}
	if n == (Notices{}) {
		return s.forget(NoticesFile)
	}
	if err := s.check(n); err != nil {
		return err
	}
	return s.keep(NoticesFile, n)
}

func (s Store) keep(name string, what any) error {
	text, err := json.Marshal(what)
	if err != nil {
		return err
	}
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Put(name, append(text, '\n'), beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: fileMode})
}

func (s Store) forget(name string) error {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Unlink(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return dir.Sync(".")
}

// Check says what is wrong with what the configuration gives; nil: nothing, or it
// gives nothing.
func (s Store) Check() error {
	if !s.Fixed {
		return nil
	}
	return s.check(s.Given)
}

// check says what is wrong with an address. Nothing of it but the host is in the
// words.
func (s Store) check(n Notices) error {
	u, err := url.Parse(n.Address)
	switch {
	case n.Kind != Webhook && n.Kind != Ntfy:
		return fault(BadKind, "who is told is neither a webhook nor ntfy", "Choose one of the two")
	case len(n.Address) > maxAddress:
		return fault(BadAddress, fmt.Sprintf("the address has more than %d characters", maxAddress), "Give the address as the other side shows it")
	case err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return fault(BadAddress, "that is no address of the web", "Give one that begins with https:// or http://")
	case u.Fragment != "":
		return fault(BadAddress, "the address has a part after #, which is never sent", "Leave it out")
	case n.Kind == Ntfy && strings.Trim(u.Path, "/") == "":
		return fault(NoTopic, "the address names no topic", "Add it after the host, as in https://ntfy.sh/my-topic")
	}
	if p := u.Port(); p != "" {
		if _, err := net.LookupPort("tcp", p); err != nil {
			return fault(BadAddress, "the address has no port that exists", "Give a number from 1 to 65535, or none")
		}
	}
	if err := s.Reachable(u.Hostname()); err != nil {
		return fault(Unreachable, "nothing is sent there: "+err.Error(), "Give the address of another machine, as the box reaches it")
	}
	return nil
}
