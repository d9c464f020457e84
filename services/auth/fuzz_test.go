package auth

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"
)

// A name that is kept is kept as it is, stands on one line, and is itself.
func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"Ada", " Zoe\u0308 ", "山田", "a\nb", "\xff", "\u202ea", "\ufb01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := cleanName(s)
		if err != nil {
			return
		}
		if n := utf8.RuneCountInString(name); n < 1 || n > maxName || !utf8.ValidString(name) {
			t.Errorf("%q: %d characters", name, n)
		}
		if again, err := cleanName(name); err != nil || again != name {
			t.Errorf("%q became %q, %v", name, again, err)
		}
		if strings.ContainsFunc(name, unnameable) || !sameName(name, s) || !sameName(name, strings.ToUpper(name)) && sameName(name, name+"x") {
			t.Errorf("%q from %q", name, s)
		}
	})
}

// A host that is recognised is a plain name or an address, and cleaning it
// changes nothing.
func FuzzHostName(f *testing.F) {
	for _, s := range []string{"nas:80", "[::1]:8080", "a.example.", "1.2.3.4", "a b", "[fe80::1%25eth0]", "a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, ok := HostName(s)
		if !ok {
			return
		}
		if _, err := netip.ParseAddr(host); err != nil && !plausible(host) {
			t.Errorf("%q from %q", host, s)
		}
		if strings.ContainsAny(host, "/@ \r\n\x00<>\"\\") {
			t.Errorf("%q from %q", host, s)
		}
		if again, ok := HostName(host); ok && again != host {
			t.Errorf("%q became %q", host, again)
		}
	})
}

// No string is a token but ours, and no Cookie header does harm.
func FuzzTokens(f *testing.F) {
	k, err := New(Options{Accounts: newAccounts(), Keys: newKeyStore(), Audit: &said{}, SecretKey: secret()})
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"a.b.c", "coffer_0123abcd=x", "eyJhbGciOiJub25lIn0.e30.", "\xff=\xff", strings.Repeat("a=b;", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := k.sessions.read(s); err == nil {
			t.Errorf("%q is a token", s)
		}
		cookies := Cookies{Box: "0123abcd"}
		for _, token := range cookies.Tokens(&http.Request{Header: http.Header{"Cookie": {s}}}) {
			if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("token %q", token)
			}
		}
	})
}
