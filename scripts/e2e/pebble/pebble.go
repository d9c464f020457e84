// Package pebble is a certificate authority for tests: Pebble, which Let's
// Encrypt wrote to try clients on, with names that lead where a test says, and
// a front that can be told to misbehave.
//
// It owns how they are built and started; their versions stand in a module of
// their own, so that nothing of the box is built with them. It refuses to listen
// on anything but this machine.
package pebble

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
)

// Authority is a running Pebble.
type Authority struct {
	*Front
	// Directory is where a box orders, at the front; Trust is a file with the
	// certificate that vouches for the front.
	Directory, Trust string
	// Roots are what vouches for the certificates that it makes.
	Roots *x509.CertPool

	t          *testing.T
	management string // of Pebble
	names      string // of the server of names
}

// Options say what kind of authority it is.
type Options struct {
	// Port is where it asks names, as those at port 80 would be asked.
	Port int
	// Life is how long its certificates last.
	Life time.Duration
	// Slow has it take a few seconds before it asks.
	Slow bool
	// Programs is the folder that Build put them into; empty: Start builds them.
	Programs string
}

// Start builds and starts one until the test ends. Every name leads to
// 127.0.0.1 until Lead says otherwise.
func Start(t *testing.T, o Options) *Authority {
	t.Helper()
	dir := t.TempDir()
	programs := o.Programs
	if programs == "" {
		programs = dir
		if err := Build(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	}
	a := &Authority{t: t, Trust: filepath.Join(dir, "trust.pem")}
	key := filepath.Join(dir, "key.pem")
	certify(t, a.Trust, key)

	resolver, own := address(t), address(t)
	a.names, a.management = "http://"+address(t), "https://"+address(t)
	run(t, programs, "pebble-challtestsrv", nil, "-dnsserver", resolver, "-management", a.names[len("http://"):], "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "",
		"-defaultIPv4", "127.0.0.1", "-defaultIPv6", "")
	config := map[string]any{"pebble": map[string]any{
		"listenAddress": own, "managementListenAddress": a.management[len("https://"):], "certificate": a.Trust, "privateKey": key,
		"httpPort": o.Port, "tlsPort": 1, "keyAlgorithm": "ecdsa", "retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles": map[string]any{"default": map[string]any{"description": "the only one", "validityPeriod": int(o.Life.Seconds())}},
	}}
	text, err := json.Marshal(config)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "pebble.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	pace := "PEBBLE_VA_NOSLEEP=1"
	if o.Slow {
		pace = "PEBBLE_VA_SLEEPTIME=5"
	}
	// It makes mistakes on purpose, of the kind that the protocol asks clients to
	// bear: some of our numbers are refused, and authorizations are not used again.
	run(t, programs, "pebble", []string{pace, "PEBBLE_WFE_NONCEREJECT=10", "PEBBLE_AUTHZREUSE=0"}, "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", resolver)
	a.wait()
	a.Front = newFront(t, own, a.Trust, key)
	a.Directory = a.URL + "/dir"
	a.Roots = x509.NewCertPool()
	if root := a.ask("/roots/0", nil); !a.Roots.AppendCertsFromPEM(root) {
		t.Fatalf("Pebble says of its root %q", root)
	}
	return a
}

// Lead has a name lead to an address from now on; "" forgets that.
func (a *Authority) Lead(name, address string) {
	a.t.Helper()
	a.teach("/clear-servfail", map[string]any{"host": name + "."})
	a.teach("/clear-a", map[string]any{"host": name + "."})
	if address == "" {
		return
	}
	a.teach("/add-a", map[string]any{"host": name + ".", "addresses": []string{address}})
}

// Break has questions for a name fail from now on.
func (a *Authority) Break(name string) {
	a.t.Helper()
	a.teach("/set-servfail", map[string]any{"host": name + "."})
}

func (a *Authority) teach(path string, body any) {
	a.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	res, err := http.Post(a.names+path, "application/json", bytes.NewReader(text))
	if err != nil {
		a.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		a.t.Fatalf("%s: %s", path, res.Status)
	}
}

// Renew has the authority want a certificate to be renewed between two times.
func (a *Authority) Renew(c *x509.Certificate, start, end time.Time) {
	a.t.Helper()
	answer, err := json.Marshal(map[string]any{"suggestedWindow": map[string]time.Time{"start": start.UTC(), "end": end.UTC()}})
	if err != nil {
		a.t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{
		"Certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})), "ARIResponse": string(answer),
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.ask("/set-renewal-info/", body)
}

// ask asks Pebble's management.
func (a *Authority) ask(path string, body []byte) []byte {
	a.t.Helper()
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.management+path, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	res, err := insecure().Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		a.t.Fatalf("%s: %s %v %s", path, res.Status, err, text)
	}
	return text
}

// insecure is a client that takes any certificate: of our own children.
func insecure() *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
}

// wait waits until Pebble answers.
func (a *Authority) wait() {
	a.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		res, err := insecure().Get(a.management + "/roots/0")
		if err == nil {
			_ = res.Body.Close()
			return
		}
		if time.Now().After(end) {
			a.t.Fatalf("Pebble does not answer: %v", err)
		}
		if err := box.Pause(a.t.Context(), 20*time.Millisecond); err != nil {
			a.t.Fatal(err)
		}
	}
}

// Build puts Pebble's programs into dir.
func Build(ctx context.Context, dir string) error {
	root, err := box.Root()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir+"/",
		"github.com/letsencrypt/pebble/v2/cmd/pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv")
	cmd.Dir, cmd.Env = filepath.Join(root, "scripts/e2e/pebble/module"), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build Pebble: %w\n%s", err, out)
	}
	return nil
}

// run runs a program until the test ends, and shows what it said if that failed.
func run(t *testing.T, dir, name string, env []string, args ...string) {
	t.Helper()
	var said bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, filepath.Join(dir, name), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append([]string{"PATH=/usr/bin:/bin"}, env...), &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if text := said.String(); t.Failed() {
			t.Logf("the end of what %s said:\n%s", name, text[max(0, len(text)-4000):])
		}
	})
}

func address(t *testing.T) string {
	t.Helper()
	a, err := box.Address("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// certify writes a certificate that signs itself, for this machine, and its key.
func certify(t *testing.T, chain, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority for tests"}, IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	private, failed := x509.MarshalPKCS8PrivateKey(k)
	if err := errors.Join(err, failed,
		os.WriteFile(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)); err != nil {
		t.Fatal(fmt.Errorf("a certificate for the authority: %w", err))
	}
}
