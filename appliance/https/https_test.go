package https

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/appliance/certs"
)

var now = time.Date(2026, 5, 17, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// setup is a box that was told nothing.
func setup(t *testing.T) Setup {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tls")
	must(t, os.MkdirAll(filepath.Join(dir, "edge"), 0o755))
	log := slog.New(slog.DiscardHandler)
	return Load(Options{
		Mode: Off, Names: func() []string { return []string{"configured.example.org"} }, Passing: func() []string { return nil },
		Folder: filepath.Join(t.TempDir(), "tls"), Store: certs.Store{Dir: dir, EdgeGID: -1, Log: log}, Log: log,
	})
}

// pair is a certificate that signs itself, and its key.
func pair(t *testing.T, name string) (chain, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 1, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(k)
	must(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// with makes a change as the box does: what is chosen is saved and read again.
func (s Setup) with(t *testing.T, c Change) (Setup, *certs.Pair) {
	t.Helper()
	next, p, err := s.With(c, now)
	must(t, err)
	must(t, next.Save(), next.Tidy())
	again := Load(s.Options)
	if !slices.Equal(again.Choice.Pins, next.Choice.Pins) || again.Mode() != next.Mode() {
		t.Fatalf("saved %+v, read %+v", next.Choice, again.Choice)
	}
	return again, p
}

func code(err error) certs.Code {
	f, _ := errors.AsType[*certs.Fault](err)
	if f == nil {
		return ""
	}
	return f.Code
}

func TestEachMode(t *testing.T) {
	s := setup(t)
	if s.Mode() != Off || s.State(now).Authority != nil {
		t.Errorf("%+v", s.State(now))
	}
	s, p := s.with(t, Change{Mode: SelfSigned, Names: &[]string{"box.example.org", "192.168.1.5", "box.example.org"}})
	for _, bad := range []string{"no name", "", "https://box.example.org", "box.example.org:8443", "192.168.1.0/24", "bücher.example", "-", strings.Repeat("a", 300)} {
		if _, _, err := s.With(Change{Names: &[]string{"good.example.org", bad}}, now); code(err) != BadNames {
			t.Errorf("for %q: %v", bad, err)
		}
	}
	if !p.Covers("box.example.org") || !p.Covers("192.168.1.5") || !p.Covers("configured.example.org") || s.State(now).Authority == nil {
		t.Errorf("for %q", p.Names())
	}
	if _, _, err := s.With(Change{Mode: Uploaded}, now); code(err) != NoUpload {
		t.Errorf("nothing handed in: %v", err)
	}
	chain, key := pair(t, "up.example.org")
	s, p = s.with(t, Change{Mode: Uploaded, Chain: chain, Key: key})
	if !p.Covers("up.example.org") || s.State(now).Uploaded == nil {
		t.Errorf("for %q", p.Names())
	}
	if _, _, err := s.With(Change{Mode: Folder}, now); code(err) != certs.Missing {
		t.Errorf("no folder: %v", err)
	}
	chain, key = pair(t, "folder.example.org")
	must(t, os.Mkdir(s.Folder, 0o755), os.WriteFile(filepath.Join(s.Folder, "fullchain.pem"), chain, 0o644))
	if _, _, err := s.With(Change{Mode: Folder}, now); code(err) != certs.Missing || !strings.Contains(err.Error(), "privkey.pem") {
		t.Errorf("no key: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(s.Folder, "privkey.pem"), key, 0o600))
	s, p = s.with(t, Change{Mode: Folder})
	if !p.Covers("folder.example.org") {
		t.Errorf("for %q", p.Names())
	}
	s, p = s.with(t, Change{Mode: Uploaded})
	if !p.Covers("up.example.org") {
		t.Errorf("what was handed in before: for %q", p.Names())
	}
	if s, p = s.with(t, Change{Mode: Off}); p != nil || s.Mode() != Off {
		t.Errorf("%+v", p)
	}
}

// A pair that is wrong leaves the one before it as it is.
func TestABadPairChangesNothing(t *testing.T) {
	s := setup(t)
	chain, key := pair(t, "one.example.org")
	s, first := s.with(t, Change{Mode: Uploaded, Chain: chain, Key: key})
	other, otherKey := pair(t, "two.example.org")
	for name, c := range map[string]Change{
		"another's key": {Chain: other, Key: key}, "no key": {Chain: other}, "no certificate": {Key: otherKey}, "words": {Chain: []byte("x"), Key: []byte("y")},
	} {
		c.Mode = Uploaded
		if _, _, err := s.With(c, now); code(err) == "" || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A good one that is not saved, because the edge refuses it, is forgotten.
	_, _, err := s.With(Change{Chain: other, Key: otherKey}, now)
	must(t, err, s.Tidy())
	if p, err := Load(s.Options).Pair(now); err != nil || !bytes.Equal(p.PEM(), first.PEM()) {
		t.Errorf("%v", err)
	}
	left, _ := filepath.Glob(filepath.Join(s.Store.Dir, "uploaded-*"))
	if len(left) != 1 {
		t.Errorf("left: %q", left)
	}
}

func TestTheConfigurationDecides(t *testing.T) {
	s := setup(t)
	s.Fixed, s.Options.Mode = true, SelfSigned
	if _, _, err := s.With(Change{Mode: Off}, now); code(err) != Decided {
		t.Errorf("%v", err)
	}
	if _, p, err := s.With(Change{Mode: SelfSigned, Names: &[]string{"more.example.org"}}, now); err != nil || !p.Covers("more.example.org") {
		t.Errorf("%v", err)
	}
	if _, _, err := setup(t).With(Change{Mode: Files}, now); code(err) != BadMode {
		t.Errorf("%v", err)
	}
}

// What browsers were told is kept to: they would refuse a box that does not.
func TestPins(t *testing.T) {
	s := setup(t)
	const name = "box.example.org"
	if _, _, err := s.With(Change{Pin: &Pin{Name: name}}, now); code(err) != BadName {
		t.Errorf("HTTPS is off: %v", err)
	}
	s, _ = s.with(t, Change{Mode: SelfSigned, Names: &[]string{name, "192.168.1.5"}})
	for _, bad := range []string{"192.168.1.5", "::1", "nas", "", "a b.example", `x".example`, strings.Repeat("a.", 200)} {
		if _, _, err := s.With(Change{Pin: &Pin{Name: bad}}, now); code(err) != BadName {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, _, err := s.With(Change{Pin: &Pin{Name: "other.example.org"}}, now); code(err) != Uncovered {
		t.Errorf("the certificate is for another: %v", err)
	}
	s, _ = s.with(t, Change{Pin: &Pin{Name: "Box.example.org.", Preload: true}})
	if p := s.Told(now); len(p) != 1 || p[0] != (Pin{Name: name}) {
		t.Errorf("%+v: preload is for names below too", p)
	}
	if _, _, err := s.With(Change{Mode: Off}, now); code(err) != Pinned {
		t.Errorf("off: %v", err)
	}
	if _, _, err := s.With(Change{Names: &[]string{"new.example.org"}}, now); code(err) != Uncovered {
		t.Errorf("another certificate: %v", err)
	}
	s, _ = s.with(t, Change{Release: name})
	if p := s.Told(now); len(p) != 1 || p[0].Held() {
		t.Errorf("nobody is told that it is taken back: %+v", p)
	}
	if p := s.Told(now.Add(PinLife + time.Hour)); len(p) != 0 {
		t.Errorf("for ever: %+v", p)
	}
	if _, p := s.with(t, Change{Mode: Off}); p != nil {
		t.Error("it is not off")
	}
}

// A choice that is lost does not keep the box from starting.
func TestALostChoice(t *testing.T) {
	s := setup(t)
	s, _ = s.with(t, Change{Mode: SelfSigned})
	must(t, os.Chmod(filepath.Join(s.Store.Dir, choiceFile), 0o600), os.WriteFile(filepath.Join(s.Store.Dir, choiceFile), []byte("{cut"), 0o600))
	if again := Load(s.Options); again.Mode() != Off {
		t.Errorf("%+v", again.Choice)
	}
}

func TestEveryCodeIsTold(t *testing.T) {
	seen := map[certs.Code]bool{}
	for _, c := range Codes() {
		if c == "" || seen[c] {
			t.Errorf("%q stands twice or is empty", c)
		}
		seen[c] = true
	}
	if p := Told(errors.Join(faultf(Pinned, "so"), nil)); p.Code != Pinned || p.Remedy == "" || p.String() != "so. "+p.Remedy {
		t.Errorf("%+v", p)
	}
	if p := Told(errors.New("plain")); p.Code != "" || p.String() != "plain" || Told(nil).String() != "" {
		t.Errorf("%+v", p)
	}
}
