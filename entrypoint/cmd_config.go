package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"coffer/config"
)

// playConfig prints every option, or every fault.
func playConfig(_ context.Context, c call) int {
	root, err := rootOf(c, "config")
	if err != nil {
		return c.fail("config", err)
	}
	cfg, err := config.Load(root, c.env)
	if err != nil {
		c.fail("config", err)
		return exitConfig
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPTION\tVALUE\tSOURCE")
	for _, s := range cfg.Settings() {
		source := string(s.Source)
		if s.Origin != "" {
			source += " (" + s.Origin + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Value, source)
	}
	if err := w.Flush(); err != nil {
		return c.fail("config", err)
	}
	for _, warning := range warnings(cfg) {
		fmt.Fprintln(c.err, "coffer config:", warning)
	}
	return exitOK
}
