package web

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"coffer/services/library"
)

// axe is the text of axe-core, as scripts/axe.sh fetches it.
func axe(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../out/npm/node_modules/axe-core/axe.min.js"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("axe-core is not here: run scripts/axe.sh: ", err)
		}
		t.Skip("SKIPPED: axe-core is not here; scripts/axe.sh fetches it")
	}
	return string(text)
}

// finds runs axe-core on the page that is open and returns what it finds, one
// line for each fault.
func (v *tab) finds(axe string) []string {
	v.b.t.Helper()
	const ask = `(async () => {
		const {violations} = await axe.run(document, {resultTypes: ["violations"]});
		return JSON.stringify(violations.map(f => f.id + ": " + f.help + ": " + f.nodes.map(n => n.target.join(" ") + " (" + n.failureSummary + ")").join(" | ")));
	})()`
	text, err := chromedp.Run(v, chromedp.Evaluate[string](axe+";"+ask, chromedp.EvalAwaitPromise))
	must(v.b.t, err)
	var all []string
	must(v.b.t, json.Unmarshal([]byte(text), &all))
	return all
}

// accessible holds a page, light and dark, wide and narrow, against axe-core with
// all of its rules.
func (v *tab) accessible(rules, path string, before ...step) {
	v.b.t.Helper()
	for _, at := range []struct {
		width  int64
		scheme string
	}{{1280, "light"}, {1280, "dark"}, {390, "light"}, {390, "dark"}} {
		v.do(size(at.width, 800), scheme(at.scheme))
		v.open(path)
		v.do(before...)
		for _, fault := range v.finds(rules) {
			v.b.t.Errorf("%s, %s, %d wide: %s", path, at.scheme, at.width, strings.ReplaceAll(fault, "\n", " "))
		}
	}
}

// TestAccessible holds every page against it.
func TestAccessible(t *testing.T) {
	t.Parallel()
	rules := axe(t)
	chrome := browser(t)
	look := func(v *tab, path string, before ...step) { t.Helper(); v.accessible(rules, path, before...) }
	packed := newBox(t, "")
	packed.owner()
	a := packed.archive("papers.zip", 120, packed.ends(&library.Reason{Code: "damaged", Message: "It was cut off."}))
	packed.reader(0)
	packed.wait(string(a.ID))
	v := packed.tab(chrome)
	v.signIn()
	look(v, "/library/"+string(a.ID)+"?from=100")
	look(v, "/library/"+string(a.ID)+"/delete")
	empty := newBox(t, "")
	v = empty.tab(chrome)
	look(v, "/setup?code=ABCD-2345")
	look(v, "/setup/restore?code=ABCD-2345")
	v.open("/setup?code=ABCD-2345")
	v.do(typed("#username", owner), typed("#password", password), submit("#password"), seen("#hosts"))
	look(v, "/setup/reach")
	look(v, "/setup/first")
	for _, path := range []string{"/", "/library", "/activity"} {
		look(v, path)
	}

	b := newBox(t, "")
	b.owner()
	b.reader(0)
	long := b.furnish()
	b.someKeys()
	b.someBackups()
	b.somePackage()
	at := time.Now().Add(-time.Hour)
	b.former.at.Store(&at)
	v = b.tab(chrome)
	look(v, "/login")
	v.signIn()
	failed, err := b.lib.Sources(t.Context(), libraryFailed(), firstPage())
	must(t, err)
	for _, path := range []string{
		"/", "/?q=notice+period", "/?q=submarine&type=pdf", "/library", "/library/" + string(long.ID), "/library/" + string(long.ID) + "?q=heating+curve",
		"/library/" + string(failed.Items[0].ID), "/library/" + string(long.ID) + "/delete", "/library/none", "/activity", "/posture", "/logs", "/add",
		"/settings/account", "/settings/keys", "/settings/access", "/settings/https", "/settings/backups", "/settings/backups/restore", "/settings/packages", "/settings/copies", "/settings/notices", "/settings/outgoing", "/settings/diagnostics",
		"/settings/audit", "/settings/appearance", "/settings/about",
	} {
		look(v, path)
	}
	look(v, "/settings/diagnostics", submit("form[action$='settings/diagnostics'] button"), seen(".diagnosis"), click(".diagnosis .row:last-child a"), seen("#opened"))
	look(v, "/library", click("[data-add]"))
	b.copies.tell(failingCopies(time.Now()))
	look(v, "/settings/copies?list=1", click("[action*='/test'] button"), seen("#answer"))
	look(v, "/settings/copies?list=1")
	b.notices.tell(failingNotices(time.Now()))
	look(v, "/settings/notices", click("[action*='/test'] button"), seen("#answer"))
	b.alarms.tell(someAlarms()...)
	look(v, "/library")
	b.alarms.tell()
	look(v, "/settings/account", click("#factors header button"), seen("#code"))
	b.enrol()
	look(v, "/settings/account", run(`for (const fold of document.querySelectorAll("details")) fold.open = true`))
	look(v, "/settings/account", run(`document.querySelector("#new-codes form").requestSubmit()`), seen("#codes"))
	b.elapse(11 * time.Minute)
	look(v, "/settings/account", run(`document.querySelector("#factor-off form").requestSubmit()`), seen("#reauth-code"))
	out := b.tab(chrome)
	out.open("/login")
	out.do(typed("#username", owner), typed("#password", password), submit("#password"), seen("#code"))
	look(out, "/login/step", run(`for (const fold of document.querySelectorAll("details")) fold.open = true`))
	out.quiet()
	b.door.tell(httpsOwn(time.Now()), nil, nil)
	look(v, "/settings/https", run(`document.querySelector("details").open = true`))
	b.door.tell(httpsOff(), nil, nil)
	look(v, "/settings/https", click("[value=acme]"), run(`for (const fold of document.querySelectorAll("details")) fold.open = true`))
	b.door.tell(httpsOrdered(), nil, nil)
	look(v, "/settings/https")
	b.door.tell(httpsUnmade(time.Now()), nil, nil)
	look(v, "/settings/https")
	b.door.tell(httpsMade(time.Now()), nil, nil)
	look(v, "/settings/https")
	told := httpsUploaded(time.Now(), 9)
	told.Only = []library.HTTPSOnly{{Name: "box.example.org", Below: true}, {Name: "old.example.org", Back: time.Now()}}
	b.door.tell(told, nil, mismatch())
	look(v, "/settings/https", submit("#certificate"), seen("#key-problem"), run(`document.querySelector(".more details").open = true`))
	v.quiet()

	// What a browser can be told of a name is asked over HTTPS, under that name.
	// Browsers take those that end in localhost for safe, and so keep the cookies.
	b = newBox(t, "")
	b.owner()
	b.url = strings.Replace(b.url, "127.0.0.1", "box.localhost", 1)
	_, err = b.accounts.UpdateSettings(t.Context(), func(s *library.Settings) error { s.Hosts = append(s.Hosts, "box.localhost"); return nil })
	must(t, err)
	over := b.tab(chrome)
	over.do(overHTTPS())
	over.signIn()
	b.door.tell(httpsUploaded(time.Now(), 60), nil, &library.Error{Kind: library.Invalid, Code: "uncovered", Message: "The certificate is not for box.localhost."})
	look(over, "/settings/https", seen("[name=sure]"))
	look(over, "/settings/https", click("[name=sure]"), submit("[name=sure]"), seen("#only-problem"))
	over.quiet()
}

// overHTTPS has the stand-in for the edge take every request for one over HTTPS.
func overHTTPS() step {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{overScheme: "https"}})
		return chromedp.Void{}, err
	}
}
