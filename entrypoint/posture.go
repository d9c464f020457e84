package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"coffer/appliance/posture"
	"coffer/services/egress"
)

// posture is what init tells the watch of the configuration and of what only
// the API knows.
func (p plan) posture() posture.Options {
	return posture.Options{
		Share: p.share, Other: p.nginx, Front: "http://" + dialAddress(p.cfg.Listen), API: p.run("api.sock"),
		PlainSecrets: p.cfg.PlainSecrets(), SetupOpen: p.cfg.SetupOpen, DevMode: p.cfg.DevMode, DevAcknowledged: p.cfg.DevModeAcknowledged(),
		EdgeToken: p.token, TrustedProxies: p.cfg.TrustedProxies,
		Facts: p.facts, Public: egress.Public,
	}
}

// maxFacts bounds what the API says of itself, in bytes.
const maxFacts = 16 << 10

// facts asks the API at its own socket, as the edge would.
func (p plan) facts(ctx context.Context) (posture.Facts, error) {
	var f posture.Facts
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/_edge/facts", nil)
	if err != nil {
		return f, err
	}
	req.Header.Set("X-Edge-Token", p.token)
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", p.run("api.sock"))
		},
	}}
	res, err := client.Do(req)
	if err != nil {
		return f, errors.New("the API does not answer")
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return f, fmt.Errorf("the API answered %s", res.Status)
	}
	return f, json.NewDecoder(io.LimitReader(res.Body, maxFacts)).Decode(&f)
}

// playProbe is started by init in the place of a service.
func playProbe(_ context.Context, c call) int {
	if err := posture.Probe(c.args, c.out); err != nil {
		return c.fail("probe", err)
	}
	return exitOK
}
