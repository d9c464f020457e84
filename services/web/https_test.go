package web

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// door is an init whose word the test decides, and who notes what it was asked.
type door struct {
	mu    sync.Mutex
	told  library.HTTPS
	after *library.HTTPS // a change; nil: as before
	err   error          // of a change
	asked []library.HTTPSChange
}

// HTTPS implements library.FrontDoor.
func (d *door) HTTPS(context.Context) (library.HTTPS, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.told, nil
}

// ChangeHTTPS implements library.FrontDoor.
func (d *door) ChangeHTTPS(_ context.Context, c library.HTTPSChange) (library.HTTPS, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, c)
	if d.err == nil && d.after != nil {
		d.told = *d.after
	}
	return d.told, d.err
}

// tell decides how HTTPS is, how it is after a change, and what comes of that.
func (d *door) tell(now library.HTTPS, after *library.HTTPS, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told, d.after, d.err, d.asked = now, after, err, nil
}

func (d *door) last(t *testing.T) library.HTTPSChange {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.asked) != 1 {
		t.Fatalf("asked %d times", len(d.asked))
	}
	return d.asked[0]
}

func httpsOff() library.HTTPS {
	return library.HTTPS{Mode: library.HTTPSOff, Port: 8443, PlainPort: 8080, Folder: "/data/config/tls", FixedNames: []string{"fixed.example.org"}}
}

// httpsOwn is a box that presents a certificate of its own.
func httpsOwn(now time.Time) library.HTTPS {
	h := httpsOff()
	h.Mode, h.Names = library.HTTPSSelfSigned, []string{"nas.lan", "192.168.1.5"}
	h.Presented = &library.Certificate{
		Names: []string{"fixed.example.org", "nas.lan", "192.168.1.5", "localhost", "127.0.0.1", "::1"}, Issuer: "CN=Coffer box 3fa2c1,O=Coffer",
		NotBefore: now.Add(-time.Hour), Expires: now.Add(190*24*time.Hour + time.Hour), Fingerprint: strings.Repeat("0af3", 16), Own: true,
	}
	h.Authority = &library.Authority{PEM: []byte("x"), Name: "Coffer box 3fa2c1", Expires: now.AddDate(10, 0, 0), Fingerprint: strings.Repeat("c0de", 16)}
	return h
}

// httpsUploaded presents one that was handed in, of n days.
func httpsUploaded(now time.Time, n int) library.HTTPS {
	h := httpsOwn(now)
	h.Mode = library.HTTPSUploaded
	h.Presented = &library.Certificate{
		Names: []string{"box.example.org", "*.home.example.org"}, Issuer: "CN=R11,O=Let's Encrypt,C=US",
		NotBefore: now.AddDate(0, 0, -60), Expires: now.Add(time.Duration(n)*24*time.Hour + time.Hour), Fingerprint: strings.Repeat("5eed", 16),
	}
	h.Uploaded = h.Presented
	return h
}

func mismatch() error {
	return &library.Error{Kind: library.Invalid, Field: "key", Code: "mismatch",
		Message: "The key is not that of the certificate for box.example.org.", Hint: "Give the key that the certificate was ordered with; both are replaced together."}
}

// hand sends the form of the section.
func (v *visitor) hand(fields map[string]string) (string, *http.Response) {
	v.b.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, text := range fields {
		part, err := w.CreateFormField(name)
		if file, ok := strings.CutSuffix(name, ".pem"); ok {
			part, err = w.CreateFormFile(file, name)
		}
		must(v.b.t, err)
		_, err = part.Write([]byte(text))
		must(v.b.t, err)
	}
	must(v.b.t, w.Close())
	r, err := v.Post(v.b.url+"/settings/https", w.FormDataContentType(), &form)
	return body(v.b.t, r, err), r
}

func TestHTTPSPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	now := b.site.shell.Now()
	const path = "/settings/https"
	_, err := b.accounts.UpdateSettings(t.Context(), func(s *library.Settings) error { s.Hosts = []string{"box.example.org"}; return nil })
	must(t, err)

	b.door.tell(httpsOff(), nil, nil)
	page, r := v.get(path)
	status(t, r, 200)
	has(t, page, "HTTPS is off. Whoever is on the way", `value="off" checked`, ">box.example.org</textarea>", "put fullchain.pem and privkey.pem into /data/config/tls",
		"Besides these, by configuration: fixed.example.org", "!Open over HTTPS", "!The certificate<", "!/authority", "!There is one, for")

	b.door.tell(httpsOwn(now), nil, nil)
	page, _ = v.get(path)
	has(t, page, "HTTPS is on, at port 8443.", `href="https://127.0.0.1:8443/box/settings/https?done=open"`, "the box&#39;s own authority; the box renews it", "<code>nas.lan</code>",
		"CN=Coffer box 3fa2c1,O=Coffer", "190 days left", "0A:<wbr>F3:<wbr>", `href="/box/api/v1/settings/https/authority" download`, "This page came over plain HTTP",
		"C0:<wbr>DE:<wbr>", ">nas.lan\n192.168.1.5</textarea>", "!and the certificate is not for that name", "!192.168.1.5\nbox.example.org</textarea>")
	page, _ = v.under("nas.lan").get("/box/settings/https"[len("/box"):])
	has(t, page, "!and the certificate is not for that name")
	page, _ = v.under("other.lan").get(path)
	has(t, page, "You opened the box under other.lan, and the certificate is not for that name", `href="https://other.lan/box/settings/https?done=open"`)

	b.door.tell(httpsUploaded(now, 3), nil, nil)
	page, _ = v.get(path)
	has(t, page, "you, handed in here", "3 days left", `class="warn"`, "There is one, for box.example.org, *.home.example.org, until", "!/authority", "CN=R11,O=Let&#39;s Encrypt,C=US")
	page, _ = v.under("nas.home.example.org").get(path)
	has(t, page, "does not answer to this name")
	ended := httpsUploaded(now, -3)
	ended.Problem = &library.HTTPSProblem{Code: "expired", Message: "The certificate <b> ended.", Hint: "Renew it."}
	b.door.tell(ended, nil, nil)
	page, _ = v.get(path)
	has(t, page, "ended on", `class="bad"`, "Another certificate should be presented, and is not: The certificate &lt;b&gt; ended. Renew it.")
	gone := ended
	gone.Presented = nil
	b.door.tell(gone, nil, nil)
	page, _ = v.get(path)
	has(t, page, "HTTPS should be on, and is not.", "!The certificate<")

	locked := httpsOwn(now)
	locked.Locked, locked.Redirect = true, "https://box.example.org"
	b.door.tell(locked, nil, nil)
	page, _ = v.get(path)
	has(t, page, "COFFER_TLS decides this (self-signed)", "Pages over plain HTTP lead to https://box.example.org", `name="names"`, `!name="mode"`, `!name="key"`,
		`href="https://box.example.org/box/settings/https?done=open"`)
	locked.Mode = library.HTTPSFiles
	b.door.tell(locked, nil, nil)
	page, _ = v.get(path)
	has(t, page, "the files that the configuration names", "!<form method=\"post\" action=\"/box/settings/https")
}

