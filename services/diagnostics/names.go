package diagnostics

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
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

// route is an address as the box has it in its table, without what differs.
const route = `\broute(?:\\*")?[=:]\s*(?:\\*")?/[a-z0-9_{}:*./-]*`

// nameRule replaces a group of each match.
type nameRule struct {
	match *regexp.Regexp
	group int
	name  func(n *Names, s string) string // s itself: it stays
	// needs are small letters, one of which is in each line that matches; nil:
	// unknown. No rule matches over the end of a line.
	needs []string
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
		modules: k.Modules, marks: regexp.MustCompile(mark + `|` + route),
		ids:   regexp.MustCompile(`\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|0[0-9a-hjkmnp-tv-z]{25})\b`),
		rules: nameRules(),
		asked: regexp.MustCompile(`\brequest_id(?:\\*")?[=:]\s*(?:\\*")?([0-9a-f]{32}|[a-z2-7]{26})\b`),
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

// IDs gives ids other names, and counts them. It comes before Shapes, which take
// ids for secrets.
func (n *Names) IDs(text string) (string, Counts) {
	return n.apply([]nameRule{
		{match: n.ids, name: id}, {match: n.asked, group: 1, name: id, needs: []string{"request_id"}},
	}, text)
}

func id(n *Names, s string) string { return n.Name(kindID, s) }

// Clean gives the rest other names, and counts them by kind.
func (n *Names) Clean(text string) (string, Counts) {
	var known []nameRule
	for _, k := range n.known {
		r := nameRule{match: k.match, group: 2, name: func(n *Names, s string) string { return n.Name(k.kind, s) }}
		known = append(known, r, r) // neighbours share what is between them
	}
	return n.apply(append(known, n.rules...), text)
}

func (n *Names) apply(rules []nameRule, text string) (string, Counts) {
	counts := Counts{}
	var out strings.Builder
	for from := 0; from <= len(text); {
		to := lineEnd(text, from)
		line := text[from:to]
		for _, r := range rules {
			line = r.apply(n, line, counts)
		}
		out.WriteString(line)
		if to < len(text) {
			out.WriteByte('\n')
		}
		from = to + 1
	}
	return out.String(), counts
}

func (r nameRule) apply(n *Names, line string, counts Counts) string {
	if r.needs != nil {
		small := smallLetters(line)
		if !slices.ContainsFunc(r.needs, func(s string) bool { return strings.Contains(small, s) }) {
			return line
		}
	}
	found := r.match.FindAllStringSubmatchIndex(line, -1)
	if len(found) == 0 {
		return line
	}
	marks := n.marks.FindAllStringIndex(line, -1)
	var b strings.Builder
	last := 0
	for _, at := range found {
		from, to := at[2*r.group], at[2*r.group+1]
		if from < last || from == to {
			continue
		}
		if i := reaching(marks, from); i < len(marks) && marks[i][0] < to {
			continue // it stands for something already
		}
		name := r.name(n, line[from:to])
		if name == line[from:to] {
			continue
		}
		for _, m := range n.marks.FindAllStringSubmatch(name, -1) {
			kind, rule, _ := strings.Cut(strings.Trim(m[0], "[]"), ":")
			if kind != "redacted" {
				rule = "name-" + kind
			}
			counts[rule]++
		}
		b.WriteString(line[last:from])
		b.WriteString(name)
		last = to
	}
	b.WriteString(line[last:])
	return b.String()
}
