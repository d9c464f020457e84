package egress

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const authorityHost = "example.com" // of the test server's certificate

// ca is an authority that checks no signature. What it answers otherwise stands
// in odd, by path.
type ca struct {
	t     *testing.T
	mu    sync.Mutex
	odd   map[string]http.HandlerFunc
	asked []string // paths
	sent  map[string]string
	csr   *x509.CertificateRequest
	key   *ecdsa.PrivateKey
}

func newCA(t *testing.T) *ca {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &ca{t: t, odd: map[string]http.HandlerFunc{}, sent: map[string]string{}, key: key}
}

func (c *ca) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r.URL.Path)
	var jws struct{ Payload string }
	_ = json.NewDecoder(r.Body).Decode(&jws)
	payload, _ := base64.RawURLEncoding.DecodeString(jws.Payload)
	c.sent[r.URL.Path] = string(payload)
	const base = "https://" + authorityHost
	w.Header().Set("Replay-Nonce", fmt.Sprint("nonce", len(c.asked)))
	w.Header().Set("Content-Type", "application/json")
	if odd := c.odd[r.URL.Path]; odd != nil {
		odd(w, r)
		return
	}
	switch r.URL.Path {
	case "/dir":
		_, _ = io.WriteString(w, `{"newNonce":"`+base+`/nonce","newAccount":"`+base+`/account","newOrder":"`+base+`/order","renewalInfo":"`+base+`/ari","meta":{"termsOfService":"`+base+`/terms"}}`)
	case "/nonce":
	case "/account":
		w.Header().Set("Location", base+"/account/1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"status":"valid"}`)
	case "/account/1":
		_, _ = io.WriteString(w, `{"status":"valid"}`)
	case "/order":
		w.Header().Set("Location", base+"/order/1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"status":"pending","identifiers":[{"type":"dns","value":"box.example.org"}],"authorizations":["`+base+`/authz"],"finalize":"`+base+`/finalize"}`)
	case "/authz":
		status := "pending"
		if slices.Contains(c.asked, "/challenge") {
			status = "valid"
		}
		_, _ = io.WriteString(w, `{"status":"`+status+`","identifier":{"type":"dns","value":"box.example.org"},"challenges":[{"type":"http-01","url":"`+base+`/challenge","status":"`+status+`","token":"token"}]}`)
	case "/challenge":
		_, _ = io.WriteString(w, `{"type":"http-01","url":"`+base+`/challenge","status":"pending","token":"token"}`)
	case "/finalize":
		var in struct{ CSR string }
		_ = json.Unmarshal(payload, &in)
		der, _ := base64.RawURLEncoding.DecodeString(in.CSR)
		c.csr, _ = x509.ParseCertificateRequest(der)
		_, _ = io.WriteString(w, `{"status":"valid","certificate":"`+base+`/certificate","finalize":"`+base+`/finalize"}`)
	case "/certificate":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(c.sign())
	default:
		_, _ = io.WriteString(w, `{"suggestedWindow":{"start":"2026-05-01T00:00:00Z","end":"2026-05-03T00:00:00Z"},"explanationURL":"https://example.com/why"}`)
	}
}

// sign makes the certificate that was asked for.
func (c *ca) sign() []byte {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "authority"}, DNSNames: c.csr.DNSNames,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), AuthorityKeyId: []byte{1, 2, 3},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, c.csr.PublicKey, c.key)
	if err != nil {
		c.t.Error(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (c *ca) count(path string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, asked := range c.asked {
		if asked == path {
			n++
		}
	}
	return n
}

// shelf is where challenges are put.
type shelf struct {
	mu   sync.Mutex
	open map[string]string
	all  []string
}

func (s *shelf) Put(token, answer string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[token], s.all = answer, append(s.all, token)
	return nil
}

func (s *shelf) Clear(token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, token)
	return nil
}

func anOrder(t *testing.T) Order {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	der, failed := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{"box.example.org"}}, key)
	account, bad := x509.MarshalPKCS8PrivateKey(key)
	if err := errors.Join(err, failed, bad); err != nil {
		t.Fatal(err)
	}
	return Order{
		Names: []string{"box.example.org"}, Directory: "https://" + authorityHost + "/dir", CSR: der, Agreed: true, Contact: "ada@example.org",
		Account: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: account})),
	}
}

// ordering is a service, an authority, and the names that lead to it. The
// vendor remembers directories by their address, so each has one of its own.
func ordering(t *testing.T) (*ca, *network, Client, Order) {
	t.Helper()
	c := newCA(t)
	o := anOrder(t)
	path := "/dir/" + strings.ReplaceAll(t.Name(), "/", "-")
	o.Directory = "https://" + authorityHost + path
	n := newNetwork(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path {
			r.URL.Path = "/dir"
		}
		c.ServeHTTP(w, r)
	}))
	n.leads(authorityHost, "10.1.2.3")
	client := serve(t, n.server(ACME))
	client.Challenges = &shelf{open: map[string]string{}}
	return c, n, client, o
}

