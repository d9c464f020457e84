package diagnostics

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// nameRules are what names look like. What a path is has to be known before its
// parts are taken for hosts.
func nameRules() []nameRule {
	rule := func(expression string, group int, name func(*Names, string) string, needs ...string) nameRule {
		return nameRule{regexp.MustCompile(expression), group, name, needs}
	}
	return []nameRule{
		// What people wrote or looked for is not for support.
		rule(`(?i)\b(?:title|file_?name|query|q|search|subject|author|snippet)=("(?:[^"\\\n]|\\.)*"?|[^\s"]+)`, 1, content, "="),
		rule(`(?i)"([^"\n]*\.(?:`+documents+`))\\?"`, 1, content, `"`),
		rule(`\b(?:open|openat|create|stat|lstat|fstatat|mkdir|mkdirat|remove|unlinkat|rename|renameat|link|symlink|chmod|chown|truncate|read|write|readlink|readdirent|walk) (/[^\n":]*?): `, 1, (*Names).path, " /"),
		rule(`(?i)[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*`, 0, func(n *Names, s string) string { return n.Name(kindUser, s) }, "@"),
		rule(`(?i)\b(?:user|username|user_name|login|account|owner|benutzer)(?:\\*")?\s*[:=]\s*\\*"?([^\s"\\,;\[\]]+)`, 1, func(n *Names, s string) string {
			if !strings.ContainsFunc(s, isLetter) || slices.Contains(ordinary(), strings.ToLower(s)) {
				return s
			}
			return n.Name(kindUser, s)
		}, "user", "login", "account", "owner", "benutzer"),
		rule(`[a-z][a-z0-9+.-]*://(?:\[redacted:[a-z-]+\]@)?([\pL\pN._-]+)`, 1, (*Names).host, "://"),
		rule(`://[^\s/"'<>]+((?:/[^\s"'<>?#]+)+)`, 1, (*Names).path, "://"),
		rule(`(?i)\b(?:host|hostname|server|server_name|sni|domain|referr?er)(?:\\*")?\s*[:=]\s*\\*"?([\pL\pN._-]+)`, 1, (*Names).host, "host", "server", "sni", "domain", "refer"),
		rule(`\b\d{1,3}(?:\.\d{1,3}){3}\b`, 0, (*Names).address, "."),
		rule(`(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b`, 0, func(n *Names, s string) string {
			return n.Name(kindAddress, "mac "+strings.ReplaceAll(s, "-", ":"))
		}, ":", "-"),
		rule(`(?i)(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?`, 0, (*Names).address, ":"),
		rule(`(?i)(?:^|[^\pL\pN._-])((?:[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.)+(?:`+domains+`))\b`, 1, (*Names).host, "."),
		rule(`(?:^|[\s"'=(,]|: )((?:/[^\s"'<>:,;()?]+)+)`, 1, (*Names).path, "/"),
		rule(`(?i)(?:^|[\s=(:,'])([^\s/"'=():,]+\.(?:`+documents+`))\b`, 1, content, "."),
	}
}

// documents are the endings of files that people keep, and no program of the
// box.
const documents = `pdf|docx?|xlsx?|pptx?|od[tsp]|epub|mobi|azw3?|rtf|csv|tsv|eml|mbox|msg|jpe?g|png|heic|tiff?|webp|gif|mp3|mp4|m4a|mov|avi|mkv|wav|pages|numbers|zip|7z|rar|tgz|md|html?`

// domains are endings of names on networks. Those that end files of programs, or
// are verbs and nouns that end names in programs, are not among them.
const domains = `com|org|net|edu|gov|mil|int|info|biz|io|dev|app|xyz|me|tv|ai|co|gg|cloud|online|site|tech|page|blog|shop|wiki|zone|link|world|space|house|family|name|email|` +
	`top|club|fun|icu|vip|pro|mobi|asia|berlin|hamburg|koeln|cologne|bayern|wien|swiss|tirol|london|paris|nyc|tokyo|studio|network|systems|solutions|digital|today|agency|ltd|gmbh|ninja|rocks|` +
	`lan|local|home|internal|intranet|corp|private|localdomain|arpa|box|onion|example|test|ts|duckdns|` +
	`de|at|ch|li|fr|it|es|pt|nl|be|lu|dk|se|no|fi|ie|uk|eu|cz|sk|hu|ro|bg|gr|hr|si|ee|lv|lt|ba|mt|cy|tr|ru|ua|us|ca|mx|br|ar|cl|pe|uy|au|nz|jp|kr|cn|tw|hk|sg|in|th|vn|my|ph|pk|kz|ge|za|ng|ke|eg|ma|il|ae|ws|cc|la|ly|su|pw|im`

// content leaves nothing of what people wrote.
func content(_ *Names, s string) string {
	if replaced(s) {
		return s
	}
	return placeholder("content")
}

func (n *Names) host(s string) string {
	name := strings.ToLower(strings.TrimSuffix(s, "."))
	if name == "" || name == "_" || slices.Contains(ordinary(), name) || slices.Contains(n.modules, name) || !strings.ContainsFunc(name, isLetter) {
		return s
	}
	return n.Name(kindHost, s)
}

// address leaves the addresses that every machine has. Of others it says of what
// kind they are.
func (n *Names) address(s string) string {
	a, err := netip.ParseAddr(s)
	if err != nil || a.IsLoopback() || a.IsUnspecified() {
		return s
	}
	a = a.Unmap()
	version := 6
	if a.Is4() {
		version = 4
	}
	sort := "public"
	switch {
	case a.IsPrivate():
		sort = "private"
	case a.IsLinkLocalUnicast():
		sort = "link-local"
	case a.IsMulticast():
		sort = "multicast"
	}
	name := n.Name(kindAddress, a.String())
	return strings.Replace(name, ":", fmt.Sprintf(":%s%d-", sort, version), 1)
}

// deepest is how many parts of a path have names of their own.
const deepest = 12

// path leaves the folders and files that every box has.
func (n *Names) path(s string) string {
	parts := strings.Split(s, "/")
	if len(parts) > deepest {
		return "/" + n.Name(kindPath, s)
	}
	for i, p := range parts {
		if p == "" || strings.HasPrefix(p, "[") || slices.Contains(places(), strings.TrimRight(p, ".:-")) || strings.HasSuffix(p, ".go") {
			continue
		}
		parts[i] = n.Name(kindPath, p)
	}
	return strings.Join(parts, "/")
}
