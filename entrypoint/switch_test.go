package main

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/control"
	"coffer/appliance/https"
	"coffer/appliance/posture"
)

// change asks init, as the API does.
func (b secureBox) change(c https.Change) (https.State, error) {
	b.t.Helper()
	return control.HTTPS(b.t.Context(), filepath.Join(b.root, "run/coffer/box.sock"), &c)
}

func (b secureBox) must(c https.Change) https.State {
	b.t.Helper()
	s, err := b.change(c)
	if err != nil {
		b.t.Fatalf("%+v: %v", c.Mode, err)
	}
	return s
}

// refuses makes a change that must be refused with code.
func (b secureBox) refuses(c https.Change, code certs.Code) {
	b.t.Helper()
	_, err := b.change(c)
	if f, ok := errors.AsType[*certs.Fault](err); !ok || f.Code != code {
		b.t.Errorf("it should be refused as %s: %v", code, err)
	}
}

func (b secureBox) speaksTLS() bool {
	c, err := tls.Dial("tcp", strings.TrimPrefix(b.secure, "https://"), &tls.Config{InsecureSkipVerify: true})
	if err == nil {
		c.Close()
	}
	return err == nil
}

// header is what a page over HTTPS says, asked for under a name.
func (b secureBox) header(name, header string) string {
	b.t.Helper()
	req, err := http.NewRequest("GET", b.secure+"/login", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Host = name
	res, err := b.visitor.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	res.Body.Close()
	return res.Header.Get(header)
}

// HTTPS is switched through all its ways while one nginx runs on, and what was
// chosen outlives a restart.
func TestHTTPSIsSwitched(t *testing.T) {
	root := newRoot(t)
	b := startSecure(t, root, newVisitor(t), "COFFER_ALLOWED_HOSTS=up.example.org")
	b.up()
	before := b.service("nginx")
	if b.speaksTLS() {
		t.Fatal("HTTPS is on by itself")
	}
	s := b.must(https.Change{Mode: https.SelfSigned, Names: &[]string{"box.lan"}})
	if got := b.presented("box.lan"); got.VerifyHostname("box.lan") != nil || s.Presented == nil || !s.Presented.Own || s.Authority == nil || !b.answers() {
		t.Errorf("presented: %q, state %+v", got.DNSNames, s)
	}
	if c := b.claim("tls"); c.Status != posture.Pass {
		t.Errorf("%+v", c)
	}

	good, goodKey := makePair(t, "up.example.org", time.Now().AddDate(0, 1, 0))
	_, otherKey := makePair(t, "up.example.org", time.Now().AddDate(0, 1, 0))
	b.refuses(https.Change{Mode: https.Uploaded, Chain: good, Key: otherKey}, certs.Mismatch)
	if b.presented("").VerifyHostname("box.lan") != nil {
		t.Error("a refused certificate is presented")
	}
	b.must(https.Change{Mode: https.Uploaded, Chain: good, Key: goodKey})
	if b.presented("").Subject.CommonName != "up.example.org" {
		t.Error("what was handed in is not presented")
	}

	b.must(https.Change{Pin: &https.Pin{Name: "up.example.org"}})
	b.eventually("browsers are told", func() bool {
		return b.header("up.example.org", "Strict-Transport-Security") == "max-age=31536000"
	})
	b.refuses(https.Change{Mode: https.Off}, https.Pinned)
	b.must(https.Change{Release: "up.example.org"})
	b.eventually("what was told is taken back", func() bool {
		return b.header("up.example.org", "Strict-Transport-Security") == "max-age=0"
	})

	b.refuses(https.Change{Mode: https.Folder}, certs.Missing)
	folder := filepath.Join(root, "data/config/tls")
	one, oneKey := makePair(t, "one.example.org", time.Now().AddDate(0, 1, 0))
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, "fullchain.pem"), one)
	put(t, filepath.Join(folder, "privkey.pem"), oneKey)
	b.must(https.Change{Mode: https.Folder})
	two, twoKey := makePair(t, "two.example.org", time.Now().AddDate(0, 1, 0))
	put(t, filepath.Join(folder, "fullchain.pem"), two)
	put(t, filepath.Join(folder, "privkey.pem"), twoKey)
	b.cmd.Process.Signal(syscall.SIGHUP)
	b.eventually("what was renewed in the folder is presented", func() bool {
		return b.presented("").Subject.CommonName == "two.example.org"
	})
	if s := b.service("nginx"); s.Pid != before.Pid || s.Restarts != before.Restarts {
		t.Errorf("nginx was %+v and is %+v", before, s)
	}
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Fatalf("code %d", code)
	}

	again := startSecure(t, root, newVisitor(t))
	again.up()
	if again.presented("").Subject.CommonName != "two.example.org" {
		t.Error("the choice is forgotten")
	}
	again.must(https.Change{Mode: https.Off})
	if again.speaksTLS() || !again.answers() {
		t.Error("it is not off")
	}
	if code := again.stop(syscall.SIGTERM); code != 0 {
		t.Fatalf("code %d", code)
	}
	off := startSecure(t, root, newVisitor(t))
	off.up()
	if off.speaksTLS() {
		t.Error("off is forgotten")
	}
}

// What the edge cannot serve is put back, and the box goes on as it was.
func TestASwitchThatFailsIsPutBack(t *testing.T) {
	root := newRoot(t)
	b := startSecure(t, root, newVisitor(t))
	b.up()
	l, err := net.Listen("tcp", strings.TrimPrefix(b.secure, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	b.refuses(https.Change{Mode: https.SelfSigned}, https.Port)
	l.Close()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: needs root, to spoil what is root's")
	}
	file := filepath.Join(root, "etc/nginx/coffer/tls.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("ssl_protocols Nonsense;\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	b.refuses(https.Change{Mode: https.SelfSigned}, https.Unserved)
	left, _ := filepath.Glob(filepath.Join(root, "data/secrets/tls/edge/*"))
	if b.speaksTLS() || !b.answers() || len(left) > 0 {
		t.Errorf("it is not as it was; the edge has %q", left)
	}
	if err := os.WriteFile(file, text, 0o444); err != nil {
		t.Fatal(err)
	}
	if s := b.must(https.Change{Mode: https.SelfSigned}); s.Mode != https.SelfSigned || !b.speaksTLS() {
		t.Errorf("%+v", s)
	}
}

// Once HTTPS is on, pages over plain HTTP lead to the public address, and what
// looks at the box from inside still passes.
func TestPagesLeadToThePublicAddress(t *testing.T) {
	b := startSecure(t, newRoot(t), newVisitor(t), "COFFER_PUBLIC_URL=https://box.example.org:444")
	b.up()
	b.visitor.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if status, _ := b.visit("GET", b.url+"/login", nil); status == 307 {
		t.Error("HTTPS is off and pages lead to it")
	}
	b.must(https.Change{Mode: https.SelfSigned})
	res, err := b.visitor.Get(b.url + "/login?next=/library")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if to := res.Header.Get("Location"); res.StatusCode != 307 || to != "https://box.example.org:444/login?next=/library" {
		t.Errorf("%d to %q", res.StatusCode, to)
	}
	if !b.answers() {
		t.Error("probes are led away")
	}
	out, err := b.coffer("doctor", "--root", b.root)
	if err != nil || b.claim("tls").Status != posture.Pass {
		t.Errorf("%v\n%s", err, out)
	}
}
