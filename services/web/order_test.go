package web

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"coffer/services/library"
	"coffer/services/web/words"
)

// httpsOrdered is a box whose owner ordered a certificate while it has none.
func httpsOrdered() library.HTTPS {
	h := httpsOff()
	h.Order = library.HTTPSOrder{
		Wanted: true, Directory: "https://acme-v02.api.letsencrypt.org/directory", Email: "ada@example.org",
		Names: []string{"fixed.example.org", "box.example.org"}, Chosen: []string{"box.example.org"}, Agreed: true, Step: library.HTTPSChallenge,
	}
	return h
}

// httpsUnmade is that box after the authority found nobody.
func httpsUnmade(now time.Time) library.HTTPS {
	h := httpsOrdered()
	h.Order.Step, h.Order.Next, h.Order.Free = "", now.Add(17*time.Minute), now
	h.Order.Problem = &library.HTTPSProblem{
		Code: "acme-not-reached", Message: "The authority found nobody at the name (box.example.org).", Hint: "Forward port 80 of your router and of the host to port 8080 of the box.",
		Quote: "203.0.113.7: Fetching http://box.example.org/.well-known/acme-challenge/x: Timeout during connect (likely firewall problem)",
	}
	return h
}

// httpsMade is a box that presents what an authority made.
func httpsMade(now time.Time) library.HTTPS {
	h := httpsUploaded(now, 50)
	h.Mode, h.Uploaded, h.Order = library.HTTPSACME, nil, httpsOrdered().Order
	h.Order.Wanted, h.Order.Serves, h.Order.Step, h.Order.Next, h.Order.Terms = false, true, "", now.AddDate(0, 0, 20), "https://ca.example/terms"
	return h
}

func TestOrderPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	now := b.site.shell.Now()
	const path = "/settings/https"
	off := httpsOff()
	off.Order.Directory, off.Order.Names = "https://acme-v02.api.letsencrypt.org/directory", []string{"fixed.example.org"}
	b.door.tell(off, nil, nil)
	_, err := b.accounts.UpdateSettings(t.Context(), func(s *library.Settings) error { s.Hosts = []string{"box.example.org", "nas.lan"}; return nil })
	must(t, err)
	page, _ := v.get(path)
	has(t, page, `<textarea id="order-names" name="order-names"`, ">box.example.org</textarea>", "Besides these, by configuration: fixed.example.org",
		"the internet address of this box", `href="https://letsencrypt.org/repository/"`, "I agree to the terms of acme-v02.api.letsencrypt.org", `name="agree" value="1">`, "!data-ordering", "!The order<")

	b.door.tell(httpsOrdered(), nil, nil)
	page, _ = v.get(path)
	has(t, page, `data-ordering="/box/api/v1/settings/https"`, "HTTPS is off.", `value="acme" checked`, "A certificate for fixed.example.org, box.example.org is ordered from acme-v02.api.letsencrypt.org.",
		`<li data-step="asking" class="done">`, `<li data-step="challenge" class="now" aria-current="step">`, `<li data-step="making" class="later">`, `name="agree" value="1" checked>`, "!Try again now")

	b.door.tell(httpsUnmade(now), nil, nil)
	page, _ = v.get(path)
	has(t, page, "No certificate was made.", "The authority found nobody at the name (box.example.org). Forward port 80", "<q>203.0.113.7:", "The box tries again by itself:",
		`action="/box/settings/https/order#order"`, "Try again now", "!data-ordering")
	later := httpsUnmade(now)
	later.Order.Free, later.Order.Problem.Until = now.Add(time.Hour), now.Add(time.Hour)
	b.door.tell(later, nil, nil)
	page, _ = v.get(path)
	has(t, page, "The authority wants to be asked again from then on", "!Try again now", "!The box tries again by itself")

	made := httpsMade(now)
	b.door.tell(made, nil, nil)
	page, _ = v.get(path)
	has(t, page, "HTTPS is on, at port 8443.", "acme-v02.api.letsencrypt.org, ordered by the box, which renews it", "by the box itself, from "+words.NewCatalogue().All[0].Date(now.AddDate(0, 0, 20).Local())+" on",
		`href="https://ca.example/terms"`, "!The order<", "!Have your devices")
	made.Order.Serves, made.Locked, made.Presented.Own, made.Order.EmailLocked, made.Order.DirectoryLocked = false, true, true, true, true
	made.Order.Problem = httpsUnmade(now).Order.Problem
	b.door.tell(made, nil, nil)
	page, _ = v.get(path)
	has(t, page, "a certificate that browsers warn of until the ordered one is there", "the box&#39;s own authority, until the ordered one is there", "COFFER_TLS decides this (acme)",
		`value="ada@example.org" aria-describedby="order-email-hint" disabled`, "The configuration decides this.", `id="order-names"`, `!name="agree"`, "!To give it up")
}

// What is ordered is what the form says, and what is wrong with it stands there.
func TestOrderForm(t *testing.T) {
	b := newBox(t, "")
	v := b.owner()
	off, ordered := httpsOff(), httpsOrdered()
	off.Order.Directory = "https://acme-v02.api.letsencrypt.org/directory"
	b.door.tell(off, &ordered, nil)
	_, r := v.hand(map[string]string{
		"mode": "acme", "order-names": "box.example.org,\r\n two.example.org\n", "order-email": " ada@example.org", "order-directory": "https://ca.example/dir", "agree": "1", "names": "nas.lan",
	})
	c := b.door.last(t)
	if r.Request.URL.Path != "/settings/https" || c.Mode != library.HTTPSACME || c.Order == nil || !c.Order.Agree || c.Order.Email != "ada@example.org" ||
		c.Order.Directory != "https://ca.example/dir" || !slices.Equal(c.Order.Names, []string{"box.example.org", "two.example.org"}) || c.Names != nil {
		t.Errorf("%s, %+v %+v", r.Request.URL, c, c.Order)
	}
	b.door.tell(off, nil, &library.Error{Kind: library.Invalid, Field: "order", Code: "acme-terms", Message: "The terms are not agreed to.", Hint: "Read them."})
	page, r := v.hand(map[string]string{"mode": "acme", "order-names": "box.example.org", "order-email": "eve@example.org", "order-directory": "https://ca.example/dir"})
	status(t, r, http.StatusUnprocessableEntity)
	has(t, page, "Nothing was changed.", `id="order-problem">The terms are not agreed to. Read them.`, ">box.example.org</textarea>", `value="eve@example.org"`, `value="https://ca.example/dir"`,
		"I agree to the terms of ca.example", `value="acme" checked`, `aria-describedby="order-names-hint order-problem" aria-invalid="true"`)

	b.door.tell(httpsUnmade(time.Now()), nil, nil)
	again, err := v.PostForm(b.url+"/settings/https/order", url.Values{})
	must(t, err)
	if c := b.door.last(t); !c.Again || c.Mode != "" || again.Request.URL.RawQuery != "done=order" {
		t.Errorf("%+v, %s", c, again.Request.URL)
	}
	b.door.tell(httpsUnmade(time.Now()), nil, &library.Error{Kind: library.Conflict, Field: "order", Code: "acme-too-soon", Message: "Not before 14:05.", Hint: "Wait."})
	again, err = v.PostForm(b.url+"/settings/https/order", url.Values{})
	page = body(t, again, err)
	status(t, again, http.StatusConflict)
	has(t, page, "Not before 14:05. Wait.")
}
