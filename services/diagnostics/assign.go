package diagnostics

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// assigned finds names with what is given to them: NAME=, "name":, name =>; also
// with the quotes that HTML and JSON write in other words.
func assigned() *regexp.Regexp {
	return regexp.MustCompile(`([\pL][\pL\pN_.\-]{1,80})(?:\\*["'` + "`" + `]|` + entity + `)?\]?[ \t]*(?:=>|->|→|:=|!=|==?|:)\s*`)
}

// entity is a quote in HTML, or escaped in JSON.
const entity = `&(?:quot|apos|#0*3[49]|#x0*2[27]);|\\+u002[27]`

// listed finds names that stand before their value in a list of strings, or are
// themselves a value: "name": NAME, "value": "…".
func listed() *regexp.Regexp {
	return regexp.MustCompile(`["']([\pL][\pL\pN_.\-]{1,80})\\*["'],[ \t]*(?:\\*["']?value\\*["']?[ \t]*[:=][ \t]*)?(\\*"[^"\n]*"|'[^'\n]*')`)
}

// assignment is the rule of values whose name says that they are secret.
const assignment = "assignment"

func (s *Shapes) assignments(text string) (hits []hit) {
	for _, at := range s.assigned.FindAllStringSubmatchIndex(text, -1) {
		if !secretName(text[at[2]:at[3]]) {
			continue
		}
		from, to := s.value(text, at[1])
		if v := text[from:to]; !harmless(v) && !isFile(text[at[2]:at[3]], v) && !prose(text[at[2]:at[3]], text[at[3]:at[1]], v) {
			hits = append(hits, hit{from, to, assignment})
		}
	}
	for _, at := range s.listed.FindAllStringSubmatchIndex(text, -1) {
		if next := strings.TrimLeft(text[at[5]:], " \t"); strings.HasPrefix(next, ":") {
			continue // it is a name itself
		}
		if secretName(text[at[2]:at[3]]) && !harmless(text[at[4]:at[5]]) {
			hits = append(hits, hit{at[4], at[5], assignment})
		}
	}
	return hits
}

// value is where the value that begins at i ends: with its quote or bracket, or
// with the word.
func (s *Shapes) value(text string, i int) (from, to int) {
	from = i
	line := text[i:lineEnd(text, i)]
	if at := s.entity.FindStringIndex(line); at != nil {
		if n := strings.Index(line[at[1]:], line[:at[1]]); n >= 0 {
			return from, from + 2*at[1] + n
		}
		return from, from + len(line)
	}
	for i < len(text) && text[i] == '\\' {
		i++
	}
	slashes := i - from
	if i < len(text) && strings.IndexByte("\"'`", text[i]) >= 0 {
		quote := text[i]
		if i+1 == len(text) || space(text[i+1]) {
			return from, i // it ends what the name stands in
		}
		for j := i + 1; j < len(text) && text[j] != '\n'; j++ {
			if text[j] == quote && run(text, j) <= slashes {
				return from, j + 1
			}
		}
		return from, lineEnd(text, i)
	}
	for to = from; to < len(text) && !space(text[to]); to++ {
	}
	return from, max(to, closed(text, from))
}

// closed is where the bracket at i is closed in the same line; i: it is none, or
// stays open.
func closed(text string, i int) int {
	depth := 0
	for j := i; j < len(text) && text[j] != '\n'; j++ {
		switch text[j] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		if depth == 0 {
			if j == i {
				return i // no bracket is here
			}
			return j + 1
		}
	}
	return i
}

// run is the number of backslashes before i.
func run(text string, i int) (n int) {
	for n < i && text[i-n-1] == '\\' {
		n++
	}
	return n
}

