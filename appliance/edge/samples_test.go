package edge_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const publicName = "box.example.org"

// sample is the code block of a language in docs/proxies.md.
func sample(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/proxies.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(text)
	if m == nil {
		t.Fatalf("docs/proxies.md has no sample for %s", language)
	}
	return string(m[1])
}

// swap replaces exactly what a sample is expected to say.
func swap(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the sample does not say %q", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// pair writes a certificate for the public name and returns who trusts it.
func pair(t *testing.T, dir string) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{publicName}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return cert, key, roots
}

// serve runs a proxy until the test ends, and waits until it listens.
func serve(t *testing.T, port string, cmd *exec.Cmd) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the proxy: %s", &out)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err == nil {
			c.Close()
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("the proxy does not listen: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestSamples runs the proxies of docs/proxies.md, as they stand there, in
// front of the edge.
func TestSamples(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, box, port, cert, key string){
		"nginx": func(t *testing.T, box, port, cert, key string) {
			dir := t.TempDir()
			server := swap(t, sample(t, "nginx"), "listen 443 ssl", "listen 127.0.0.1:"+port+" ssl",
				"/etc/ssl/box.example.org.pem", cert, "/etc/ssl/box.example.org.key", key, "127.0.0.1:8080", box)
			paths := ""
			for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
				paths += kind + "_temp_path " + dir + "/" + kind + ";\n"
			}
			file := filepath.Join(dir, "nginx.conf")
			text := "daemon off; pid " + dir + "/pid; error_log stderr;\nevents {}\nhttp {\naccess_log off;\n" + paths + server + "}\n"
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			serve(t, port, exec.Command(nginx(t), "-e", "stderr", "-p", dir, "-c", file))
		},
		"caddy": func(t *testing.T, box, port, cert, key string) {
			program, err := exec.LookPath("caddy")
			if err != nil {
				if os.Getenv("CI") != "" {
					t.Fatal("caddy is not installed")
				}
				t.Skip("caddy is not installed")
			}
			dir := t.TempDir()
			site := swap(t, sample(t, "caddyfile"), publicName+" {", "https://"+publicName+":"+port+", https://"+elsewhereName+":"+port+" {\n\ttls "+cert+" "+key,
				"127.0.0.1:8080", box)
			file := filepath.Join(dir, "Caddyfile")
			if err := os.WriteFile(file, []byte("{\n\tadmin off\n\tauto_https off\n}\n"+site), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(program, "run", "--adapter", "caddyfile", "--config", file)
			cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
			serve(t, port, cmd)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, true, behind("127.0.0.1/32"))
			cert, key, roots := pair(t, t.TempDir())
			port := fmt.Sprint(freePort())
			run(t, b.addr, port, cert, key)
			throughSample(t, b, port, roots)
		})
	}
}

// throughSample is a browser at 127.0.0.2 behind the proxy.
func throughSample(t *testing.T, b *box, port string, roots *x509.CertPool) {
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
			return d.DialContext(ctx, network, "127.0.0.1:"+port)
		},
	}}
	ask := func(method, host, path string, body []byte) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "https://"+publicName+":"+port+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		req.Header.Set("Cookie", signedIn())
		for _, forged := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Client-Addr", "X-Auth-User", "X-Edge-Token"} {
			req.Header.Set(forged, "203.0.113.66")
		}
		req.Header.Set("X-Forwarded-Proto", "http")
		res, err := client.Do(req)
		if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	for _, row := range []struct {
		method, path string
		body         []byte
	}{
		{"GET", "/library?q=a%20b&x=%2F", nil},
		{"POST", "/api/v1/sources", make([]byte, 3<<20)}, // more than a proxy takes by itself
	} {
		res := ask(row.method, publicName+":"+port, row.path, row.body)
		r, size := b.api.last(t)
		got := [...]string{r.RequestURI, r.Header.Get("X-Client-Addr"), r.Host, r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Auth-User")}
		want := [...]string{row.path, "127.0.0.2", publicName + ":" + port, "https", "u1"}
		if res.StatusCode != http.StatusOK || got != want || size != int64(len(row.body)) {
			t.Errorf("%s %s: %d, %d bytes, reached the API as %q, want %q", row.method, row.path, res.StatusCode, size, got, want)
		}
		if res.Header.Get("Cross-Origin-Opener-Policy") == "" {
			t.Errorf("%s %s: the origin is not taken for a secure one", row.method, row.path)
		}
	}
	if ask("GET", elsewhereName, "/library", nil).StatusCode != http.StatusMisdirectedRequest {
		t.Error("another name is answered")
	}
	go func() { b.api.events <- "first" }()
	events := ask("GET", publicName+":"+port, "/api/v1/events", nil)
	for n, want := range []string{"first", "second"} { // the second is sent once the first was read
		buf := make([]byte, 100)
		got, err := events.Body.Read(buf)
		if err != nil || string(buf[:got]) != fmt.Sprintf("data: %s\n\n", want) {
			t.Fatalf("event %d is %q, %v", n+1, buf[:got], err)
		}
		if n == 0 {
			go func() { b.api.events <- "second" }()
		}
	}
	close(b.api.events)
}
