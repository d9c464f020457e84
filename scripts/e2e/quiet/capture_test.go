package quiet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// packet is one that left a process of the box's namespace.
type packet struct {
	at    time.Time
	local bool   // to the box itself
	noise bool   // the kernel's own, see judge
	what  string // for people
	kind  string // tcp, udp or what noise it is
	to    netip.AddrPort
	name  string // asked for
}

// capture reads every packet of every interface.
type capture struct {
	fd   int
	done chan struct{}

	mu      sync.Mutex
	packets []packet
	err     error
}

// listen begins to capture; what a process sends after it returns is seen.
func listen(t *testing.T) *capture {
	t.Helper()
	all := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20); err != nil {
		t.Fatal(err)
	}
	// A read that waits is not woken by closing the socket.
	tick := unix.NsecToTimeval(int64(100 * time.Millisecond))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tick); err != nil {
		t.Fatal(err)
	}
	outer, err := net.InterfaceByName(wire)
	if err != nil {
		t.Fatal(err)
	}
	c := &capture{fd: fd, done: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.read(outer.Index)
	}()
	t.Cleanup(func() {
		close(c.done)
		<-ended
		if err := unix.Close(fd); err != nil || c.err != nil {
			t.Errorf("the capture ended: %v, %v", c.err, err)
		}
	})
	return c
}

func (c *capture) read(outer int) {
	buf := make([]byte, 1<<16)
	for {
		select {
		case <-c.done:
			return
		default:
		}
		n, from, err := unix.Recvfrom(c.fd, buf, 0)
		if err == unix.EAGAIN || err == unix.EINTR {
			continue
		}
		c.mu.Lock()
		if link, ok := from.(*unix.SockaddrLinklayer); err != nil {
			c.err = err
		} else if ok && link.Pkttype == unix.PACKET_OUTGOING {
			p := judge(binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, link.Protocol)), buf[:n])
			p.at, p.local = time.Now(), link.Ifindex != outer
			c.packets = append(c.packets, p)
		}
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// since returns the packets from an instant on, and fails the test when the
// kernel had to drop some.
func (c *capture) since(t *testing.T, from time.Time) []packet {
	t.Helper()
	// What was sent before now has been queued by the kernel; it is read soon.
	time.Sleep(300 * time.Millisecond)
	stats, err := unix.GetsockoptTpacketStats(c.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil || stats.Drops > 0 {
		t.Fatalf("the capture is not whole: %+v, %v", stats, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []packet
	for _, p := range c.packets {
		if !p.at.Before(from) {
			out = append(out, p)
		}
	}
	return out
}

// noises are what the kernel says by itself, of ICMPv6, on an interface that is
// up and that nobody uses: what groups it is in, and the search for a router.
// Besides these it makes sure that no neighbour has its address, and answers
// who asks for that; judge knows those. It asks for a neighbour's address only
// when somebody has something to send there, and that is no noise.
func noises() map[byte]string {
	return map[byte]string{
		131: "multicast listener report", 132: "multicast listener done", 143: "multicast listener report",
		133: "router solicitation", 136: "neighbour advertisement",
	}
}

// judge says what a frame with an Ethernet header is.
func judge(protocol uint16, frame []byte) packet {
	if len(frame) < 14 {
		return packet{kind: "short", what: fmt.Sprintf("a frame of %d bytes", len(frame))}
	}
	body := frame[14:]
	switch {
	case protocol == unix.ETH_P_ARP:
		// Operation 2 is an answer; a question for the asker's own address tells it.
		answer := len(body) >= 28 && (body[7] == 2 || bytes.Equal(body[14:18], body[24:28]))
		return packet{noise: answer, kind: "ARP", what: fmt.Sprintf("an ARP question: %x", body)}
	case protocol == unix.ETH_P_IP && len(body) >= 20:
		size := int(body[0]&15) * 4
		to, _ := netip.AddrFromSlice(body[16:20])
		return transport(body[9], to, body[min(size, len(body)):])
	case protocol == unix.ETH_P_IPV6 && len(body) >= 40:
		to, _ := netip.AddrFromSlice(body[24:40])
		next, rest := body[6], body[40:]
		// Listener reports come behind a hop-by-hop header.
		if next == unix.IPPROTO_HOPOPTS && len(rest) >= 8 {
			next, rest = rest[0], rest[min(8+int(rest[1])*8, len(rest)):]
		}
		p := transport(next, to, rest)
		if from, _ := netip.AddrFromSlice(body[8:24]); p.kind == "ICMPv6 135" && from.IsUnspecified() {
			p.noise, p.kind = true, "duplicate address detection"
		}
		return p
	}
	return packet{kind: "other", what: fmt.Sprintf("protocol %#04x, %d bytes", protocol, len(frame))}
}

func transport(protocol byte, to netip.Addr, body []byte) packet {
	p := packet{kind: fmt.Sprintf("protocol %d", protocol), to: netip.AddrPortFrom(to, 0)}
	switch {
	case protocol == unix.IPPROTO_ICMPV6 && len(body) > 0:
		p.kind = fmt.Sprintf("ICMPv6 %d", body[0])
		if name, ok := noises()[body[0]]; ok {
			p.noise, p.kind = true, name
		}
	case protocol == unix.IPPROTO_TCP && len(body) >= 4:
		p.kind, p.to = "tcp", netip.AddrPortFrom(to, binary.BigEndian.Uint16(body[2:]))
	case protocol == unix.IPPROTO_UDP && len(body) >= 8:
		p.kind, p.to = "udp", netip.AddrPortFrom(to, binary.BigEndian.Uint16(body[2:]))
		var m dnsmessage.Message
		if m.Unpack(body[8:]) == nil && len(m.Questions) > 0 {
			p.name = strings.TrimSuffix(m.Questions[0].Name.String(), ".")
		}
	}
	p.what = strings.TrimSpace(fmt.Sprintf("%s to %s %s", p.kind, p.to, p.name))
	return p
}