func TestHTTPSForm(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	now := b.site.shell.Now()
	own, uploaded := httpsOwn(now), httpsUploaded(now, 60)

	b.door.tell(httpsOff(), &own, nil)
	page, r := v.hand(map[string]string{"mode": "self-signed", "names": " nas.lan,\r\n192.168.1.5 ", "key-text": "a key of another way"})
	at(t, r, "/box/settings/https?done=1")
	has(t, page, "Done. The certificate below", "HTTPS is on")
	if c := b.door.last(t); c.Mode != library.HTTPSSelfSigned || strings.Join(*c.Names, " ") != "nas.lan 192.168.1.5" || len(c.Key) > 0 {
		t.Errorf("asked for %+v", c)
	}

	b.door.tell(own, &uploaded, nil)
	_, _ = v.hand(map[string]string{"mode": "uploaded", "names": "nas.lan", "certificate.pem": "\x30\x82one", "key.pem": "two\n", "certificate-text": "three"})
	if c := b.door.last(t); c.Mode != library.HTTPSUploaded || string(c.Certificate) != "\x30\x82one" || string(c.Key) != "two\n" || c.Names != nil {
		t.Errorf("files: asked for %+v", c)
	}
	b.door.tell(own, &uploaded, nil)
	_, _ = v.hand(map[string]string{"mode": "uploaded", "certificate.pem": "", "certificate-text": " three\n", "key.pem": "", "key-text": "four"})
	if c := b.door.last(t); string(c.Certificate) != "three" || string(c.Key) != "four" {
		t.Errorf("texts: asked for %+v", c)
	}
	off := httpsOff()
	b.door.tell(own, &off, nil)
	page, r = v.hand(map[string]string{"mode": "off", "names": "nas.lan"})
	at(t, r, "/box/settings/https?done=1")
	has(t, page, "Done. HTTPS is off.")
	if c := b.door.last(t); c.Mode != library.HTTPSOff || c.Names != nil {
		t.Errorf("off: asked for %+v", c)
	}

	// With a public address of HTTPS, pages lead there from now on: so does
	// this one, without a redirect, which would be taken for a part of the form.
	leads := own
	leads.Redirect = "https://box.example.org:444"
	b.door.tell(httpsOff(), &leads, nil)
	page, r = v.hand(map[string]string{"mode": "self-signed"})
	status(t, r, 200)
	has(t, page, `<a href="https://box.example.org:444/box/settings/https?done=1">`, "!/static/", "!<script")
	if to := r.Header.Get("Refresh"); to != "0; url=https://box.example.org:444/box/settings/https?done=1" {
		t.Errorf("it leads to %q", to)
	}

	for field, row := range map[string]struct{ code, id, german string }{
		"key":         {"mismatch", "key-problem", "Der Schlüssel ist nicht der dieses Zertifikats."},
		"certificate": {"expired", "certificate-problem", "Das Zertifikat ist abgelaufen."},
		"names":       {"bad-names", "names-problem", "Für einen der Einträge"},
		"mode":        {"port", "mode-problem", "COFFER_LISTEN_TLS"},
	} {
		b.door.tell(own, nil, &library.Error{Kind: library.Invalid, Field: field, Code: row.code, Message: "What <b> is wrong.", Hint: "What to do."})
		sent := map[string]string{"mode": "uploaded", "names": "kept.lan", "certificate-text": "a certificate <&>", "key-text": "a secret text"}
		page, r := v.hand(sent)
		status(t, r, 422)
		has(t, page, `id="`+row.id+`">What &lt;b&gt; is wrong. What to do.</p>`, "Nothing was changed.", `value="uploaded" checked`, ">kept.lan</textarea>",
			"a certificate &lt;&amp;&gt;</textarea>", "!a secret text")
		if n := strings.Count(page, `<p class="problem" id="`); n != 1 {
			t.Errorf("%s: %d fields are at fault", field, n)
		}
		german := &visitor{&http.Client{Jar: v.Jar, Transport: speaking("de")}, b}
		page, _ = german.hand(sent)
		has(t, page, row.german, "Es wurde nichts geändert.", "!What &lt;b&gt;")
	}
	if strings.Contains(b.log.String(), "secret text") {
		t.Error("the log holds what was handed in")
	}

	b.door.tell(own, nil, &library.Error{Kind: library.Internal, Message: "Silent."})
	page, r = v.hand(map[string]string{"mode": "off"})
	status(t, r, 500)
	has(t, page, "!Silent.")
	_, r = v.post("/settings/https", nil)
	status(t, r, 422)
	b.door.tell(own, nil, nil)
	_, r = v.hand(map[string]string{"mode": "uploaded", "key.pem": strings.Repeat("x", 5<<20)})
	status(t, r, 422)
	_, r = v.hand(map[string]string{"mode": "uploaded", "key.pem": strings.Repeat("x", 1<<20)})
	if c := b.door.last(t); r.StatusCode != 200 || len(c.Key) != 128<<10 {
		t.Errorf("a huge key: %d, %d bytes of it", r.StatusCode, len(c.Key))
	}
}

