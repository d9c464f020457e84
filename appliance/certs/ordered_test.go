package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// answered has an authority of a test sign a request.
func answered(t *testing.T, r *Request, begin, end time.Time, spoil func(*x509.Certificate)) []byte {
	t.Helper()
	asked, err := x509.ParseCertificateRequest(r.DER)
	must(t, err)
	must(t, asked.CheckSignature())
	root, err := newAuthority(today)
	must(t, err)
	template := &x509.Certificate{SerialNumber: serial(), DNSNames: asked.DNSNames, NotBefore: begin, NotAfter: end}
	if spoil != nil {
		spoil(template)
	}
	der, err := x509.CreateCertificate(nil, template, root.chain[0], asked.PublicKey, root.key)
	must(t, err)
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), root.ChainPEM()...)
}

func TestOrdered(t *testing.T) {
	s := newStore(t)
	if s.Ordered(today) != nil {
		t.Error("there is one")
	}
	r, err := NewRequest([]string{"box.example.org", "two.example.org"})
	must(t, err)
	p, err := r.Pair(answered(t, r, today.Add(-time.Hour), today.AddDate(0, 3, 0), nil), today)
	must(t, err)
	if !p.Covers("two.example.org") || s.Ours(p) {
		t.Errorf("%q", p.Names())
	}
	must(t, s.PutOrdered(p))
	if kept := s.Ordered(today); kept == nil || !bytes.Equal(kept.PEM(), p.PEM()) {
		t.Error("it is not kept")
	}
	if kept := s.Ordered(today.AddDate(1, 0, 0)); kept == nil {
		t.Error("it ended, and is gone")
	}
	file := filepath.Join(s.Dir, orderedFile)
	must(t, os.Remove(file))
	must(t, os.WriteFile(file, []byte("half writ"), 0o600))
	if s.Ordered(today) != nil {
		t.Error("it is nothing, and presented")
	}
}

// What an authority hands out is judged before it is kept.
func TestWhatAnAuthorityHandsOut(t *testing.T) {
	r, err := NewRequest([]string{"box.example.org"})
	must(t, err)
	other, err := NewRequest([]string{"box.example.org"})
	must(t, err)
	for name, row := range map[string]struct {
		chain []byte
		code  Code
	}{
		"for another key": {answered(t, other, today, today.AddDate(0, 1, 0), nil), Mismatch},
		"it ended":        {answered(t, r, today.AddDate(0, -1, 0), today.AddDate(0, 0, -1), nil), Expired},
		"not yet":         {answered(t, r, today.AddDate(0, 0, 1), today.AddDate(0, 1, 0), nil), Early},
		"for no name":     {answered(t, r, today, today.AddDate(0, 1, 0), func(c *x509.Certificate) { c.DNSNames = nil }), NoNames},
		"for no server":   {answered(t, r, today, today.AddDate(0, 1, 0), func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }), Usage},
		"nothing":         {nil, NoCertificate},
		"a page":          {[]byte("<p>"), NoCertificate},
		"too much":        {bytes.Repeat([]byte("x"), MaxPEM+1), TooLarge},
	} {
		_, err := r.Pair(row.chain, today)
		if f, ok := errors.AsType[*Fault](err); !ok || f.Code != row.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAccount(t *testing.T) {
	s := newStore(t)
	one, id, err := s.Account("account-1")
	must(t, err)
	again, same, err := s.Account("account-1")
	must(t, err)
	two, other, err := s.Account("account-2")
	must(t, err)
	if !bytes.Equal(one, again) || id != same || bytes.Equal(one, two) || id == other || len(id) != 16 {
		t.Errorf("%s %s %s", id, same, other)
	}
	file := filepath.Join(s.Dir, "account-1.pem")
	info, err := os.Lstat(file)
	must(t, err)
	if info.Mode().Perm() != fileMode {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	must(t, os.Remove(file))
	must(t, os.WriteFile(file, []byte("x"), 0o600))
	if fresh, _, err := s.Account("account-1"); err != nil || bytes.Equal(fresh, one) {
		t.Errorf("a damaged one: %v", err)
	}
	held, err := s.Inspect()
	must(t, err)
	for _, h := range held {
		if h.Wrong != "" {
			t.Errorf("%+v", h)
		}
	}
}

func TestSoon(t *testing.T) {
	for life, left := range map[time.Duration]time.Duration{
		90 * 24 * time.Hour: 14 * 24 * time.Hour, 40 * 24 * time.Hour: 10 * 24 * time.Hour, 6 * 24 * time.Hour: 36 * time.Hour, 365 * 24 * time.Hour: 14 * 24 * time.Hour,
	} {
		r, err := NewRequest([]string{"box.example.org"})
		must(t, err)
		p, err := r.Pair(answered(t, r, today, today.Add(life), nil), today)
		must(t, err)
		if p.Soon(today.Add(life-left-time.Minute)) || !p.Soon(today.Add(life-left+time.Minute)) {
			t.Errorf("of %v", life)
		}
	}
}
