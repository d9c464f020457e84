package config

import (
	"errors"
	"path/filepath"
	"strings"
)

// Material is text that the owner gives as a file or as it is. A file is read
// anew each time, because others renew it.
type Material struct {
	Path string // empty: Text
	Text Secret
}

// IsSet reports that there is a file or a text.
func (m Material) IsSet() bool { return m.Path != "" || m.Text.IsSet() }

// Read returns the text. Links of the path are followed: those who renew files
// and those who mount secrets are fond of them.
func (m Material) Read() ([]byte, error) {
	if m.Path == "" {
		return []byte(m.Text.Reveal()), nil
	}
	content, err := readSmall(m.Path)
	if err != nil {
		return nil, plain(err)
	}
	return content, nil
}

// isPath tells a path from text that is meant itself.
func isPath(s string) bool { return filepath.IsAbs(s) }

func parseMaterial(s string, to *Material) error {
	*to = Material{}
	switch {
	case s == "":
	case strings.Contains(s, "-----BEGIN "):
		to.Text = NewSecret(s)
	case isPath(s):
		return parsePath(s, &to.Path)
	default:
		return errors.New("it is neither an absolute path nor PEM text")
	}
	return nil
}

// certificates checks the options of HTTPS against each other.
func (l *loader) certificates() {
	c := l.config
	given := []struct {
		name string
		to   *Material
	}{{"TLS_CERT", &c.TLSCert}, {"TLS_KEY", &c.TLSKey}}
	for _, g := range given {
		if origin := l.origin[viperKey(g.name)]; g.to.Text.IsSet() && l.source[viperKey(g.name)] == FromSecretFile {
			*g.to = Material{Path: origin} // to be read again when it is renewed
		}
		switch {
		case c.TLS == "files" && !g.to.IsSet():
			l.fault(prefix+g.name, "it is not set, and COFFER_TLS is files",
				"Set it to the path of the file as the box sees it, or set COFFER_TLS to self-signed or off.")
		case c.TLS != "files" && g.to.IsSet():
			c.warnings = append(c.warnings, prefix+g.name+" changes nothing while COFFER_TLS is "+c.TLS+"; it is for files")
		}
	}
	if origin := l.origin[viperKey("ACME_ROOTS")]; c.ACMERoots.Text.IsSet() && l.source[viperKey("ACME_ROOTS")] == FromSecretFile {
		c.ACMERoots = Material{Path: origin}
	}
	if same := c.Listen.Host == c.ListenTLS.Host || c.Listen.Host == "" || c.ListenTLS.Host == ""; c.TLS != "off" && same && c.Listen.Port == c.ListenTLS.Port {
		l.fault(prefix+"LISTEN_TLS", "it is the same port as COFFER_LISTEN", "Give each a port of its own.")
	}
}
