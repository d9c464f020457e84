package auth

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"coffer/services/library"
)

func TestHosts(t *testing.T) {
	a := newAccounts()
	a.settings.Hosts = []string{"listed.example.org"}
	h := Hosts{Fixed: []string{"fixed.example.org"}, Accounts: a}
	for _, c := range []struct {
		host string
		want bool
	}{
		{"192.0.2.1", true},
		{"192.0.2.1:8080", true},
		{"[2001:db8::1]", true},
		{"[2001:db8::1]:8080", true},
		{"localhost:8080", true},
		{"LOCALHOST", true},
		{"box.localhost", true},
		{"nas", true},
		{"nas.local:8080", true},
		{"Coffer.Local.", true},
		{"box.lan", true},
		{"box.home.arpa", true},
		{"box.internal", true},
		{"box.fritz.box:80", true},
		{"listed.example.org", true},
		{"LISTED.example.org:8443", true},
		{"fixed.example.org.", true},

		{"", false},
		{":8080", false},
		{".", false},
		{"evil.example.org", false},
		{"example.org", false},
		{"x.listed.example.org", false},
		{"listed.example.org.evil.com", false},
		{"192.0.2.1.evil.com", false},
		{"127.1", false},
		{"0x7f.0.0.1", false},
		{"evillocal.com", false},
		{"local.com", false},
		{"fritz.box.evil.com", false},
		{"fritz.box", false},
		{"2001:db8::1", false}, // an address of six colons is not a host and a port
		{"[192.0.2.1]", false},
		{"[nas]", false},
		{"nas:http", false},
		{"nas:80:80", false},
		{"nas/evil", false},
		{"user@nas", false},
		{"nas evil", false},
		{"nas\x00", false},
		{"..local", false},
		{"näs", false},
		{strings.Repeat("a", 64), false},
	} {
		got, err := h.Allowed(t.Context(), c.host)
		if got != c.want || err != nil {
			t.Errorf("%q: %v, %v", c.host, got, err)
		}
	}
	a.settings.AnyHost = true
	for host, want := range map[string]bool{"evil.example.org": true, "": false, "user@nas": false} {
		if got, _ := h.Allowed(t.Context(), host); got != want {
			t.Errorf("any host: %q: %v", host, got)
		}
	}
	a.fail = errors.New("store")
	if ok, err := h.Allowed(t.Context(), "evil.example.org"); ok || err == nil {
		t.Error("a store that fails lets any name in")
	}
	if ok, err := h.Allowed(t.Context(), "nas.local"); !ok || err != nil {
		t.Error("a store that fails keeps built-in names out")
	}
}

func TestCleanHosts(t *testing.T) {
	for _, c := range []struct{ given, want []string }{
		{nil, []string{}},
		{[]string{"Box.Example.ORG"}, []string{"box.example.org"}},
		{[]string{" https://box.example.org:8443/library "}, []string{"box.example.org"}},
		{[]string{"bücher.example"}, []string{"xn--bcher-kva.example"}},
		{[]string{"a.example", "A.example.", "b.example"}, []string{"a.example", "b.example"}},
		{given: []string{""}},
		{given: []string{"*.example.org"}},
		{given: []string{"a.example,b.example"}},
		{given: []string{"a b.example"}},
		{given: []string{"-"}, want: []string{"-"}},
		{given: []string{"user@example.org"}},
		{given: []string{"a..example"}},
		{given: slices.Repeat([]string{strings.Repeat("a", 64)}, 1)},
	} {
		got, err := CleanHosts(c.given)
		if c.want == nil {
			wantKind(t, err, library.Invalid)
			continue
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, %v", c.given, got, err)
		}
	}
	many := make([]string, maxHosts+1)
	for i := range many {
		many[i] = strings.Repeat("a", i+1)
	}
	_, err := CleanHosts(many)
	wantKind(t, err, library.Invalid)
}
