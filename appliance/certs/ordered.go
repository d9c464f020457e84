package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"coffer/appliance/beneath"
)

// orderedFile is the pair that a certificate authority made for the box last.
const orderedFile = "ordered.pem"

// Request asks an authority for a certificate. Its key stays in it.
type Request struct {
	DER []byte // PKCS #10
	key *ecdsa.PrivateKey
}

// NewRequest makes a key, and a request for names that are no addresses.
func NewRequest(names []string) (*Request, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: names}, key)
	if err != nil {
		return nil, err
	}
	return &Request{der, key}, nil
}

// Pair is the chain that came of the request, with the key. The error is a
// *Fault: what comes from an authority is judged as strictly as the owner's.
func (r *Request) Pair(chain []byte, now time.Time) (*Pair, error) {
	text, err := privatePEM(r.key)
	if err != nil {
		return nil, err
	}
	p, err := Parse(chain, text, now)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func privatePEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// PutOrdered keeps a pair that an authority made.
func (s Store) PutOrdered(p *Pair) error {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Put(orderedFile, p.PEM(), s.mine())
}

// Ordered returns the pair that was kept last, whether or not it has ended; nil
// when there is none that could be presented.
func (s Store) Ordered(now time.Time) *Pair {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil
	}
	defer dir.Close()
	text, err := read(dir, orderedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var p *Pair
	if err == nil {
		p, err = Parse(text, text, now)
	}
	if p == nil {
		s.Log.Error("the certificate that an authority made cannot be read", slog.Any("error", err))
	}
	return p
}

// Account returns the key of the box's account with an authority in PEM, made
// when it is missing, and a name for it that tells nothing of it. A key that
// cannot be read is replaced: the authority makes another account.
func (s Store) Account(name string) (key []byte, id string, err error) {
	dir, err := beneath.Open(s.Dir)
	if err != nil {
		return nil, "", err
	}
	defer dir.Close()
	name += ".pem"
	text, err := read(dir, name)
	if err == nil {
		if signer, fault := parseKey(text); fault == nil {
			id, err := publicID(signer.Public())
			return text, id, err
		}
		err = errors.New("it holds no key")
	}
	if !errors.Is(err, fs.ErrNotExist) {
		if isRefused(err) && !replaceable(err) {
			return nil, "", err
		}
		s.Log.Warn("the key of the account with the authority is made anew", slog.String("file", name), slog.Any("error", err))
	}
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", err
	}
	if text, err = privatePEM(made); err != nil {
		return nil, "", err
	}
	if id, err = publicID(made.Public()); err != nil {
		return nil, "", err
	}
	return text, id, dir.Put(name, text, s.mine())
}

func publicID(key any) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("the account's key: %w", err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:8]), nil
}

// Ours reports that the box's own authority signed p.
func (s Store) Ours(p *Pair) bool {
	a, err := s.Authority()
	return err == nil && p != nil && p.chain[0].CheckSignatureFrom(a.chain[0]) == nil
}

// Soon reports that p is to be renewed by now: the last quarter of its life has
// begun, or its last two weeks, whichever is the later.
func (p *Pair) Soon(now time.Time) bool {
	return p.Expires().Sub(now) < min(14*24*time.Hour, p.Expires().Sub(p.NotBefore())/4)
}
