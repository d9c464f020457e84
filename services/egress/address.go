package egress

import (
	"fmt"
	"net/netip"

	"coffer/weaken"
)

// reserved are the special ranges of IPv4 (RFC 6890 and its registry) that are
// no public host.
func reserved() []struct{ prefix, what string } {
	return []struct{ prefix, what string }{
		{"0.0.0.0/8", "this network"},
		{"10.0.0.0/8", "private"},
		{"100.64.0.0/10", "a provider's own network"},
		{"127.0.0.0/8", "this machine"},
		{"169.254.0.0/16", "link-local, where clouds keep credentials"},
		{"172.16.0.0/12", "private"},
		{"192.0.0.0/24", "set aside for protocols"},
		{"192.0.2.0/24", "for documentation"},
		{"192.88.99.0/24", "a relay to IPv6"},
		{"192.168.0.0/16", "private"},
		{"198.18.0.0/15", "for benchmarks"},
		{"198.51.100.0/24", "for documentation"},
		{"203.0.113.0/24", "for documentation"},
		{"224.0.0.0/4", "multicast"},
		{"240.0.0.0/4", "reserved"},
	}
}

// unicast is where IPv6 has public hosts; what is in these parts of it is none,
// or hides an IPv4 address.
const unicast = "2000::/3"

func within6() []struct{ prefix, what string } {
	return []struct{ prefix, what string }{
		{"2001::/32", "Teredo, which hides an IPv4 address"},
		{"2001::/23", "set aside for protocols"},
		{"2001:db8::/32", "for documentation"},
		{"2002::/16", "6to4, which hides an IPv4 address"},
		{"3fff::/20", "for documentation"},
	}
}

func outside6() []struct{ prefix, what string } {
	return []struct{ prefix, what string }{
		{"::/128", "no address"},
		{"::1/128", "this machine"},
		{"::/96", "an old form that hides an IPv4 address"},
		{"64:ff9b::/96", "NAT64, which hides an IPv4 address"},
		{"64:ff9b:1::/48", "NAT64, which hides an IPv4 address"},
		{"100::/64", "a black hole"},
		{"fc00::/7", "private"},
		{"fe80::/10", "link-local"},
		{"fec0::/10", "private"},
		{"ff00::/8", "multicast"},
	}
}

// Public returns an error that says why a is no public address. An IPv4
// address in IPv6's clothes is judged as what it is.
func Public(a netip.Addr) error {
	bare := a.WithZone("").Unmap()
	if !bare.IsValid() {
		return fmt.Errorf("%v is no address", a)
	}
	if weaken.Without(weaken.PublicOnly) {
		return nil
	}
	if bare.Is4() {
		if what := find(bare, reserved()); what != "" {
			return fmt.Errorf("%v is %s", bare, what)
		}
		return nil
	}
	if !netip.MustParsePrefix(unicast).Contains(bare) {
		what := find(bare, outside6())
		if what == "" {
			what = "no public address"
		}
		return fmt.Errorf("%v is %s", bare, what)
	}
	if what := find(bare, within6()); what != "" {
		return fmt.Errorf("%v is %s", bare, what)
	}
	if a.Zone() != "" {
		return fmt.Errorf("%v is of one link", a)
	}
	return nil
}

func find(a netip.Addr, rows []struct{ prefix, what string }) string {
	for _, r := range rows {
		if netip.MustParsePrefix(r.prefix).Contains(a) {
			return r.what
		}
	}
	return ""
}
