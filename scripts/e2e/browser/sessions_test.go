package browser

import (
	"testing"

	"github.com/chromedp/chromedp"

	"coffer/scripts/e2e/tier"
)

// A browser is signed out from another: what it has open ends, and it is asked
// who that is.
func TestSessionsJourney(t *testing.T) {
	tier.Need(t, tier.Browser)
	b := boot(t)
	p := sit(t, b.URL)
	p.owns(b.Code)

	t.Log("another browser is signed in, and shows what happens")
	other := sit(t, b.URL)
	other.expects("/login?next=%2Factivity")
	other.open("/activity")
	other.enters()
	other.at(b.URL, "/activity")
	other.streams(flows)

	t.Log("it is signed out from here")
	p.open("/settings/account")
	const row = "li.row:has(form[action$='/end'])"
	if n := p.count(`document.querySelectorAll("` + row + `").length`); n != 1 {
		t.Fatalf("%d other browsers are listed, want 1", n)
	}
	p.look("sessions")
	other.expects("/api/v1/events") // no stream for who is signed out
	p.leave("sign it out", chromedp.Click(chromedp.CSS(row+" button")))
	p.see(".notice.ok")
	if n := p.count(`document.querySelectorAll("` + row + `").length`); n != 0 {
		t.Errorf("%d other browsers are still listed", n)
	}

	t.Log("its stream ends, its page leads to the sign-in, and nothing else opens")
	other.at(b.URL, signIn)
	if next := other.read("location.search"); next != "?next=%2Factivity" {
		t.Errorf("the sign-in leads on to %q", next)
	}
	other.streams(ended)
	other.look("signed-out")
	other.open("/library")
	other.at(b.URL, signIn)
	other.expects("/api/v1/sources")
	if status := other.count(`fetch("/api/v1/sources").then((r) => r.status)`); status != 401 {
		t.Errorf("its requests are answered %d, want 401", status)
	}
	if n := p.count(`fetch("/api/v1/auth/sessions").then((r) => r.json()).then((l) => l.items.length)`); n != 1 {
		t.Errorf("%d sessions are left, want 1", n)
	}

	t.Log("it comes back with the password alone")
	other.enters()
	other.at(b.URL, "/library")
	p.open("/library")
	p.at(b.URL, "/library")
	p.quiet()
	other.quiet()
}
