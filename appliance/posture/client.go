package posture

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"coffer/appliance/beneath"
)

// peerIsClient is how the edge tells the API who the client is.
const peerIsClient = "proxy_set_header X-Client-Addr $remote_addr;"

// maxConf bounds a file of the edge's configuration, in bytes.
const maxConf = 1 << 20

// confFile reads one that is a file indeed: nothing else is opened.
func confFile(folder, name string) ([]byte, error) {
	dir, err := beneath.Base(folder)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	n, err := dir.File(name)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	return n.Read(maxConf)
}

// clientAddress looks at what the edge is configured to believe, and then lies
// to it from an address that no proxy has.
func (l *look) clientAddress(ctx context.Context) Finding {
	proxy, err := confFile(l.Root, "etc/nginx/coffer/proxy.conf")
	if err != nil {
		return unseen(err)
	}
	if !strings.Contains(string(proxy), peerIsClient) {
		return fail("the edge does not name the TCP peer as the client")
	}
	files, believed := 0, []string{}
	for _, place := range []string{filepath.Join(l.Root, "etc/nginx"), filepath.Join(l.RunFolder, "edge")} {
		err := fs.WalkDir(os.DirFS(place), ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(name) != ".conf" {
				return err
			}
			text, err := confFile(place, name)
			files++
			for _, m := range regexp.MustCompile(`(?m)^\s*set_real_ip_from\s+([^;]+);`).FindAllSubmatch(text, -1) {
				believed = append(believed, string(m[1]))
			}
			return err
		})
		if err != nil {
			return unseen(err)
		}
	}
	slices.Sort(believed)
	believed = slices.Compact(believed)
	var listed []string
	for _, p := range l.TrustedProxies {
		listed = append(listed, p.String())
	}
	slices.Sort(listed)
	if !slices.Equal(believed, listed) {
		return fail(fmt.Sprintf("the edge believes %q about the client's address, and %q are listed", believed, listed))
	}
	told, err := l.liedTo(ctx)
	if err != nil {
		return unseen(err)
	}
	if told != "" {
		return fail(told)
	}
	if len(listed) == 0 {
		return pass(fmt.Sprintf("the TCP peer decides: %d files of the edge's configuration trust no proxy, and forged X-Forwarded headers changed nothing", files))
	}
	return pass(fmt.Sprintf("the right-most address that is not %s decides, and forged X-Forwarded headers changed nothing", strings.Join(listed, ", ")))
}

// liedTo sends what a stranger would claim and says what it changed. Where the
// box's own address is a listed proxy, it would be believed, and nothing is sent.
func (l *look) liedTo(ctx context.Context) (string, error) {
	front, err := url.Parse(l.Front)
	if err != nil {
		return "", err
	}
	if own, err := netip.ParseAddr(front.Hostname()); err == nil &&
		slices.ContainsFunc(l.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(own) }) {
		return "", nil
	}
	// A secure origin would have the opener policy and a cookie named for it; a
	// name that is not the box's would be refused.
	a, err := l.request(ctx, "POST", "/api/v1/auth/logout", "Sec-Fetch-Site", "same-origin",
		"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "posture.invalid", "Forwarded", "for=203.0.113.7;proto=https")
	switch {
	case err != nil:
		return "", err
	case a.status == http.StatusMisdirectedRequest:
		return "a forged X-Forwarded-Host was believed", nil
	case strings.HasPrefix(l.Front, "http:") && a.header.Get("Cross-Origin-Opener-Policy") != "",
		strings.HasPrefix(l.Front, "http:") && strings.Contains(strings.Join(a.header.Values("Set-Cookie"), " "), "Secure"):
		return "a forged X-Forwarded-Proto was believed", nil
	}
	return "", nil
}
