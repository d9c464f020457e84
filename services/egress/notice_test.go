package egress

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// told is a server that takes notices, as the test says.
type told struct {
	mu     sync.Mutex
	answer func(http.ResponseWriter, *http.Request)
	got    []*http.Request
	bodies []string
}

func (s *told) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got, s.bodies = append(s.got, r), append(s.bodies, string(body))
	if s.answer != nil {
		s.answer(w, r)
	}
}

func (s *told) seen() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.got) }

// asNtfy answers as https://docs.ntfy.sh/subscribe/api/ says of a message.
func asNtfy(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": "hwQ2YpKdmg", "time": 1635528741, "event": "message", "topic": strings.TrimPrefix(r.URL.Path, "/"), "message": "…",
	})
}

func someNotice() Notice {
	return Notice{
		ID: "a1", Title: "Die Platte ist fast voll: größer", Text: "12 MiB are free.", Alarm: "disk_low", Severity: Warning,
		At: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC), Box: "3fa2c1d0",
	}
}

func TestWebhook(t *testing.T) {
	s := &told{}
	n := newNetwork(t, s)
	n.leads("hooks.example.com", "93.184.215.14")
	server := n.server(Notices)
	server.Recipient = Recipient{Kind: Webhook, Address: "https://ada:s3cret@hooks.example.com/in/token-4711?k=v"}
	got, err := serve(t, server).Notify(t.Context(), someNotice())
	if err != nil || got.Status != 200 {
		t.Fatalf("%+v, %v", got, err)
	}
	r := s.got[0]
	if name, password, _ := r.BasicAuth(); name != "ada" || password != "s3cret" {
		t.Errorf("signed in as %q with %q", name, password)
	}
	if r.Method != "POST" || r.URL.String() != "/in/token-4711?k=v" || r.Host != "hooks.example.com" || r.Header.Get("Idempotency-Key") != "a1" {
		t.Errorf("%s %s at %s, key %q", r.Method, r.URL, r.Host, r.Header.Get("Idempotency-Key"))
	}
	var sent map[string]any
	if err := json.Unmarshal([]byte(s.bodies[0]), &sent); err != nil {
		t.Fatal(err)
	}
	for k, want := range map[string]string{
		"title": "Die Platte ist fast voll: größer", "text": "12 MiB are free.", "alarm": "disk_low", "severity": "warning", "at": "2031-05-06T07:08:09Z", "box": "3fa2c1d0",
	} {
		if sent[k] != want {
			t.Errorf("%s is %v, want %s", k, sent[k], want)
		}
	}
	if c := n.reached(); len(c) != 1 || c[0] != "93.184.215.14:443" {
		t.Errorf("connected to %v", c)
	}
	for _, a := range n.told() {
		if strings.Contains(a.Destination+a.Reason, "token") || strings.Contains(a.Destination+a.Reason, "s3cret") || a.Purpose != Notices {
			t.Errorf("counted %+v", a)
		}
	}
}

func TestNtfy(t *testing.T) {
	s := &told{answer: asNtfy}
	n := newNetwork(t, s)
	n.leads("ntfy", "172.18.0.4")
	server := n.server(Notices)
	server.Recipient = Recipient{Kind: Ntfy, Address: "http://:tk_abc@ntfy/box"}
	got, err := serve(t, server).Notify(t.Context(), someNotice())
	if err != nil || got.Status != 200 || !strings.Contains(got.Said, "hwQ2YpKdmg") {
		t.Fatalf("%+v, %v", got, err)
	}
	h := s.got[0].Header
	title, err := new(mime.WordDecoder).DecodeHeader(h.Get("Title"))
	if err != nil || title != someNotice().Title {
		t.Errorf("title %q (%v) from %q", title, err, h.Get("Title"))
	}
	if h.Get("Priority") != "default" || h.Get("Tags") != "warning" || s.bodies[0] != "12 MiB are free." {
		t.Errorf("priority %q, tags %q, text %q", h.Get("Priority"), h.Get("Tags"), s.bodies[0])
	}
	if _, password, _ := s.got[0].BasicAuth(); password != "tk_abc" {
		t.Error("the token is not sent")
	}
	if n.hosts()[0] != "ntfy" {
		t.Errorf("asked for %q: a name of the owner's network is searched in its domains", n.hosts()[0])
	}
}