func lineEnd(text string, i int) int {
	if n := strings.IndexByte(text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(text)
}

// secretName reports a name of which a word says that its value is a secret.
func secretName(name string) bool {
	words := wordsOf(name)
	for i, w := range words {
		switch w {
		case "pass", "pwd", "pw", "passwd", "auth", "jwt", "otp", "totp", "pin", "psk", "sid", "sig", "signature", "session", "sessionid", "csrf", "xsrf",
			"dsn", "bearer", "private", "mnemonic", "seed", "salt", "identity", "ticket", "hmac", "nonce", "webhook", "license", "licence", "unlock":
			return true
		case "code":
			if i > 0 && slices.Contains([]string{"setup", "recovery", "auth", "verification", "access", "backup", "time", "security"}, words[i-1]) {
				return true
			}
		case "string", "str":
			if i > 0 && strings.HasPrefix(words[i-1], "conn") {
				return true
			}
		}
		if strings.HasSuffix(w, "key") || strings.HasSuffix(w, "schlüssel") {
			return true
		}
		for _, part := range []string{
			"password", "passphrase", "passwd", "passcode", "secret", "token", "apikey", "credential", "cookie", "authorization",
			"passwort", "kennwort", "geheim", "contraseña", "senha", "motdepasse", "wachtwoord",
		} {
			if strings.Contains(w, part) {
				return true
			}
		}
	}
	return false
}

// isFile reports a path under the name of a key, such as COFFER_TLS_KEY.
func isFile(name, v string) bool {
	v = strings.TrimRight(v, `",.:;`)
	return strings.HasPrefix(strings.TrimLeft(v, `"`), "/") && strings.HasSuffix(strings.ToLower(name), "_key") && !random(v) && !strings.ContainsAny(v, "+=$%&!#^*~")
}

// prose reports a sentence after a colon, by a name that stands before such.
func prose(name, sign, v string) bool {
	if !strings.HasSuffix(sign, ": ") || notAWord(v) {
		return false
	}
	return slices.Contains([]string{"key", "keys", "secrets", "auth", "identity", "session", "ticket", "signature", "private", "salt", "seed", "license", "webhook", "schlüssel"}, strings.ToLower(name))
}

// wordsOf splits a name at its signs and capitals.
func wordsOf(name string) []string {
	var b strings.Builder
	before := '_'
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte(' ')
		}
		if r == '_' || r == '-' || r == '.' {
			b.WriteByte(' ')
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
		before = r
	}
	return strings.Fields(b.String())
}

// harmless reports a value that tells nothing: none, a word of a state, a
// small number, or what stands in the place of what was removed.
func harmless(v string) bool {
	v = strings.Trim(v, "\\\"'`,;}])({[")
	switch strings.ToLower(v) {
	case "", "true", "false", "null", "nil", "none", "yes", "no", "on", "off", "set", "unset", "ok", "absent", "present", "missing", "expired", "invalid", "revoked", "unknown", "required", "failed", "denied", "refused",
		"eacces", "eperm", "enoent", "eafnosupport", Configured,
		"session-key", "secret-key", "setup-code", "service-token": // files of secrets, named by the box
		return true
	}
	return len(v) < 2 || len(v) == 2 && strings.IndexFunc(v, func(r rune) bool { return !isDigit(r) }) < 0 || replaced(v)
}

// Bounds of a PEM block without an end.
const (
	maxPEM   = 8 << 10 // bytes
	maxApart = 3       // lines between two that belong to it
)

// blocks are the PEM blocks of a text, by the rule pem. Between their lines
// anything may stand. One without an end goes as far as there are lines of it.
func (s *Shapes) blocks(text string) (hits []hit) {
	for i := 0; ; {
		from := strings.Index(text[i:], "-----BEGIN ")
		if from < 0 {
			return hits
		}
		from += i
		limit := min(len(text), from+maxPEM)
		if next := strings.Index(text[from+1:limit], "-----BEGIN "); next >= 0 {
			limit = from + 1 + next
		}
		to := limit
		if at := s.pemEnd.FindStringIndex(text[from:limit]); at != nil {
			to = from + at[1]
		} else {
			to = openBlock(text[:limit], from)
		}
		hits = append(hits, hit{from, to, "pem"})
		i = to
	}
}

// openBlock is where the block that begins at from, and has no end, does not go
// on any more.
func openBlock(text string, from int) (to int) {
	line := text[from:lineEnd(text, from)]
	to = from + len("-----BEGIN ")
	if n := strings.Index(text[to:from+len(line)], "-----"); n >= 0 {
		to += n + len("-----")
	}
	if random(text[to : from+len(line)]) { // escaped, all of it in one line
		to = from + len(line)
	}
	within := false
	for at, apart := from+len(line)+1, 0; at < len(text) && apart < maxApart; at++ {
		end := lineEnd(text, at)
		body := strings.TrimSpace(text[at:end])
		short := within && apart == 0 && len(body) >= shortestLast && strings.IndexFunc(body, func(r rune) bool { return r > 127 || !encoded(byte(r)) }) < 0
		if apart++; random(body) || short {
			to, apart, within = end, 0, true
		}
		at = end
	}
	return to
}
