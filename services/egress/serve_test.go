package egress

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What is no open purpose costs no packet and no question for a name.
func TestClosedPurposes(t *testing.T) {
	order := &Order{Directory: "https://ca.example/dir"}
	for _, r := range []struct {
		name    string
		open    []string
		request Request
		code    Code
	}{
		{"unknown", []string{ACME, Fetch}, Request{Purpose: "exfiltrate", URL: "http://good.example/"}, CodeClosed},
		{"none", []string{ACME, Fetch}, Request{URL: "http://good.example/"}, CodeClosed},
		{"in other letters", []string{ACME, Fetch}, Request{Purpose: "Fetch", URL: "http://good.example/"}, CodeClosed},
		{"fetch is closed", []string{ACME}, Request{Purpose: Fetch, URL: "http://good.example/"}, CodeClosed},
		{"acme is closed", nil, Request{Purpose: ACME, Order: order}, CodeClosed},
		{"notices are closed", []string{ACME, Fetch}, Request{Purpose: Notices, Notice: &Notice{}}, CodeClosed},
		{"storage", []string{"webhook"}, Request{Purpose: "s3", Copy: &Copy{Do: ListCopies}}, CodeClosed},
		{"no order", []string{ACME}, Request{Purpose: ACME, URL: "http://good.example/"}, CodeInvalid},
		{"an order that is none", []string{ACME}, Request{Purpose: ACME, Order: order}, CodeInvalid},
	} {
		t.Run(r.name, func(t *testing.T) {
			n := newNetwork(t, web())
			n.leads("good.example", "1.1.1.1")
			n.leads("ca.example", "1.1.1.1")
			c := serve(t, n.server(r.open...))
			wants(t, c.ask(t.Context(), r.request, func(*lines, answer) error { return nil }), r.code, "")
			if !n.silent() {
				t.Errorf("asked for %v, dialled %v", n.hosts(), n.reached())
			}
			if r.code == CodeClosed && (len(n.told()) != 1 || n.told()[0].Outcome != Refused || n.told()[0].Reason == "") {
				t.Errorf("told %+v", n.told())
			}
		})
	}
}

func TestWhoMayAsk(t *testing.T) {
	s := newServer(Options{Open: []string{ACME, Fetch, Notices}, InitUID: 0, APIUID: 10002})
	for _, r := range []struct {
		uid     int
		purpose string
		code    Code
	}{
		{0, ACME, ""}, {10002, Fetch, ""}, {10002, Notices, ""},
		{0, Fetch, CodeRefused}, {10002, ACME, CodeRefused}, {0, Notices, CodeRefused}, {10003, Notices, CodeRefused},
		{10001, Fetch, CodeRefused}, {10003, Fetch, CodeRefused}, {10004, Fetch, CodeRefused}, {10005, Fetch, CodeRefused},
		{10001, ACME, CodeRefused}, {65534, ACME, CodeRefused}, {1000, Fetch, CodeRefused},
	} {
		who, err := s.judge(r.uid)
		if err == nil {
			if _, f := s.purpose(r.purpose, who); f != nil {
				err = f
			}
		}
		if r.code == "" != (err == nil) {
			t.Errorf("user %d for %s: %v, want %q", r.uid, r.purpose, err, r.code)
		}
	}
}

// Who is neither init nor the API is turned away before it is read.
func TestStrangersAreNotRead(t *testing.T) {
	n := newNetwork(t, web())
	s := n.server(Fetch)
	s.InitUID, s.APIUID = -1, -2
	_, err := serve(t, s).Fetch(t.Context(), "http://good.example/page", &strings.Builder{})
	wants(t, err, CodeRefused, "may not go out")
	if !n.silent() {
		t.Errorf("asked for %v", n.hosts())
	}
}

func TestGarbage(t *testing.T) {
	n := newNetwork(t, web())
	c := serve(t, n.server(Fetch))
	for name, text := range map[string]string{
		"no JSON": "GET / HTTP/1.1\r\n\r\n", "a number": "7\n", "other types": `{"purpose": 7}` + "\n", "a long line": `{"url": "` + strings.Repeat("a", maxLine+1),
	} {
		conn, err := net.Dial("unix", c.Socket)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte(text)) // it may be cut off
		line, _ := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if !strings.Contains(line, `"invalid"`) {
			t.Errorf("%s is answered %q", name, line)
		}
	}
	if !n.silent() {
		t.Errorf("asked for %v", n.hosts())
	}
}

// Whatever a request holds, what is told of it fits a line of the pipe to init.
func TestToldIsShort(t *testing.T) {
	var longest int
	s := newServer(Options{Tell: func(a Attempt) {
		line, err := json.Marshal(a)
		if err != nil {
			t.Error(err)
		}
		longest = max(longest, len(line))
	}})
	for _, odd := range []string{"a", "\n", "\x00", "<", "ä", "\xff", "\u2028"} {
		long := strings.Repeat(odd, 5000)
		s.Tell(Attempt{At: time.Now(), Purpose: long, Destination: long, Outcome: Refused, Reason: long, Sent: 1 << 62, Received: 1 << 62, Done: true})
	}
	if longest > 4000 {
		t.Errorf("a line has %d bytes", longest)
	}
}

// It ends once nobody asks, and not while somebody is served.
func TestIdle(t *testing.T) {
	n := newNetwork(t, web())
	s := n.server()
	s.Idle = 50 * time.Millisecond
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.serve(context.Background(), l) }()
	select {
	case err := <-done:
		t.Fatalf("it ends while somebody is there: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	conn.Close()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
	}
}

func TestNobodyAnswers(t *testing.T) {
	c := Client{Socket: filepath.Join(t.TempDir(), "none")}
	_, err := c.Issue(t.Context(), Order{}, func(Step) {})
	wants(t, err, CodeUnavailable, "does not answer")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Issue(ctx, Order{}, func(Step) {}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
