package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"coffer/config"
)

// healthWithin is shorter than the 5 seconds that the image gives a check.
const healthWithin = 4 * time.Second

// playHealthcheck asks the box, the way a visitor would, whether it is ready.
func playHealthcheck(ctx context.Context, c call) int {
	root, err := rootOf(c, "healthcheck")
	if err != nil {
		return c.fail("healthcheck", err)
	}
	cfg, err := config.Load(root, c.env)
	if err == nil {
		err = ready(ctx, "http://"+dialAddress(cfg.Listen)+"/readyz")
	}
	if err != nil {
		return c.fail("healthcheck", err)
	}
	return exitOK
}

func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// No proxy of the environment stands between the box and itself.
	res, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		return fmt.Errorf("the box does not answer: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the box is not ready: %s", res.Status)
	}
	return nil
}
