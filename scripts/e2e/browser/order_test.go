package browser

import (
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"coffer/scripts/e2e/pebble"
	"coffer/scripts/e2e/tier"
)

// A person has the box order a certificate, sees how far that is, and goes on
// over HTTPS once it is there.
func TestOrderJourney(t *testing.T) {
	tier.Need(t, tier.Browser)
	const name = "box.example.org"
	host := lan(t)
	addresses := [2]string{address(t, host), address(t, host)}
	var ports [2]string
	for n, a := range addresses {
		var err error
		if _, ports[n], err = net.SplitHostPort(a); err != nil {
			t.Fatal(err)
		}
	}
	number, err := strconv.Atoi(ports[0])
	if err != nil {
		t.Fatal(err)
	}
	authority := pebble.Start(t, pebble.Options{Port: number, Life: 90 * 24 * time.Hour, Slow: true, Programs: os.Getenv(programsVariable)})
	authority.Lead(name, host)
	plain, secure := "http://"+name+":"+ports[0], "https://"+name+":"+ports[1]
	b := bootAt(t, addresses[0], addresses[1], "COFFER_PUBLIC_URL="+secure, "COFFER_ACME_ROOTS="+authority.Trust)

	// Nobody's browser trusts an authority for tests.
	p := sit(t, plain, chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("host-resolver-rules", "MAP "+name+" "+host))
	for _, origin := range []string{"", plain, secure} {
		p.expected[origin+"/settings/https#answer"] = true     // the refusal of the form
		p.expected[origin+"/api/v1/events"] = true             // a reload ends it
		p.expected[origin+"/api/v1/settings/https"] = true     // as well
		p.expected[origin+"/settings/https?done=order"] = true // as well
	}
	p.owns(b.Code)
	p.open(settings)

	t.Log("without the terms nothing is ordered")
	elsewhere := []action{
		chromedp.Click(chromedp.CSS("details:has(#order-directory) summary")),
		chromedp.Clear(chromedp.CSS("#order-directory")), chromedp.SendKeys(chromedp.CSS("#order-directory"), authority.Directory),
	}
	p.choose("acme", elsewhere...)
	p.at(plain, settings)
	p.see("#order-problem")
	p.sees("Nothing was changed.")
	p.look("order-refused")
	if n := authority.Count(""); n > 0 {
		t.Errorf("the authority was asked %d times", n)
	}

	t.Log("ordered, and looked at while it is made")
	p.do("agree", chromedp.Click(chromedp.CSS("[name=agree]")))
	p.submit("form[data-switch]")
	p.at(plain, settings)
	p.until("the authority looks at this box", `document.querySelector("[data-step=challenge][aria-current]") !== null`)
	p.sees("A certificate for " + name + " is ordered from")
	p.look("order-runs")

	t.Log("it is there: the page leads on, and asks once who that is")
	p.at(secure, signIn)
	p.enters()
	p.moves(secure)
	p.open(settings)
	p.at(secure, settings)
	p.sees("ordered by the box, which renews it")
	p.sees("by the box itself, from")
	p.look("order-done")
	p.quiet()
}
