package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/posture"
)

// What the owner's renewal puts in place of the pair is taken up while the box
// runs; what is wrong with it is told, and the old one serves on.
func TestHTTPSFilesAreRenewed(t *testing.T) {
	root := newRoot(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	renew := func(chain, private []byte) {
		put(t, cert, chain)
		put(t, key, private)
	}
	one, oneKey := makePair(t, "one.example.org", time.Now().AddDate(0, 1, 0))
	two, twoKey := makePair(t, "two.example.org", time.Now().AddDate(0, 1, 0))
	renew(one, oneKey)
	b := startSecure(t, root, newVisitor(t), "COFFER_TLS=files", "COFFER_TLS_CERT="+cert, "COFFER_TLS_KEY="+key)
	b.up()
	before := b.service("nginx")
	presents := func(name string) func() bool {
		return func() bool { return b.presented("").Subject.CommonName == name }
	}
	renew(two, twoKey)
	b.cmd.Process.Signal(syscall.SIGHUP)
	b.eventually("the renewed one is presented", presents("two.example.org"))
	b.eventually("what was presented is gone", func() bool {
		left, _ := filepath.Glob(filepath.Join(root, "data/secrets/tls/edge/*"))
		return len(left) == 1
	})
	if claim := b.claim("tls"); claim.Status != posture.Pass || !strings.Contains(claim.Evidence, "files: the edge presents the certificate for two.example.org") {
		t.Errorf("%+v", claim)
	}
	for says, spoil := range map[string]func(){
		"the key is not that of the certificate": func() { put(t, key, oneKey) },
		"no certificate in PEM form":             func() { put(t, cert, []byte("half writ")) },
		"cert.pem cannot be read":                func() { os.Remove(cert) },
	} {
		renew(two, twoKey)
		b.cmd.Process.Signal(syscall.SIGHUP)
		b.eventually("nothing is wrong", func() bool { return b.claim("tls").Status == posture.Pass })
		spoil()
		b.cmd.Process.Signal(syscall.SIGHUP)
		b.eventually("it is told that "+says, func() bool {
			claim := b.claim("tls")
			return claim.Status == posture.Degraded && strings.Contains(claim.Evidence, says) && strings.Contains(b.log.String(), says)
		})
		if !presents("two.example.org")() || !b.answers() {
			t.Errorf("%s, and the old one no longer serves", says)
		}
	}
	if s := b.service("nginx"); s.Pid != before.Pid || s.Restarts != before.Restarts {
		t.Errorf("nginx was %+v and is %+v", before, s)
	}
}

// A configuration that nginx would refuse never reaches the one that runs.
func TestReloadIsTriedFirst(t *testing.T) {
	root := newRoot(t)
	b := startSecure(t, root, newVisitor(t), "COFFER_TLS=self-signed")
	b.up()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: needs root, to spoil what is root's")
	}
	file := filepath.Join(root, "etc/nginx/coffer/tls.conf")
	if err := os.WriteFile(file, []byte("ssl_protocols Nonsense;\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	b.cmd.Process.Signal(syscall.SIGHUP)
	b.eventually("it is told", func() bool {
		return strings.Contains(b.log.String(), "the edge is not reloaded") && strings.Contains(b.log.String(), "Nonsense")
	})
	if !b.answers() {
		t.Error("the box no longer answers")
	}
}

// claim is how the box sees one of its claims now.
func (b secureBox) claim(id string) posture.Item {
	b.t.Helper()
	out, err := b.coffer("doctor", "--json", "--root", b.root)
	var report posture.Report
	if json.Unmarshal([]byte(out), &report) != nil {
		b.t.Fatalf("doctor: %v\n%s", err, out)
	}
	for _, i := range report.Items {
		if i.ID == id {
			return i
		}
	}
	b.t.Fatalf("no claim %s in\n%s", id, out)
	return posture.Item{}
}

// What was good when it came serves on when it has ended, and when a renewal left
// something worse in its place: a box that does not start, start after start,
// would keep the owner out of all of it.
func TestHTTPSThatWentBad(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	good, goodKey := makePair(t, "one.example.org", time.Now().AddDate(0, 1, 0))
	ended, endedKey := makePair(t, "one.example.org", time.Now().Add(-time.Minute))
	for name, row := range map[string]struct{ was, wasKey, is, isKey []byte }{
		"ended":          {ended, endedKey, ended, endedKey},
		"another's key":  {good, goodKey, good, endedKey},
		"half a renewal": {good, goodKey, good[:100], nil},
	} {
		t.Run(name, func(t *testing.T) {
			root := newRoot(t)
			p, _ := certs.Parse(row.was, row.wasKey, time.Now())
			served := filepath.Join(root, "data/secrets/tls/edge")
			if err := os.MkdirAll(served, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(served, fmt.Sprintf("%.16s.pem", p.Fingerprint())), p.PEM(), 0o440); err != nil {
				t.Fatal(err)
			}
			put(t, cert, row.is)
			put(t, key, row.isKey)
			b := startSecure(t, root, newVisitor(t), "COFFER_TLS=files", "COFFER_TLS_CERT="+cert, "COFFER_TLS_KEY="+key)
			b.up()
			if name := b.presented("one.example.org").Subject.CommonName; name != "one.example.org" || !strings.Contains(b.log.String(), "not served as it should be") {
				t.Errorf("%s is presented, and the log says\n%s", name, b.log)
			}
			if claim := b.claim("tls"); claim.Status == posture.Pass || claim.Status == posture.NotApplicable {
				t.Errorf("%+v", claim)
			}
		})
	}
}

// A certificate of the box's own that is due is renewed while the box runs.
func TestHTTPSOfTheBoxsOwnIsRenewed(t *testing.T) {
	root := newRoot(t)
	b := startSecure(t, root, newVisitor(t), "COFFER_TLS=self-signed")
	b.up()
	before := b.presented("localhost")
	store := certs.Store{Dir: filepath.Join(root, "data/secrets/tls"), EdgeGID: -1, Log: slog.New(slog.DiscardHandler)}
	due, err := store.SelfSigned([]string{"earlier.example.org"}, nil, time.Now().AddDate(0, 0, -150))
	if err != nil {
		t.Fatal(err)
	}
	b.cmd.Process.Signal(syscall.SIGHUP)
	b.eventually("a new one is presented", func() bool { return !bytes.Equal(b.presented("localhost").Raw, before.Raw) })
	if now := b.presented("localhost"); bytes.Equal(now.Raw, due.Leaf()) || time.Until(now.NotAfter) < 180*24*time.Hour || !b.answers() {
		t.Errorf("it is until %v", now.NotAfter)
	}
}
