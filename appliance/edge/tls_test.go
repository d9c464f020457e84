package edge_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/edge"
)

// ownPair puts a certificate of the box's own where the edge can read it.
func ownPair(t *testing.T, o *edge.Options) string {
	t.Helper()
	dir := filepath.Join(o.Root, "data/secrets/tls")
	if err := os.MkdirAll(filepath.Join(dir, "edge"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := certs.Store{Dir: dir, EdgeGID: edgeID, Log: slog.New(slog.DiscardHandler)}
	p, err := s.SelfSigned(nil, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	file, err := s.Present(p)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// withTLS serves HTTPS too; its address is put into to.
func withTLS(t *testing.T, to *string) func(*edge.Options) {
	t.Helper()
	said, err := exec.Command(nginx(t), edge.VersionFlag).CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	own, err := edge.OwnHTTP2(string(said))
	if err != nil {
		t.Fatal(err)
	}
	return func(o *edge.Options) {
		o.TLS = &edge.TLS{Host: o.Host, Port: freePort(), Pair: ownPair(t, o), OwnHTTP2: own}
		*to = fmt.Sprintf("127.0.0.1:%d", o.TLS.Port)
	}
}

func TestTLS(t *testing.T) {
	var address string
	b := start(t, true, withTLS(t, &address))
	shake := func(c *tls.Config) (tls.ConnectionState, error) {
		c.InsecureSkipVerify = true // what is presented, other tests look at
		conn, err := tls.Dial("tcp", address, c)
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer conn.Close()
		// In TLS 1.2 a session comes with the handshake.
		return conn.ConnectionState(), nil
	}
	t.Run("versions", func(t *testing.T) {
		for version, taken := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
			s, err := shake(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version})
			if taken != (err == nil) || taken && s.Version != version {
				t.Errorf("%s: %v", tls.VersionName(version), err)
			}
		}
	})
	t.Run("ciphers", func(t *testing.T) {
		for cipher, taken := range map[uint16]bool{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:       true,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: true,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA:          false,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA:          false,
		} {
			if _, err := shake(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{cipher}}); taken != (err == nil) {
				t.Errorf("%s: %v", tls.CipherSuiteName(cipher), err)
			}
		}
	})
	t.Run("no session tickets", func(t *testing.T) {
		kept := &sessions{}
		if _, err := shake(&tls.Config{MaxVersion: tls.VersionTLS12, ClientSessionCache: kept}); err != nil {
			t.Fatal(err)
		}
		if kept.tickets > 0 {
			t.Error("the edge gives tickets")
		}
	})
	t.Run("HTTP/2", func(t *testing.T) {
		s, err := shake(&tls.Config{NextProtos: []string{"h2", "http/1.1"}})
		if err != nil || s.NegotiatedProtocol != "h2" {
			t.Errorf("%q, %v", s.NegotiatedProtocol, err)
		}
	})
	secure := *b
	secure.url = "https://" + address
	t.Run("the API and the browser are told of the scheme", func(t *testing.T) {
		for name, row := range map[string]struct {
			box            box
			scheme, policy string
		}{"http": {*b, "http", ""}, "https": {secure, "https", "same-origin"}} {
			a := row.box.doTLS(t, "GET", "/api/v1/sources", "X-Forwarded-Proto", "gopher")
			seen, _ := b.api.last(t)
			if a.StatusCode != 200 || seen.Header.Get("X-Forwarded-Proto") != row.scheme || a.Header.Get("Cross-Origin-Opener-Policy") != row.policy {
				t.Errorf("%s: %d, the API saw %q, the browser %q", name, a.StatusCode, seen.Header.Get("X-Forwarded-Proto"), a.Header.Get("Cross-Origin-Opener-Policy"))
			}
			if name == "https" && a.ProtoMajor != 2 {
				t.Errorf("%s was spoken", a.Proto)
			}
			if host := strings.TrimPrefix(row.box.url, name+"://"); seen.Host != host {
				t.Errorf("%s: the API saw the name %q", name, seen.Host)
			}
		}
	})
	t.Run("a page behind sign-in leads to sign-in on the same side", func(t *testing.T) {
		a := secure.doTLS(t, "GET", "/library", "Cookie", "")
		if a.StatusCode != 303 || a.Header.Get("Location") != "/login?next=/library" {
			t.Errorf("%d to %q", a.StatusCode, a.Header.Get("Location"))
		}
	})
	t.Run("plain HTTP on the port of HTTPS", func(t *testing.T) {
		plain := *b
		plain.addr = address
		a := plain.raw(t, "GET /library?a=b HTTP/1.1\r\nHost: "+address+"\r\nConnection: close\r\n\r\n")
		if want := "https://" + address + "/library?a=b"; a.StatusCode != 308 || a.Header.Get("Location") != want {
			t.Errorf("%d to %q, want %q", a.StatusCode, a.Header.Get("Location"), want)
		}
		for name := range wanted() {
			if secure := "Cross-Origin-Opener-Policy"; a.Header.Get(name) == "" && name != secure { // it was no secure origin
				t.Errorf("it lacks %s", name)
			}
		}
	})
}

// sessions counts what a server would have its clients keep.
type sessions struct{ tickets int }

func (*sessions) Get(string) (*tls.ClientSessionState, bool) { return nil, false }
func (s *sessions) Put(_ string, c *tls.ClientSessionState) {
	if c != nil {
		s.tickets++
	}
}

// doTLS is do for either scheme, with HTTP/2 where it is spoken.
func (b *box) doTLS(t *testing.T, method, path string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, b.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", signedIn())
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(bufio.NewReader(res.Body))
	if err != nil {
		t.Fatal(err)
	}
	return answer{res, string(body)}
}
