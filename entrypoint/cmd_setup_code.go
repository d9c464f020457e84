package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"time"

	"coffer/appliance/secrets"
	"coffer/config"
)

// playSetupCode prints the code for the first visit, while it is of use.
func playSetupCode(ctx context.Context, c call) int {
	root, err := rootOf(c, "setup-code")
	if err != nil {
		return c.fail("setup-code", err)
	}
	cfg, err := config.Load(root, c.env)
	if err != nil {
		c.fail("setup-code", err)
		return exitConfig
	}
	code, err := secrets.Code(filepath.Join(cfg.Data, "secrets"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = errors.New("there is no code yet; the box makes it when it starts")
	case errors.Is(err, fs.ErrPermission):
		err = errors.New("only root may read the code; without root: the user that runs the box")
	case err == nil && isSetUp(ctx, "http://"+dialAddress(cfg.Listen)+cfg.BasePath+"/api/v1/setup"):
		err = errors.New("the box is set up already; its code opens nothing any more")
	}
	if err != nil {
		return c.fail("setup-code", err)
	}
	fmt.Fprintln(c.out, secrets.Show(code))
	return exitOK
}

// isSetUp asks the box; one that does not answer may still need its code.
func isSetUp(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var answer struct{ Needed *bool }
	err = json.NewDecoder(io.LimitReader(res.Body, 1024)).Decode(&answer)
	return err == nil && res.StatusCode == http.StatusOK && answer.Needed != nil && !*answer.Needed
}
