package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"coffer/services/library"
)

// under is the same browser, at the same side of the box, by another name.
func (v visitor) under(name string) visitor {
	client := *v.client
	client.Transport = named{v.client.Transport, name}
	return visitor{v.boxed, &client}
}

type named struct {
	http.RoundTripper
	name string
}

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = n.name
	return n.RoundTripper.RoundTrip(r)
}

// That a name is opened over HTTPS only is told to browsers once the owner
// confirms it under that name, holds HTTPS on, and is taken back by telling them
// so.
func TestHTTPSOnlyIsToldAndTakenBack(t *testing.T) {
	b := startSecure(t, newRoot(t), newVisitor(t), "COFFER_ALLOWED_HOSTS=box.example.org,other.example.org")
	b.up()
	plain, secure := b.at(b.url), b.at(b.secure)
	if status, answer := plain.send("POST", "/setup", map[string]string{"code": testCode, "username": ownerName, "password": ownerPassword}); status != http.StatusCreated {
		t.Fatal(status, answer)
	}
	chain, key := makePair(t, "box.example.org", time.Now().AddDate(0, 1, 0))
	if s := plain.https(handed{"mode": "uploaded", "certificate": string(chain), "key": string(key)}); s.status != 200 {
		t.Fatalf("%d %s", s.status, s.answer)
	}
	if status := secure.signIn(ownerPassword); status != 200 {
		t.Fatal(status)
	}
	here := secure.under("box.example.org")
	told := func(name string) string { return b.header(name, "Strict-Transport-Security") }
	const header = "Strict-Transport-Security"
	confirm := func(v visitor, path string, form url.Values) (int, string) {
		t.Helper()
		stay := *v.client
		stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		res, err := stay.PostForm(v.url+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode, res.Header.Get("Location")
	}
	for name, row := range map[string]struct {
		who    visitor
		form   url.Values
		status int
	}{
		"not sure":                {here, url.Values{"below": {"1"}}, 422},
		"over plain HTTP":         {plain.under("box.example.org"), url.Values{"sure": {"1"}}, 409},
		"by an address":           {secure, url.Values{"sure": {"1"}}, 422},
		"not of the certificate":  {secure.under("other.example.org"), url.Values{"sure": {"1"}}, 422},
		"by nobody, to the login": {visitor{secure.boxed, newVisitor(t)}.under("box.example.org"), url.Values{"sure": {"1"}}, 303},
	} {
		if status, to := confirm(row.who, "/settings/https/only", row.form); status != row.status || strings.Contains(to, "done") {
			t.Errorf("%s: %d to %q", name, status, to)
		}
	}
	if told("box.example.org") != "" {
		t.Fatalf("told without being confirmed: %q", told("box.example.org"))
	}
	if status, to := confirm(here, "/settings/https/only", url.Values{"sure": {"1"}, "below": {"1"}}); status != 303 || to != "/settings/https?done=only" {
		t.Fatalf("%d to %q", status, to)
	}
	for name, want := range map[string]string{"box.example.org": "max-age=31536000; includeSubDomains", "other.example.org": "", "127.0.0.1": ""} {
		if got := told(name); got != want {
			t.Errorf("%s is told %q, want %q", name, got, want)
		}
	}
	if res, err := http.Get(b.url + "/login"); err != nil || res.Header.Get(header) != "" {
		t.Errorf("over plain HTTP: %v %v", res.Header, err)
	}
	if s := here.https(handed{"mode": "off"}); s.status != http.StatusConflict || s.field != "mode" || s.fault != "pinned" || !b.speaksTLS() {
		t.Errorf("off: %d %s", s.status, s.answer)
	}
	other, otherKey := makePair(t, "other.example.org", time.Now().AddDate(0, 1, 0))
	if s := here.https(handed{"certificate": string(other), "key": string(otherKey)}); s.status != http.StatusUnprocessableEntity || s.field != "certificate" || s.fault != "uncovered" {
		t.Errorf("a certificate for another name: %d %s", s.status, s.answer)
	}
	if status, to := confirm(here, "/settings/https/only/back", url.Values{"name": {"box.example.org"}}); status != 303 || to != "/settings/https?done=back" {
		t.Fatalf("%d to %q", status, to)
	}
	if got := told("box.example.org"); got != "max-age=0" {
		t.Errorf("taken back: browsers are told %q", got)
	}
	if status, to := here.hand(map[string]string{"mode": "off"}); status != http.StatusOK || !strings.HasPrefix(to, "0; url=http://box.example.org") || b.speaksTLS() {
		t.Errorf("off: %d to %q", status, to)
	}
	_, answer := plain.send("GET", "/audit?kind="+string(library.AuditHTTPSChanged), nil)
	for _, want := range []string{"box.example.org is opened over HTTPS only", "box.example.org is no longer opened over HTTPS only"} {
		if !strings.Contains(answer, want) {
			t.Errorf("the audit log does not hold %q: %s", want, answer)
		}
	}
}
