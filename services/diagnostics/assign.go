package diagnostics

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// assigned finds names with what is given to them: NAME=, "name":, name =>.
func assigned() *regexp.Regexp {
	return regexp.MustCompile(`([A-Za-z][A-Za-z0-9_.\-]{1,80})\\*["'` + "`" + `]?\]?[ \t]*(?:=>|:=|==?|:)\s*`)
}

// assignment is the rule of values whose name says that they are secret.
const assignment = "assignment"

func (s *Shapes) assignments(text string) (hits []hit) {
	for _, at := range s.assigned.FindAllStringSubmatchIndex(text, -1) {
		if !secretName(text[at[2]:at[3]]) {
			continue
		}
		from, to := value(text, at[1])
		if v := text[from:to]; !harmless(v) && !prose(text[at[2]:at[3]], text[at[3]:at[1]], v) {
			hits = append(hits, hit{from, to, assignment})
		}
	}
	return hits
}

// value is where the value that begins at i ends: with its quote, or with the
// word.
func value(text string, i int) (from, to int) {
	from = i
	for i < len(text) && text[i] == '\\' {
		i++
	}
	slashes := i - from
	if i < len(text) && strings.IndexByte("\"'`", text[i]) >= 0 {
		quote := text[i]
		for j := i + 1; j < len(text) && text[j] != '\n'; j++ {
			if text[j] == quote && run(text, j) <= slashes {
				return from, j + 1
			}
		}
		return from, lineEnd(text, i)
	}
	for to = from; to < len(text) && !space(text[to]); to++ {
	}
	return from, to
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
		case "pass", "pwd", "pw", "passwd", "key", "apikey", "auth", "jwt", "otp", "totp", "pin", "psk", "sid", "sig", "signature",
			"session", "sessionid", "csrf", "xsrf", "dsn", "bearer", "private", "mnemonic", "seed", "salt", "identity", "ticket":
			return true
		case "code":
			if i > 0 && slices.Contains([]string{"setup", "recovery", "auth", "verification", "access", "backup", "time"}, words[i-1]) {
				return true
			}
		}
		for _, part := range []string{"password", "passphrase", "passwd", "passcode", "secret", "token", "apikey", "credential", "cookie", "authorization"} {
			if strings.Contains(w, part) {
				return true
			}
		}
	}
	return false
}

// prose reports a sentence after a colon, by a name that stands before such.
func prose(name, sign, v string) bool {
	name = strings.ToLower(name)
	return len(wordsOf(name)) == 1 && strings.HasSuffix(sign, ": ") && !notAWord(strings.TrimRight(v, ".,;:")) &&
		!strings.Contains(name, "pass") && !strings.Contains(name, "secret") && !strings.Contains(name, "token")
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
	case "", "true", "false", "null", "nil", "none", "yes", "no", "on", "off", "set", "unset", "eacces", "eperm", "enoent", "eafnosupport", Configured:
		return true
	}
	return len(v) < 3 && strings.IndexFunc(v, func(r rune) bool { return !isDigit(r) }) < 0 || replaced(v)
}

// maxPEM is how far from its beginning a PEM block without an end is taken to
// go, in bytes.
const maxPEM = 8 << 10

// blocks are the PEM blocks of a text, by the rule pem. Between their lines
// anything may stand.
func (s *Shapes) blocks(text string) (hits []hit) {
	for i := 0; ; {
		from := strings.Index(text[i:], "-----BEGIN ")
		if from < 0 {
			return hits
		}
		from += i
		to := min(len(text), from+maxPEM)
		if at := s.pemEnd.FindStringIndex(text[from:to]); at != nil {
			to = from + at[1]
		}
		hits = append(hits, hit{from, to, "pem"})
		i = to
	}
}
