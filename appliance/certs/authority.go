package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net"
	"regexp"
	"slices"
	"time"
)

// How long things of our own last. Clients refuse leaves that last much longer
// than half a year, whoever signed them.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 190 * 24 * time.Hour
	// skew is how far clocks may be apart.
	skew = time.Hour
)

// authority is what signs the box's own leaves: a certificate that the owner
// may have browsers trust, and its key.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// newAuthority makes one that can sign leaves and nothing else.
func newAuthority(now time.Time) (*Pair, error) {
	mark := make([]byte, 3)
	_, _ = rand.Read(mark) // it does not fail; it ends the process instead
	template := &x509.Certificate{
		// The mark tells boxes apart in a list of authorities.
		Subject:      pkix.Name{Organization: []string{"Coffer"}, CommonName: "Coffer box " + hex.EncodeToString(mark)},
		SerialNumber: serial(), NotBefore: now.Add(-skew), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage:    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	return sign(template, nil)
}

// leaf makes a certificate for names, addresses among them.
func (a authority) leaf(names []string, now time.Time) (*Pair, error) {
	end := now.Add(leafLife)
	if end.After(a.certificate.NotAfter) {
		end = a.certificate.NotAfter
	}
	template := &x509.Certificate{
		Subject:      pkix.Name{Organization: []string{"Coffer"}, CommonName: clipName(names[0])},
		SerialNumber: serial(), NotBefore: now.Add(-skew), NotAfter: end,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return sign(template, &a)
}

// sign makes a key and has by sign for it; nil: it signs for itself.
func sign(template *x509.Certificate, by *authority) (*Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if by == nil {
		by = &authority{certificate: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Pair{chain: []*x509.Certificate{made}, key: key}, nil
}

// fits reports that leaf is this authority's, for all names, and not due.
func (a authority) fits(leaf *Pair, names []string, now time.Time) bool {
	if leaf.chain[0].CheckSignatureFrom(a.certificate) != nil || leaf.Due(now) || leaf.dates(now) != nil {
		return false
	}
	for _, name := range names {
		if !leaf.Covers(name) {
			return false
		}
	}
	return true
}

// Usable returns the names that a certificate can hold, each once.
func Usable(names []string) []string {
	const label = `[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?` // RFC 1035, 2.3.1, and the underscore that is found in LANs
	host := regexp.MustCompile(`^` + label + `(?:\.` + label + `)*\.?$`)
	var all []string
	for _, name := range names {
		c := &x509.Certificate{DNSNames: []string{name}}
		if ip := net.ParseIP(name); ip != nil {
			c = &x509.Certificate{IPAddresses: []net.IP{ip}}
		}
		if (len(c.IPAddresses) > 0 || len(name) <= 253 && host.MatchString(name)) && !slices.Contains(all, name) && c.VerifyHostname(name) == nil {
			all = append(all, name)
		}
	}
	return all
}

// serial draws the number of a certificate: 127 bits (RFC 5280, 4.1.2.2).
func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // the source ends the process instead
	}
	return n.Add(n, big.NewInt(1))
}

// clipName fits a name into a common name's 64 letters.
func clipName(s string) string { return s[:min(len(s), 64)] }
