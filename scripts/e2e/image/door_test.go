package image

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
)

// door is a box on a network of its own, so that every visitor has an address
// that the box sees as it is. What any visitor is answered is looked at.
type door struct {
	*container
	t      *testing.T
	bridge string // of this machine
	subnet netip.Prefix
	at     string // the box's address
	cookie string // the name of its session's
	// strangers counts those who had an address.
	strangers int

	mu      sync.Mutex
	secrets map[string]string // what must stand in no answer, by name
	private map[string]string // what must stand in no stranger's
}

// openDoor starts a box on a network where nobody else is. In options "{proxy}"
// is the address of visitor 1.
func openDoor(t *testing.T, options ...string) *door {
	t.Helper()
	name := "cofd" + hex.EncodeToString(random(4))
	docker(t, "network", "create", "-o", "com.docker.network.bridge.name="+name, name)
	t.Cleanup(func() { _, _ = try("network", "rm", "-f", name) })
	subnet, err := netip.ParsePrefix(docker(t, "network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", name))
	if err != nil {
		t.Fatal(err)
	}
	d := &door{t: t, bridge: name, subnet: subnet, secrets: map[string]string{}, private: map[string]string{}}
	all := []string{"--network", name}
	for _, o := range options {
		all = append(all, strings.ReplaceAll(o, "{proxy}", d.address(1).String()))
	}
	d.container = start(t, all...)
	d.find()
	edge := d.sh(t, "cat /run/coffer/edge/http.conf")
	_, token, _ := strings.Cut(edge, `$edge_token { default "`)
	token, _, _ = strings.Cut(token, `"`)
	d.hide("the edge token", token)
	d.hide("the session key", d.sh(t, "cat /data/secrets/session-key"))
	return d
}

// find looks for the box's address, which changes with a restart.
func (d *door) find() {
	d.t.Helper()
	ip := docker(d.t, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", d.id)
	d.at = "http://" + net.JoinHostPort(ip, "8080")
}

// hide says what must stand in no answer from now on.
func (d *door) hide(name, value string) {
	d.t.Helper()
	if len(value) < 8 {
		d.t.Fatalf("%s is %q", name, value)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.secrets[name] = value
}

// keepPrivate says what must stand in no stranger's answer from now on.
func (d *door) keepPrivate(name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.private[name] = value
}

// address is that of visitor n, counted from the end of the subnet, where the
// engine gives none away.
func (d *door) address(n int) netip.Addr {
	first := binary.BigEndian.Uint32(d.subnet.Masked().Addr().AsSlice())
	last := first | (1<<(32-d.subnet.Bits()) - 1)
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], last-uint32(n)-1)
	return netip.AddrFrom4(b)
}

// visitor is somebody with an address and cookies of their own.
type visitor struct {
	*door
	address netip.Addr
	base    string
	web     *http.Client
	key     string // it sends
	known   bool   // the owner's, who may see what is theirs
	secure  bool   // a proxy says that it was reached over HTTPS
}

