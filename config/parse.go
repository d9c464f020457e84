package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the image has no time zone files
)

func parseAddress(s string, to *Address) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%q is not an address with a port", s)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("%q is not a port", port)
	}
	switch host {
	case "", "*":
		host = ""
	case "localhost":
		host = "127.0.0.1"
	default:
		ip, err := netip.ParseAddr(host)
		if err != nil || ip.Zone() != "" {
			return fmt.Errorf("%q is not an address of this machine", host)
		}
		host = ip.String()
	}
	*to = Address{Host: host, Port: uint16(n)}
	return nil
}

func parsePublicURL(s string, to **url.URL) error {
	*to = nil
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return fmt.Errorf("%q is not an http or https address", s)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("it holds more than a scheme, a name, a port and a path")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	*to = u
	return nil
}

func parseBasePath(s string, to *string) error {
	*to = ""
	s = strings.TrimRight(s, "/")
	if s == "" {
		return nil
	}
	if !regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`).MatchString(s) || len(s) > 200 {
		return fmt.Errorf("%q is not a plain path", s)
	}
	segments := strings.Split(s[1:], "/")
	if slices.Contains(segments, ".") || slices.Contains(segments, "..") {
		return fmt.Errorf("%q climbs", s)
	}
	if slices.Contains([]string{"livez", "readyz", "metrics", "_edge"}, segments[0]) {
		return fmt.Errorf("/%s is the box's own", segments[0])
	}
	*to = s
	return nil
}

// parseNotify takes an address to which the box speaks. It is a secret, so that
// no error quotes it.
func parseNotify(s string, to *Secret) error {
	*to = NewSecret(s)
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("it is not an http or https address")
	case u.Fragment != "":
		return errors.New("it has a part after #, which is never sent")
	}
	return nil
}

// list splits at commas and spaces.
func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
}

func parseHosts(s string, to *[]string) error {
	*to = nil
	label := regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)
	for _, name := range list(s) {
		name = strings.TrimSuffix(strings.ToLower(name), ".")
		if _, err := netip.ParseAddr(name); err != nil {
			for _, l := range strings.Split(name, ".") {
				if !label.MatchString(l) {
					return fmt.Errorf("%q is not a host name", name)
				}
			}
		}
		if !slices.Contains(*to, name) {
			*to = append(*to, name)
		}
	}
	return nil
}

// parseProxies refuses to trust everybody: who is believed about addresses can
// be anybody.
func parseProxies(s string, to *[]netip.Prefix) error {
	if err := parsePrefixes(s, to); err != nil {
		return err
	}
	for _, p := range *to {
		if p.Bits() == 0 {
			return fmt.Errorf("%s is everybody", p)
		}
	}
	return nil
}

func parsePrefixes(s string, to *[]netip.Prefix) error {
	*to = nil
	for _, text := range list(s) {
		if ip, err := netip.ParseAddr(text); err == nil && ip.Zone() == "" {
			*to = append(*to, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("%q is not an address or network", text)
		}
		if p != p.Masked() {
			return fmt.Errorf("%q has bits set behind its mask; %s may be meant", text, p.Masked())
		}
		*to = append(*to, p)
	}
	return nil
}

func oneOf(s string, to *string, allowed ...string) error {
	s = strings.ToLower(s)
	if !slices.Contains(allowed, s) {
		return fmt.Errorf("%q is none of %s", s, strings.Join(allowed, ", "))
	}
	*to = s
	return nil
}

func parseBool(s string, to *bool) error {
	switch strings.ToLower(s) {
	case "1", "true", "yes", "on":
		*to = true
	case "0", "false", "no", "off", "":
		*to = false
	default:
		return fmt.Errorf("%q is neither true nor false", s)
	}
	return nil
}

func parseEmail(s string, to *string) error {
	*to = ""
	if s == "" {
		return nil
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return fmt.Errorf("%q is not a mail address", s)
	}
	*to = s
	return nil
}

func parseHTTPS(s string, to *string) error {
	*to = ""
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return fmt.Errorf("%q is not an https address", s)
	}
	*to = s
	return nil
}

func parsePath(s string, to *string) error {
	if !filepath.IsAbs(s) {
		return fmt.Errorf("%q is not an absolute path", s)
	}
	if strings.ContainsAny(s, "\x00\n\"'\\;{}$#") {
		return errors.New("it holds a character that a path of the box may not")
	}
	*to = filepath.Clean(s)
	return nil
}

func parseSecretKey(s string, to *Secret) error {
	*to = NewSecret(s)
	if s != "" && len(s) < 32 {
		return fmt.Errorf("it has only %d characters", len(s))
	}
	return nil
}

func parseSetupCode(s string, to *Secret) error {
	*to = NewSecret(s)
	if s == "" {
		return nil
	}
	if !regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`).MatchString(s) || len(strings.ReplaceAll(s, "-", "")) < 8 {
		return errors.New("it is too short, too long, or holds other characters")
	}
	return nil
}

func parseSize(s string, to *int64) error {
	m := regexp.MustCompile(`^(?i)([0-9]+)\s*([kmgt]?)(i?)b?$`).FindStringSubmatch(s)
	if m == nil {
		return fmt.Errorf("%q is not a size", s)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return fmt.Errorf("%q is too large a number", m[1])
	}
	// "k" and "kB" are thousands, "KiB" is 1024; a bare "2G" is taken as the
	// larger, as other tools do.
	base := int64(1000)
	if m[3] != "" || !strings.HasSuffix(strings.ToLower(s), "b") {
		base = 1024
	}
	for range strings.Index("kmgt", strings.ToLower(m[2])) + min(1, len(m[2])) {
		if n > math.MaxInt64/4/base {
			return fmt.Errorf("%q is too large", s)
		}
		n *= base
	}
	if n < 1_000_000 {
		return fmt.Errorf("%q is less than 1MB", s)
	}
	*to = n
	return nil
}

func parseID(s string, to *int) error {
	*to = 0
	if s == "" {
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || n < 0 || n >= math.MaxInt32:
		return fmt.Errorf("%q is not a user or group number", s)
	case n == 0:
		return errors.New("0 is root, which never serves documents")
	case n >= 10000 && n <= 10010:
		return fmt.Errorf("%d belongs to the box's own services", n)
	}
	*to = int(n)
	return nil
}

func parseUmask(s string, to *uint32) error {
	n, err := strconv.ParseUint(s, 8, 12)
	if err != nil || n > 0o777 {
		return fmt.Errorf("%q is not an octal mask", s)
	}
	if n&0o700 != 0 {
		return fmt.Errorf("%q takes the owner's own rights away", s)
	}
	*to = uint32(n)
	return nil
}

func parseZone(s string, to **time.Location) error {
	zone, err := time.LoadLocation(strings.TrimPrefix(s, ":"))
	if err != nil {
		return fmt.Errorf("%q is not a time zone", s)
	}
	*to = zone
	return nil
}
