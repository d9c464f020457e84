// Package config reads the owner's configuration once, at the start, into one
// value: the environment (COFFER_X, or COFFER_X_FILE naming a file that holds
// the value), then DATA/config/coffer.yaml, then the defaults.
//
// It owns viper, the names and meanings of all options, and the words of every
// fault in them. It refuses to guess: a value that is wrong stops the
// start, and all such faults are reported together. Nothing reads the environment after it.
package config

import (
	"net/netip"
	"net/url"
	"time"
)

// Config is the whole configuration, checked. The documentation of each option
// is in the table in options.go, from which docs/configuration.md is written.
type Config struct {
	// Root is the prefix of all fixed paths, "/" in the image.
	Root string
	// Data and Run are absolute and include Root when they are defaults.
	Data string
	Run  string

	Listen         Address
	ListenTLS      Address
	PublicURL      *url.URL // nil when unset; no trailing slash
	BasePath       string   // "" or "/path" without trailing slash
	AllowedHosts   []string // lower case, without ports
	HealthAllow    []netip.Prefix
	TrustedProxies []netip.Prefix
	TLS            string   // off, self-signed, files, acme
	TLSCert        Material // of files
	TLSKey         Material
	ACMEEmail      string
	ACMEDirectory  string // https URL
	ACMERoots      Material
	NotifyURL      Secret // http or https URL
	NotifyKind     string // webhook, ntfy
	SecretKey      Secret
	SetupCode      Secret
	SetupOpen      bool
	MaxUpload      int64 // bytes
	Metrics        bool
	DevMode        bool
	LogLevel       string // debug, info, warn, error
	LogFormat      string // text, json
	API            Owner  // the user of the API service, who owns what is stored
	Umask          uint32
	TimeZone       *time.Location
	allowDevMode   bool

	settings []Setting
	warnings []string
}

// Address is where to listen. An empty Host is every address, IPv4 and IPv6.
type Address struct {
	Host string
	Port uint16
}

// Owner is a numeric user and group.
type Owner struct{ UID, GID int }

// Setting is one option as it was decided, fit to be shown.
type Setting struct {
	Name   string // COFFER_LISTEN
	Value  string // masked for secrets
	Source Source
	Secret bool
	// Origin is the file a value was read from, when it was.
	Origin string
}

// Source says where a value came from.
type Source string

// The sources, strongest first.
const (
	FromEnvironment Source = "environment"
	FromSecretFile  Source = "file named by the environment"
	FromFile        Source = "coffer.yaml"
	FromDefault     Source = "default"
)

// Settings lists every option with its value and source, secrets masked, in
// the order of the documentation.
func (c *Config) Settings() []Setting { return c.settings }

// DevModeAcknowledged reports that the owner named dev mode a second time.
func (c *Config) DevModeAcknowledged() bool { return c.allowDevMode }

// Warnings are for the log: names that look like options but are not.
func (c *Config) Warnings() []string { return c.warnings }

// PlainSecrets names the secrets that were given by plain environment, where
// other tools on the host can read them.
func (c *Config) PlainSecrets() []string {
	var names []string
	for _, s := range c.settings {
		if s.Secret && s.Source == FromEnvironment {
			names = append(names, s.Name)
		}
	}
	return names
}

// Locked reports that the environment or the file decides an option, so that
// it cannot be changed at run time. Name is without prefix.
func (c *Config) Locked(name string) bool {
	for _, s := range c.settings {
		if s.Name == prefix+name || s.Name == name {
			return s.Source != FromDefault
		}
	}
	return false
}
