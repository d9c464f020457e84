// Package edge renders what one start decides about the edge (addresses, the
// token, folders of the run) into fragments that the protected configuration
// includes, and says how nginx is started.
//
// It owns the fragments under RUN/edge. It refuses values that would be more
// than a value in nginx's language.
package edge

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"regexp"
	"strconv"
	"text/template"
	"time"

	"golang.org/x/sys/unix"

	"coffer/appliance/beneath"
)

// Options are what one start decides.
type Options struct {
	Root  string // the prefix of the protected files
	Run   string // RUN
	Host  string // address to listen on; empty: all
	Port  uint16
	TLS   *TLS   // nil: HTTP only
	Token string // proves to the API that a request came through the edge
	// Generation names what is rendered; the edge tells it to who has the token,
	// so that it can be seen which one runs.
	Generation string
	BasePath   string // "" or "/path"
	MaxUpload  int64  // bytes
	// HealthAllow limits who may ask /livez and /readyz; empty: everybody.
	HealthAllow []netip.Prefix
	// TrustedProxies are believed about the client's address, the name and the
	// scheme that it used; nobody else is.
	TrustedProxies []netip.Prefix
	Metrics        bool // /metrics is passed on; else it is not there for anybody
	LogJSON        bool
	// Debug also logs nginx's errors of requests, which hold whole URLs.
	Debug bool
	// UID and GID own the fragments (root and the edge's group); beneath.Keep
	// without root.
	UID, GID int
}

// TLS is where HTTPS is served, and with what.
type TLS struct {
	Host string // as Options.Host
	Port uint16
	Pair string // a file that holds the key and the chain
	// OwnHTTP2 says that nginx takes HTTP/2 as a directive of its own, as it
	// does from 1.25.1 on, and complains about it elsewhere.
	OwnHTTP2 bool
	// Redirect is where pages asked for over plain HTTP lead: https://name[:port];
	// empty: nowhere, they are served.
	Redirect string
	// Pins say what browsers are told of names that are only ever opened over
	// HTTPS (RFC 6797).
	Pins []Pin
}

// Pin is what a browser that opened Name over HTTPS is told about it.
type Pin struct {
	Name   string
	MaxAge time.Duration // 0: what it was told before no longer holds
	Below  bool          // names below it as well
	// Preload allows browsers to ship with it.
	Preload bool
}

// Header is the value of Strict-Transport-Security.
func (p Pin) Header() string {
	value := fmt.Sprintf("max-age=%d", int64(p.MaxAge.Seconds()))
	if p.MaxAge > 0 && p.Below {
		value += "; includeSubDomains"
		if p.Preload {
			value += "; preload"
		}
	}
	return value
}

// Expr matches the name in a Host header, its port left out.
func (p Pin) Expr() string { return regexp.QuoteMeta(p.Name) }

// formRoom is what a multipart body may have besides its file, as in package
// api; what is a little larger still reaches the API, which explains.
const formRoom = 2 << 20

// NewToken makes the token of one start: 32 bytes in hex.
func NewToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// Render writes the fragments into RUN/edge.
func Render(o Options) error {
	all, err := o.render()
	if err != nil {
		return err
	}
	dir, err := beneath.Open(path.Join(o.Run, "edge"))
	if err != nil {
		return err
	}
	defer dir.Close()
	for name, text := range all {
		if err := dir.Put(name, text, o.attributes()); err != nil {
			return err
		}
	}
	if usual(o.Root, o.Run) {
		return nil
	}
	return o.flatten(dir, flatName, all)
}

// Draft writes the whole configuration as Render would have it into one file
// beside the fragments, for nginx to look at, and returns its path. What nginx
// runs with is not touched.
func Draft(o Options) (string, error) {
	all, err := o.render()
	if err != nil {
		return "", err
	}
	dir, err := beneath.Open(path.Join(o.Run, "edge"))
	if err != nil {
		return "", err
	}
	defer dir.Close()
	return path.Join(o.Run, "edge", draftName), o.flatten(dir, draftName, all)
}

