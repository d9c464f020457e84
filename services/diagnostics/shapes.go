package diagnostics

import (
	"regexp"
	"strings"
)

// shape is a rule that knows a secret by what it looks like.
type shape struct {
	name  string
	match *regexp.Regexp
	group int                    // of match that has to go
	judge func(text string) bool // of that group; nil: all
	// joined looks also across the ends of lines, for what is told from words
	// by how it begins.
	joined bool
}

// shapes are the rules, the surest first. None matches what stands in the
// place of something that another has removed.
func shapes() []shape {
	at := func(name, expression string, group int, judge func(string) bool) shape {
		return shape{name: name, match: regexp.MustCompile(expression), group: group, judge: judge}
	}
	across := func(name, expression string, judge func(string) bool) shape {
		return shape{name: name, match: regexp.MustCompile(expression), judge: judge, joined: true}
	}
	return []shape{
		across("age-key", `(?i)age-(?:secret-)?(?:key|plugin)-[a-z0-9-]{8,}`, nil),
		across("jwt", `\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]+){0,4}`, nil),
		across("provider-key", providers(), nil),
		at("cookie", `(?i)\b(?:set-)?cookie2?(?:\\*["'])?\s*[:=]\s*([^\n]+)`, 1, nil),
		at("authorization", `(?i)\bauthorization(?:\\*["'])?\s*[:=]\s*([^\n]+)`, 1, nil),
		at("authorization", `(?i)\b(?:basic|bearer|digest|negotiate)\s+([A-Za-z0-9+/_.~=-]{6,})`, 1, notAWord),
		at("url-userinfo", `[A-Za-z][A-Za-z0-9+.-]*:(?:\\?/){2}([^\s"'<>]*)@`, 1, nil),
		at("url-userinfo", `(?:^|[\s"'(=])([A-Za-z0-9._%+-]+:[^\s@/"'<>]+)@`, 1, nil),
		at("query", `[/\w\]]\?([^\s"'<>]+)`, 1, nil),
		at("quoted-secret", `(?i)\b(?:pass(?:word|phrase|code|wd)|secret|token|api[ _-]?key|credentials?)s?\b(?: +\w+){0,3}(?: +| *:? +)(\\*"[^"\n]*"|'[^'\n]*'|`+"`[^`\n]*`"+`)`, 1, nil),
		at("quoted-secret", `(?i)\b(?:pass(?:word|phrase|code|wd)|secret|token|api[ _-]?key)s? (?:is|was) (\S+)`, 1, notAWord),
		at("quoted-secret", `(?i)\blogin\s+\S+\s+password\s+(\S+)`, 1, nil),
		at("flag", `(?i)(?:^|\s)--?[a-z-]*(?:password|passphrase|passwd|token|secret|key)[a-z-]*[ \t]+([^\s\[\]|-]\S*)`, 1, nil),
		at("element", `(?i)<[\w:.-]*(?:password|passwd|secret|token|key|credential)[\w:.-]*[^<>]*>([^<\n]+)<`, 1, nil),
		at("url-encoded", `([^\s"'<>=]*%[0-9A-Fa-f]{2}[^\s"'<>]*)`, 1, nil),
		at("hex", `(?i)(?:\\x[0-9a-f]{2}){4,}`, 0, nil),
		at("hex", `(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){7,}\b`, 0, nil),
		across("hex", `[0-9a-f]{24,}|[0-9A-F]{24,}`, nil),
		at("hex", `\b(?:[0-9a-f]{12,}|[0-9A-F]{12,})\b`, 0, lettersAndDigits),
		at("encoded-lines", `(?m)(?:^[ \t]*[A-Za-z0-9+/_-]{16,}={0,2}[ \t]*\n)+[ \t]*[A-Za-z0-9+/_-]{4,}={0,2}[ \t]*$`, 0, random),
		at("base64", `[A-Za-z0-9+/_-]{6,}={2}`, 0, nil),
		at("base64", `([A-Za-z0-9+/_-]{7,}=)(?:[\s,;)}\]]|$)`, 1, mixed),
		at("base32", `\b[A-Z2-7]{16,}\b`, 0, nil),
		at("entropy", `[A-Za-z0-9+/_~.!$^*-]{16,}={0,2}`, 0, random),
	}
}

// providers are the beginnings of keys by which services tell their own.
func providers() string {
	return `(?:` + strings.Join([]string{
		`\bcfr_[A-Za-z0-9_-]{8,}`,                                 // Coffer
		`\b(?:sk|pk|rk)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9]{12,}`, // OpenAI, Anthropic, Stripe
		`\bgh[pousr]_[A-Za-z0-9]{16,}`, `\bgithub_pat_[A-Za-z0-9_]{20,}`,
		`\bgl(?:pat|dt|rt|ptt|cbt|soat|ft)-[A-Za-z0-9_-]{16,}`,
		`\bxox[abeoprs]-[A-Za-z0-9-]{8,}`, `\bxapp-[A-Za-z0-9-]{8,}`,
		`\b(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,}`,
		`\bAIza[A-Za-z0-9_-]{20,}`, `\bya29\.[A-Za-z0-9_-]{16,}`, `\bGOCSPX-[A-Za-z0-9_-]{12,}`,
		`\bnpm_[A-Za-z0-9]{20,}`, `\bpypi-[A-Za-z0-9_-]{16,}`, `\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}`,
		`\bdo[opr]_v1_[a-f0-9]{16,}`, `\bhf_[A-Za-z0-9]{16,}`, `\bgsk_[A-Za-z0-9]{16,}`, `\bxai-[A-Za-z0-9]{16,}`,
		`\bSG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`, `\bkey-[0-9a-f]{16,}`, `\b(?:AC|SK)[0-9a-f]{32}`,
		`\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{16,}`, `\bsq0[a-z]{3}-[A-Za-z0-9_-]{16,}`, `\bEAA[A-Za-z0-9]{20,}`,
		`\blin_(?:api|oauth)_[A-Za-z0-9]{16,}`, `\bwhsec_[A-Za-z0-9+/=]{16,}`, `\btskey-[A-Za-z0-9-]{12,}`,
		`\b(?:hv[sbr]|s|b|r)\.[A-Za-z0-9_-]{24,}`, `\bdp\.(?:pt|st|ct)\.[A-Za-z0-9]{16,}`, `\bglc_[A-Za-z0-9+/=]{16,}`, `\bglsa_[A-Za-z0-9_]{16,}`,
		`\bpscale_[a-z]+_[A-Za-z0-9_.-]{16,}`, `\bsbp_[a-f0-9]{16,}`, `\bntn_[A-Za-z0-9]{16,}`, `\bsecret_[A-Za-z0-9]{16,}`,
		`\b\d{8,10}:[A-Za-z0-9_-]{30,}`, // Telegram
		`\bgAAAA[A-Za-z0-9_-]{20,}`,     // Fernet
		`\$(?:2[abxy]|argon2(?:id?|d)|5|6|y|scrypt|pbkdf2[a-z0-9-]*)\$[^\s"']{8,}`, // hashes of passwords
		`\bhooks\.slack\.com/[^\s"']+`, `\bdiscord(?:app)?\.com/api/webhooks/[^\s"']+`,
	}, `|`) + `)`
}

// notAWord reports what is more than small letters.
func notAWord(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
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
