package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Bounds of one connection.
const (
	lookupWithin  = 10 * time.Second
	connectWithin = 10 * time.Second // each address
	maxAddresses  = 6                // of a name that are tried
)

// door is the way out for one request: every connection of it is admitted by
// name, judged by address, made to the very address that was judged, and told.
type door struct {
	purpose string
	// admit judges a host and port before anything is asked of anybody.
	admit func(host string, port uint16) error
	// judge judges each address of the host; nil: any will do, because the owner
	// named the host and a certificate proves it.
	judge func(netip.Addr) error
	// near says that the host is in the owner's own network: its name may be one
	// of the domains that are searched there, and addresses of it are let.
	near  bool
	roots *x509.CertPool // nil: TLS is not spoken
	left  atomic.Int64   // bytes that may still be received
	idle  time.Duration  // without a byte either way that ends a connection; 0: any
	tell  func(Attempt)

	lookup  func(ctx context.Context, host string) ([]netip.Addr, error)
	connect func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// newDoor returns a door onto the network, by which at most limit bytes come
// back.
func newDoor(purpose string, limit int64, tell func(Attempt)) *door {
	d := &door{purpose: purpose, tell: tell, lookup: lookup, connect: connect}
	d.left.Store(limit)
	return d
}

func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	r := net.Resolver{PreferGo: true}
	return r.LookupNetIP(ctx, "ip", host)
}

func connect(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Timeout: connectWithin}
	d.SetMultipathTCP(false) // which the sandbox refuses
	return d.DialContext(ctx, "tcp", to.String())
}

// dial makes a TCP connection to address, which is host:port.
func (d *door) dial(ctx context.Context, _, address string) (net.Conn, error) {
	conn, err := d.open(ctx, address)
	return conn, d.report(address, err)
}

// dialTLS makes a connection and has the other side prove its name.
func (d *door) dialTLS(ctx context.Context, _, address string) (net.Conn, error) {
	conn, err := d.open(ctx, address)
	if err != nil {
		return nil, d.report(address, err)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c := tls.Client(conn, &tls.Config{
		ServerName: host, RootCAs: d.roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	})
	if err := c.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the handshake is what failed
		return nil, d.report(address, err)
	}
	return c, d.report(address, nil)
}

// report tells what came of an attempt and returns err.
func (d *door) report(address string, err error) error {
	a := Attempt{At: time.Now().UTC(), Purpose: d.purpose, Destination: address, Outcome: Connected}
	var no *Failure
	switch {
	case errors.As(err, &no) && no.Code == CodeRefused:
		a.Outcome, a.Reason = Refused, no.Message
	case err != nil:
		a.Outcome, a.Reason = Failed, explain(err).Message
	}
	d.tell(a)
	return err
}

func (d *door) open(ctx context.Context, address string) (net.Conn, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil || port == 0 {
		return nil, failure(CodeRefused, "%s is no port.", service)
	}
	if err := d.admit(host, uint16(port)); err != nil {
		return nil, err
	}
	to, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var last error
	for _, a := range to {
		conn, err := d.connect(ctx, netip.AddrPortFrom(a, uint16(port)))
		if err == nil {
			return &counted{Conn: conn, door: d, to: address}, nil
		}
		if last = err; ctx.Err() != nil {
			break
		}
	}
	return nil, last
}

// resolve asks for the addresses of host once and keeps those that may be
// reached.
func (d *door) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	all := []netip.Addr{}
	if literal, err := netip.ParseAddr(host); err == nil {
		all = append(all, literal)
	} else {
		ctx, cancel := context.WithTimeout(ctx, lookupWithin)
		defer cancel()
		if d.judge != nil && !d.near {
			host = strings.TrimSuffix(host, ".") + "." // no search in domains of this network
		}
		if all, err = d.lookup(ctx, host); err != nil {
			return nil, err
		}
	}
	var may []netip.Addr
	var why error
	for _, a := range all {
		if d.judge != nil {
			if err := d.judge(a); err != nil {
				why = err
				continue
			}
		}
		may = append(may, a.Unmap())
	}
	switch {
	case len(may) > 0:
		return may[:min(len(may), maxAddresses)], nil
	case why != nil:
		if d.near {
			return nil, failure(CodeRefused, "%s leads to an address that nothing is sent to: %v.", host, why)
		}
		return nil, failure(CodeRefused, "%s leads to an address that is not public: %v.", host, why)
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// counted counts what goes over a connection and ends it past the bound.
type counted struct {
	net.Conn
	door           *door
	to             string
	sent, received atomic.Int64
	closed         atomic.Bool
}

func (c *counted) Read(p []byte) (int, error) {
	c.alive()
	n, err := c.Conn.Read(p)
	c.received.Add(int64(n))
	if c.door.left.Add(-int64(n)) < 0 {
		return 0, failure(CodeTooLarge, "The other side sent more than is taken.")
	}
	return n, err
}

// alive gives a connection that something goes over its time anew.
func (c *counted) alive() {
	if c.door.idle > 0 {
		_ = c.Conn.SetDeadline(time.Now().Add(c.door.idle)) // one that is closed says so by itself
	}
}

func (c *counted) Write(p []byte) (int, error) {
	c.alive()
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

func (c *counted) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.door.tell(Attempt{
			At: time.Now().UTC(), Purpose: c.door.purpose, Destination: c.to, Outcome: Connected,
			Sent: c.sent.Load(), Received: c.received.Load(), Done: true,
		})
	}
	return c.Conn.Close()
}

// explain makes a Failure of what went wrong on the way.
func explain(err error) *Failure {
	var f *Failure
	var dns *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &dns) && dns.IsNotFound:
		return &Failure{Code: CodeUnreachable, Message: "There is no such name."}
	case errors.As(err, &dns):
		return &Failure{Code: CodeUnreachable, Message: "The name could not be looked up.", Detail: dns.Err}
	case errors.As(err, &untrusted):
		return &Failure{Code: CodeUntrusted, Message: "The other side's certificate is not trusted.", Detail: untrusted.Err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &Failure{Code: CodeTimeout, Message: "The other side took too long to answer."}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Failure{Code: CodeUnreachable, Message: "The other side broke the connection off."}
	case errors.As(err, &op) && op.Timeout():
		return &Failure{Code: CodeUnreachable, Message: "Nobody answers there."}
	case errors.As(err, &op):
		return &Failure{Code: CodeUnreachable, Message: "No connection could be made.", Detail: op.Err.Error()}
	}
	return &Failure{Code: CodeUnreachable, Message: unexpected, Detail: fmt.Sprint(err)}
}

const unexpected = "The other side did not answer as expected."
