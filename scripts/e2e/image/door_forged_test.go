package image

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// forgeries are what a client can say of itself that is the edge's to say.
func forgeries() [][]string {
	return [][]string{
		{"X-Forwarded-For", "127.0.0.1"},
		{"X-Forwarded-For", "6.6.6.6, 10.0.0.1, 172.17.0.1"},
		{"X-Forwarded-For", "\xff\xfe"},
		{"X-Forwarded-Host", "evil.example"},
		{"X-Forwarded-Proto", "https"},
		{"X-Forwarded-Port", "443"}, {"X-Forwarded-Prefix", "/evil"},
		{"X-Real-Ip", "127.0.0.1"}, {"Forwarded", "for=127.0.0.1;host=evil.example;proto=https"},
		{"X-Auth-User", "owner"}, {"X-Auth-Kind", "session"}, {"X-Auth-Scopes", "read add admin metrics"}, {"X-Auth-Session", "forged"},
		{"X-Edge-Token", strings.Repeat("0", 64)}, {"X-Edge-Own", "1"}, {"X-Edge-Unlisted", "127.0.0.1"}, {"X-Client-Addr", "127.0.0.1"},
		{"X-Request-Id", strings.Repeat("0", 32)}, {"Proxy", "http://evil.example"}, {"X-Original-Url", "/api/v1/settings"}, {"X-Rewrite-Url", "/api/v1/settings"},
		{"X-Http-Method-Override", "DELETE"}, {"X_auth_user", "owner"}, {"X_Edge_Token", strings.Repeat("0", 64)},
		{"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-origin"},
		{"Cookie", "coffer=garbage; \xff=\xfe; coffer_0123abcd=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA"},
		{"Cookie", "junk=" + strings.Repeat("A", 12_000)},
		{"Authorization", "Basic b3duZXI6b3duZXI="},
	}
}

