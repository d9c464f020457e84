package diagnostics

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Names gives addresses, hosts, users, paths and ids other names, the same for
// the same one in all of an export. The key of the names is kept nowhere, so
// that another export has others. It is safe for concurrent use.
type Names struct {
	key     [32]byte
	marks   *regexp.Regexp
	known   []knownName
	ids     *regexp.Regexp
	asked   *regexp.Regexp // ids of requests
	rules   []nameRule
	modules []string
}

type knownName struct {
	match *regexp.Regexp
	kind  string
}

// nameRule replaces a group of each match.
type nameRule struct {
	match *regexp.Regexp
	group int
	name  func(n *Names, s string) string // s itself: it stays
}

// The kinds of name.
const (
	kindAddress = "address"
	kindHost    = "host"
	kindUser    = "user"
	kindPath    = "path"
	kindID      = "id"
)

// Known are names that the box knows to be somebody's.
type Known struct {
	Hosts, Users []string
	// Modules are the first parts of the names of what the program is built of,
	// which look like hosts.
	Modules []string
}

// NewNames returns names under a key of its own.
func NewNames(k Known) *Names {
	n := &Names{
		modules: k.Modules, marks: regexp.MustCompile(mark),
		ids:   regexp.MustCompile(`\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|0[0-9a-hjkmnp-tv-z]{25})\b`),
		rules: nameRules(),
		asked: regexp.MustCompile(`\brequest_id=([0-9a-f]{32})\b`),
	}
	_, _ = rand.Read(n.key[:]) // it does not fail; it ends the process instead
	add := func(kind string, all []string) {
		for _, name := range all {
			if len(name) >= 3 && !slices.Contains(ordinary(), strings.ToLower(name)) {
				n.known = append(n.known, knownName{regexp.MustCompile(`(?i)(^|[^\pL\pN])(` + regexp.QuoteMeta(name) + `)($|[^\pL\pN])`), kind})
			}
		}
	}
	add(kindHost, k.Hosts)
	add(kindUser, k.Users)
	return n
}

// ordinary are names that tell nothing and stand everywhere.
func ordinary() []string {
	return []string{"localhost", "coffer", "root", "nginx", "api", "worker", "parser", "egress", "init", "owner", "unix", "none", "user", "host", "path", "address", "redacted"}
}

// Name is what stands for s.
func (n *Names) Name(kind, s string) string {
	m := hmac.New(sha256.New, n.key[:])
	m.Write([]byte(kind + "\x00" + strings.ToLower(s)))
	return "[" + kind + ":" + hex.EncodeToString(m.Sum(nil)[:4]) + "]"
}

// IDs gives ids other names. It comes before Shapes, which take ids for
// secrets.
func (n *Names) IDs(text string) string {
	text = n.ids.ReplaceAllStringFunc(text, func(id string) string { return n.Name(kindID, id) })
	return nameRule{n.asked, 1, func(n *Names, s string) string { return n.Name(kindID, s) }}.apply(n, text)
}

// Clean gives the rest other names.
func (n *Names) Clean(text string) string {
	for _, k := range n.known {
		for range 2 { // neighbours share what is between them
			text = nameRule{k.match, 2, func(n *Names, s string) string { return n.Name(k.kind, s) }}.apply(n, text)
		}
	}
	for _, r := range n.rules {
		text = r.apply(n, text)
	}
	return text
}

func (r nameRule) apply(n *Names, text string) string {
	var b strings.Builder
	last := 0
	marks := n.marks.FindAllStringIndex(text, -1)
	for _, at := range r.match.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[2*r.group], at[2*r.group+1]
		if from < last || from == to || slices.ContainsFunc(marks, func(m []int) bool { return m[0] < to && from < m[1] }) {
			continue
		}
		b.WriteString(text[last:from])
		b.WriteString(r.name(n, text[from:to]))
		last = to
	}
	b.WriteString(text[last:])
	return b.String()
}

func nameRules() []nameRule {
	rule := func(expression string, group int, name func(*Names, string) string) nameRule {
		return nameRule{regexp.MustCompile(expression), group, name}
	}
	return []nameRule{
		// What people wrote or looked for is not for support.
		rule(`(?i)\b(?:title|file_?name|query|q|search|subject|author|snippet)=("(?:[^"\\\n]|\\.)*"?|[^\s"]+)`, 1, func(_ *Names, s string) string {
			if replaced(s) {
				return s
			}
			return placeholder("content")
		}),
		rule(`(?i)[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*`, 0, func(n *Names, s string) string { return n.Name(kindUser, s) }),
		rule(`(?i)\b(?:user|username|user_name|login|account|owner)(?:\\*")?\s*[:=]\s*\\*"?([^\s"\\,;\[\]]+)`, 1, func(n *Names, s string) string {
			if !strings.ContainsFunc(s, isLetter) || slices.Contains(ordinary(), strings.ToLower(s)) {
				return s
			}
			return n.Name(kindUser, s)
		}),
		rule(`[a-z][a-z0-9+.-]*://(?:\[redacted:[a-z-]+\]@)?([A-Za-z0-9._-]+)`, 1, (*Names).host),
		rule(`(?i)\b(?:host|hostname|server|server_name|sni|domain|referr?er)(?:\\*")?\s*[:=]\s*\\*"?([a-z0-9._-]+)`, 1, (*Names).host),
		rule(`\b\d{1,3}(?:\.\d{1,3}){3}\b`, 0, (*Names).address),
		rule(`(?i)(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?`, 0, (*Names).address),
		rule(`(?i)\b(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:`+domains+`)\b`, 0, (*Names).host),
		rule(`(?:^|[\s"'=(,]|: )((?:/[^\s"'<>:,;()?]+)+)`, 1, (*Names).path),
	}
}

// domains are endings of names on networks. Those that end files of programs
// are not among them.
const domains = `com|org|net|edu|gov|mil|int|info|biz|io|dev|app|xyz|me|tv|cloud|online|site|tech|page|blog|shop|wiki|zone|link|world|space|house|family|name|email|` +
	`lan|local|home|internal|intranet|corp|private|localdomain|arpa|box|onion|example|test|ts|duckdns|` +
	`de|at|ch|li|fr|it|es|pt|nl|be|lu|dk|se|no|fi|ie|uk|eu|cz|sk|hu|ro|bg|gr|tr|ru|ua|us|ca|mx|br|ar|cl|au|nz|jp|kr|cn|tw|hk|sg|in|za|il|ae`

func (n *Names) host(s string) string {
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	if name == "" || name == "_" || slices.Contains(ordinary(), name) || slices.Contains(n.modules, name) || !strings.ContainsFunc(name, isLetter) {
		return s
	}
	return n.Name(kindHost, s)
}

// address leaves the addresses that every machine has.
func (n *Names) address(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil || a.IsLoopback() || a.IsUnspecified() {
		return s
	}
	return n.Name(kindAddress, a.Unmap().String())
}

// path leaves the folders and files that every box has.
func (n *Names) path(s string) string {
	parts := strings.Split(s, "/")
	for i, p := range parts {
		if p == "" || strings.HasPrefix(p, "[") || slices.Contains(places(), strings.TrimRight(p, ".")) || strings.HasSuffix(p, ".go") {
			continue
		}
		parts[i] = n.Name(kindPath, p)
	}
	return strings.Join(parts, "/")
}

// places are the parts of paths that every box has: its folders and files, and
// the addresses of its pages.
func places() []string {
	return []string{
		"data", "store", "index", "blobs", "backups", "secrets", "logs", "config", "inbox", "restore", "staged", "import", "witness", "coffer.db", "coffer.yaml",
		"session-key", "setup-code", "service-token", "tls", "edge", "ca", "outgoing.json", "run", "coffer", "nginx", "nginx.pid", "nginx.conf", "conf.d", "acme",
		"api.sock", "link.sock", "parser.sock", "egress.sock", "control.sock", "box.sock", "owner.sock", "usr", "share", "bin", "sbin", "lib", "etc", "var", "tmp",
		"proc", "self", "sys", "fs", "cgroup", "dev", "null", "stdout", "stderr", "static", "templates", "pdfium-cache", "resolv.conf", "hosts",
		"api", "v1", "livez", "readyz", "metrics", "health", "auth", "login", "logout", "factor", "me", "sessions", "keys", "password", "setup", "sources", "text",
		"original", "retry", "cancel", "search", "jobs", "events", "library", "activity", "posture", "settings", "account", "access", "https", "audit", "about",
		"diagnostics", "preview", "outgoing", "export", "openapi.json", "favicon.ico", "_edge", "verify", "facts", "manifest.webmanifest",
	}
}
