package diagnostics

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// telling are words beside which a secret stands, in English and in German.
const telling = `pass(?:word|phrase|code|wd)|passwort|kennwort|geheimnis|secret|token|api[ _-]?key|credential`

// told are what one of them has.
func told() []string {
	return []string{"passw", "passphrase", "passcode", "kennwort", "geheimnis", "secret", "token", "api", "credential"}
}

// quoted is a value in quotes, which may be escaped.
const quoted = `\\*"[^"\n]*"|'[^'\n]*'|` + "`[^`\n]*`"

// shapes are the rules, the surest first. None matches what stands in the
// place of something that another has removed.
func shapes() []shape {
	at := func(name, expression string, group int, judge func(string) bool, needs ...string) shape {
		return shape{name: name, match: regexp.MustCompile(expression), group: group, judge: judge, needs: needs}
	}
	across := func(name, expression string, needs ...string) shape {
		return shape{name: name, match: regexp.MustCompile(expression), needs: needs, joined: true}
	}
	spans := func(s shape) shape { s.spans = true; return s }
	all := []shape{
		across("age-key", `(?i)age-(?:secret-)?(?:key|plugin)-[a-z0-9-]{8,}`, "age-"),
		across("jwt", `\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]+){0,4}`, "eyj"),
		spans(at("cookie", `(?i)\b(?:set-)?cookie2?(?:\\*["'])?\s*[:=]\s*([^\n]+)`, 1, nil, "cookie")),
		spans(at("authorization", `(?i)\bauthorization(?:\\*["'])?\s*[:=]\s*([^\n]+)`, 1, nil, "authorization")),
		spans(at("authorization", `(?i)\b(?:basic|bearer|digest|negotiate)\s+([A-Za-z0-9+/_.~=-]{6,})`, 1, notAWord, "basic", "bearer", "digest", "negotiate")),
		at("url-userinfo", `[A-Za-z][A-Za-z0-9+.-]*:(?:\\?/){2}([^\s"'<>]*)@`, 1, nil, "@"),
		at("url-userinfo", `(?:^|[\s"'(=])([A-Za-z0-9._%+-]+:[^\s@/"'<>]+)@`, 1, nil, "@"),
		at("query", `[/\w\]]\?([^\s"'<>]+)`, 1, nil, "?"),
		at("query", `(?:^|[\s"'({:])([\w.%-]+=[^\s"'&]*(?:&(?:amp;)?[\w.%-]+=[^\s"'&]*)+)`, 1, nil, "&"), // the body of a form
		at("quoted-secret", `(?i)\b(?:`+telling+`)s?\b(?: +\w+){0,3}(?: +| *:? +)(`+quoted+`)`, 1, nil, told()...),
		at("quoted-secret", `(?i)(`+quoted+`) +(?:as|is|was|for|isn't|ist|war|als)\b(?: +\w+){0,3} +\w*(?:`+telling+`)`, 1, nil, told()...),
		at("quoted-secret", `(?i)(?:pass(?:word|phrase|code|wd)|passwort|kennwort)s? \(([^()\s]+)\)`, 1, nil, told()...),
		at("quoted-secret", `(?i)(?:`+telling+`)s? \(([^()\s]+)\)`, 1, notAWord, told()...),
		at("quoted-secret", `(?i)\b\w*(?:`+telling+`)\w*\((`+quoted+`|[^()\s]+)\)`, 1, notAnArgument, told()...),
		at("quoted-secret", `(?i)\b(?:`+telling+`)s? (?:is|was|ist|war|lautet):? (`+quoted+`|\S+)`, 1, noPredicate, told()...),
		at("quoted-secret", `(?i)(?:\b|_)(?:`+telling+`|keys?|pin)s?(?::? +|[ \t]*[|,\t][ \t]*)([^\s=:|]+)(?:[\s:|]|$)`, 1, strange, append(told(), "key", "pin")...),
		at("quoted-secret", `(?i)\b(?:(?:setup|recovery|access|backup|verification|security)[ -]?code|wiederherstellungscode|einrichtungscode)s?:? +(`+quoted+`|\S+)`, 1, notAWord, "code"),
		at("code-groups", `(?i)\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b`, 0, nil, "-"),
		spans(at("quoted-secret", `(?i)\blogin\s+\S+\s+password\s+(\S+)`, 1, nil, "login")),
		at("quoted-secret", `(?i)\b(?:login|credentials?) +[^\s/:]+[/:](\S+)`, 1, nil, "login", "credential"),
		at("quoted-secret", `(?i)\bidentified +by +(`+quoted+`)`, 1, nil, "identified"),
		at("flag", `(?i)(?:^|\s)--?[a-z-]*(?:password|passphrase|passwd|token|secret|key)[a-z-]*[ \t]+([^\s\[\]|-]\S*)`, 1, noPlaceholder, "-"),
		at("flag", `\b(?:sshpass|mysql\w*|mariadb\S*|mongo\w*|redis-cli|smbclient|ldap\w+)\b[^\n|;&]*?\s-[paw] ?([^\s-]\S*)`, 1, nil, "sshpass", "mysql", "mariadb", "mongo", "redis-cli", "smbclient", "ldap"),
		at("flag", `\b(?:ENV|export|setenv)\s+\w*(?i:`+telling+`|key)\w*[ \t]+(\S+)`, 1, nil, append(told(), "key")...),
		at("flag", `\b(?:SET|set)\s+\w*(?i:`+telling+`|key)\w*[ \t]+(\S+)`, 1, notAWord, append(told(), "key")...),
		at("element", `(?i)<[\w:.-]*(?:password|passwd|secret|token|key|credential)[\w:.-]*[^<>]*>([^<\n]+)<`, 1, nil, "<"),
		at("element", `(?i)<[^<>\n]*(?:pass|secret|token|key|credential)[^<>\n]*\b(?:value|content)\s*=\s*(`+quoted+`)`, 1, nil, "<"),
		at("url-encoded", `([^\s"'<>=]*%[0-9A-Fa-f]{2}[^\s"'<>]*)`, 1, nil, "%"),
		at("hex", `(?i)(?:\\x[0-9a-f]{2}){4,}`, 0, nil, `\x`),
		at("hex", `(?i)(?:\b[0-9a-f]{2}[:-]){7,}[0-9a-f]{2}\b`, 0, nil, ":", "-"),
		across("hex", `[0-9a-f]{24,}|[0-9A-F]{24,}`),
	}
	for _, p := range providers() {
		all = append(all, across("provider-key", p[1], strings.Split(p[0], " ")...))
	}
	return all
}