// What browsers are told of names: what it is, what it means, and how it is
// taken back.
func TestHTTPSOnlyPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	now := b.site.shell.Now()
	const path = "/settings/https"
	b.door.tell(httpsOff(), nil, nil)
	page, _ := v.get(path)
	has(t, page, "!HTTPS only")

	h := httpsUploaded(now, 60)
	b.door.tell(h, nil, nil)
	page, _ = v.get(path)
	has(t, page, "Open this page over HTTPS, under the full name", "!settings/https/only")
	v = v.overHTTPS("box.lan:8443")
	page, _ = v.get(path)
	has(t, page, "Tell browsers that box.lan is opened over HTTPS only.", `action="/box/settings/https/only#answer"`, "all names that end in .box.lan", "!/only/back")

	page, r := v.post("/settings/https/only", nil)
	status(t, r, 422)
	has(t, page, "Nothing was changed.", "Tick the box if it is so.")
	b.door.tell(h, nil, nil)
	_, r = v.post("/settings/https/only", url.Values{"sure": {"1"}, "preload": {"1"}, "name": {"evil.example"}})
	if to := r.Header.Get("Location"); to != "/box/settings/https?done=only" || *b.door.last(t).Only != (library.HTTPSOnly{Name: "box.lan", Preload: true}) {
		t.Errorf("to %q, asked for %+v", to, b.door.last(t))
	}
	b.door.tell(h, nil, &library.Error{Kind: library.Invalid, Field: "https_only", Code: "uncovered", Message: "The certificate is not for box.lan.", Hint: "Use another."})
	page, r = v.post("/settings/https/only", url.Values{"sure": {"1"}})
	status(t, r, 422)
	has(t, page, `id="only-problem">The certificate is not for box.lan. Use another.</p>`)

	h.Only = []library.HTTPSOnly{{Name: "box.lan", Below: true, Preload: true}, {Name: "old.example.org", Back: now.AddDate(0, 0, -3)}}
	b.door.tell(h, nil, nil)
	page, _ = v.get(path)
	has(t, page, "with all names below it", "may be brought along", `name="name" value="box.lan"`, "Taken back on", `!name="name" value="old.example.org"`,
		"does not open it without: old.example.org", "!Tell browsers that box.lan")
	_, r = v.post("/settings/https/only/back", url.Values{"name": {"box.lan"}})
	if to := r.Header.Get("Location"); to != "/box/settings/https?done=back" || b.door.last(t).TakeBack != "box.lan" {
		t.Errorf("to %q, asked for %+v", to, b.door.last(t))
	}
	page, _ = v.get(path + "?done=back")
	has(t, page, "Open the box here once more in each browser that uses it")
}

// overHTTPS is the same visitor, who came over HTTPS under a name and follows no
// redirect.
func (v *visitor) overHTTPS(host string) *visitor {
	u, err := url.Parse(v.b.url)
	must(v.b.t, err)
	s := secured{host: host}
	for _, c := range v.Jar.Cookies(u) {
		s.cookies = append(s.cookies, "__Secure-"+c.Name+"="+c.Value)
	}
	return &visitor{&http.Client{Transport: s, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, v.b}
}

type secured struct {
	host    string
	cookies []string
}

func (s secured) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host = s.host
	r.Header.Set(overScheme, "https")
	r.Header.Set("Cookie", strings.Join(s.cookies, "; "))
	return http.DefaultTransport.RoundTrip(r)
}

// speaking is a browser of that language.
type speaking string

func (s speaking) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept-Language", string(s))
	return http.DefaultTransport.RoundTrip(r)
}

// Who has to sign in once more after a switch is told why.
func TestSignInAfterASwitch(t *testing.T) {
	b := newBox(t, "/box")
	b.owner()
	v := b.visitor()
	page, _ := v.get("/login?next=/box/settings/https?done=1")
	has(t, page, "HTTPS was switched. Sign in once more")
	page, _ = v.get("/login?next=/box/settings/https")
	has(t, page, "!HTTPS was switched")
}
