package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// machine is somebody's, with the authorities that it trusts.
type machine struct {
	t    *testing.T
	home string
}

func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{t, t.TempDir()}
	if err := os.MkdirAll(filepath.Join(m.home, ".pki", "nssdb"), 0o700); err != nil {
		t.Fatal(err)
	}
	m.certutil("-N", "--empty-password")
	return m
}

// trusts installs the certificate of an authority, as Settings says how.
func (m machine) trusts(file string) {
	m.t.Helper()
	m.certutil("-A", "-t", "C,,", "-n", file, "-i", file)
}

func (m machine) certutil(args ...string) {
	m.t.Helper()
	args = append([]string{"-d", "sql:" + filepath.Join(m.home, ".pki", "nssdb")}, args...)
	if out, err := exec.Command("certutil", args...).CombinedOutput(); err != nil {
		m.t.Fatalf("certutil: %v\n%s", err, out)
	}
}

// browser is where its browser keeps to its authorities.
func (m machine) browser() chromedp.ExecAllocatorOption { return chromedp.Env("HOME=" + m.home) }

// trusting opens a browser on a machine that trusts an authority and finds the
// box under a name in its network, and under those below it.
func trusting(t *testing.T, base, name, authority string) *person {
	t.Helper()
	m := newMachine(t)
	m.trusts(authority)
	return sit(t, base, m.browser(), chromedp.Flag("host-resolver-rules", "MAP "+name+" "+lan(t)+", MAP *."+name+" "+lan(t)))
}

// certified writes a certificate for a name or an address, its key, and the
// certificate of the authority that made it.
func certified(t *testing.T, dir, name string) (authority, chain, key string) {
	t.Helper()
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "Authority for " + name}, NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1), Subject: pkix.Name{CommonName: "handed in"}, NotBefore: now.AddDate(0, 0, -1), NotAfter: now.AddDate(0, 1, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{name}
	}
	above, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	private, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	rootDER, err1 := x509.CreateCertificate(rand.Reader, root, root, above.Public(), above)
	leafDER, err2 := x509.CreateCertificate(rand.Reader, leaf, root, private.Public(), above)
	secret, err3 := x509.MarshalPKCS8PrivateKey(private)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	authority, chain, key = filepath.Join(dir, "authority.crt"), filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem")
	for file, block := range map[string]*pem.Block{
		authority: {Type: "CERTIFICATE", Bytes: rootDER}, chain: {Type: "CERTIFICATE", Bytes: leafDER}, key: {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return authority, chain, key
}
