package api

import (
	"context"
	"testing"
	"time"

	"coffer/services/library"
)

type gone struct {
	out library.Outgoing
	err error
}

func (g gone) Outgoing(context.Context) (library.Outgoing, error) { return g.out, g.err }

func TestEgress(t *testing.T) {
	at := time.Date(2026, 3, 5, 14, 7, 0, 0, time.UTC)
	told := library.Outgoing{
		Purposes: []library.Purpose{{Name: "acme", Destinations: []string{"acme.example.org:443"}}, {Name: "fetch"}, {Name: "s3", Later: true}},
		Destinations: []library.Destination{{
			Purpose: "acme", Place: "acme.example.org:443", Attempts: 3, Connected: 1, Failed: 1, Refused: 1, Sent: 10, Received: 20,
			First: at, Last: at.Add(time.Hour), Outcome: library.FailedOut, Reason: "No answer.",
		}},
	}
	const path = "/api/v1/egress"
	b, owner := newOwnedBox(t, func(o *Options) { o.WayOut = gone{out: told} })
	b.play(t, []scenario{
		{name: "by nobody", method: "GET", path: path, status: 401, hasNot: []string{"acme"}},
		{name: "by the owner", method: "GET", path: path, as: []caller{owner}, status: 200, has: []string{
			`{"name":"acme","configured":true,"destinations":["acme.example.org:443"]}`,
			`{"name":"fetch","configured":false,"destinations":[]}`, `{"name":"s3","configured":false,"destinations":[],"later":true}`,
			`"destination":"acme.example.org:443","attempts":3,"connected":1,"failed":1,"refused":1,"sent":10,"received":20,` +
				`"first_at":"2026-03-05T14:07:00Z","last_at":"2026-03-05T15:07:00Z","outcome":"failed","reason":"No answer."`,
		}},
		{name: "nothing changes it", method: "DELETE", path: path, as: []caller{owner}, status: 405},
	})
	for name, row := range map[string]struct {
		way    library.WayOut
		status int
		has    string
	}{
		"nothing yet":    {gone{}, 200, `{"purposes":[],"items":[]}`},
		"nobody counts":  {nil, 404, "Nothing here can go out"},
		"init is silent": {gone{err: &library.Error{Kind: library.Internal, Message: "Silent."}}, 500, "request_id"},
	} {
		b, owner := newOwnedBox(t, func(o *Options) { o.WayOut = row.way })
		b.play(t, []scenario{{name: name, method: "GET", path: path, as: []caller{owner}, status: row.status, has: []string{row.has}}})
	}
}
