package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/pebble"
	"coffer/scripts/e2e/tier"
)

// The names that are ordered.
const (
	first  = "box.example.org"
	second = "two.example.org"
)

const code = "COFFER-TEST"

// patience is how long a busy machine may take.
const patience = 2 * time.Minute

// place is where boxes of one test run, one after the other, and the authority
// that asks there.
type place struct {
	t         *testing.T
	ctx       context.Context
	binary    string
	plain     string // addresses
	secure    string
	authority *pebble.Authority
}

func newPlace(t *testing.T, life time.Duration) *place {
	t.Helper()
	tier.Need(t, tier.ACME)
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	t.Cleanup(cancel)
	binary, err := box.Build(ctx, tier.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, ctx: ctx, binary: binary}
	for _, a := range []*string{&p.plain, &p.secure} {
		if *a, err = box.Address("127.0.0.1"); err != nil {
			t.Fatal(err)
		}
	}
	p.authority = pebble.Start(t, pebble.Options{Port: port(p.plain), Life: life})
	return p
}

func port(address string) int {
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		panic(err) // it was made by the kernel
	}
	return a.Port
}

// guest is a box at the place.
type guest struct {
	*box.Native
	*place
	t    *testing.T
	root string
	base string
}

// start starts a box in root, which the owner's browser reaches by its address.
func (p *place) start(t *testing.T, root string, env ...string) *guest {
	t.Helper()
	cmd := exec.Command(p.binary, "init", "--root", root)
	cmd.Dir = root
	cmd.Env = append([]string{
		"PATH=/usr/bin:/bin:/usr/sbin", "COFFER_SETUP_CODE=" + code, "COFFER_LISTEN_TLS=" + p.secure, "COFFER_ALLOWED_HOSTS=" + first,
		"COFFER_ACME_ROOTS=" + p.authority.Trust,
	}, env...)
	n, err := box.Start(p.ctx, p.plain, cmd)
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{Native: n, place: p, t: t, root: root}
	for _, e := range env {
		if base, ok := strings.CutPrefix(e, "COFFER_BASE_PATH="); ok {
			g.base = base
			n.URL += base
		}
	}
	t.Cleanup(func() {
		if len(box.Family(n.PID())) > 0 {
			n.Kill()
		}
		if t.Failed() {
			log := n.Log()
			t.Logf("the end of the box's log:\n%s", log[max(0, len(log)-5000):])
		}
	})
	return g
}

// own makes the box one's own.
func (g *guest) own() {
	g.t.Helper()
	if err := g.Setup(g.ctx, code, box.Owner, box.Password); err != nil {
		g.t.Fatal(err)
	}
}

// served is how HTTPS is, as the API tells it.
type served struct {
	Mode      string
	Presented *struct{ Own bool }
	Order     struct {
		Wanted, Serves bool
		Names          []string
		Step, Terms    string
		Next           *time.Time `json:"next_at"`
		Ended          *time.Time `json:"last_at"`
		Problem        *struct {
			Code, Message, Hint, Quote string
			Until                      *time.Time
		}
	}
	Problem *struct{ Code, Message string }
}

const settings = "/api/v1/settings/https"

func (g *guest) served() (s served) {
	g.t.Helper()
	if err := g.Get(g.ctx, settings, &s); err != nil {
		g.t.Fatal(err)
	}
	return s
}

// change asks for one and returns the code of a refusal.
func (g *guest) change(change map[string]any) string {
	g.t.Helper()
	text, err := json.Marshal(change)
	if err != nil {
		g.t.Fatal(err)
	}
	err = g.Do(g.ctx, http.MethodPatch, settings, "application/json", strings.NewReader(string(text)), nil)
	if err == nil {
		return ""
	}
	status, ok := err.(*box.Status)
	var problem struct {
		Errors []struct{ Field, Code string }
	}
	if !ok || json.Unmarshal([]byte(status.Body), &problem) != nil || len(problem.Errors) != 1 {
		g.t.Fatal(err)
	}
	return problem.Errors[0].Field + " " + problem.Errors[0].Code
}

// presented is what a client gets that asks for a name.
func (g *guest) presented(name string) *x509.Certificate {
	g.t.Helper()
	c, err := tls.Dial("tcp", g.secure, &tls.Config{InsecureSkipVerify: true, ServerName: name})
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.ConnectionState().PeerCertificates[0]
}

// trusts reports that who trusts the authority opens the box under name.
func (g *guest) trusts(name string) error {
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: g.authority.Roots},
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", g.secure)
		},
	}}
	res, err := client.Get("https://" + name + g.base + "/login")
	if err == nil {
		_ = res.Body.Close()
	}
	return err
}

// until waits for ok.
func (g *guest) until(what string, ok func() bool) {
	g.t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			g.t.Fatalf("not within %v: %s", patience, what)
		}
		if err := box.Pause(g.ctx, 50*time.Millisecond); err != nil {
			g.t.Fatal(err)
		}
	}
}

// claim is how the box sees its own HTTPS.
func (g *guest) claim() (status, evidence string) {
	g.t.Helper()
	out, _ := exec.CommandContext(g.ctx, g.binary, "doctor", "--json", "--root", g.root).Output() // it fails when any claim does
	var report struct {
		Items []struct{ ID, Status, Evidence string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		g.t.Fatalf("doctor: %v: %s", err, out)
	}
	for _, i := range report.Items {
		if i.ID == "tls" {
			return i.Status, i.Evidence
		}
	}
	g.t.Fatal("there is no such claim")
	return "", ""
}
