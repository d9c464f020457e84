package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"
)

// blocks splits a text into its PEM blocks. What stands between them is left
// out, as every program does.
func blocks(text []byte) []*pem.Block {
	var all []*pem.Block
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // some editors put a mark first
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return all
		}
		all = append(all, b)
	}
}

// binary reports what begins like DER or PKCS #12.
func binary(text []byte) bool { return bytes.HasPrefix(text, []byte{0x30, 0x82}) }

func parseChain(text []byte) ([]*x509.Certificate, *Fault) {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, faultf(NoCertificate, "there is no certificate")
	case len(text) > MaxPEM:
		return nil, faultf(TooLarge, "the certificate's file is larger than %d KiB", MaxPEM>>10)
	case binary(text):
		return nil, faultf(Form, "the certificate is in a binary form, DER or PKCS #12")
	}
	var chain []*x509.Certificate
	for _, b := range blocks(text) {
		switch {
		case b.Type == "CERTIFICATE" || b.Type == "TRUSTED CERTIFICATE" || b.Type == "X509 CERTIFICATE":
			c, err := x509.ParseCertificate(b.Bytes)
			if err != nil {
				return nil, faultf(Unreadable, "the %s cannot be read (%s)", place(len(chain)), reason(err))
			}
			chain = append(chain, c)
		case b.Type == "CERTIFICATE REQUEST" || b.Type == "NEW CERTIFICATE REQUEST":
			return nil, faultf(Form, "this is a request for a certificate, not the certificate")
		}
		if len(chain) > maxChain {
			return nil, faultf(TooLarge, "the chain has more than %d certificates", maxChain)
		}
	}
	if len(chain) == 0 {
		return nil, faultf(NoCertificate, "there is no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
	}
	return chain, nil
}

func parseKey(text []byte) (crypto.Signer, *Fault) {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, faultf(NoKey, "there is no key")
	case len(text) > MaxPEM:
		return nil, faultf(TooLarge, "the key's file is larger than %d KiB", MaxPEM>>10)
	case binary(text):
		return nil, faultf(Form, "the key is in a binary form, DER or PKCS #12")
	}
	var found crypto.Signer
	for _, b := range blocks(text) {
		if !strings.HasSuffix(b.Type, "PRIVATE KEY") {
			continue // parameters of a curve, the chain
		}
		if b.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, faultf(KeyEncrypted, "the key is encrypted with a passphrase, and the box has nobody to ask for it at a start")
		}
		if found != nil {
			return nil, faultf(Unreadable, "there is more than one key")
		}
		key, fault := parseBlock(b)
		if fault != nil {
			return nil, fault
		}
		found = key
	}
	if found == nil {
		return nil, faultf(NoKey, "there is no key in PEM form (-----BEGIN PRIVATE KEY-----)")
	}
	return found, nil
}

func parseBlock(b *pem.Block) (crypto.Signer, *Fault) {
	var key any
	var err error
	switch b.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(b.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(b.Bytes)
	default:
		return nil, faultf(KeyKind, "a key of the kind %q is not one that browsers take", b.Type)
	}
	if err != nil {
		// The words of the library could hold parts of what they read.
		return nil, faultf(Unreadable, "the key cannot be read")
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, faultf(KeyKind, "the key cannot sign, so it is not one for a certificate")
	}
	return signer, nil
}

func kind(key any) string {
	switch key.(type) {
	case *rsa.PrivateKey:
		return "RSA"
	case *ecdsa.PrivateKey:
		return "ECDSA"
	case ed25519.PrivateKey:
		return "Ed25519"
	}
	return "unknown"
}

// place says which of the chain.
func place(n int) string {
	if n == 0 {
		return "certificate"
	}
	return fmt.Sprintf("certificate no. %d", n+1)
}

// subject names a certificate in a few words.
func subject(c *x509.Certificate) string {
	for _, name := range append([]string{c.Subject.CommonName}, c.DNSNames...) {
		if name != "" {
			return clip(name)
		}
	}
	if len(c.IPAddresses) > 0 {
		return c.IPAddresses[0].String()
	}
	return "no name"
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func reason(err error) string { return clip(strings.TrimPrefix(err.Error(), "x509: ")) }

// clip keeps what others wrote to a line, and to letters.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "…"
	}
	return s
}