// notAWord reports what is more than small letters.
func notAWord(s string) bool {
	return strings.ContainsFunc(strings.TrimRight(s, ".,;:!?)\"'"), func(r rune) bool { return !unicode.IsLower(r) })
}

// noPredicate reports what does not say of a secret how it is.
func noPredicate(s string) bool {
	switch strings.ToLower(strings.TrimRight(s, ".,;:!)\"'")) {
	case "", "a", "an", "the", "no", "not", "too", "now", "also", "only", "still", "already", "never", "wrong", "right", "invalid", "valid", "missing", "empty", "required", "needed", "unknown", "incorrect",
		"expired", "revoked", "set", "unset", "configured", "given", "changed", "refused", "rejected", "accepted", "kept", "used", "replaced", "removed", "answered", "asked", "found", "closed", "created", "tried", "checked", "made", "stored", "sealed", "read", "sent", "lost",
		"older", "longer", "shorter", "short", "long", "weak", "good", "bad", "in", "at", "by", "on", "of", "for", "from", "to", "that", "what", "one", "wanted", "shown", "there", "here", "your", "its", "cannot", "being", "known",
		"falsch", "richtig", "ungültig", "abgelaufen", "leer", "nicht", "kein", "keine", "zu", "noch", "schon", "nur", "gesetzt", "geändert", "erforderlich", "nötig", "kurz", "unbekannt", "der", "die", "das", "ein", "eine", "es", "im":
		return false
	}
	return !replaced(s)
}

// noPlaceholder reports what does not stand for a value in the usage of a command.
func noPlaceholder(s string) bool {
	return !slices.Contains([]string{"KEY", "NAME", "FILE", "VALUE", "TOKEN", "SECRET", "PASSWORD", "PASSPHRASE"}, s)
}

// strange reports what is no word of a sentence: long, and with digits and
// letters, or with signs that words do not have.
func strange(s string) bool {
	s = strings.TrimRight(s, ".,;:!)]}\"'")
	return len(s) >= 6 && (lettersAndDigits(s) || strings.ContainsAny(s, "$%&!#^*+~")) && !replaced(s)
}

// notAnArgument reports what is more than the arguments that a stack names.
func notAnArgument(s string) bool {
	return !strings.HasPrefix(s, "0x") && !strings.HasPrefix(s, "{0x") && s != "..."
}

// lettersAndDigits reports that both are there.
func lettersAndDigits(s string) bool {
	return strings.ContainsFunc(s, isDigit) && strings.ContainsFunc(s, isLetter)
}

// mixed reports two of small letters, capitals and digits.
func mixed(s string) bool {
	kinds := 0
	for _, is := range []func(rune) bool{isDigit, isLower, isUpper} {
		if strings.ContainsFunc(s, is) {
			kinds++
		}
	}
	return kinds > 1
}

func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
func isLower(r rune) bool  { return r >= 'a' && r <= 'z' }
func isUpper(r rune) bool  { return r >= 'A' && r <= 'Z' }
func isLetter(r rune) bool { return isLower(r) || isUpper(r) }
