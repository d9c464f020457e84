package diagnostics

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// leaks are places in which programs let a secret out, with @ where it stands.
func leaks() []string {
	return []string{
		"FOO_API_KEY=@", `msg="it failed" err="refused @ there"`, `{"password":"@"}`, `body="{\"token\":\"@\"}"`, "X-Api-Key: @", "Authorization: Bearer @", "Cookie: a=b; sid=@",
		`Get "https://api.example/v1?key=@&n=1": context deadline exceeded`, "https://owner:@x@box.example/path", "panic: connect: @", "goroutine 1 [running]: secret=@",
		`2026/11/28 06:00:00 [error] 7#7: *1 upstream sent "@", client: 192.168.1.7, request: "GET / HTTP/1.1"`, `"GET /hook/@ HTTP/1.1" 404`, "<secret>@</secret>", "Passwort: @",
	}
}

// writings are the forms in which it stands there.
func writings(secret string) map[string]string {
	v := []byte(secret)
	var percent strings.Builder
	for _, b := range v {
		fmt.Fprintf(&percent, "%%%02X", b)
	}
	return map[string]string{
		"plain": secret, "base64": base64.StdEncoding.EncodeToString(v), "base64 of URLs": base64.RawURLEncoding.EncodeToString(v), "URL": url.QueryEscape(secret), "percent": percent.String(),
		"hex": hex.EncodeToString(v), "capital hex": strings.ToUpper(hex.EncodeToString(v)),
	}
}

// Every eighth key of a provider, in each form, in each place, whole and over two lines:
// of none is left what somebody could use.
func TestCombinations(t *testing.T) {
	s, n := NewShapes(), NewNames(Known{})
	for i, key := range keysOfProviders() {
		if i%8 != 0 {
			continue // the test of their table has all
		}
		for form, written := range writings(key) {
			var text strings.Builder
			for _, place := range leaks() {
				fmt.Fprintf(&text, "%s\n", strings.Replace(place, "@", written, 1))
			}
			for _, at := range []int{len(written) / 3, len(written) / 2, 2 * len(written) / 3} {
				fmt.Fprintf(&text, "it began %s\n  %s and ended\n", written[:at], written[at:])
			}
			clean, _, err := s.Clean(first(n.IDs(text.String())))
			if err == nil {
				clean, _, err = s.Clean(first(n.Clean(clean)))
			}
			if err != nil {
				t.Fatalf("%s, %s: %v", key, form, err)
			}
			// Half of a key, from any place on, is not left.
			half := len(written) / 2
			for j := 0; j+half <= len(written); j++ {
				if at := strings.Index(clean, written[j:j+half]); at >= 0 {
					t.Errorf("%s, %s: %q is in %q", key, form, written[j:j+half], clean[max(0, at-60):min(len(clean), at+half+30)])
					break
				}
			}
		}
	}
}

func first(s string, _ Counts) string { return s }
