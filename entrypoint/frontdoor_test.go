package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"io/fs"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/appliance/certs"
	"coffer/appliance/https"
	"coffer/services/library"
	"coffer/services/web/words"
)

// at is who visits one side of the box, with the cookies of both.
func (b secureBox) at(side string) visitor {
	other := *b.boxed
	other.url = side
	return visitor{&other, b.visitor}
}

// servedNow is how HTTPS is served, as the API tells it.
type servedNow struct {
	Mode, Folder         string
	Locked               bool
	Port                 int
	Names                []string
	Presented, Uploaded  *struct{ Names []string }
	Authority            *struct{ Name string }
	Problem              *struct{ Code string }
	RequestID            string `json:"request_id"`
	Detail, Hint         string
	Errors               []struct{ Field, Code, Message string }
	status               int
	answer, field, fault string
}

// https asks the API, with a change when there is one.
func (v visitor) https(change any) servedNow {
	v.t.Helper()
	method := "GET"
	if change != nil {
		method = "PATCH"
	}
	status, answer := v.send(method, "/settings/https", change)
	s := servedNow{status: status, answer: answer}
	if err := json.Unmarshal([]byte(answer), &s); err != nil {
		v.t.Fatalf("%d %q: %v", status, answer, err)
	}
	if len(s.Errors) == 1 {
		s.field, s.fault = s.Errors[0].Field, s.Errors[0].Code
	}
	return s
}

type handed map[string]any

