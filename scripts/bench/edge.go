package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"coffer/scripts/e2e/box"
)

// edge compares a signed-in call through nginx, its auth check included, with
// the same call straight to the API's socket, with the token that only root and
// the edge can read.
func (r report) edge(ctx context.Context, b *box.Native) error {
	direct, _, _, err := straight(ctx, b)
	if err != nil {
		r.row("edge overhead", "not measured", err.Error())
		return nil
	}
	var through, without spread
	for range 500 {
		for _, c := range []struct {
			client *box.Client
			took   *spread
		}{{b.Client, &through}, {direct, &without}} {
			started := time.Now()
			if err := c.client.Get(ctx, "/api/v1/sources?limit=50", nil); err != nil {
				return err
			}
			*c.took = append(*c.took, time.Since(started))
		}
	}
	r.row("edge overhead", fmt.Sprintf("%.2f times", float64(through.at(0.5))/float64(without.at(0.5))),
		fmt.Sprintf("a list of 50 sources: %s through nginx, %s without; at most 2 times", ms(through.at(0.5)), ms(without.at(0.5))))
	return nil
}

type headers struct {
	http.RoundTripper
	add http.Header
}

func (h headers) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for k, v := range h.add {
		req.Header[k] = v
	}
	return h.RoundTripper.RoundTrip(req)
}

// straight is a client that asks the API at its socket, with the headers that it
// sends and the folder that the socket is in.
func straight(ctx context.Context, b *box.Native) (client *box.Client, to http.Header, run string, err error) {
	p, ok := box.Find(b.PID(), "init")
	if !ok || len(p.Args) < 4 {
		return nil, nil, "", errors.New("init is not found")
	}
	run = filepath.Join(p.Args[3], "run", "coffer")
	fragments, err := filepath.Glob(filepath.Join(run, "edge", "*"))
	if err != nil {
		return nil, nil, "", err
	}
	token := ""
	for _, f := range fragments {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, nil, "", err
		}
		if m := regexp.MustCompile(`\b[0-9a-f]{64}\b`).Find(text); m != nil {
			token = string(m)
		}
	}
	if token == "" {
		return nil, nil, "", errors.New("the edge token is not found")
	}
	client = box.Dial("http://localhost")
	to = http.Header{"X-Edge-Token": {token}, "X-Forwarded-Proto": {"http"}, "X-Client-Addr": {"127.0.0.1"}}
	client.HTTP.Transport = headers{&http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", filepath.Join(run, "api.sock"))
	}}, to}
	// Who one is comes from the edge: it is asked as the edge does.
	for k, v := range identity(ctx, b, client) {
		to[k] = v
	}
	return client, to, run, client.Get(ctx, "/api/v1/sources?limit=1", nil)
}

// identity asks /_edge/verify with the browser's cookie.
func identity(ctx context.Context, b *box.Native, direct *box.Client) http.Header {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, direct.URL+"/_edge/verify", nil)
	if err != nil {
		return nil
	}
	home, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL, nil)
	if err != nil {
		return nil
	}
	for _, c := range b.HTTP.Jar.Cookies(home.URL) {
		req.AddCookie(c)
	}
	res, err := direct.HTTP.Do(req)
	if err != nil {
		return nil
	}
	defer func() { _ = res.Body.Close() }()
	found := http.Header{}
	for _, k := range []string{"X-Auth-User", "X-Auth-Kind", "X-Auth-Scopes", "X-Auth-Session"} {
		found[k] = res.Header.Values(k)
	}
	return found
}
