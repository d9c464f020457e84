package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPairsThatAreTaken(t *testing.T) {
	root := issue(t, p256(t), nil, asAuthority("Root"))
	middle := issue(t, p256(t), &root, asAuthority("Middle"))
	leaf := issue(t, p256(t), &middle, nil)
	big := rsaKey(t, 2048)
	large := issue(t, big, &middle, nil)
	small, err := x509.MarshalECPrivateKey(leaf.key.(*ecdsa.PrivateKey))
	must(t, err)
	sec1 := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: small})
	rows := map[string]struct {
		chain, key []byte
		length     int
	}{
		"the leaf alone":             {leaf.pem(), leaf.keyPEM(t), 1},
		"with its chain":             {join(leaf.pem(), middle.pem()), leaf.keyPEM(t), 2},
		"with the root":              {join(leaf.pem(), middle.pem(), root.pem()), leaf.keyPEM(t), 3},
		"RSA, PKCS 8":                {large.pem(), large.keyPEM(t), 1},
		"RSA, PKCS 1":                {large.pem(), pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(big.(*rsa.PrivateKey))}), 1},
		"EC, SEC 1":                  {leaf.pem(), sec1, 1},
		"the curve's parameters":     {leaf.pem(), join(pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 1, 2}}), sec1), 1},
		"all in one file, key first": {join(leaf.keyPEM(t), leaf.pem(), middle.pem()), join(leaf.keyPEM(t), leaf.pem(), middle.pem()), 2},
		"all in one file, key last":  {join(leaf.pem(), leaf.keyPEM(t)), join(leaf.pem(), leaf.keyPEM(t)), 1},
		"line ends of Windows":       {bytes.ReplaceAll(leaf.pem(), []byte("\n"), []byte("\r\n")), bytes.ReplaceAll(leaf.keyPEM(t), []byte("\n"), []byte("\r\n")), 1},
		"a mark of an editor":        {join([]byte("\xef\xbb\xbf"), leaf.pem()), leaf.keyPEM(t), 1},
		"words around":               {join([]byte("Certificate:\n    Data: 3 (0x2)\n"), leaf.pem(), []byte("\n\nend")), leaf.keyPEM(t), 1},
	}
	for name, change := range map[string]func(*x509.Certificate){
		"its own signature, as openssl makes it": func(c *x509.Certificate) { c.IsCA, c.ExtKeyUsage = true, nil },
		"an address":                             func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.ParseIP("192.168.1.5")} },
		"any use":                                func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} },
		"every name below":                       func(c *x509.Certificate) { c.DNSNames = []string{"*.example.org"} },
	} {
		one := issue(t, ecKey(t, elliptic.P384()), nil, change)
		row := rows[name]
		row.chain, row.key, row.length = one.pem(), one.keyPEM(t), 1
		rows[name] = row
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(row.chain, row.key, today)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.chain) != row.length || len(p.Names()) != 1 {
				t.Errorf("%d certificates for %q", len(p.chain), p.Names())
			}
			// What is stored is one text that other programs take, and means the same.
			if _, err := tls.X509KeyPair(p.PEM(), p.PEM()); err != nil {
				t.Error(err)
			}
			again, err := Parse(p.PEM(), p.PEM(), today)
			if err != nil || again.Fingerprint() != p.Fingerprint() || !bytes.Equal(again.PEM(), p.PEM()) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestPairsThatAreRefused(t *testing.T) {
	root := issue(t, p256(t), nil, asAuthority("Root"))
	middle := issue(t, p256(t), &root, asAuthority("Middle"))
	stranger := issue(t, p256(t), nil, asAuthority("Stranger"))
	leaf := issue(t, p256(t), &middle, nil)
	key := leaf.keyPEM(t)
	selfMade := func(change func(*x509.Certificate)) issued { return issue(t, p256(t), nil, change) }
	withKey := func(i issued) [2][]byte { return [2][]byte{i.pem(), i.keyPEM(t)} }
	other := p256(t)
	ended := issue(t, p256(t), &root, func(c *x509.Certificate) { asAuthority("Ended")(c); c.NotAfter = today.AddDate(0, 0, -2) })
	underEnded := issue(t, p256(t), &ended, nil)
	many := leaf.pem()
	for range maxChain {
		many = join(many, middle.pem())
	}
	block := func(kind, content string, headers map[string]string) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Headers: headers, Bytes: []byte(content)})
	}
	ofKey := []string{
		"no key", "words as a key", "the certificate as key", "a key in DER", "a broken key", "a key of another form", "two keys",
		"an encrypted key, PKCS 8", "an encrypted key, PKCS 1", "a huge key", "Ed25519", "a curve of few", "a short RSA key", "another key", "another kind of key",
	}
	for name, row := range map[string]struct {
		given [2][]byte
		code  Code
		says  string
	}{
		"nothing":                    {[2][]byte{}, NoCertificate, "no certificate"},
		"only blanks":                {[2][]byte{[]byte(" \n"), key}, NoCertificate, "no certificate"},
		"no key":                     {[2][]byte{leaf.pem(), nil}, NoKey, "no key"},
		"words as a certificate":     {[2][]byte{[]byte("hello"), key}, NoCertificate, "PEM"},
		"words as a key":             {[2][]byte{leaf.pem(), []byte("hello")}, NoKey, "PEM"},
		"the key as certificate":     {[2][]byte{key, key}, NoCertificate, "PEM"},
		"the certificate as key":     {[2][]byte{leaf.pem(), leaf.pem()}, NoKey, "PEM"},
		"DER":                        {[2][]byte{leaf.certificate.Raw, key}, Form, "binary"},
		"a key in DER":               {[2][]byte{leaf.pem(), []byte("\x30\x82\x01\x02")}, Form, "binary"},
		"a request":                  {[2][]byte{block("CERTIFICATE REQUEST", "x", nil), key}, Form, "request"},
		"a broken certificate":       {[2][]byte{block("CERTIFICATE", "x", nil), key}, Unreadable, "cannot be read"},
		"a certificate cut short":    {[2][]byte{leaf.pem()[:200], key}, NoCertificate, "PEM"},
		"a broken link":              {[2][]byte{join(leaf.pem(), block("CERTIFICATE", "x", nil)), key}, Unreadable, "no. 2"},
		"a broken key":               {[2][]byte{leaf.pem(), block("PRIVATE KEY", "secret text", nil)}, Unreadable, "key cannot be read"},
		"a key of another form":      {[2][]byte{leaf.pem(), block("OPENSSH PRIVATE KEY", "x", nil)}, KeyKind, "OPENSSH"},
		"two keys":                   {[2][]byte{leaf.pem(), join(key, key)}, Unreadable, "more than one"},
		"an encrypted key, PKCS 8":   {[2][]byte{leaf.pem(), block("ENCRYPTED PRIVATE KEY", "x", nil)}, KeyEncrypted, "passphrase"},
		"an encrypted key, PKCS 1":   {[2][]byte{leaf.pem(), block("RSA PRIVATE KEY", "x", map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"})}, KeyEncrypted, "passphrase"},
		"a huge certificate":         {[2][]byte{bytes.Repeat([]byte("x"), MaxPEM+1), key}, TooLarge, "larger"},
		"a huge key":                 {[2][]byte{leaf.pem(), bytes.Repeat([]byte("x"), MaxPEM+1)}, TooLarge, "larger"},
		"a chain without end":        {[2][]byte{many, key}, TooLarge, "more than"},
		"Ed25519":                    {withKey(issue(t, edKey(t), nil, nil)), KeyKind, "Ed25519"},
		"a curve of few":             {withKey(issue(t, ecKey(t, elliptic.P521()), nil, nil)), KeyKind, "P-521"},
		"a short RSA key":            {withKey(issue(t, rsaKey(t, 1024), nil, nil)), KeySize, "1024 bits"},
		"another key":                {[2][]byte{leaf.pem(), issued{leaf.certificate, other}.keyPEM(t)}, Mismatch, "not that of the certificate for box.example.org"},
		"another kind of key":        {[2][]byte{leaf.pem(), issued{leaf.certificate, rsaKey(t, 2048)}.keyPEM(t)}, Mismatch, "not that of"},
		"the chain upside down":      {[2][]byte{join(middle.pem(), leaf.pem()), key}, Order, "stand first"},
		"links in disorder":          {[2][]byte{join(leaf.pem(), root.pem(), middle.pem()), key}, Order, "signed by another one"},
		"a link that is not its own": {[2][]byte{join(leaf.pem(), stranger.pem()), key}, Chain, "Stranger"},
		"the leaf twice":             {[2][]byte{join(leaf.pem(), leaf.pem()), key}, Chain, "not signed by the next"},
		"a link missing":             {[2][]byte{join(leaf.pem(), root.pem()), key}, Chain, "Root"},
		"a common name only":         {withKey(selfMade(func(c *x509.Certificate) { c.DNSNames = nil })), NoNames, "subjectAltName"},
		"a client's":                 {withKey(selfMade(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })), Usage, "web server"},
		"one that ended":             {withKey(selfMade(func(c *x509.Certificate) { c.NotAfter = today.Add(-time.Hour) })), Expired, "2026-05-17"},
		"one that has not begun":     {withKey(selfMade(func(c *x509.Certificate) { c.NotBefore = today.AddDate(0, 0, 1) })), Early, "2026-05-18"},
		"a link that ended":          {[2][]byte{join(underEnded.pem(), ended.pem()), underEnded.keyPEM(t)}, Expired, "Ended"},
		"a name that would paint":    {withKey(selfMade(func(c *x509.Certificate) { c.Subject, c.DNSNames = pkix.Name{CommonName: "a\n\x1b[31mb"}, nil })), NoNames, "a  [31mb"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(row.given[0], row.given[1], today)
			var fault *Fault
			if !errors.As(err, &fault) || fault.Code != row.code || !strings.Contains(fault.What, row.says) || fault.Remedy == "" {
				t.Fatalf("%v", err)
			}
			want := OfCertificate
			if slices.Contains(ofKey, name) {
				want = OfKey
			}
			if fault.Part != want {
				t.Errorf("it is looked for in the %s", fault.Part)
			}
			if dated := row.code == Expired || row.code == Early; dated != (p != nil) {
				t.Errorf("there is a pair: %v", p != nil)
			}
			if strings.Contains(err.Error(), "secret text") || strings.Contains(err.Error(), strings.Repeat("x", 100)) || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("it shows what it read: %q", err)
			}
		})
	}
}

func TestWeakSignatures(t *testing.T) {
	for _, a := range []x509.SignatureAlgorithm{x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.MD5WithRSA, x509.UnknownSignatureAlgorithm} {
		one := issue(t, p256(t), nil, nil)
		one.certificate.SignatureAlgorithm = a
		p := &Pair{chain: []*x509.Certificate{one.certificate}, key: one.key}
		if fault := p.strong(); fault == nil || fault.Code != Signature {
			t.Errorf("%v: %v", a, fault)
		}
	}
}

func TestEveryFaultHasARemedy(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Codes() {
		if remedy(c) == "" || seen[string(c)] {
			t.Errorf("%s has no remedy, or is there twice", c)
		}
		seen[string(c)] = true
	}
}
