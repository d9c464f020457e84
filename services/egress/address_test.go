package egress

import (
	"net/netip"
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	for _, r := range []struct{ address, why string }{
		{"0.0.0.0", "this network"}, {"0.1.2.3", "this network"},
		{"10.0.0.1", "private"}, {"10.255.255.255", "private"},
		{"100.64.0.1", "provider"}, {"100.127.255.254", "provider"},
		{"127.0.0.1", "this machine"}, {"127.255.255.254", "this machine"},
		{"169.254.169.254", "clouds"}, {"169.254.0.1", "link-local"},
		{"172.16.0.1", "private"}, {"172.31.255.255", "private"},
		{"192.0.0.170", "protocols"}, {"192.0.2.1", "documentation"}, {"192.88.99.1", "relay"},
		{"192.168.0.1", "private"}, {"192.168.255.255", "private"},
		{"198.18.0.1", "benchmarks"}, {"198.19.255.255", "benchmarks"},
		{"198.51.100.7", "documentation"}, {"203.0.113.7", "documentation"},
		{"224.0.0.1", "multicast"}, {"239.255.255.255", "multicast"},
		{"240.0.0.1", "reserved"}, {"255.255.255.255", "reserved"},
		{"::", "no address"}, {"::1", "this machine"}, {"::7f00:1", "hides"},
		{"::ffff:127.0.0.1", "this machine"}, {"::ffff:10.0.0.1", "private"}, {"::ffff:169.254.169.254", "clouds"},
		{"64:ff9b::7f00:1", "NAT64"}, {"64:ff9b::808:808", "NAT64"}, {"64:ff9b:1::1", "NAT64"},
		{"100::1", "black hole"}, {"fc00::1", "private"}, {"fd00:ec2::254", "private"}, {"fdff::1", "private"},
		{"fe80::1", "link-local"}, {"fe80::1%eth0", "link-local"}, {"febf::1", "link-local"}, {"fec0::1", "private"},
		{"ff02::1", "multicast"}, {"ff0e::1", "multicast"},
		{"2001::1", "Teredo"}, {"2001:0:7f00:1::", "Teredo"}, {"2001:10::1", "protocols"}, {"2001:db8::1", "documentation"},
		{"2002:7f00:1::", "6to4"}, {"2002:a00:1::1", "6to4"}, {"2002:808:808::1", "6to4"},
		{"3fff::1", "documentation"}, {"4000::1", "no public"}, {"5f00::1", "no public"},
		{"2606:4700::1111%eth0", "one link"},
	} {
		err := Public(netip.MustParseAddr(r.address))
		if err == nil || !strings.Contains(err.Error(), r.why) {
			t.Errorf("%s: %v, want %q", r.address, err, r.why)
		}
	}
	if Public(netip.Addr{}) == nil {
		t.Error("no address at all is public")
	}
	for _, a := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8",
		"2000::1", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450::1", "3ffe::1",
	} {
		if err := Public(netip.MustParseAddr(a)); err != nil {
			t.Error(err)
		}
	}
}
