// Package servicetoken keeps the key for the owner's own scripts in a file of
// the volume, which the API's user reads and nobody else.
//
// It owns DATA/service-token. The folder is root's, so that init writes it when
// the API asks; who reads it sees the old key or the new one, whatever is
// stopped. It refuses to follow or replace what is no file of the box, and to
// know what a key opens: it tells the API what is there by its hash.
package servicetoken

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"coffer/appliance/beneath"
	"coffer/appliance/layout"
	"coffer/weaken"
)

// Name is that of the file below DATA.
const Name = "service-token"

// Mode lets its owner read and write it.
const Mode = 0o600

// maxFile bounds what is read, in bytes. A larger file holds no key.
const maxFile = 1 << 10

// File is where the key lies, and whose it is.
type File struct {
	Data  string
	Owner layout.Owner // beneath.Keep: whoever runs the box
}

// Path is where the owner finds it.
func (f File) Path() string { return filepath.Join(f.Data, Name) }

// Seen is what is there.
type Seen struct {
	There bool `json:"there"`
	// Sum is the SHA-256 of the key in it.
	Sum     []byte    `json:"sum,omitempty"`
	Written time.Time `json:"written,omitzero"`
	UID     int       `json:"uid"`
	GID     int       `json:"gid"`
	Mode    uint32    `json:"mode"`
}

// Change is a wish for another content.
type Change struct {
	Key string `json:"key"` // empty: no file
}

// Look says what is there; a *beneath.Refused where it is no file of the box.
func (f File) Look() (Seen, error) {
	seen, key, err := f.read()
	if err == nil && seen.There {
		sum := sha256.Sum256([]byte(key))
		seen.Sum = sum[:]
	}
	return seen, err
}

// Key is the key that is there; empty: none.
func (f File) Key() (string, error) {
	_, key, err := f.read()
	return key, err
}

func (f File) read() (Seen, string, error) {
	data, err := beneath.Base(f.Data)
	if err != nil {
		return Seen{}, "", err
	}
	defer data.Close()
	n, err := data.File(Name)
	if errors.Is(err, fs.ErrNotExist) {
		return Seen{}, "", nil
	}
	if err != nil {
		return Seen{}, "", err
	}
	defer n.Close()
	text, err := n.Head(maxFile)
	return Seen{There: true, Written: n.Modified, UID: n.UID, GID: n.GID, Mode: n.Mode}, strings.TrimSpace(string(text)), err
}

// Apply puts another key there, or nothing, and says what is there then.
func (f File) Apply(c Change) (Seen, error) {
	if c.Key != "" && !regexp.MustCompile(`^[A-Za-z0-9_]{32,256}$`).MatchString(c.Key) {
		return Seen{}, errors.New("that is no key")
	}
	// What is not ours to replace is refused here, like at the start.
	if _, err := f.Look(); err != nil {
		return Seen{}, err
	}
	data, err := beneath.Base(f.Data)
	if err != nil {
		return Seen{}, err
	}
	defer data.Close()
	if c.Key == "" {
		err = data.Unlink(Name)
		if errors.Is(err, fs.ErrNotExist) {
			return Seen{}, nil
		}
		return Seen{}, errors.Join(err, data.Sync("."))
	}
	a := beneath.Attributes{UID: f.Owner.UID, GID: f.Owner.GID, Mode: Mode}
	if weaken.Without(weaken.TokenMode) {
		a.Mode |= 0o044
	}
	if err := data.Put(Name, []byte(c.Key+"\n"), a); err != nil {
		return Seen{}, err
	}
	return f.Look()
}
