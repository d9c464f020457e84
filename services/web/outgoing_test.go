package web

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/services/library"
)

// went is an init whose count the test decides.
type went struct {
	mu  sync.Mutex
	out library.Outgoing
	err error
}

// Outgoing implements library.WayOut.
func (w *went) Outgoing(context.Context) (library.Outgoing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out, w.err
}

func (w *went) tell(out library.Outgoing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = out
}

func (w *went) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

func purposes(acme ...string) []library.Purpose {
	return []library.Purpose{{Name: "acme", Destinations: acme}, {Name: "fetch", Later: true}, {Name: "s3", Later: true}, {Name: "odd"}}
}

func someWent(now time.Time) library.Outgoing {
	const place = "acme-v02.api.letsencrypt.org:443"
	return library.Outgoing{
		Purposes: purposes(place),
		Destinations: []library.Destination{
			{Purpose: "acme", Place: place, Attempts: 1204, Connected: 1203, Failed: 1, Sent: 48_200, Received: 1_320_000,
				First: now.Add(-90 * 24 * time.Hour), Last: now.Add(-5 * time.Minute), Outcome: library.WentOut},
			{Purpose: "acme", Place: "staging.acme.example.org:14000", Attempts: 2, Failed: 2,
				First: now.Add(-3 * time.Hour), Last: now.Add(-2 * time.Hour), Outcome: library.FailedOut, Reason: "The name has no address."},
			{Purpose: "fetch", Place: "router.lan", Attempts: 1, Refused: 1,
				First: now.Add(-26 * time.Hour), Last: now.Add(-26 * time.Hour), Outcome: library.RefusedOut, Reason: "192.168.1.1 is private. <b>"},
		},
	}
}

func TestOutgoingPage(t *testing.T) {
	b := newBox(t, "/box")
	v := b.owner()
	const path = "/settings/outgoing"

	b.went.tell(library.Outgoing{Purposes: purposes()})
	page, r := v.get(path)
	status(t, r, 200)
	has(t, page, "Nothing is set up that leaves the box, and nothing has left it.", "Nothing has been tried yet.", "Certificates", "Not set up",
		"Comes later", `<p class="title">odd</p>`, "!>Set up<")

	b.went.tell(someWent(time.Now()))
	page, _ = v.get(path)
	has(t, page, "goes out only to what is listed here", ">Set up<", "<code>acme-v02.api.letsencrypt.org:443</code>", "1,203 connections", "1 failed",
		"48 kB sent", "1.3 MB received", "5 minutes ago", "2 failed", "The name has no address.", "1 refused", "router.lan",
		"192.168.1.1 is private. &lt;b&gt;", "!Nothing has been tried", "!and nothing has left it")

	out := someWent(time.Now())
	out.Purposes = purposes()
	b.went.tell(out)
	page, _ = v.get(path)
	has(t, page, "Nothing is set up any more that leaves the box.", "!>Set up<")

	b.went.fail(&library.Error{Kind: library.Internal, Message: "The box does not tell what went out."})
	page, r = v.get(path)
	if r.StatusCode != 500 || strings.Contains(page, "acme-v02") {
		t.Errorf("without init's word: %d\n%s", r.StatusCode, page)
	}
}