// HTTPS is switched by the API, through the edge that is switched.
func TestHTTPSByTheAPI(t *testing.T) {
	b := startSecure(t, newRoot(t), newVisitor(t))
	b.up()
	plain, secure := b.at(b.url), b.at(b.secure)
	body := map[string]string{"code": testCode, "username": ownerName, "password": ownerPassword}
	if status, answer := plain.send("POST", "/setup", body); status != http.StatusCreated {
		t.Fatal(status, answer)
	}
	if status, answer := b.visitorWithoutCookies().send("PATCH", "/settings/https", handed{"mode": "off"}); status != http.StatusUnauthorized {
		t.Errorf("a stranger: %d %s", status, answer)
	}
	if s := plain.https(nil); s.Mode != "off" || s.Locked || s.Presented != nil || s.Authority != nil || !strings.HasSuffix(s.Folder, "/data/config/tls") {
		t.Errorf("%s", s.answer)
	}
	if status, _ := plain.send("GET", "/settings/https/authority", nil); status != http.StatusNotFound {
		t.Errorf("an authority that is not there: %d", status)
	}

	if s := plain.https(handed{"mode": "self-signed", "names": []string{"nas.lan"}}); s.status != 200 || s.Mode != "self-signed" || s.Presented == nil || s.Authority == nil {
		t.Fatalf("%d %s", s.status, s.answer)
	}
	status, authority := plain.send("GET", "/settings/https/authority", nil)
	trusted := x509.NewCertPool()
	if status != 200 || !trusted.AppendCertsFromPEM([]byte(authority)) || strings.Contains(authority, "PRIVATE") {
		t.Fatalf("%d %s", status, authority)
	}
	if _, err := b.presented("nas.lan").Verify(x509.VerifyOptions{Roots: trusted, DNSName: "nas.lan"}); err != nil {
		t.Error(err)
	}
	if status := secure.signIn(ownerPassword); status != 200 {
		t.Fatalf("signing in over HTTPS: %d", status)
	}

	good, key := makePair(t, "up.example.org", time.Now().AddDate(0, 1, 0))
	ended, endedKey := makePair(t, "ended.example.org", time.Now().AddDate(0, 0, -1))
	locked := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	for name, row := range map[string]struct {
		change      handed
		field, code string
	}{
		"another's key":      {handed{"mode": "uploaded", "certificate": string(good), "key": string(endedKey)}, "key", "mismatch"},
		"no key":             {handed{"mode": "uploaded", "certificate": string(good)}, "key", "no-key"},
		"a locked key":       {handed{"mode": "uploaded", "certificate": string(good), "key": string(locked)}, "key", "key-encrypted"},
		"a broken key":       {handed{"mode": "uploaded", "certificate": string(good), "key": strings.Replace(string(key), "MIG", "MIH", 1)}, "key", "unreadable"},
		"a huge key":         {handed{"certificate": string(good), "key": strings.Repeat("x", 70_000)}, "key", "too-large"},
		"no certificate":     {handed{"mode": "uploaded", "key": string(key)}, "certificate", "no-certificate"},
		"one that ended":     {handed{"mode": "uploaded", "certificate": string(ended), "key": string(endedKey)}, "certificate", "expired"},
		"nothing handed in":  {handed{"mode": "uploaded"}, "certificate", "no-upload"},
		"an empty folder":    {handed{"mode": "folder"}, "mode", "missing"},
		"a name that is one": {handed{"mode": "self-signed", "names": []string{"nas.lan", "https://nas.lan"}}, "names", "bad-names"},
	} {
		s := secure.https(row.change)
		if s.status != http.StatusUnprocessableEntity || s.field != row.field || s.fault != row.code || s.Detail == "" || s.Hint == "" || s.RequestID == "" {
			t.Errorf("%s: %d %s", name, s.status, s.answer)
		}
		if strings.Contains(s.answer, "PRIVATE KEY-----\\n") || strings.Contains(s.answer, "xxxxxxxx") {
			t.Errorf("%s: what was handed in is shown: %s", name, s.answer)
		}
	}
	if b.presented("").VerifyHostname("nas.lan") != nil {
		t.Error("what was refused is presented")
	}

	if s := secure.https(handed{"mode": "uploaded", "certificate": string(good), "key": string(key)}); s.status != 200 || s.Mode != "uploaded" || s.Uploaded == nil {
		t.Fatalf("%d %s", s.status, s.answer)
	}
	if name := b.presented("").Subject.CommonName; name != "up.example.org" {
		t.Errorf("%s is presented", name)
	}
	b.keepsKey(key)

	// The way that HTTPS is turned off on ends with it.
	if s := secure.https(handed{"mode": "off"}); s.status != 200 || s.Mode != "off" || s.Presented != nil || s.Uploaded == nil {
		t.Fatalf("%d %s", s.status, s.answer)
	}
	if b.speaksTLS() {
		t.Error("it is not off")
	}
	if status := plain.signedIn(); status != 200 {
		t.Errorf("the browser that began over HTTP is answered %d", status)
	}
	if s := plain.https(handed{}); s.status != 200 || s.Mode != "off" {
		t.Errorf("no change: %d %s", s.status, s.answer)
	}

	_, answer := plain.send("GET", "/audit?kind="+string(library.AuditHTTPSChanged), nil)
	var log struct {
		Items []struct{ Who, Detail string }
	}
	if err := json.Unmarshal([]byte(answer), &log); err != nil || len(log.Items) != 3 {
		t.Fatalf("%v %s", err, answer)
	}
	for n, want := range []string{"uploaded → off", "self-signed → uploaded, a certificate for up.example.org handed in, sha256 ", "off → self-signed, names: nas.lan"} {
		if i := log.Items[n]; i.Who != "session" || !strings.HasPrefix(i.Detail, want) {
			t.Errorf("%+v, want %s", i, want)
		}
	}

	l, err := net.Listen("tcp", strings.TrimPrefix(b.secure, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if s := plain.https(handed{"mode": "self-signed"}); s.status != http.StatusConflict || s.field != "mode" || s.fault != string(https.Port) || plain.https(nil).Mode != "off" {
		t.Errorf("a port that is taken: %d %s", s.status, s.answer)
	}
}

// hand sends the form of the page, and returns where it leads: by a redirect, or
// by a page that leads on by itself.
func (v visitor) hand(fields map[string]string) (status int, to string) {
	v.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for name, text := range fields {
		part, err := w.CreateFormFile(name, name)
		if name == "mode" {
			part, err = w.CreateFormField(name)
		}
		if err != nil {
			v.t.Fatal(err)
		}
		if _, err := io.WriteString(part, text); err != nil {
			v.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		v.t.Fatal(err)
	}
	stay := *v.client
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := stay.Post(v.url+"/settings/https", w.FormDataContentType(), &form)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header.Get("Location") + res.Header.Get("Refresh")
}

// The page does the same without scripts, and leads on to where the box is
// served then.
func TestHTTPSByThePage(t *testing.T) {
	b := startSecure(t, newRoot(t), newVisitor(t))
	b.up()
	plain, secure := b.at(b.url), b.at(b.secure)
	if status, answer := plain.send("POST", "/setup", map[string]string{"code": testCode, "username": ownerName, "password": ownerPassword}); status != http.StatusCreated {
		t.Fatal(status, answer)
	}
	const here = "/settings/https?done=1"
	if status, to := plain.hand(map[string]string{"mode": "self-signed"}); status != http.StatusSeeOther || to != here {
		t.Errorf("on: %d to %q", status, to)
	}
	if status, to := secure.hand(map[string]string{"mode": "off"}); status != http.StatusSeeOther || to != "/login" || !b.speaksTLS() {
		t.Errorf("by nobody: %d to %q", status, to)
	}
	if status := secure.signIn(ownerPassword); status != 200 {
		t.Fatal(status)
	}
	chain, key := makePair(t, "up.example.org", time.Now().AddDate(0, 1, 0))
	if status, to := secure.hand(map[string]string{"mode": "uploaded", "certificate": string(key), "key": string(chain)}); status != http.StatusUnprocessableEntity || to != "" {
		t.Errorf("the wrong way round: %d to %q", status, to)
	}
	if status, to := secure.hand(map[string]string{"mode": "uploaded", "certificate": string(chain), "key": string(key)}); status != http.StatusSeeOther || to != here {
		t.Errorf("handed in: %d to %q", status, to)
	}
	if name := b.presented("").Subject.CommonName; name != "up.example.org" {
		t.Errorf("%s is presented", name)
	}
	b.keepsKey(key)
	if status, to := secure.hand(map[string]string{"mode": "off"}); status != http.StatusOK || to != "0; url="+b.url+here || b.speaksTLS() {
		t.Errorf("off: %d to %q", status, to)
	}
}

// What init refuses has words in each language.
func TestFaultsOfHTTPSHaveWords(t *testing.T) {
	for _, w := range words.NewCatalogue().All {
		for _, code := range https.Codes() {
			if said := w.HTTPSFault(string(code), "", ""); w.Code != "en" && said == "" {
				t.Errorf("%s: %s has no words", w.Code, code)
			}
			if said := w.HTTPSFault(string(code), "What is wrong.", "What to do."); w.Code == "en" && said != "What is wrong. What to do." {
				t.Errorf("%s: %s: %s", w.Code, code, said)
			}
		}
		if said := w.HTTPSFault("new", "What is wrong.", ""); said != "What is wrong." {
			t.Errorf("%s: %s", w.Code, said)
		}
	}
}

// visitorWithoutCookies is nobody.
func (b secureBox) visitorWithoutCookies() visitor { return visitor{b.boxed, newVisitor(b.t)} }

// keepsKey looks for a private key in every file of the box and in its log. It
// lies with init and, while it is presented, where the edge alone reads it.
func (b secureBox) keepsKey(key []byte) {
	b.t.Helper()
	lines := bytes.Split(key, []byte("\n"))
	needle := lines[len(lines)/2]
	found := 0
	err := filepath.WalkDir(b.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if os.IsNotExist(err) {
			return nil
		} else if err != nil {
			return err
		}
		defer f.Close()
		text, err := io.ReadAll(f)
		if !bytes.Contains(text, needle) {
			return err
		}
		found++
		if !strings.HasPrefix(path, filepath.Join(b.root, "data", certs.Folder)+"/") {
			b.t.Errorf("the key lies in %s", path)
		}
		return err
	})
	if err != nil || found != 2 {
		b.t.Errorf("the key was found %d times, %v", found, err)
	}
	if strings.Contains(b.log.String(), string(needle)) {
		b.t.Error("the log holds the key")
	}
}

// What the configuration decides is told, and not changed here.
func TestHTTPSThatTheConfigurationDecides(t *testing.T) {
	b := startSecure(t, newRoot(t), newVisitor(t), "COFFER_TLS=self-signed")
	b.up()
	v := b.at(b.secure)
	if status, answer := v.send("POST", "/setup", map[string]string{"code": testCode, "username": ownerName, "password": ownerPassword}); status != http.StatusCreated {
		t.Fatal(status, answer)
	}
	if s := v.https(nil); !s.Locked || s.Mode != "self-signed" {
		t.Errorf("%s", s.answer)
	}
	if s := v.https(handed{"mode": "off"}); s.status != http.StatusConflict || s.field != "mode" || s.fault != string(https.Decided) || !strings.Contains(s.Hint, "COFFER_TLS") {
		t.Errorf("%d %s", s.status, s.answer)
	}
	if s := v.https(handed{"names": []string{"more.lan"}}); s.status != 200 || b.presented("").VerifyHostname("more.lan") != nil {
		t.Errorf("names besides: %d %s", s.status, s.answer)
	}
}
