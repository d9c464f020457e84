package browser

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
)

// The settings of HTTPS, and the page that a browser is sent to when it has to
// sign in first.
const (
	settings = "/settings/https"
	signIn   = "/login"
)

// HTTPS goes from off through a certificate of the box's own and one that is
// handed in back to off, while the box runs. The browser is asked once at most
// at each side who it is, and is never sent in a circle.
func TestHTTPSJourney(t *testing.T) {
	tier.Need(t, tier.Browser)
	b := boot(t)
	secure := b.secure
	// A person would install the box's authority, or click the warning away.
	p := sit(t, b.URL, chromedp.Flag("ignore-certificate-errors", true))
	for _, origin := range []string{"", b.URL, secure} {
		p.expected[origin+"/settings/https#answer"] = true // the refusal of the form
		p.expected[origin+"/api/v1/events"] = true         // a reload ends it
	}
	good, goodKey := pair(t, secure)
	_, otherKey := pair(t, secure)

	t.Log("making the box one's own, over plain HTTP")
	p.owns(b.Code)
	p.open(settings)
	p.sees("HTTPS is off.")
	p.look("https-off")

	t.Log("a certificate of the box's own")
	p.choose("self-signed")
	p.at(b.URL, settings)
	p.sees("HTTPS is on, at port")
	p.sees("the box's own authority")
	p.look("https-own")
	p.leave("go over to HTTPS", chromedp.Click(chromedp.CSS("main a.button.primary")))
	p.at(secure, signIn)
	p.sees("HTTPS was switched. Sign in once more")
	p.look("https-sign-in")
	p.enters()
	p.at(secure, settings)

	t.Log("one that is handed in")
	p.choose("uploaded", chromedp.SetUploadFiles(chromedp.CSS("#certificate"), []string{good}), chromedp.SetUploadFiles(chromedp.CSS("#key"), []string{otherKey}))
	p.at(secure, settings)
	p.see("#key-problem")
	p.sees("Nothing was changed.")
	p.look("https-refused")
	p.choose("uploaded", chromedp.SetUploadFiles(chromedp.CSS("#certificate"), []string{good}), chromedp.SetUploadFiles(chromedp.CSS("#key"), []string{goodKey}))
	p.at(secure, settings)
	p.sees("you, handed in here")
	p.look("https-uploaded")

	t.Log("off: this origin ends, and the browser goes on where it began")
	p.choose("off")
	p.at(b.URL, settings)
	p.sees("Done. HTTPS is off.")
	p.look("https-off-again")

	t.Log("a browser that knows HTTPS only is asked once at the other side")
	p.choose("uploaded")
	p.sees("you, handed in here")
	p.do("lose the cookies", tell(network.ClearBrowserCookies, cdp.Empty{}))
	p.moves(secure)
	p.open(settings)
	p.at(secure, signIn)
	p.enters()
	p.at(secure, settings)
	p.choose("off")
	p.at(b.URL, signIn)
	p.sees("HTTPS was switched. Sign in once more")
	p.enters()
	p.at(b.URL, settings)
	p.sees("Done. HTTPS is off.")
	p.quiet()
}

// moves says where what the person opens next is.
func (p *person) moves(base string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base = base
}

// choose picks a way of serving the box and applies it.
func (p *person) choose(way string, more ...action) {
	p.t.Helper()
	p.do("choose "+way, chromedp.Click(chromedp.CSS("[name=mode][value="+way+"]")))
	p.do("fill in", more...)
	p.submit("form[data-switch]")
}

// at waits until the browser is at a path of an origin, and the page is there.
// On the way there it has no page that could be asked.
func (p *person) at(origin, path string) {
	p.t.Helper()
	p.do("get to "+origin+path, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		for {
			ask, enough := context.WithTimeout(ctx, 2*time.Second) // a page that is being left may never answer
			there, err := chromedp.Run(ask, chromedp.Evaluate[bool](`location.origin === "`+origin+`" && location.pathname === "`+path+`" && document.readyState === "complete"`))
			enough()
			if err == nil && there {
				return chromedp.Void{}, nil
			}
			if err := box.Pause(ctx, 50*time.Millisecond); err != nil {
				return chromedp.Void{}, err
			}
		}
	})
}

// sees waits until a text is on the page.
func (p *person) sees(text string) {
	p.t.Helper()
	p.until("it says "+text, `document.body.innerText.includes(`+"`"+text+"`"+`)`)
}

// enters signs in on the page that asks for it.
func (p *person) enters() {
	p.t.Helper()
	p.fill(map[string]string{"username": box.Owner, "password": box.Password})
	p.submit("form")
}

// pair writes a certificate for the address of an origin, and its key.
func pair(t *testing.T, origin string) (chain, key string) {
	t.Helper()
	u, err := url.Parse(origin)
	k, failed := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "handed in"}, IPAddresses: []net.IP{net.ParseIP(u.Hostname())},
		NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(0, 1, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	private, failed := x509.MarshalPKCS8PrivateKey(k)
	dir := t.TempDir()
	chain, key = filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem")
	if err := errors.Join(err, failed,
		os.WriteFile(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return chain, strings.TrimSpace(key)
}