func TestOrder(t *testing.T) {
	c, _, client, o := ordering(t)
	var steps []Step
	made, err := client.Issue(t.Context(), o, func(s Step) { steps = append(steps, s) })
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(steps, []Step{StepChallenge, StepIssue}) || made.Terms != "https://example.com/terms" || made.Renewal == nil || made.Renewal.Why != "https://example.com/why" {
		t.Errorf("steps %v, %+v", steps, made)
	}
	block, _ := pem.Decode([]byte(made.Chain))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil || leaf.VerifyHostname("box.example.org") != nil {
		t.Errorf("%v, %v", leaf, err)
	}
	put := client.Challenges.(*shelf)
	if len(put.open) > 0 || len(put.all) != 1 {
		t.Errorf("challenges: %v, still open %v", put.all, put.open)
	}
	if sent := c.sent["/account"]; !strings.Contains(sent, "mailto:ada@example.org") || !strings.Contains(sent, `"termsOfServiceAgreed":true`) {
		t.Errorf("sent %s", sent)
	}

	o.Replaces = leaf.Raw
	if _, err := client.Issue(t.Context(), o, func(Step) {}); err != nil || !strings.Contains(c.sent["/order"], `"replaces":"AQID.Bw"`) {
		t.Errorf("%v, sent %s", err, c.sent["/order"])
	}
	w, err := client.Renewal(t.Context(), Issued{Directory: o.Directory, Certificate: leaf.Raw})
	if err != nil || w == nil || !w.Start.Equal(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", w, err)
	}
}

// An authority that no longer knows what is to be replaced gives a new one.
func TestOrderThatReplacesNothing(t *testing.T) {
	c, _, client, o := ordering(t)
	c.odd["/order"] = func(w http.ResponseWriter, r *http.Request) {
		delete(c.odd, "/order")
		problem(w, 404, "malformed", "no such certificate")
	}
	made, err := client.Issue(t.Context(), o, func(Step) {})
	wants(t, err, CodeAuthority, "no such certificate")
	made, err = client.Issue(t.Context(), o, func(Step) {})
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(made.Chain))
	o.Replaces = block.Bytes
	c.odd["/order"] = func(w http.ResponseWriter, r *http.Request) {
		delete(c.odd, "/order")
		problem(w, 404, "malformed", "no such certificate")
	}
	if _, err = client.Issue(t.Context(), o, func(Step) {}); err != nil || strings.Contains(c.sent["/order"], "replaces") {
		t.Errorf("%v, sent %s", err, c.sent["/order"])
	}
}

func problem(w http.ResponseWriter, status int, kind, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"type":"urn:ietf:params:acme:error:%s","status":%d,"detail":%q}`, kind, status, detail)
}

func TestOrdersThatFail(t *testing.T) {
	refused := func(kind string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"status":"invalid","identifier":{"type":"dns","value":"box.example.org"},"challenges":[{"type":"http-01","url":"https://example.com/challenge","status":"invalid","token":"token",`+
				`"error":{"type":"urn:ietf:params:acme:error:`+kind+`","detail":"its own\nwords","status":400}}]}`)
		}
	}
	// A challenge fails once the authority was told to ask.
	afterwards := func(kind string) map[string]func(*ca) http.HandlerFunc {
		return map[string]func(*ca) http.HandlerFunc{"/challenge": func(c *ca) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				c.odd["/authz"] = refused(kind)
				_, _ = io.WriteString(w, `{"type":"http-01","url":"https://example.com/challenge","status":"pending","token":"token"}`)
			}
		}}
	}
	answers := func(path string, h http.HandlerFunc) map[string]func(*ca) http.HandlerFunc {
		return map[string]func(*ca) http.HandlerFunc{path: func(*ca) http.HandlerFunc { return h }}
	}
	says := func(status int, kind string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { problem(w, status, kind, "its own words") }
	}
	for name, row := range map[string]struct {
		odd  map[string]func(*ca) http.HandlerFunc
		code Code
		says string
	}{
		"nobody at the name":     {afterwards("connection"), CodeNotReached, "its own words"},
		"no such name":           {afterwards("dns"), CodeNoName, "its own words"},
		"another at the name":    {afterwards("unauthorized"), CodeElsewhere, "its own words"},
		"a wrong answer":         {afterwards("incorrectResponse"), CodeElsewhere, "its own words"},
		"the account is locked":  {answers("/order", says(403, "unauthorized")), CodeAuthority, "its own words"},
		"a forbidden name":       {answers("/order", says(400, "rejectedIdentifier")), CodeRejected, "its own words"},
		"a bad address for mail": {answers("/account", says(400, "invalidContact")), CodeContact, "its own words"},
		"the order itself fails": {answers("/finalize", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"status":"invalid","error":{"type":"urn:ietf:params:acme:error:caa","detail":"its own words"}}`)
		}), CodeRejected, "its own words"},
		"no directory": {answers("/dir", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{`) }), CodeAuthority, "as an authority does"},
		"a page": {answers("/dir", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<p>`)
		}), CodeAuthority, "as an authority does"},
		"not there": {answers("/dir", http.NotFound), CodeAuthority, "404"},
		"it leads elsewhere": {answers("/dir", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example/dir", http.StatusFound)
		}), CodeRefused, "leads elsewhere"},
		"plain http": {answers("/dir", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"newNonce":"http://example.com/nonce","newOrder":"https://example.com/order"}`)
		}), CodeRefused, "no https address"},
		"an order somewhere else": {answers("/order", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			_, _ = io.WriteString(w, `{"status":"pending","authorizations":["https://other.example/authz"]}`)
		}), CodeRefused, "is not where"},
		"no certificate": {answers("/certificate", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }), CodeAuthority, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, n, client, o := ordering(t)
			n.leads("other.example", "10.1.2.3")
			for path, odd := range row.odd {
				c.odd[path] = odd(c)
			}
			_, err := client.Issue(t.Context(), o, func(Step) {})
			wants(t, err, row.code, row.says)
			if put := client.Challenges.(*shelf); len(put.open) > 0 {
				t.Errorf("still served: %v", put.open)
			}
			for _, host := range n.hosts() {
				if host != authorityHost {
					t.Errorf("%s was asked for", host)
				}
			}
			f, _ := errors.AsType[*Failure](err)
			if slices.Contains([]Code{CodeNotReached, CodeNoName, CodeElsewhere}, row.code) && f.Name != "box.example.org" {
				t.Errorf("the name is %q", f.Name)
			}
			if strings.ContainsAny(f.Detail, "\n") {
				t.Errorf("%q", f.Detail)
			}
		})
	}
}

// An authority that wants a pause is not asked again, and is heard.
func TestPauses(t *testing.T) {
	for name, row := range map[string]struct {
		path, after string
		status      int
	}{
		"too many orders": {"/order", "3600", 429}, "too many requests": {"/dir", "7200", 429}, "without a time": {"/order", "", 429},
		"busy": {"/dir", "120", 503}, "busy later": {"/account", "Fri, 01 Jan 2100 00:00:00 GMT", 503},
	} {
		t.Run(name, func(t *testing.T) {
			c, _, client, o := ordering(t)
			c.odd[row.path] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", row.after)
				problem(w, row.status, "rateLimited", "its own words")
			}
			_, err := client.Issue(t.Context(), o, func(Step) {})
			wants(t, err, CodeLimited, "wants a pause")
			f, _ := errors.AsType[*Failure](err)
			if (row.after == "") != f.Until.IsZero() || row.after != "" && time.Until(f.Until) < 100*time.Second {
				t.Errorf("until %v", f.Until)
			}
			if n := c.count(row.path); n != 1 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
}

func TestOrdersThatMakeNoSense(t *testing.T) {
	good := anOrder(t)
	for name, spoil := range map[string]func(*Order){
		"no names": func(o *Order) { o.Names = nil }, "other names": func(o *Order) { o.Names = []string{"other.example.org"} },
		"no terms": func(o *Order) { o.Agreed = false }, "no key": func(o *Order) { o.Account = "" },
		"a damaged request": func(o *Order) { o.CSR = bytes.Repeat([]byte{1}, 40) }, "damaged roots": func(o *Order) { o.Roots = "x" },
		"a damaged predecessor": func(o *Order) { o.Replaces = []byte("x") },
	} {
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t, newCA(t))
			o := good
			spoil(&o)
			client := serve(t, n.server(ACME))
			_, err := client.Issue(t.Context(), o, func(Step) {})
			wants(t, err, CodeInvalid, "")
			if !n.silent() {
				t.Errorf("asked for %v", n.hosts())
			}
		})
	}
	n := newNetwork(t, newCA(t))
	good.Directory = "http://example.com/dir"
	_, err := serve(t, n.server(ACME)).Issue(t.Context(), good, func(Step) {})
	wants(t, err, CodeRefused, "no https address")
	if !n.silent() {
		t.Errorf("asked for %v", n.hosts())
	}
}
