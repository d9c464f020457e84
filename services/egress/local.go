package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// own are the networks that people have at home and between their machines,
// where an address that the owner gives may lead.
func own() []string {
	return []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"}
}

// metadata are addresses within them under which clouds hand out credentials.
func metadata() []string { return []string{"100.100.100.200", "fd00:ec2::254", "fd20:ce::254"} }

// Local reports that a host can only be meant for the owner's own network: an
// address of such a network, a name without a dot, or one of a domain that no
// public server answers for (RFC 6762, RFC 8375, RFC 9476's registry and use).
func Local(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return within(a)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return false
	}
	if !strings.Contains(host, ".") {
		return true
	}
	return slices.ContainsFunc([]string{".local", ".lan", ".home.arpa", ".internal", ".fritz.box"}, func(end string) bool {
		return strings.HasSuffix(host, end)
	})
}

// within reports an address of the owner's own networks.
func within(a netip.Addr) bool {
	a = a.Unmap()
	if slices.Contains(metadata(), a.String()) || a.Zone() != "" {
		return false
	}
	return slices.ContainsFunc(own(), func(p string) bool { return netip.MustParsePrefix(p).Contains(a) })
}

// Named judges the addresses of a host that the owner gave: public ones, and
// those of the owner's own networks where the host itself says that it is there.
// A public name that leads into a network is refused, because whoever answers
// for the name would choose what the box speaks to there. This machine, its
// links and what clouds keep there are refused in any case.
func Named(host string) func(netip.Addr) error {
	local := Local(host)
	return func(a netip.Addr) error {
		if local && within(a) {
			return nil
		}
		if err := Public(a); err != nil {
			return err
		}
		if slices.Contains(metadata(), a.Unmap().String()) {
			return fmt.Errorf("%v is where clouds keep credentials", a)
		}
		return nil
	}
}

// Reachable returns an error that says why the owner's host cannot be gone to,
// as far as that shows without asking anybody.
func Reachable(host string) error {
	if a, err := netip.ParseAddr(host); err == nil {
		return Named(host)(a)
	}
	if name := strings.ToLower(strings.TrimSuffix(host, ".")); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return fmt.Errorf("%s is this machine", host)
	}
	return nil
}