func (o Options) attributes() beneath.Attributes {
	return beneath.Attributes{UID: o.UID, GID: o.GID, Mode: 0o440}
}

// render makes the fragments.
func (o Options) render() (map[string][]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	listen, err := listenOn(o.Host, o.Port)
	if err != nil {
		return nil, err
	}
	var secure []string
	if o.TLS != nil {
		if secure, err = listenOn(o.TLS.Host, o.TLS.Port); err != nil {
			return nil, err
		}
	}
	values := struct {
		Options
		Listen, ListenTLS []string
		MaxBody           int64
		BaseExpr          string
	}{o, listen, secure, o.MaxUpload + formRoom, regexp.QuoteMeta(o.BasePath)}
	all := map[string][]byte{}
	for name, text := range fragments() {
		t, err := template.New(name).Parse(text)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, values); err != nil {
			return nil, err
		}
		all[name] = out.Bytes()
	}
	return all, nil
}

// Arguments are nginx's, after its name.
func Arguments(root, run string) []string {
	config := path.Join(root, "etc/nginx/nginx.conf")
	if !usual(root, run) {
		config = path.Join(run, "edge", flatName)
	}
	return arguments(root, config)
}

// Trial are the arguments with which nginx looks at a configuration, says what
// is wrong with it, and ends.
func Trial(root, config string) []string { return append(arguments(root, config), "-t", "-q") }

func arguments(root, config string) []string {
	return []string{"-e", "stderr", "-p", path.Clean(root) + "/", "-c", config}
}

// usual reports that the protected configuration finds the fragments by
// itself.
func usual(root, run string) bool { return path.Clean(run) == path.Join(root, "run/coffer") }

func (o Options) check() error {
	plain := regexp.MustCompile(`^[A-Za-z0-9/._~+@,=-]*$`)
	for name, value := range map[string]string{"root": o.Root, "run": o.Run, "base path": o.BasePath, "token": o.Token, "generation": o.Generation} {
		if !plain.MatchString(value) {
			return fmt.Errorf("edge: the %s holds a character that nginx could take for more", name)
		}
	}
	switch {
	case len(o.Token) < 32:
		return errors.New("edge: the token is too short")
	case o.Port == 0:
		return errors.New("edge: no port")
	case o.MaxUpload <= 0:
		return errors.New("edge: no upload limit")
	}
	hosts := []string{o.Host}
	if t := o.TLS; t != nil {
		hosts = append(hosts, t.Host)
		if t.Port == 0 || t.Pair == "" || !plain.MatchString(t.Pair) {
			return errors.New("edge: no port or no plain path of a certificate for HTTPS")
		}
		if !regexp.MustCompile(`^(https://[A-Za-z0-9._-]+(:[0-9]{1,5})?|https://\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?)?$`).MatchString(t.Redirect) {
			return fmt.Errorf("edge: %q is not where HTTPS is served", t.Redirect)
		}
		for _, p := range t.Pins {
			if !regexp.MustCompile(`^[a-z0-9._-]{1,253}$`).MatchString(p.Name) {
				return fmt.Errorf("edge: %q is no name to be pinned", p.Name)
			}
		}
	}
	for _, host := range hosts {
		if _, err := netip.ParseAddr(host); host != "" && err != nil {
			return fmt.Errorf("edge: %q is not an address", host)
		}
	}
	return nil
}

// listenOn returns nginx's addresses: without a host both families, each with a
// socket of its own, as far as the kernel knows them.
func listenOn(host string, number uint16) ([]string, error) {
	port := strconv.Itoa(int(number))
	if host != "" {
		return []string{net.JoinHostPort(host, port)}, nil
	}
	var all []string
	if speaks(unix.AF_INET) {
		all = append(all, "0.0.0.0:"+port)
	}
	if speaks(unix.AF_INET6) {
		all = append(all, "[::]:"+port)
	}
	if len(all) == 0 {
		return nil, errors.New("edge: this machine has no network, not even its own")
	}
	return all, nil
}

func speaks(family int) bool {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	_ = unix.Close(fd)
	return true
}
