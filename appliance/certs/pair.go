// Package certs judges certificates before anybody uses them, and is the box's
// own small authority.
//
// It owns what lies under DATA/secrets/tls and the words about what is wrong
// with a pair. It refuses a pair that browsers would not take: the edge would
// serve it, and the owner would find out from a visitor. It knows no server
// and no configuration.
package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"time"

	"coffer/weaken"
)

// Limits of what is looked at.
const (
	MaxPEM   = 64 << 10 // bytes of a chain, and of a key
	maxChain = 10       // certificates
)

// Pair is a certificate with what leads to its authority, and its key.
type Pair struct {
	chain []*x509.Certificate // the leaf first
	key   crypto.Signer
}

// Parse reads a chain and a key in PEM and judges them together. Either text
// may also hold the other: some programs keep both in one file. The error is a
// *Fault, also when everything but the dates is right, and then the pair is
// there as well.
func Parse(chain, key []byte, now time.Time) (*Pair, error) {
	certificates, fault := parseChain(chain)
	if fault != nil {
		return nil, fault
	}
	signer, fault := parseKey(key)
	if fault != nil {
		fault.Part = OfKey
		return nil, fault
	}
	p := &Pair{chain: certificates, key: signer}
	if weaken.Without(weaken.Certificates) {
		return p, nil
	}
	for _, judge := range []func() *Fault{p.strong, p.belongs, p.linked, p.useful} {
		if fault := judge(); fault != nil {
			return nil, fault
		}
	}
	if fault := p.dates(now); fault != nil {
		return p, fault
	}
	return p, nil
}

// PEM is the pair as one text, the key first. Being one, it changes at once.
func (p *Pair) PEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		panic(err) // only for kinds of keys that Parse refuses
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: der}) // a buffer takes all
	out.Write(p.ChainPEM())
	return out.Bytes()
}

// ChainPEM is the chain without the key.
func (p *Pair) ChainPEM() []byte {
	var out bytes.Buffer
	for _, c := range p.chain {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return out.Bytes()
}

// Leaf is the certificate that is presented, in DER.
func (p *Pair) Leaf() []byte { return p.chain[0].Raw }

// Fingerprint names the leaf: SHA-256 in hex.
func (p *Pair) Fingerprint() string {
	sum := sha256.Sum256(p.chain[0].Raw)
	return hex.EncodeToString(sum[:])
}

// Names are those that the leaf is for, addresses among them.
func (p *Pair) Names() []string {
	all := slices.Clone(p.chain[0].DNSNames)
	for _, ip := range p.chain[0].IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

// Covers reports that the leaf is for name.
func (p *Pair) Covers(name string) bool { return p.chain[0].VerifyHostname(name) == nil }

// Issuer is who signed the leaf, in one line.
func (p *Pair) Issuer() string { return p.chain[0].Issuer.String() }

// Subject is what the leaf is called.
func (p *Pair) Subject() string { return subject(p.chain[0]) }

// NotBefore and Expires are when the leaf begins and ends.
func (p *Pair) NotBefore() time.Time { return p.chain[0].NotBefore }

// Expires is when the first certificate of the chain ends.
func (p *Pair) Expires() time.Time {
	end := p.chain[0].NotAfter
	for _, c := range p.chain[1:] {
		if !selfSigned(c) && c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end
}

// Due reports that two thirds of the leaf's life are over.
func (p *Pair) Due(now time.Time) bool {
	leaf := p.chain[0]
	return now.After(leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 3 * 2))
}

// strong judges the key and the signatures.
func (p *Pair) strong() *Fault {
	switch key := p.key.(type) {
	case *rsa.PrivateKey:
		if n := key.N.BitLen(); n < 2048 || n > 8192 {
			return faultf(KeySize, "the RSA key has %d bits; browsers take 2048 and more, and beyond 8192 each visit costs seconds", n)
		}
	case *ecdsa.PrivateKey:
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
			return faultf(KeyKind, "the key is on the curve %s, which browsers do not take", key.Curve.Params().Name)
		}
	default:
		return faultf(KeyKind, "the key is an %s key, which browsers do not take", kind(key))
	}
	for n, c := range p.chain {
		if weak(c.SignatureAlgorithm) && !(n > 0 && selfSigned(c)) {
			return faultf(Signature, "the %s is signed with %s, which browsers no longer trust", place(n), c.SignatureAlgorithm)
		}
	}
	return nil
}

func weak(a x509.SignatureAlgorithm) bool {
	return slices.Contains([]x509.SignatureAlgorithm{
		x509.UnknownSignatureAlgorithm, x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.DSAWithSHA256, x509.ECDSAWithSHA1,
	}, a)
}

// belongs judges whether the key is that of the first certificate.
func (p *Pair) belongs() *Fault {
	public, ok := p.key.Public().(interface{ Equal(crypto.PublicKey) bool })
	for n, c := range p.chain {
		if !ok || !public.Equal(c.PublicKey) {
			continue
		}
		if n > 0 {
			return faultf(Order, "the key belongs to the %s of the chain; the certificate itself has to stand first", place(n))
		}
		return nil
	}
	return faultf(Mismatch, "the key is not that of the certificate for %s", subject(p.chain[0]))
}

// linked judges whether each certificate is signed by the next.
func (p *Pair) linked() *Fault {
	for n, c := range p.chain[:len(p.chain)-1] {
		next := p.chain[n+1]
		if c.CheckSignatureFrom(next) == nil {
			continue
		}
		if slices.ContainsFunc(p.chain, func(other *x509.Certificate) bool {
			return other != c && c.CheckSignatureFrom(other) == nil
		}) {
			return faultf(Order, "the %s is signed by another one of the chain than the one that follows it", place(n))
		}
		return faultf(Chain, "the %s (%s) is not signed by the next one (%s)", place(n), subject(c), subject(next))
	}
	return nil
}

// useful judges whether browsers would take the leaf for a web server's.
func (p *Pair) useful() *Fault {
	leaf := p.chain[0]
	if len(leaf.DNSNames)+len(leaf.IPAddresses) == 0 {
		return faultf(NoNames, "the certificate for %s lists no name or address (subjectAltName); browsers look nowhere else", subject(leaf))
	}
	if len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) > 0 &&
		!slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny) {
		return faultf(Usage, "the certificate for %s is not one for a web server", subject(leaf))
	}
	return nil
}

func (p *Pair) dates(now time.Time) *Fault {
	for n, c := range p.chain {
		if n > 0 && selfSigned(c) {
			continue // who trusts a root has it
		}
		if now.Before(c.NotBefore) {
			return faultf(Early, "the %s (%s) is valid only from %s; it is %s", place(n), subject(c), day(c.NotBefore), day(now))
		}
		if now.After(c.NotAfter) {
			return faultf(Expired, "the %s (%s) ended on %s; it is %s", place(n), subject(c), day(c.NotAfter), day(now))
		}
	}
	return nil
}

func selfSigned(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }
