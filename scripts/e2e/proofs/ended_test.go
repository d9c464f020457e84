package proofs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"time"

	"coffer/scripts/e2e/box"
)

// ended serves HTTPS with a certificate that ended yesterday, which no box takes
// that looks at it.
func ended() []string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"ended.example.org"}, NotBefore: now.AddDate(0, 0, -9), NotAfter: now.AddDate(0, 0, -1),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	address, err := box.Address("127.0.0.1")
	if err != nil {
		panic(err)
	}
	return []string{
		"COFFER_TLS=files", "COFFER_LISTEN_TLS=" + address,
		"COFFER_TLS_CERT=" + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"COFFER_TLS_KEY=" + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}
}
