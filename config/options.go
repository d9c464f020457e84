package config

import "os"

const prefix = "COFFER_"

// option is one row of the reference: what can be set, what it means, and how
// its text becomes a value.
type option struct {
	name     string // without prefix
	bare     bool   // no COFFER_ prefix, no _FILE form, not in coffer.yaml
	envOnly  bool   // not in coffer.yaml
	secret   bool
	open     func(text string) bool // reports text of a secret option that is none
	fallback string
	shape    string // what a value looks like, for the reference
	doc      string
	remedy   string // what to do about a wrong value
	// parse checks text and puts it in c. It also gets the fallback. Its error
	// completes "COFFER_X: …".
	parse func(c *Config, text string) error
}

func (o option) key() string {
	if o.bare {
		return o.name
	}
	return prefix + o.name
}

// letsEncrypt is the authority that is asked when no other is named.
const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// options is the table of everything that can be set, in the order of the
// reference.
func options() []option {
	return []option{
		{name: "LISTEN", fallback: ":8080", shape: "[address]:port",
			doc:    "Where the pages and the API are served over HTTP. Without an address: all of them, IPv4 and IPv6.",
			remedy: "Use :8080, 127.0.0.1:8080 or [::1]:8080.",
			parse:  func(c *Config, s string) error { return parseAddress(s, &c.Listen) }},
		{name: "LISTEN_TLS", fallback: ":8443", shape: "[address]:port",
			doc:    "Where HTTPS is served, once TLS is on.",
			remedy: "Use :8443, 127.0.0.1:8443 or [::1]:8443.",
			parse:  func(c *Config, s string) error { return parseAddress(s, &c.ListenTLS) }},
		{name: "PUBLIC_URL", shape: "http(s)://name[:port][/path]",
			doc:    "The address under which you open the box, when it is not simply the host's. It is used in printed links, and its name is allowed as a host.",
			remedy: "Use the address as it stands in the browser, such as https://coffer.example.org.",
			parse:  func(c *Config, s string) error { return parsePublicURL(s, &c.PublicURL) }},
		{name: "BASE_PATH", shape: "/path",
			doc:    "The path under which a reverse proxy serves the box, passed on unchanged. /livez, /readyz and /metrics also answer at the root.",
			remedy: "Use a path such as /coffer: letters, digits, and . _ ~ - between slashes.",
			parse:  func(c *Config, s string) error { return parseBasePath(s, &c.BasePath) }},
		{name: "ALLOWED_HOSTS", shape: "name,name",
			doc:    "Names the box answers to, besides addresses, localhost, single labels and local domains.",
			remedy: "List names separated by commas, without scheme, port or path.",
			parse:  func(c *Config, s string) error { return parseHosts(s, &c.AllowedHosts) }},
		{name: "TRUSTED_PROXIES", shape: "CIDR,CIDR",
			doc:    "Reverse proxies that are believed about who asks: the client is the right-most address of X-Forwarded-For that is not one of them, and X-Forwarded-Proto and X-Forwarded-Host say how it was asked. From anybody else these headers count for nothing. See docs/proxies.md.",
			remedy: "List the addresses or networks from which your proxies connect, such as 172.18.0.2 or 192.168.1.0/24, separated by commas.",
			parse:  func(c *Config, s string) error { return parseProxies(s, &c.TrustedProxies) }},
		{name: "HEALTH_ALLOW", shape: "CIDR,CIDR",
			doc:    "Networks that may ask /livez and /readyz. Empty: all. The box itself always may.",
			remedy: "List addresses or networks such as 192.168.1.0/24, separated by commas.",
			parse:  func(c *Config, s string) error { return parsePrefixes(s, &c.HealthAllow) }},
		{name: "TLS", fallback: "off", shape: "off|self-signed|files|acme",
			doc:    "How HTTPS is served, beside HTTP: not at all; with a certificate by the box's own small authority, which browsers warn of until they are told to trust it; with yours; or with one that the box orders and renews (acme). Left out, that is chosen in Settings, HTTPS, while the box runs; given, it cannot be.",
			remedy: "Use off, self-signed, files or acme.",
			parse:  func(c *Config, s string) error { return oneOf(s, &c.TLS, "off", "self-signed", "files", "acme") }},
		{name: "TLS_CERT", shape: "path or PEM",
			doc:    "The certificate with its chain, for TLS=files. A file is looked at every minute and on SIGHUP, and a renewed one is taken up; one that is wrong changes nothing while an earlier one is there to be presented, and else stops a start.",
			remedy: "Give the path of fullchain.pem as the box sees it, or its text.",
			parse:  func(c *Config, s string) error { return parseMaterial(s, &c.TLSCert) }},
		{name: "TLS_KEY", secret: true, open: isPath, shape: "path or PEM",
			doc:    "The certificate's key, for TLS=files. Root alone needs to be able to read it.",
			remedy: "Give the path of privkey.pem as the box sees it, or its text.",
			parse:  func(c *Config, s string) error { return parseMaterial(s, &c.TLSKey) }},
		{name: "ACME_EMAIL", shape: "address",
			doc:    "Whom the certificate authority writes to about certificates that the box ordered. Empty: nobody; it can be given in Settings then.",
			remedy: "Use one address such as ada@example.org.",
			parse:  func(c *Config, s string) error { return parseEmail(s, &c.ACMEEmail) }},
		{name: "ACME_DIRECTORY", fallback: letsEncrypt, shape: "https://…",
			doc:    "The directory of the certificate authority that certificates are ordered from. With COFFER_TLS=acme you agree to its terms. The names are those of COFFER_PUBLIC_URL and COFFER_ALLOWED_HOSTS, and those given in Settings, HTTPS. docs/https.md says what has to be reachable.",
			remedy: "Use the address that the authority gives for its ACME directory.",
			parse:  func(c *Config, s string) error { return parseHTTPS(s, &c.ACMEDirectory) }},
		{name: "ACME_ROOTS", shape: "path or PEM",
			doc:    "Root certificates that alone vouch for the authority, for one of your own. Without it those that browsers trust do, and those in DATA/config/ca.",
			remedy: "Give the path of the file as the box sees it, or its text.",
			parse:  func(c *Config, s string) error { return parseMaterial(s, &c.ACMERoots) }},
		{name: "NOTIFY_URL", secret: true, shape: "http(s)://…",
			doc:    "Whom the box tells of alarms: a full disk, a failed or late backup, a certificate that ends. Nothing is sent without it. The address may hold a name and password, or a token. Left out, it is given in Settings, Notices, while the box runs; given, it cannot be. docs/notices.md says what is sent.",
			remedy: "Use the whole address, such as https://ntfy.sh/my-topic or http://192.168.1.9/hook.",
			parse:  func(c *Config, s string) error { return parseNotify(s, &c.NotifyURL) }},
		{name: "NOTIFY_KIND", fallback: "webhook", shape: "webhook|ntfy",
			doc:    "What answers at COFFER_NOTIFY_URL: a program that takes JSON, or ntfy, whose topic the address ends with.",
			remedy: "Use webhook or ntfy.",
			parse:  func(c *Config, s string) error { return oneOf(s, &c.NotifyKind, "webhook", "ntfy") }},
		{name: "SECRET_KEY", secret: true, shape: "32 characters or more",
			doc:    "The key from which the box derives those it signs sessions with. Without it the box makes one under DATA/secrets. A changed key ends every session.",
			remedy: "Use at least 32 random characters, for example from: openssl rand -hex 32.",
			parse:  func(c *Config, s string) error { return parseSecretKey(s, &c.SecretKey) }},
		{name: "SETUP_CODE", secret: true, shape: "8 to 64 letters, digits and -",
			doc:    "The one-time code that proves on the setup page that the box is yours. Without it the box makes one and prints it.",
			remedy: "Use 8 to 64 letters, digits and dashes.",
			parse:  func(c *Config, s string) error { return parseSetupCode(s, &c.SetupCode) }},
		{name: "SETUP_OPEN", fallback: "false", shape: "true|false",
			doc:    "Waives the setup code: whoever opens the page first owns the box. Only for a network that is yours alone.",
			remedy: "Use true or false.",
			parse:  func(c *Config, s string) error { return parseBool(s, &c.SetupOpen) }},
		{name: "MAX_UPLOAD", fallback: "2GiB", shape: "size",
			doc:    "The largest file that can be added.",
			remedy: "Use a size such as 500MB or 2GiB, at least 1MB.",
			parse:  func(c *Config, s string) error { return parseSize(s, &c.MaxUpload) }},
		{name: "METRICS", fallback: "false", shape: "true|false",
			doc:    "Serves /metrics for Prometheus to callers with the scope metrics. docs/metrics.md lists what it shows.",
			remedy: "Use true or false.",
			parse:  func(c *Config, s string) error { return parseBool(s, &c.Metrics) }},
		{name: "DEV_MODE", fallback: "false", shape: "true|false",
			doc:    "Reads templates from disk on each request and logs for debugging; nothing else. Needs COFFER_ALLOW_DEV_MODE=1.",
			remedy: "Use true or false.",
			parse:  func(c *Config, s string) error { return parseBool(s, &c.DevMode) }},
		{name: "ALLOW_DEV_MODE", fallback: "false", shape: "1",
			doc:    "Acknowledges COFFER_DEV_MODE, which stops the start without it.",
			remedy: "Use 1.",
			parse:  func(c *Config, s string) error { return parseBool(s, &c.allowDevMode) }},
		{name: "LOG_LEVEL", fallback: "info", shape: "debug|info|warn|error",
			doc:    "How much is logged.",
			remedy: "Use debug, info, warn or error.",
			parse:  func(c *Config, s string) error { return oneOf(s, &c.LogLevel, "debug", "info", "warn", "error") }},
		{name: "LOG_FORMAT", fallback: "text", shape: "text|json",
			doc:    "How log lines look.",
			remedy: "Use text or json.",
			parse:  func(c *Config, s string) error { return oneOf(s, &c.LogFormat, "text", "json") }},
		{name: "DATA", envOnly: true, fallback: "/data", shape: "path",
			doc:    "The volume with everything that must last.",
			remedy: "Use an absolute path.",
			parse:  func(c *Config, s string) error { return parsePath(s, &c.Data) }},
		{name: "RUN", fallback: "/run/coffer", shape: "path",
			doc:    "Where sockets and other things of one run live; memory is enough.",
			remedy: "Use an absolute path.",
			parse:  func(c *Config, s string) error { return parsePath(s, &c.Run) }},
		{name: "PUID", bare: true, shape: "number",
			doc:    "The user that owns the stored documents and runs the API. Default 10002. Changing it hands the stored files over at the next start.",
			remedy: "Use a number above 0 that is not 10000 to 10010, such as the output of: id -u.",
			parse:  func(c *Config, s string) error { return parseID(s, &c.API.UID) }},
		{name: "PGID", bare: true, shape: "number",
			doc:    "The group that goes with PUID. Default: the same number as PUID.",
			remedy: "Use a number above 0 that is not 10000 to 10010, such as the output of: id -g.",
			parse:  func(c *Config, s string) error { return parseID(s, &c.API.GID) }},
		{name: "UMASK", bare: true, fallback: "022", shape: "octal",
			doc:    "Permissions taken away from files that are exported. This version exports none.",
			remedy: "Use three octal digits such as 022 or 027.",
			parse:  func(c *Config, s string) error { return parseUmask(s, &c.Umask) }},
		{name: "TZ", bare: true, fallback: "UTC", shape: "Area/City",
			doc:    "The time zone of log lines and of times on pages without JavaScript.",
			remedy: "Use a name such as Europe/Berlin.",
			parse:  func(c *Config, s string) error { return parseZone(s, &c.TimeZone) }},
	}
}

// Environ is the process's environment, for the one caller of Load.
func Environ() []string { return os.Environ() }
