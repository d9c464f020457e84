package quiet

import (
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What the kernel says by itself is told from what somebody had it say.
func TestJudge(t *testing.T) {
	const (
		ethernet = "0200000000010200000000020000"
		arp      = "000108000604"
		six      = "60000000" + "0018" // version, length; then the next header and the hop limit
		router   = "20010db8000100000000000000000001"
		mine     = "20010db8000100000000000000000002"
		nobody   = "00000000000000000000000000000000"
		four     = "4500001c00000000401100" + "00"
	)
	for _, c := range []struct {
		name     string
		protocol uint16
		body     string
		noise    bool
		kind     string
	}{
		{"an ARP question", unix.ETH_P_ARP, arp + "0001" + "020000000001c0000202" + "000000000000c0000209", false, "ARP"},
		{"an ARP answer", unix.ETH_P_ARP, arp + "0002" + "020000000001c0000202" + "020000000002c0000201", true, "ARP"},
		{"its own address told", unix.ETH_P_ARP, arp + "0001" + "020000000001c0000202" + "000000000000c0000202", true, "ARP"},
		{"ARP cut short", unix.ETH_P_ARP, arp, false, "ARP"},
		{"its own address sought", unix.ETH_P_IPV6, six + "3aff" + nobody + mine + "8700000000000000" + mine, true, "duplicate address detection"},
		{"a neighbour sought", unix.ETH_P_IPV6, six + "3aff" + mine + router + "8700000000000000" + router, false, "ICMPv6 135"},
		{"a router sought", unix.ETH_P_IPV6, six + "3aff" + mine + router + "8500000000000000", true, "router solicitation"},
		{"groups told", unix.ETH_P_IPV6, six + "0001" + mine + router + "3a00050200000100" + "8f00000000000000", true, "multicast listener report"},
		{"an echo", unix.ETH_P_IPV6, six + "3aff" + mine + router + "8000000000000000", false, "ICMPv6 128"},
		{"an echo behind options", unix.ETH_P_IPV6, six + "0001" + mine + router + "3a00050200000100" + "8000000000000000", false, "ICMPv6 128"},
		{"a connection by IPv6", unix.ETH_P_IPV6, six + "0640" + mine + router + "c35001bb00000000", false, "tcp"},
		{"a question for the time", unix.ETH_P_IP, four + "c0000202c0000201" + "0400007b00080000", false, "udp"},
		{"an unknown protocol", 0x88cc, "00", false, "other"},
	} {
		body, err := hex.DecodeString(ethernet + c.body)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if p := judge(c.protocol, body); p.noise != c.noise || !strings.HasPrefix(p.kind, c.kind) {
			t.Errorf("%s is %q, noise %v; want %q, %v", c.name, p.kind, p.noise, c.kind, c.noise)
		}
	}
}
