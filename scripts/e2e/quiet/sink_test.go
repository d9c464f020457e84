package quiet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// The ports to which the kernel leads whatever arrives at the sink.
const (
	anyPort  = "7777"
	namePort = "53"
)

// beSink answers every name with an address, and every TCP connection to any
// address and port with a page, until its standard input ends.
func beSink() error {
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return err
	}
	for _, line := range []string{
		"ip link set lo up",
		"ip address add " + sinkAddress + "/24 dev " + wire,
		"ip address add " + sinkAddress6 + "/64 dev " + wire + " nodad",
		"ip link set " + wire + " up",
		"iptables -w -t nat -A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports " + namePort,
		"iptables -w -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports " + anyPort,
		"ip6tables -w -t nat -A PREROUTING -p tcp -j REDIRECT --to-ports " + anyPort,
	} {
		words := strings.Fields(line)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", line, err, out)
		}
	}
	names, err := net.ListenPacket("udp4", "0.0.0.0:"+namePort)
	if err != nil {
		return err
	}
	pages, err := net.Listen("tcp", "[::]:"+anyPort)
	if err != nil {
		return err
	}
	faults := make(chan error, 3)
	go func() { faults <- answerNames(names) }()
	go func() {
		faults <- http.Serve(pages, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("the sink"))
		}))
	}()
	go func() {
		_, _ = in.ReadString('\n')
		faults <- nil
	}()
	if _, err := fmt.Println("ready"); err != nil {
		return err
	}
	return <-faults
}

// answerNames answers every question for an IPv4 address.
func answerNames(c net.PacketConn) error {
	buf := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buf)
		if err != nil {
			return err
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 {
			continue
		}
		q := m.Questions[0]
		m.Response, m.Additionals = true, nil
		if q.Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: netip.MustParseAddr(elsewhere).As4()},
			}}
		}
		text, err := m.Pack()
		if err != nil {
			continue
		}
		if _, err := c.WriteTo(text, from); err != nil {
			return err
		}
	}
}

// What the visitor looks up and connects to.
const (
	askedFor = "deliberate.example.org"
	goneTo   = "443"
)

// visit does on purpose what the box must not: it asks for a name and connects
// to the address, and to one by IPv6.
func visit() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	found, err := (&net.Resolver{PreferGo: true}).LookupHost(ctx, askedFor)
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0] != elsewhere {
		return fmt.Errorf("%s is at %v", askedFor, found)
	}
	for _, a := range []string{found[0], elsewhere6} {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(a, goneTo))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c, "GET / HTTP/1.0\r\n\r\n")
		answer, read := bufio.NewReader(c).ReadString('\n')
		if err := errors.Join(err, c.Close()); err != nil || !strings.Contains(answer, "200") {
			return fmt.Errorf("%s answers %q, %w", a, answer, errors.Join(err, read))
		}
	}
	return nil
}