// What is no success is told with the other side's words, and never with the
// address.
func TestNotTaken(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, row := range []struct {
		name   string
		kind   string
		host   string
		answer func(http.ResponseWriter, *http.Request)
		code   Code
		says   string
		seen   int
	}{
		{"forbidden", Ntfy, "ntfy.lan", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{"code":40301}`, http.StatusForbidden) }, CodeAnswered, "40301", 1},
		{"quotes the address", Webhook, "ntfy.lan", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no "+r.URL.Path, http.StatusNotFound) }, CodeAnswered, "no /…", 1},
		{"broken", Webhook, "ntfy.lan", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, CodeAnswered, "500", 1},
		{"leads on", Webhook, "ntfy.lan", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, CodeAnswered, "leads elsewhere", 1},
		{"no ntfy", Ntfy, "ntfy.lan", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Welcome") }, CodeAnswered, "not ntfy", 1},
		{"no message of ntfy", Ntfy, "ntfy.lan", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"id":"x","event":"open"}`) }, CodeAnswered, "not ntfy", 1},
		{"no end of it", Webhook, "ntfy.lan", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, long) }, "", "", 1},
		{"speaks otherwise", Webhook, "ntfy.lan", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				io.WriteString(conn, "220 mail.example.org ESMTP\r\n")
				conn.Close()
			}
		}, CodeUnreachable, "not answer as expected", 1},
		{"no such name", Webhook, "gone.lan", nil, CodeUnreachable, "no such name", 0},
		{"a public name into the network", Webhook, "rebound.example.org", nil, CodeRefused, "not public", 0},
		{"a name of the network at a cloud's credentials", Webhook, "metadata.google.internal", nil, CodeRefused, "credentials", 0},
		{"a name of the network at this machine", Webhook, "self.lan", nil, CodeRefused, "this machine", 0},
		{"this machine", Webhook, "127.0.0.1", nil, CodeRefused, "this machine", 0},
		{"no route", Webhook, "9.9.9.9", nil, CodeUnreachable, "connection", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &told{answer: row.answer}
			n := newNetwork(t, s)
			n.names = map[string][]string{
				"ntfy.lan": {"192.168.1.9"}, "rebound.example.org": {"192.168.1.9"},
				"metadata.google.internal": {"169.254.169.254"}, "self.lan": {"127.0.0.1", "::1"},
			}
			server := n.server(Notices)
			server.Recipient = Recipient{Kind: row.kind, Address: "http://ada:s3cret@" + row.host + "/token-4711", Secrets: []string{"token-4711", "s3cret"}}
			_, err := serve(t, server).Notify(t.Context(), someNotice())
			wants(t, err, row.code, row.says)
			if err != nil && (strings.Contains(err.Error(), "token-4711") || strings.Contains(err.Error(), "s3cret")) {
				t.Errorf("the address is in %v", err)
			}
			if s.seen() != row.seen {
				t.Errorf("asked %d times, want %d", s.seen(), row.seen)
			}
		})
	}
}

// Nobody sends where nothing is configured, and nobody chooses where to.
func TestNoticesClosed(t *testing.T) {
	s := &told{}
	n := newNetwork(t, s)
	server := n.server(Fetch)
	_, err := serve(t, server).Notify(t.Context(), someNotice())
	wants(t, err, CodeClosed, "configured")
	server = n.server(Notices)
	server.Recipient = Recipient{Kind: Webhook, Address: "http://ntfy.lan/x"}
	c := serve(t, server)
	wants(t, c.ask(t.Context(), Request{Purpose: Notices, URL: "http://other.lan/"}, nil), CodeInvalid, "no notice")
	if !n.silent() {
		t.Errorf("asked for %v, connected to %v", n.hosts(), n.reached())
	}
}

func TestNamed(t *testing.T) {
	for _, row := range []struct {
		host, address string
		may           bool
	}{
		{"192.168.1.9", "192.168.1.9", true},
		{"10.0.0.1", "10.0.0.1", true},
		{"172.31.255.255", "172.31.255.255", true},
		{"100.64.0.9", "100.64.0.9", true},
		{"fd12::1", "fd12::1", true},
		{"ntfy", "172.18.0.2", true},
		{"ntfy", "::ffff:172.18.0.2", true},
		{"nas.fritz.box", "192.168.178.2", true},
		{"ntfy.home.arpa.", "10.1.1.1", true},
		{"ntfy.LAN", "10.1.1.1", true},
		{"ntfy.sh", "159.203.148.75", true},
		{"ntfy", "159.203.148.75", true},
		{"8.8.8.8", "8.8.8.8", true},

		{"ntfy.sh", "192.168.1.9", false},
		{"lan.example.org", "10.0.0.1", false},
		{"8.8.8.8", "10.0.0.1", false},
		{"localhost", "127.0.0.1", false},
		{"box.localhost", "127.0.0.1", false},
		{"ntfy", "127.0.0.1", false},
		{"ntfy", "::1", false},
		{"ntfy.lan", "169.254.169.254", false},
		{"169.254.169.254", "169.254.169.254", false},
		{"fe80::1", "fe80::1", false},
		{"127.0.0.1", "127.0.0.1", false},
		{"0.0.0.0", "0.0.0.0", false},
		{"100.100.100.200", "100.100.100.200", false},
		{"metadata.internal", "100.100.100.200", false},
		{"fd00:ec2::254", "fd00:ec2::254", false},
		{"ntfy.lan", "224.0.0.1", false},
		{"ntfy.lan", "64:ff9b::a00:1", false},
		{"ntfy.lan", "172.32.0.1", true}, // public
		{"", "10.0.0.1", false},
	} {
		err := Named(row.host)(netip.MustParseAddr(row.address))
		if (err == nil) != row.may {
			t.Errorf("%q at %s: %v, want allowed %v", row.host, row.address, err, row.may)
		}
	}
	for _, host := range []string{"127.0.0.1", "::1", "169.254.169.254", "localhost", "a.localhost.", "fe80::1", "0.0.0.0", "fd00:ec2::254"} {
		if Reachable(host) == nil {
			t.Errorf("%s counts as reachable", host)
		}
	}
	for _, host := range []string{"192.168.1.1", "ntfy.sh", "ntfy", "fd12::1", "1.1.1.1"} {
		if err := Reachable(host); err != nil {
			t.Error(err)
		}
	}
}
