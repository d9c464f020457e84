package egress

import (
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// network is one that a test makes up: names, and a server behind every
// address.
type network struct {
	t      *testing.T
	plain  *httptest.Server
	secure *httptest.Server

	// A message with descriptors is nothing that the race detector sees an order
	// in, so that what a test reads after an answer is locked too.
	mu       sync.Mutex
	names    map[string][]string // addresses of each name, without the last dot
	asked    []string            // names
	dialled  []string            // addresses and ports
	attempts []Attempt
}

func newNetwork(t *testing.T, h http.Handler) *network {
	t.Helper()
	n := &network{t: t, names: map[string][]string{}, plain: httptest.NewServer(h), secure: httptest.NewTLSServer(h)}
	t.Cleanup(n.plain.Close)
	t.Cleanup(n.secure.Close)
	return n
}

func (n *network) lookup(_ context.Context, host string) ([]netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, host)
	var all []netip.Addr
	for _, a := range n.names[strings.TrimSuffix(host, ".")] {
		all = append(all, netip.MustParseAddr(a))
	}
	if len(all) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return all, nil
}

func (n *network) connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	n.mu.Lock()
	n.dialled = append(n.dialled, to.String())
	n.mu.Unlock()
	if to.Addr() == netip.MustParseAddr("9.9.9.9") {
		return nil, &net.OpError{Op: "dial", Err: errors.New("no route")}
	}
	server := n.plain
	if to.Port() == 443 || to.Port() == 8443 {
		server = n.secure
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", server.Listener.Addr().String())
}

func (n *network) tell(a Attempt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.attempts = append(n.attempts, a)
}

// through puts d onto this network.
func (n *network) through(d *door) *door {
	d.lookup, d.connect, d.tell = n.lookup, n.connect, n.tell
	return d
}

// server is a service on this network with every purpose open.
func (n *network) server(open ...string) *server {
	s := newServer(Options{
		Open: open, InitUID: os.Getuid(), APIUID: os.Getuid(), Idle: time.Second,
		Roots: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: n.secure.Certificate().Raw}),
		Tell:  n.tell, Log: slog.New(slog.DiscardHandler),
	})
	make := s.door
	s.door = func(purpose string, limit int64) *door { return n.through(make(purpose, limit)) }
	return s
}

// serve runs s until the test ends and returns a client of it.
func serve(t *testing.T, s *server) Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		l.Close()
	})
	return Client{Socket: path}
}

func (n *network) silent() bool { return len(n.hosts())+len(n.reached()) == 0 }

// leads has a name lead to addresses.
func (n *network) leads(name string, addresses ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[name] = addresses
}

// hosts are the names that were asked for.
func (n *network) hosts() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.asked)
}

// reached are the addresses and ports that were connected to.
func (n *network) reached() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.dialled)
}

func (n *network) told() []Attempt {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.attempts)
}

// wants checks the code of an error; "" wants none.
func wants(t *testing.T, err error, code Code, says string) {
	t.Helper()
	var f *Failure
	switch {
	case code == "" && err == nil:
	case !errors.As(err, &f):
		t.Errorf("%v, want code %q", err, code)
	case f.Code != code || !strings.Contains(f.Error(), says):
		t.Errorf("%s: %v; want %s with %q", f.Code, f, code, says)
	}
}
