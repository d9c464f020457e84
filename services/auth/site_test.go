package auth

import (
	"net/http/httptest"
	"testing"

	"coffer/services/auth/authtest"
	"coffer/services/library"
)

// Which name passkeys belong to follows the public name where the site is that
// or a listed name below it, and no passkey belongs to another's name.
func TestSites(t *testing.T) {
	const public = "box.example.org"
	sites := Sites{Public: public, Listed: []string{public, "www.box.example.org", "www.box.lan", "other.example.org"}}
	for _, row := range []struct {
		sites               Sites
		host, scheme        string
		name, origin, wrong string
	}{
		{sites, "box.example.org", "https", public, "https://box.example.org", ""},
		{sites, "BOX.example.org.:8443", "https", public, "https://box.example.org.:8443", ""},
		{sites, "www.box.example.org", "https", public, "https://www.box.example.org", ""},
		{sites, "WWW.box.example.org:443", "https", public, "https://www.box.example.org:443", ""},
		{sites, "www.box.example.org", "http", public, "http://www.box.example.org", NoPasskeysPlain},
		{sites, "evil.box.example.org", "https", "evil.box.example.org", "https://evil.box.example.org", ""}, // not listed
		{sites, "other.example.org", "https", "other.example.org", "https://other.example.org", ""},          // beside it
		{sites, "example.org", "https", "example.org", "https://example.org", ""},                            // above it
		{sites, "mybox.example.org", "https", "mybox.example.org", "https://mybox.example.org", ""},          // ends alike
		{sites, "192.0.2.1:8443", "https", "192.0.2.1", "https://192.0.2.1:8443", NoPasskeysAddress},
		{sites, "[::1]", "https", "::1", "https://[::1]", NoPasskeysAddress},
		{sites, "localhost:8080", "http", "localhost", "http://localhost:8080", ""},
		{sites, "bad name", "https", "", "", NoPasskeysAddress},
		{Sites{Public: "lan", Listed: []string{"www.box.lan"}}, "www.box.lan", "https", "www.box.lan", "https://www.box.lan", ""}, // one label
		{Sites{Public: "0.2.1", Listed: []string{"192.0.2.1"}}, "192.0.2.1", "https", "192.0.2.1", "https://192.0.2.1", NoPasskeysAddress},
		{Sites{Listed: []string{"www.box.example.org"}}, "www.box.example.org", "https", "www.box.example.org", "https://www.box.example.org", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = row.host
		r.Header.Set("X-Forwarded-Proto", row.scheme)
		at := row.sites.Of(r)
		if at.Origin != row.origin || at.NoPasskeys() != row.wrong || row.wrong == "" && at.Name() != row.name {
			t.Errorf("%s://%s: %+v, name %q, %q; want %+v", row.scheme, row.host, at, at.Name(), at.NoPasskeys(), row)
		}
	}
}

// A passkey of the public name works at it and at listed names below it; one
// that was made below it before that name was known still works there.
func TestPasskeysBelowThePublicName(t *testing.T) {
	clock(t, func(t *testing.T) {
		b := newBox(t, nil)
		by := b.setUp(t).Identity
		below := Site{Host: "www.box.example.org", Origin: "https://www.box.example.org"}
		public := Site{Host: "box.example.org", Origin: "https://box.example.org"}
		works := func(a *authtest.Authenticator, at Site) bool {
			t.Helper()
			a.Origin = at.Origin
			s := b.step(t, Client{Site: at})
			if s.Passkey == nil {
				return false
			}
			_, err := b.TakeStepByPasskey(t.Context(), s.Ticket, s.Nonce, a.Get(t, s.Passkey), Client{Site: at})
			return err == nil
		}
		old, _ := b.passkey(t, by, below)
		below.Within = public.Host
		if !works(old, below) || works(old, public) {
			t.Error("a passkey of a name below works elsewhere, or there no more")
		}
		a := newAuthenticator(t, below)
		asked, err := b.BeginPasskey(t.Context(), by, below)
		must(t, err)
		wrong := *a
		wrong.Host = below.Host
		_, err = b.AddPasskey(t.Context(), by, asked.Ticket, "Key", wrong.Create(t, asked.Options), below)
		wantKind(t, err, library.Invalid)
		_, err = b.AddPasskey(t.Context(), by, asked.Ticket, "Key", a.Create(t, asked.Options), below)
		must(t, err)
		if !works(a, below) || !works(a, public) {
			t.Error("a passkey of the public name does not work")
		}
		other := Site{Host: "evil.box.example.org", Origin: "https://evil.box.example.org"}
		if s := b.step(t, Client{Site: other}); s.Passkey != nil {
			t.Errorf("at a name that is not listed it is asked for: %s", s.Passkey)
		}
		s := b.step(t, Client{Site: public})
		a.Origin = other.Origin
		_, err = b.TakeStepByPasskey(t.Context(), s.Ticket, s.Nonce, a.Get(t, s.Passkey), Client{Site: public})
		wantKind(t, err, library.Unauthorized)
	})
}
