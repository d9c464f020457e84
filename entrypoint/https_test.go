package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	testCode     = "COFFER-TEST"
	testPassword = "a long enough password"
)

// secureBox is a box with an address for HTTPS, and who visits it.
type secureBox struct {
	*boxed
	secure  string // https://127.0.0.1:port
	visitor *http.Client
}

func startSecure(t *testing.T, root string, visitor *http.Client, env ...string) secureBox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	b := startBox(t, root, append(env, "COFFER_LISTEN_TLS="+address, "COFFER_SETUP_CODE="+testCode)...)
	return secureBox{b, "https://" + address, visitor}
}

// newVisitor is a browser, as far as cookies go, that takes any certificate.
func newVisitor(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
}

// visit sends JSON, or nothing, and returns the answer's status and cookies.
func (b secureBox) visit(method, address string, body any) (int, string) {
	b.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequest(method, address, bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := b.visitor.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	var names []string
	for _, c := range res.Cookies() {
		names = append(names, c.Name)
	}
	return res.StatusCode, strings.Join(names, " ")
}

// signIn signs in at one side of the box and reports the cookies it sets.
func (b secureBox) signIn(side string) string {
	b.t.Helper()
	status, cookies := b.visit("POST", side+"/api/v1/auth/login", map[string]string{"username": "ada", "password": testPassword})
	if status != 200 {
		b.t.Fatalf("signing in at %s: %d", side, status)
	}
	if status, _ := b.visit("GET", side+"/api/v1/auth/me", nil); status != 200 {
		b.t.Fatalf("after signing in at %s: %d", side, status)
	}
	return cookies
}

// presented is what the box presents to a client that asks for name.
func (b secureBox) presented(name string) *x509.Certificate {
	b.t.Helper()
	c, err := tls.Dial("tcp", strings.TrimPrefix(b.secure, "https://"), &tls.Config{InsecureSkipVerify: true, ServerName: name})
	if err != nil {
		b.t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0]
}

func TestHTTPSOfTheBoxsOwn(t *testing.T) {
	root := newRoot(t)
	visitor := newVisitor(t)
	b := startSecure(t, root, visitor, "COFFER_TLS=self-signed", "COFFER_ALLOWED_HOSTS=box.example.org")
	b.up()
	if status, _ := b.visit("POST", b.secure+"/api/v1/setup", map[string]string{"code": testCode, "username": "ada", "password": testPassword}); status != 201 {
		t.Fatalf("setup over HTTPS: %d", status)
	}
	if cookies := b.signIn(b.secure); !strings.Contains(cookies, "__Host-coffer_") {
		t.Errorf("cookies over HTTPS: %q", cookies)
	}
	if cookies := b.signIn(b.url); strings.Contains(cookies, "__Host-") || !strings.Contains(cookies, "coffer_") {
		t.Errorf("cookies over HTTP: %q", cookies)
	}
	t.Run("who trusts the box's authority is not warned", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(root, "data/secrets/tls/authority.pem"))
		if err != nil {
			t.Fatal(err)
		}
		trusted := x509.NewCertPool()
		trusted.AppendCertsFromPEM(text)
		for _, name := range []string{"127.0.0.1", "localhost", "box.example.org"} {
			if _, err := b.presented(name).Verify(x509.VerifyOptions{Roots: trusted, DNSName: name}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("TLS 1.1 is refused", func(t *testing.T) {
		c, err := tls.Dial("tcp", strings.TrimPrefix(b.secure, "https://"), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		if err == nil {
			c.Close()
			t.Error("it is spoken")
		}
	})
	t.Run("keys are read by whom they are for", func(t *testing.T) {
		edge, _ := filepath.Glob(filepath.Join(root, "data/secrets/tls/edge/*"))
		if len(edge) != 1 {
			t.Fatalf("the edge has %q", edge)
		}
		for path, gid := range map[string]uint32{
			filepath.Join(root, "data/secrets/tls/authority.pem"): 0, filepath.Join(root, "data/secrets/tls/self-signed.pem"): 0, edge[0]: 10001,
		} {
			var st syscall.Stat_t
			if err := syscall.Lstat(path, &st); err != nil || st.Mode&0o7777 != 0o440 || os.Geteuid() == 0 && (st.Uid != 0 || st.Gid != gid) {
				t.Errorf("%s: mode %o, %d:%d, %v", path, st.Mode, st.Uid, st.Gid, err)
			}
		}
	})
	before := b.presented("localhost")
	if code := b.stop(syscall.SIGTERM); code != 0 {
		t.Fatalf("code %d", code)
	}

	again := startSecure(t, root, visitor, "COFFER_TLS=self-signed", "COFFER_ALLOWED_HOSTS=box.example.org")
	again.up()
	if !bytes.Equal(again.presented("localhost").Raw, before.Raw) {
		t.Error("a restart makes another certificate")
	}
	if code := again.stop(syscall.SIGTERM); code != 0 {
		t.Fatalf("code %d", code)
	}

	// The browser still has the cookies of HTTPS, which HTTP cannot replace.
	off := startSecure(t, root, visitor)
	off.up()
	if c, err := net.Dial("tcp", strings.TrimPrefix(off.secure, "https://")); err == nil {
		c.Close()
		t.Error("HTTPS is off and answers")
	}
	if left, _ := os.ReadDir(filepath.Join(root, "data/secrets/tls/edge")); len(left) > 0 {
		t.Errorf("HTTPS is off and the edge has %v", left)
	}
	off.signIn(off.url)
	if status, _ := off.visit("GET", off.url+"/library", nil); status != 200 {
		t.Errorf("a page after signing in: %d", status)
	}
}

// makePair is a certificate that signs itself, for a name, and its key.
func makePair(t *testing.T, name string, end time.Time) (chain, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().AddDate(0, 0, -30), NotAfter: end,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// put writes a file as those who renew certificates do.
func put(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestHTTPSWithFiles(t *testing.T) {
	root := newRoot(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	env := []string{"COFFER_TLS=files", "COFFER_TLS_CERT=" + cert, "COFFER_TLS_KEY=" + key}
	good, goodKey := makePair(t, "one.example.org", time.Now().AddDate(0, 1, 0))
	other, _ := makePair(t, "two.example.org", time.Now().AddDate(0, 1, 0))
	ended, endedKey := makePair(t, "three.example.org", time.Now().AddDate(0, 0, -1))
	for name, row := range map[string]struct {
		cert, key []byte
		says      string
	}{
		"another's key":    {other, goodKey, "the key is not that of the certificate for two.example.org"},
		"one that ended":   {ended, endedKey, "three.example.org) ended on"},
		"no certificate":   {goodKey, goodKey, "no certificate in PEM form"},
		"a file missing":   {good, nil, "COFFER_TLS_KEY: " + key + " cannot be read"},
		"an encrypted key": {good, pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}), "openssl pkey -in KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, cert, row.cert)
			os.Remove(key)
			if row.key != nil {
				put(t, key, row.key)
			}
			b := startSecure(t, root, nil, env...)
			if code := b.end(); code != exitConfig {
				t.Errorf("code %d", code)
			}
			if text := b.log.String(); !strings.Contains(text, row.says) || !strings.Contains(text, "HTTPS cannot be served") || strings.Contains(text, "PRIVATE KEY-----\n") {
				t.Errorf("it says\n%s", text)
			}
		})
	}
	put(t, cert, good)
	put(t, key, goodKey)
	b := startSecure(t, root, newVisitor(t), env...)
	b.up()
	if name := b.presented("one.example.org").Subject.CommonName; name != "one.example.org" {
		t.Errorf("%s is presented", name)
	}
	if status, _ := b.visit("GET", b.secure+"/readyz", nil); status != 200 {
		t.Errorf("status %d", status)
	}
	if text, _ := os.ReadFile(filepath.Join(root, "data/secrets/tls/authority.pem")); len(text) > 0 {
		t.Error("an authority was made that nobody asked for")
	}
}

// A port of HTTPS that is taken is told by name.
func TestHTTPSPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := startBox(t, newRoot(t), "COFFER_TLS=self-signed", "COFFER_LISTEN_TLS="+l.Addr().String())
	if code := b.end(); code != exitConfig || !strings.Contains(b.log.String(), "COFFER_LISTEN_TLS") {
		t.Errorf("code %d", code)
	}
}