// visitor comes from address n; the first of an address adds it to the bridge.
func (d *door) visitor(n int) *visitor {
	d.t.Helper()
	a := d.address(n)
	add := exec.Command("ip", "addr", "add", a.String()+"/32", "dev", d.bridge)
	if out, err := add.CombinedOutput(); err != nil && !strings.Contains(string(out), "File exists") && !strings.Contains(string(out), "already assigned") {
		d.t.Fatalf("%v: %s", err, out)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	dial := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, 0)), Timeout: time.Minute}
	return &visitor{door: d, address: a, base: d.at, web: &http.Client{
		Jar: jar, Timeout: time.Minute,
		Transport: &http.Transport{
			DialContext: dial.DialContext, DisableCompression: true, MaxIdleConnsPerHost: 32, IdleConnTimeout: 5 * time.Second,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the box's own authority is not what is looked at
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// program is a visitor that sends a key.
func (d *door) program(n int, key string) *visitor {
	v := d.visitor(n)
	v.key, v.known = key, true
	return v
}

// owner comes from address n and sets the box up.
func (d *door) owner(n int) *visitor {
	d.t.Helper()
	d.hide("the password", box.Password)
	d.keepPrivate("the owner's name", box.Owner)
	v := d.visitor(n)
	a := v.post("/api/v1/setup", fmt.Sprintf(`{"code": %q, "username": %q, "password": %q}`, d.setupCode(d.t), box.Owner, box.Password))
	if a.status != http.StatusCreated {
		d.t.Fatalf("setup: %d %s", a.status, a.body)
	}
	v.known = true
	v.remember(a)
	v.ask("PATCH /api/v1/settings", `{"reach": "network"}`).wants(d.t, "the end of the wizard", 200)
	d.keepPrivate("the owner's address", v.address.String())
	return v
}

// remember hides the cookies of an answer, and learns their name.
func (v *visitor) remember(a answer) {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if len(c.Value) > 20 {
			v.hide("the cookie "+c.Name+" of "+v.address.String(), c.Value)
		}
		if !strings.HasSuffix(c.Name, "_known") {
			v.door.cookie = c.Name
		}
	}
}

// answer is what a visitor was told.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request, such as "GET /library". Headers are names and values in
// turn; Host is one, and one that is given twice is sent twice.
func (v *visitor) ask(request, body string, headers ...string) answer {
	v.t.Helper()
	a, err := v.try(v.t.Context(), request, body, headers...)
	if err != nil {
		v.t.Errorf("%s: %v", request, err)
	}
	return a
}

func (v *visitor) try(ctx context.Context, request, body string, headers ...string) (answer, error) {
	method, path, _ := strings.Cut(request, " ")
	req, err := http.NewRequestWithContext(ctx, method, v.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	if v.key != "" {
		req.Header.Set("Authorization", "Bearer "+v.key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			for _, c := range v.web.Jar.Cookies(req.URL) { // the jar would go by the name
				req.AddCookie(c)
			}
			continue
		}
		req.Header[headers[i]] = append(req.Header[headers[i]], headers[i+1])
	}
	res, err := v.web.Do(req)
	if err != nil {
		return answer{}, err
	}
	return v.read(request, res)
}

func (v *visitor) read(request string, res *http.Response) (answer, error) {
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	a := answer{res.StatusCode, res.Header, string(text)}
	if err == nil {
		v.look(request, a)
	}
	return a, err
}

func (v *visitor) get(path string, headers ...string) answer {
	v.t.Helper()
	return v.ask("GET "+path, "", headers...)
}

func (v *visitor) post(path, body string, headers ...string) answer {
	v.t.Helper()
	return v.ask("POST "+path, body, headers...)
}

// signIn sends a password and returns the whole answer.
func (v *visitor) signIn(password string, headers ...string) answer {
	v.t.Helper()
	a := v.post("/api/v1/auth/login", fmt.Sprintf(`{"username": %q, "password": %q}`, box.Owner, password), headers...)
	if a.status == http.StatusOK {
		v.known = true
		v.remember(a)
	}
	return a
}

// raw sends bytes as they are and reads one answer.
func (v *visitor) raw(text string) answer {
	v.t.Helper()
	dial := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(v.address, 0)), Timeout: time.Minute}
	conn, err := dial.DialContext(v.t.Context(), "tcp", strings.TrimPrefix(v.base, "http://"))
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute)) // TCP has deadlines
	if _, err := io.WriteString(conn, text); err != nil {
		v.t.Errorf("%.80q: %v", text, err)
		return answer{}
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		v.t.Errorf("%.80q: %v", text, err)
		return answer{}
	}
	a, err := v.read(fmt.Sprintf("%.80q", text), res)
	if err != nil {
		v.t.Errorf("%.80q: %v", text, err)
	}
	return a
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
