package auth

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"coffer/services/library"
)

// Hosts decides which names the box answers to. Addresses and the names that
// only mean something on a local network cannot be pointed at the box by a
// stranger's DNS server (rebinding); any other name must be listed.
type Hosts struct {
	Fixed    []string // listed by configuration, not changeable at run time
	Accounts library.Accounts
}

// localSuffixes are names that public DNS does not hand out: mDNS (RFC 6762),
// home.arpa (RFC 8375), .internal (reserved by ICANN in 2024), and what home
// routers use.
func localSuffixes() []string {
	return []string{".localhost", ".local", ".lan", ".home.arpa", ".internal", ".fritz.box"}
}

// BuiltIn reports whether the box answers to host without its being listed.
// host is a name or an address without a port.
func BuiltIn(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	if !plausible(host) {
		return false
	}
	if !strings.Contains(host, ".") {
		return true
	}
	return slices.ContainsFunc(localSuffixes(), func(s string) bool { return strings.HasSuffix(host, s) })
}

// Allowed reports whether the box answers to the Host header hostport. The
// settings are read only for a name that is not built in.
func (h Hosts) Allowed(ctx context.Context, hostport string) (bool, error) {
	host, ok := HostName(hostport)
	if !ok {
		return false, nil
	}
	if BuiltIn(host) || slices.Contains(h.Fixed, host) {
		return true, nil
	}
	s, err := h.Accounts.Settings(ctx)
	if err != nil {
		return false, err
	}
	return s.AnyHost || slices.Contains(s.Hosts, host), nil
}

// HostName takes the name or address out of a Host header, in lower case and
// without a final dot; ok is false when it is malformed.
func HostName(hostport string) (host string, ok bool) {
	host = strings.ToLower(hostport)
	if h, port, err := net.SplitHostPort(host); err == nil {
		if strings.Trim(port, "0123456789") != "" {
			return "", false
		}
		host = h
		if strings.Contains(host, ":") {
			_, err := netip.ParseAddr(host)
			return host, err == nil
		}
	} else if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
		a, err := netip.ParseAddr(host)
		return host, err == nil && a.Is6()
	}
	host = strings.TrimSuffix(host, ".")
	return host, plausible(host)
}

// plausible reports the letters, digits, hyphens, underscores and dots of a
// host name, labels not empty.
func plausible(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// maxHosts bounds the list in the settings.
const maxHosts = 50

// CleanHosts brings names as people type them (with a scheme, a port, a slash,
// in any script) to the form that Hosts compares, without duplicates.
func CleanHosts(names []string) ([]string, error) {
	out := []string{}
	for _, name := range names {
		host := strings.TrimSpace(name)
		if _, after, found := strings.Cut(host, "://"); found {
			host = after
		}
		host, _, _ = strings.Cut(host, "/")
		if ascii, err := idna.Lookup.ToASCII(host); err == nil {
			host = ascii
		}
		host, ok := HostName(host)
		if !ok {
			return nil, &library.Error{
				Kind: library.Invalid, Field: "hosts",
				Message: "One of the names is not a host name.",
				Hint:    "Write names like box.example.org, one each.",
			}
		}
		if !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	if len(out) > maxHosts {
		return nil, &library.Error{Kind: library.Invalid, Field: "hosts", Message: "At most 50 names can be listed."}
	}
	return out, nil
}
