package certs

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"time"

	"coffer/appliance/beneath"
)

// keptPrefix begins the names of pairs that the owner handed in; the rest is
// that of the content, so that the one before stays until another is chosen.
const keptPrefix = "uploaded-"

// Keep puts a pair that the owner handed in where only init reads it, and
// returns its name for Kept.
func (s Store) Keep(p *Pair) (string, error) {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	name := keptPrefix + presented(p)
	return name, dir.Put(name, p.PEM(), s.mine())
}

// Kept returns a pair that was kept, and judges it anew.
func (s Store) Kept(name string, now time.Time) (*Pair, error) {
	if !strings.HasPrefix(name, keptPrefix) || path.Base(name) != name {
		return nil, faultf(NoCertificate, "no certificate was handed in")
	}
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	text, err := read(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, faultf(NoCertificate, "the certificate that was handed in is gone from the volume")
	}
	if err != nil {
		return nil, err
	}
	return Parse(text, text, now)
}

// Forget removes every kept pair but the one called but.
func (s Store) Forget(but string) error {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Names()
	for _, name := range names {
		if strings.HasPrefix(name, keptPrefix) && name != but {
			err = errors.Join(err, dir.Remove(name))
		}
	}
	return err
}

// Note returns a small text that init keeps beside the certificates;
// fs.ErrNotExist: there is none.
func (s Store) Note(name string) ([]byte, error) {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return read(dir, name)
}

// PutNote writes one.
func (s Store) PutNote(name string, text []byte) error {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Put(name, text, s.mine())
}

// ReadFolder reads a pair from a folder of the owner, under the names that
// usual programs give it. Links are not followed. The error is a *Fault where
// the owner can mend it.
func ReadFolder(folder string) (chain, key []byte, err error) {
	dir, err := beneath.Base(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, faultf(Missing, "there is no folder %s", folder)
	}
	if err != nil {
		return nil, nil, faultf(Missing, "the folder %s cannot be opened (%v)", folder, err)
	}
	defer dir.Close()
	if chain, err = first(dir, "fullchain.pem", "cert.pem", "tls.crt"); err != nil {
		return nil, nil, err
	}
	key, err = first(dir, "privkey.pem", "key.pem", "tls.key")
	return chain, key, err
}

// first reads the first of files that there is.
func first(dir *beneath.Dir, names ...string) ([]byte, error) {
	for _, name := range names {
		n, err := dir.File(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var text []byte
		if err == nil {
			text, err = n.Read(MaxPEM + 1)
			n.Close()
		}
		if err != nil {
			return nil, faultf(Missing, "%s/%s cannot be read (%v)", dir.Path(), name, err)
		}
		return text, nil
	}
	return nil, faultf(Missing, "%s holds none of %s", dir.Path(), strings.Join(names, ", "))
}
