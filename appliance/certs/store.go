package certs

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"coffer/appliance/beneath"
)

// Folder holds everything of this package, below DATA; Edge is what of it the
// edge may read.
const (
	Folder = "secrets/tls"
	Edge   = "secrets/tls/edge"
)

// Files in the folder. Each holds a certificate and its key.
const (
	authorityFile  = "authority.pem"
	selfSignedFile = "self-signed.pem"
	edgeFolder     = "edge"
)

const (
	fileMode = 0o440
	// maxStored is a chain and a key.
	maxStored = 2 * MaxPEM
)

// Store is what lies under DATA/secrets/tls.
type Store struct {
	Dir string // DATA/secrets/tls
	// EdgeGID is the group of the edge; without root it is ignored.
	EdgeGID int
	Log     *slog.Logger
}

// SelfSigned returns a pair for names by the box's own authority, making what
// is missing, due, or no file of its own. What is made is also for the names in passing, which may
// come and go without a new one being made. Names that no certificate can hold
// are left out.
func (s Store) SelfSigned(names, passing []string, now time.Time) (*Pair, error) {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names = Usable(append(slices.Clone(names), "localhost", "127.0.0.1", "::1"))
	a, err := s.authority(dir, now)
	if err != nil {
		return nil, err
	}
	if text, err := read(dir, selfSignedFile); err == nil {
		if leaf, _ := Parse(text, text, now); leaf != nil && a.fits(leaf, names, now) {
			return leaf, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) && !replaceable(err) {
		return nil, err
	}
	leaf, err := a.leaf(Usable(append(slices.Clone(names), passing...)), now)
	if err != nil {
		return nil, err
	}
	s.Log.Info("a certificate of the box's own was made", slog.String("names", strings.Join(names, " ")), slog.Time("until", leaf.Expires()))
	return leaf, dir.Put(selfSignedFile, leaf.PEM(), s.mine())
}

// Authority returns the box's own authority, whose certificate browsers may be
// told to trust. fs.ErrNotExist: there is none yet.
func (s Store) Authority() (*Pair, error) {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	text, err := read(dir, authorityFile)
	if err != nil {
		return nil, err
	}
	return parseAuthority(text)
}

// authority returns the one there is, or makes one. One that cannot be read is
// left alone: browsers that trust it would have to be told again.
func (s Store) authority(dir *beneath.Dir, now time.Time) (authority, error) {
	text, err := read(dir, authorityFile)
	var p *Pair
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case isRefused(err):
		return authority{}, fmt.Errorf("%w. It is not replaced on its own, because browsers that trust the box's authority would have to be told again", err)
	case err != nil:
		return authority{}, err
	default:
		if p, err = parseAuthority(text); err != nil {
			return authority{}, fmt.Errorf("%s/%s %w. It is not replaced on its own, because browsers that trust it would have to be told again. "+
				"Put it back from a backup, or remove it to have a new one made", s.Dir, authorityFile, err)
		}
		if now.Add(leafLife).After(p.Expires()) {
			s.Log.Warn("the box's own authority ends soon and is replaced; browsers have to be told to trust the new one", slog.Time("until", p.Expires()))
			p = nil
		}
	}
	if p == nil {
		if p, err = newAuthority(now); err != nil {
			return authority{}, err
		}
		if err := dir.Put(authorityFile, p.PEM(), s.mine()); err != nil {
			return authority{}, err
		}
	}
	return authority{certificate: p.chain[0], key: p.key}, nil
}

func isRefused(err error) bool {
	_, ok := errors.AsType[*beneath.Refused](err)
	return ok
}

// replaceable reports that a name can be given to a new file and nothing is
// lost: what was there is not ours, and is nowhere else changed by it.
func replaceable(err error) bool {
	refused, ok := errors.AsType[*beneath.Refused](err)
	return ok && !refused.Folder()
}

func parseAuthority(text []byte) (*Pair, error) {
	chain, fault := parseChain(text)
	if fault != nil {
		return nil, errors.New("does not hold a certificate: " + fault.What)
	}
	key, fault := parseKey(text)
	if fault != nil {
		return nil, errors.New("does not hold a key: " + fault.What)
	}
	p := &Pair{chain: chain, key: key}
	if len(chain) != 1 || !chain[0].IsCA || p.belongs() != nil {
		return nil, errors.New("does not hold one authority with its key")
	}
	return p, nil
}

// Present puts a pair where the edge reads it and returns the file. Its name
// is that of its content, so that what is presented now stays as it is.
func (s Store) Present(p *Pair) (string, error) {
	dir, err := s.edge()
	if err != nil {
		return "", err
	}
	defer dir.Close()
	name := presented(p)
	return path.Join(s.Dir, edgeFolder, name), dir.Put(name, p.PEM(), s.edges())
}

// Supplied returns a pair that was presented last and is not by the box's own
// authority, whether or not it has ended; nil when there is none.
func (s Store) Supplied() *Pair {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil
	}
	defer dir.Close()
	var own *x509.Certificate
	if p, err := s.Authority(); err == nil {
		own = p.chain[0]
	}
	edge, err := dir.Dir(edgeFolder)
	if err != nil {
		return nil
	}
	defer edge.Close()
	names, err := edge.Names()
	if err != nil {
		return nil
	}
	for _, name := range names {
		text, err := read(edge, name)
		if err != nil {
			continue
		}
		p, _ := Parse(text, text, time.Now())
		if p != nil && name == presented(p) && (own == nil || p.chain[0].CheckSignatureFrom(own) != nil) {
			return p
		}
	}
	return nil
}

// Sweep removes what the edge no longer presents; keep is a file of Present, or
// empty.
func (s Store) Sweep(keep string) error {
	dir, err := s.edge()
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Names()
	for _, name := range names {
		if name != path.Base(keep) {
			err = errors.Join(err, dir.Remove(name))
		}
	}
	return err
}

// edge opens the folder that the edge reads.
func (s Store) edge() (*beneath.Dir, error) {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Dir(edgeFolder)
}

func presented(p *Pair) string { return p.Fingerprint()[:16] + ".pem" }

// mine is for files that only init reads.
func (s Store) mine() beneath.Attributes {
	if os.Geteuid() != 0 {
		return beneath.Attributes{UID: beneath.Keep, GID: beneath.Keep, Mode: fileMode}
	}
	return beneath.Attributes{UID: 0, GID: 0, Mode: fileMode}
}

// edges is for what the edge reads.
func (s Store) edges() beneath.Attributes {
	a := s.mine()
	if os.Geteuid() == 0 {
		a.GID = s.EdgeGID
	}
	return a
}

// read returns a file that has one name and is no link.
func read(dir *beneath.Dir, name string) ([]byte, error) {
	n, err := dir.File(name)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	return n.Read(maxStored)
}
