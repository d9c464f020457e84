package diagnostics

import (
	"regexp"
	"strings"
)

// telling are words beside which a secret stands.
const telling = `pass(?:word|phrase|code|wd)|secret|token|api[ _-]?key|credential`

// told are what one of them has.
func told() []string {
	return []string{"passw", "passphrase", "passcode", "secret", "token", "api", "credential"}
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
		at("quoted-secret", `(?i)\b(?:`+telling+`)s?\b(?: +\w+){0,3}(?: +| *:? +)(`+quoted+`)`, 1, nil, told()...),
		at("quoted-secret", `(?i)\b(?:pass(?:word|phrase|code|wd)|secret|token|api[ _-]?key)s? (?:is|was) (\S+)`, 1, notAWord, told()...),
		spans(at("quoted-secret", `(?i)\blogin\s+\S+\s+password\s+(\S+)`, 1, nil, "login")),
		at("flag", `(?i)(?:^|\s)--?[a-z-]*(?:password|passphrase|passwd|token|secret|key)[a-z-]*[ \t]+([^\s\[\]|-]\S*)`, 1, nil, "-"),
		at("element", `(?i)<[\w:.-]*(?:password|passwd|secret|token|key|credential)[\w:.-]*[^<>]*>([^<\n]+)<`, 1, nil, "<"),
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
	return strings.ContainsFunc(strings.TrimRight(s, ".,;:!)\"'"), func(r rune) bool { return r < 'a' || r > 'z' })
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
