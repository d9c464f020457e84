package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes one in PEM, an authority's or not, and its key.
func certificate(t *testing.T, name string, authority bool) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: authority, BasicConstraintsValid: true,
		NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}))
}

func TestRead(t *testing.T) {
	one, key := certificate(t, "one", true)
	two, _ := certificate(t, "two", true)
	leaf, _ := certificate(t, "leaf", false)
	outside := filepath.Join(t.TempDir(), "outside.pem")
	if err := os.WriteFile(outside, []byte(one), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		name string
		make func(dir string) error
		want string // certificates
		says string // in the log
	}{
		{"nothing", func(string) error { return nil }, "", ""},
		{"one", holding("a.pem", one), one, ""},
		{"two in a file, with words around", holding("a.crt", "My CA\n"+one+"\n"+two), one + two, ""},
		{"another ending", holding("a.txt", one), "", ""},
		{"a key beside it", holding("a.pem", one+key), "", "holds a EC PRIVATE KEY"},
		{"a leaf", holding("a.pem", leaf), "", "no authority"},
		{"no PEM", holding("a.pem", "hello"), "", "no certificate in PEM"},
		{"damaged", holding("a.pem", strings.Replace(one, "MII", "MIX", 1)), "", "not taken"},
		{"long", holding("a.pem", one+strings.Repeat("x", maxFile)), "", "not taken"},
		{"a link", func(dir string) error { return os.Symlink(outside, filepath.Join(dir, "a.pem")) }, "", "link"},
		{"a folder", func(dir string) error { return os.Mkdir(filepath.Join(dir, "a.pem"), 0o755) }, "", "a.pem is a directory"},
	} {
		t.Run(r.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := r.make(dir); err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			got := Read(dir, slog.New(slog.NewTextHandler(&said, nil)))
			if !bytes.Equal(got, []byte(r.want)) {
				t.Errorf("got\n%s\nwant\n%s", got, r.want)
			}
			if !strings.Contains(said.String(), r.says) || r.says == "" && said.Len() > 0 {
				t.Errorf("it says %q, want %q", said.String(), r.says)
			}
		})
	}
	if got := Read(filepath.Join(t.TempDir(), "none"), slog.New(slog.DiscardHandler)); got != nil {
		t.Errorf("%s", got)
	}
}

func holding(name, text string) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644) }
}