// steady is an answer without what is never twice the same.
func steady(a answer) string {
	h := a.header.Clone()
	id := h.Get("X-Request-Id")
	// What another site leads to is not compressed, which Vary tells.
	for _, name := range []string{"X-Request-Id", "Date", "Content-Length", "Vary"} {
		h.Del(name)
	}
	body := strings.ReplaceAll(a.body, id, "…")
	// Moments and counts that move by themselves.
	body = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z|"(recent_failed_attempts|used|callers)":\d+|\d+ seconds? ago`).ReplaceAllString(body, "…")
	return fmt.Sprintf("%d %v %s", a.status, h, body)
}

// forged compares what strangers and the owner are answered with and without
// each forgery.
func (d *door) forged(o *visitor) {
	d.t.Helper()
	rows := []struct {
		as      *visitor
		request string
		once    []string // a forgery that rightly makes a difference here
	}{
		{nil, "GET /api/v1/sources", nil}, {nil, "GET /api/v1/auth/me", nil}, {nil, "GET /library", nil}, {nil, "GET /login", nil}, {nil, "GET /setup", nil},
		{nil, "GET /api/v1/setup", nil}, {nil, "GET /api/v1/health/auth", nil}, {nil, "GET /livez", nil}, {nil, "GET /metrics", nil}, {nil, "GET /_edge/facts", nil},
		{nil, "GET /static/edge.css", nil}, {nil, "GET /nothing", nil}, {nil, "DELETE /api/v1/auth/sessions/x", []string{"Sec-Fetch-Site", "Origin"}},
		{o, "GET /api/v1/auth/me", nil}, {o, "GET /api/v1/sources", nil}, {o, "GET /api/v1/settings", nil}, {o, "GET /nothing", nil},
	}
	for _, r := range rows {
		v := r.as
		if v == nil {
			v = d.visitor(d.next())
		}
		want := steady(v.ask(r.request, ""))
		for _, f := range forgeries() {
			if v == o && f[0] == "Cookie" || f[0] == "Authorization" && r.as == nil && strings.HasPrefix(r.request, "GET /setup") {
				continue // cookiesOfOthers asks that
			}
			if len(r.once) > 0 && (f[0] == r.once[0] || f[0] == r.once[1]) {
				continue // a cross-site request, which scenes ask
			}
			if got := steady(v.ask(r.request, "", f...)); got != want {
				at := 0
				for at < min(len(got), len(want)) && got[at] == want[at] {
					at++
				}
				d.t.Errorf("client-address: %s with %.60q:\n%.200s\nwithout:\n%.200s", r.request, f, got[max(0, at-60):], want[max(0, at-60):])
			}
		}
	}
	// As many names of clients as there are tries: they are one client all the same.
	v := d.visitor(d.next())
	for n := range 6 {
		claim := fmt.Sprintf("203.0.113.%d", n)
		a := v.signIn("from elsewhere", "X-Forwarded-For", claim, "X-Real-Ip", claim, "X-Client-Addr", claim, "Forwarded", "for="+claim, "X-Edge-Own", "1")
		want := http.StatusUnauthorized
		if n == 5 {
			want = http.StatusTooManyRequests
		}
		a.wants(d.t, fmt.Sprintf("client-address: try %d as another client", n+1), want)
	}
}

// TestDoorBehindAProxy: a listed proxy is believed about the client, as far as
// its own word goes, and only it.
func TestDoorBehindAProxy(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	d := openDoor(t, "-e", "COFFER_TRUSTED_PROXIES={proxy}/32")
	proxy := d.address(1).String()
	o := d.owner(0)
	o.signIn("mistaken once", "X-Forwarded-For", "203.0.113.1").wants(t, "from the owner's own address", 401)
	p := d.visitor(1)
	p.signIn("mistaken twice", "X-Forwarded-For", "203.0.113.2").wants(t, "from the proxy", 401)
	p.signIn("mistaken thrice", "X-Forwarded-For", "203.0.113.3, 203.0.113.4").wants(t, "through two of them", 401)
	p.signIn("mistaken again", "X-Forwarded-For", "203.0.113.5, "+proxy).wants(t, "through it twice", 401)
	a := o.get("/api/v1/audit?kind=sign_in_failed")
	a.wants(t, "client-address: who was refused", 200, "203.0.113.2", "203.0.113.4", "203.0.113.5", o.address.String(), "!203.0.113.1\"", "!203.0.113.3")

	// What the proxy says of the name and the scheme counts, and from nobody else.
	p.get("/login", "X-Forwarded-Host", "evil.example").wants(t, "a name that the proxy was asked by", 421)
	d.visitor(2).get("/login", "X-Forwarded-Host", "evil.example").wants(t, "one that a stranger forwards", 200)
	p.secure = true // COOP is told to browsers that reached the proxy securely
	secure := p.post("/api/v1/auth/logout", "", "X-Forwarded-Proto", "https")
	if !strings.Contains(strings.Join(secure.header.Values("Set-Cookie"), ""), "Secure") {
		t.Errorf("sessions: cookies of HTTPS at the proxy are %q", secure.header.Values("Set-Cookie"))
	}
	plain := d.visitor(3).post("/api/v1/auth/logout", "", "X-Forwarded-Proto", "https")
	if strings.Contains(strings.Join(plain.header.Values("Set-Cookie"), ""), "Secure") {
		t.Errorf("sessions: a stranger's word makes cookies %q", plain.header.Values("Set-Cookie"))
	}
	d.cleanLog("mistaken")
}

// TestDoorOverHTTPS: HTTPS is switched on while the box runs, and it is the same
// door.
func TestDoorOverHTTPS(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	d := openDoor(t)
	plain := d.owner(0)
	host, _, err := net.SplitHostPort(strings.TrimPrefix(d.at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	secure := "https://" + net.JoinHostPort(host, "8443")
	const off = `"mode":"off"`
	for what, body := range map[string]string{
		"a pair that is none":        `{"mode": "uploaded", "certificate": "no certificate", "key": "no key"}`,
		"a certificate without key":  `{"mode": "uploaded", "certificate": "-----BEGIN CERTIFICATE-----"}`,
		"a pair that nobody gave it": `{"mode": "uploaded"}`,
	} {
		if a := plain.ask("PATCH /api/v1/settings/https", body); a.status != http.StatusUnprocessableEntity && a.status != http.StatusConflict {
			t.Errorf("tls: %s: %d %.300s", what, a.status, a.body)
		}
		plain.get("/api/v1/settings/https").wants(t, "tls: after "+what, 200, off)
	}
	if conn, err := net.DialTimeout("tcp", strings.TrimPrefix(secure, "https://"), time.Minute); err == nil {
		_ = conn.Close()
		t.Error("tls: off, its port is open")
	}
	d.visitor(9).ask("PATCH /api/v1/settings/https", `{"mode": "self-signed"}`).wants(t, "tls: a stranger switches it on", 401)
	plain.ask("PATCH /api/v1/settings/https", `{"mode": "self-signed"}`).wants(t, "tls: switched on", 200, `"mode":"self-signed"`)
	plain.get("/api/v1/auth/me").wants(t, "tls: the owner over plain HTTP", 200)
	before := d.cookie

	d.at = secure
	o := d.visitor(1)
	o.signIn(box.Password).wants(t, "tls: a sign-in over HTTPS", 200)
	if d.cookie != "__Host-"+before {
		t.Errorf("tls: the cookie of HTTPS is %s, over plain HTTP %s", d.cookie, before)
	}
	o.get("/api/v1/auth/me").wants(t, "tls: the owner over HTTPS", 200)
	o.get("/login", "Host", "evil.example").wants(t, "tls: another name", 421)
	d.visitor(2).get("/api/v1/sources").wants(t, "tls: a stranger", 401)

	// The cookie of one scheme counts for nothing in the other.
	other := d.visitor(3)
	for name, value := range d.secrets {
		switch {
		case !strings.HasPrefix(name, "the cookie ") || strings.Contains(name, "_known"):
		case strings.Contains(name, "__Host-"):
			other.base = plain.base
			other.get("/api/v1/auth/me", "Cookie", d.cookie+"="+value).wants(t, "tls: the cookie of HTTPS over plain HTTP", 401)
		default:
			other.base = secure
			other.get("/api/v1/auth/me", "Cookie", before+"="+value).wants(t, "tls: the cookie of plain HTTP over HTTPS", 401)
		}
	}
	// Plain HTTP at the port of HTTPS is told where to go.
	lost := d.visitor(4)
	lost.base = strings.Replace(secure, "https:", "http:", 1)
	if a, err := lost.try(t.Context(), "GET /login", ""); err != nil || a.status != http.StatusPermanentRedirect || a.header.Get("Location") != secure+"/login" {
		t.Errorf("tls: plain HTTP at its port: %d to %q, %v", a.status, a.header.Get("Location"), err)
	}
	for name, c := range map[string]*tls.Config{
		"TLS 1.0": {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
		"TLS 1.1": {MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11},
		"a cipher without secrecy": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
			tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384}},
		"a trusting client": {},
	} {
		c.ServerName = "coffer"
		c.InsecureSkipVerify = name != "a trusting client"
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", strings.TrimPrefix(secure, "https://"), c)
		if err == nil {
			_ = conn.Close()
			t.Errorf("tls: %s is spoken to", name)
		}
	}
	d.cleanLog(box.Password)
}

// TestDoorOfDevMode: it stops the start unless it is acknowledged by name, and
// then it is told.
func TestDoorOfDevMode(t *testing.T) {
	tier.Need(t, tier.Image)
	t.Parallel()
	said, err := try("run", "--rm", "-e", "COFFER_DEV_MODE=true", tag)
	if err == nil || !strings.Contains(said+err.Error(), "COFFER_ALLOW_DEV_MODE=1") {
		t.Errorf("dev-mode: unacknowledged: %v %s", err, said)
	}
	for _, word := range []string{"no", "perhaps"} {
		if _, err := try("run", "--rm", "-e", "COFFER_DEV_MODE=true", "-e", "COFFER_ALLOW_DEV_MODE="+word, tag); err == nil {
			t.Errorf("dev-mode: acknowledged by %q, it starts", word)
		}
	}
	d := openDoor(t, "-e", "COFFER_DEV_MODE=true", "-e", "COFFER_ALLOW_DEV_MODE=1")
	v := d.visitor(1)
	for _, path := range []string{"/nothing", "/api/v1/nothing", "/api/v1/sources", "/debug/pprof/", "/api/v1/debug/pprof/"} {
		a := v.get(path) // what it says of the inside is no more than otherwise
		if a.status == http.StatusOK {
			t.Errorf("dev-mode: %s: %d", path, a.status)
		}
	}
	o := d.owner(0)
	if told := o.standing("dev-mode"); told != "degraded" {
		t.Errorf("dev-mode: the box says %q of it", told)
	}
}

// standing is what the box says of a claim, once it has looked at itself.
func (v *visitor) standing(id string) string {
	ctx := within(v.t, time.Minute)
	for {
		var report struct {
			Items []struct{ ID, Status string }
		}
		if err := json.Unmarshal([]byte(v.get("/api/v1/posture").body), &report); err != nil {
			v.t.Fatal(err)
		}
		for _, i := range report.Items {
			if i.ID == id {
				return i.Status
			}
		}
		if err := box.Pause(ctx, 200*time.Millisecond); err != nil {
			v.t.Fatalf("the box has not looked at itself: %v", context.Cause(ctx))
		}
	}
}
