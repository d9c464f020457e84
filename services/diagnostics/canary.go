package diagnostics

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
)

// Canary is a secret that was made to be found.
type Canary struct {
	Form string // what it is
	Text string // in which it stands
	gone string // what of it must not be there any more
}

// In reports that it is still in text.
func (c Canary) In(text string) bool {
	folded := foldText(text)
	gone := foldText(c.gone)
	for i := 0; i+shortest <= len(gone); i += shortest {
		if strings.Contains(folded, gone[i:min(len(gone), i+2*shortest)]) {
			return true
		}
	}
	return false
}

// Disguises are the forms that a secret takes in texts.
func Disguises(secret string) []Canary {
	quoted, _ := json.Marshal(secret) // every string has JSON
	twice, _ := json.Marshal(string(quoted))
	var percent, escaped, octal strings.Builder
	for i := range len(secret) {
		fmt.Fprintf(&percent, "%%%02x", secret[i])
		fmt.Fprintf(&escaped, `\x%02x`, secret[i])
		fmt.Fprintf(&octal, `\%03o`, secret[i])
	}
	var all []Canary
	for form, text := range map[string]string{
		"plain": secret, "html": html.EscapeString(secret), "json": string(quoted), "json in json": string(twice), "url": url.QueryEscape(secret), "every byte of a url": percent.String(),
		"url in a url": url.QueryEscape(url.QueryEscape(secret)), "every byte of a url in a url": url.QueryEscape(percent.String()), "escaped": escaped.String(),
		"hex": hex.EncodeToString([]byte(secret)), "capital hex": strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "base64 of a user and it": base64.StdEncoding.EncodeToString([]byte("owner:" + secret)),
		"base64 of a word and it": base64.URLEncoding.EncodeToString([]byte("a" + secret + "bc")), "base64 after two": base64.RawURLEncoding.EncodeToString([]byte("ab" + secret)),
		"octal": octal.String(), "bytes": fmt.Sprint([]byte(secret)), "bytes of Go": fmt.Sprintf("%#v", []byte(secret)), "bytes of JSON": strings.ReplaceAll(fmt.Sprint([]byte(secret)), " ", ","),
		"hex of hex": hex.EncodeToString([]byte(hex.EncodeToString([]byte(secret)))), "base64 of hex": base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString([]byte(secret)))),
		"base64 of base64": base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(secret)))),
	} {
		gone := text
		switch {
		case strings.HasPrefix(form, "base64 "): // what is beside it is not it
			gone = text[8:max(8, len(text)-4)]
		case strings.HasPrefix(form, "bytes"):
			gone = strings.TrimSuffix(strings.TrimPrefix(strings.Trim(text, "[]"), "]byte{"), "}")
		case strings.Contains(form, "json"):
			gone = strings.Trim(text, `\"`)
		}
		all = append(all, Canary{form, text, gone}, Canary{form + " in two lines", text[:len(text)/2] + "\n" + text[len(text)/2:], gone})
	}
	return all
}

// Canaries are texts with a secret of each shape, drawn by lot.
func Canaries() []Canary {
	word, digits := drawnText(24), hex.EncodeToString([]byte(drawnText(16)))
	body := base64.StdEncoding.EncodeToString([]byte(drawnText(192)))
	var lines strings.Builder
	for i := 0; i < len(body); i += 64 {
		lines.WriteString(body[i:min(len(body), i+64)] + "\n")
	}
	basic := base64.StdEncoding.EncodeToString([]byte("owner:" + word))
	small := strings.ToLower(drawnText(12))
	return []Canary{
		{"assignment", "FOO_API_KEY=" + small, small},
		{"quoted name", `{"password": "` + small + `", "n": 1}`, small},
		{"quoted name in quotes", `msg="{\"client_secret\":\"` + small + `\"}"`, small},
		{"cookie", "Cookie: theme=dark; coffer_ab12cd34=" + word, word},
		{"basic", "Authorization: Basic " + basic, basic},
		{"bearer", `header="Bearer ` + word + `"`, word},
		{"user of a url", "get https://owner:" + small + "@box.example/path", small},
		{"query", `request: "GET /search?q=` + small + ` HTTP/1.1"`, small},
		{"pem", "-----BEGIN PRIVATE " + "KEY-----\n" + lines.String() + "-----END PRIVATE " + "KEY-----\n", body},
		{"lines of base64", "dump:\n" + lines.String(), body},
		{"jwt", "token eyJhbGciOiJIUzI1NiJ9." + word + "." + word, word},
		{"age key", "AGE-SECRET-KEY-1" + strings.ToUpper(word), strings.ToUpper(word)},
		{"own key", "used cfr_" + word, word},
		{"provider key", "sk-" + word + word[:8], word},
		{"hex", "value " + digits, digits},
		{"entropy", "value " + word, word},
		{"flag", "--password " + small, small},
		{"list of strings", `["password", "` + small + `"]`, small},
		{"name of its own", `{"name":"API_TOKEN","value":"` + small + `"}`, small},
		{"German", "Kennwort: " + small, small},
		{"HTML", "&quot;password&quot;:&quot;" + small + "&quot;", small},
		{"attribute", `<input type="password" value="` + small + `">`, small},
		{"recovery code", "used " + small[:4] + "-abcd-efgh-2345", "abcd-efgh-2345"},
	}
}

// drawnText is n letters and digits by lot, of each kind some.
func drawnText(n int) string {
	const kinds = "ABCDEFGHJKMNPQRSTUVWXYZ" + "abcdefghijkmnpqrstuvwxyz" + "23456789"
	const each = 23
	b := make([]byte, n)
	_, _ = rand.Read(b) // it does not fail; it ends the process instead
	for i := range b {
		switch i % 3 {
		case 0:
			b[i] = kinds[int(b[i])%each]
		case 1:
			b[i] = kinds[each+int(b[i])%24]
		default:
			b[i] = kinds[each+24+int(b[i])%8]
		}
	}
	return string(b)
}
