package native

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// taker is a program that is told, on a network of this machine that is not the
// machine itself.
type taker struct {
	t    *testing.T
	addr string

	mu     sync.Mutex
	server *http.Server
	got    []map[string]string
}

// ownAddress is one under which other machines could reach this one.
func ownAddress(t *testing.T) string {
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	t.Skip("this machine has no network but its own")
	return ""
}

func newTaker(t *testing.T) *taker {
	l, err := net.Listen("tcp", net.JoinHostPort(ownAddress(t), "0"))
	if err != nil {
		t.Fatal(err)
	}
	k := &taker{t: t, addr: l.Addr().String()}
	if err := l.Close(); err != nil { // nobody listens until open
		t.Fatal(err)
	}
	t.Cleanup(k.close)
	return k
}

func (k *taker) open() {
	l, err := net.Listen("tcp", k.addr)
	if err != nil {
		k.t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n := map[string]string{}
		if err := json.Unmarshal(body, &n); err != nil {
			k.t.Errorf("told %s: %v", body, err)
		}
		n["path"], n["password"] = r.URL.Path, r.Header.Get("Authorization")
		k.mu.Lock()
		defer k.mu.Unlock()
		k.got = append(k.got, n)
	})}
	k.mu.Lock()
	k.server = s
	k.mu.Unlock()
	go func() { _ = s.Serve(l) }()
}

func (k *taker) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.server != nil {
		_ = k.server.Close()
	}
}

func (k *taker) told(alarm string) (all []map[string]string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, n := range k.got {
		if n["alarm"] == alarm {
			all = append(all, n)
		}
	}
	return all
}

// ending writes a certificate that ends in a few days, and its key.
func ending(t *testing.T, dir string) (cert, key string) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(4711), Subject: pkix.Name{CommonName: "box.example.org"}, DNSNames: []string{"box.example.org"},
		NotBefore: time.Now().AddDate(0, 0, -81), NotAfter: time.Now().AddDate(0, 0, 9),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// An alarm is told once, though nobody answered when it began and init was
// killed before somebody did; and the address shows nowhere.
func TestNotices(t *testing.T) {
	tier.Need(t, tier.Native)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	k := newTaker(t)
	cert, key := ending(t, dir)
	secure, err := box.Address("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"COFFER_TLS=files", "COFFER_TLS_CERT=" + cert, "COFFER_TLS_KEY=" + key, "COFFER_LISTEN_TLS=" + secure}
	b, err := box.Init(ctx, binary, dir, env...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { kill(b) }()
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}
	const token = "token-4711-of-the-owner"
	type state struct {
		Host    string
		Waiting int
		Failure *struct{ Code, Message string }
	}
	var s state
	put := func(address string, out any) error {
		body, _ := json.Marshal(map[string]string{"kind": "webhook", "address": address})
		return b.Do(ctx, "PUT", "/api/v1/settings/notices", "application/json", strings.NewReader(string(body)), out)
	}
	for _, inside := range []string{"http://127.0.0.1:9/" + token, "http://localhost/" + token, "http://169.254.169.254/" + token} {
		if err := put(inside, nil); !box.IsStatus(err, 422) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", inside, err)
		}
	}
	if err := put("http://ada:pa55word@"+k.addr+"/"+token, &s); err != nil || s.Host != k.addr {
		t.Fatalf("%+v, %v", s, err)
	}
	until := func(what string, done func() bool) {
		t.Helper()
		for !done() {
			if err := box.Pause(ctx, 100*time.Millisecond); err != nil {
				t.Fatalf("%s: never; %+v", what, s)
			}
		}
	}
	until("the notice waits", func() bool {
		s = state{}
		err := b.Get(ctx, "/api/v1/settings/notices", &s)
		return err == nil && s.Waiting == 1 && s.Failure != nil
	})
	if s.Failure.Code != "unreachable" {
		t.Errorf("failed by %+v", s.Failure)
	}
	first := b.Log()
	again := func() {
		t.Helper()
		next, err := box.Init(ctx, binary, dir, env...)
		if err == nil {
			b = next
			err = b.Login(ctx, box.Owner, box.Password)
		}
		if err != nil {
			t.Fatal(err)
		}
	}

	b.Kill()
	k.open()
	again()
	var tried struct {
		Taken  bool
		Status int
	}
	// Once a test is taken, what waits is sent too.
	if err := b.Post(ctx, "/api/v1/settings/notices/test", struct{}{}, &tried); err != nil || !tried.Taken || tried.Status != 200 {
		t.Errorf("the test: %+v, %v", tried, err)
	}
	until("it is told", func() bool { return len(k.told("certificate_expires")) > 0 })
	n := k.told("certificate_expires")[0]
	if n["severity"] != "warning" || n["title"] != "Coffer: the certificate ends soon" || n["path"] != "/"+token || !strings.HasPrefix(n["password"], "Basic ") || n["box"] == "" || n["at"] == "" {
		t.Errorf("told %v", n)
	}
	until("it is in the book", func() bool { s = state{}; return b.Get(ctx, "/api/v1/settings/notices", &s) == nil && s.Waiting == 0 })

	b.Kill()
	again()
	var health struct{ Alarms []string }
	until("it looks", func() bool { return b.Get(ctx, "/api/v1/health", &health) == nil && len(health.Alarms) == 1 })
	if err := b.Post(ctx, "/api/v1/settings/notices/test", struct{}{}, &tried); err != nil || !tried.Taken {
		t.Errorf("the test: %+v, %v", tried, err)
	}
	if all := k.told("certificate_expires"); len(all) != 1 {
		t.Errorf("told %d times", len(all))
	}
	if all := k.told(""); len(all) != 2 || all[0]["severity"] != "test" {
		t.Errorf("tests: %v", all)
	}
	var gone struct {
		Items []struct{ Purpose, Destination string }
	}
	until("it is counted", func() bool { return b.Get(ctx, "/api/v1/egress", &gone) == nil && len(gone.Items) == 1 })
	if gone.Items[0].Purpose != "webhook" || gone.Items[0].Destination != k.addr {
		t.Errorf("counted %+v", gone.Items)
	}
	for _, text := range []string{first, b.Log()} {
		if strings.Contains(text, token) || strings.Contains(text, "pa55word") {
			t.Error("the address is in the log")
		}
	}
	if code := stop(t, b, (*box.Native).Stop); code != 0 {
		t.Errorf("it stops with %d, want 0", code)
	}
}
