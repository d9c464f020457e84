package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"

	"coffer/services/store"
)

// playCompact makes the store's file smaller, whatever there is to be had.
func playCompact(_ context.Context, c call) int {
	flags := flag.NewFlagSet("compact", flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	if err := flags.Parse(c.args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	cfg, code := c.configOf("compact", *root)
	if cfg == nil {
		return code
	}
	folder := filepath.Join(cfg.Data, "store")
	if err := becomeOwnerOf(folder); err != nil {
		return c.fail("compact", err)
	}
	got, err := store.Compact(folder, true, func(done, total int64) {
		fmt.Fprintf(c.err, "%d of about %d MB\n", done/1e6, total/1e6)
	})
	if err != nil {
		return c.fail("compact", fmt.Errorf("%w; where the box runs, stop it first: it makes a store smaller that is half empty by itself when it starts", err))
	}
	fmt.Fprintf(c.out, "The store had %d bytes and has %d.\n", got.Before, got.After)
	return exitOK
}

// compactStore makes the store's file smaller where that is worth it. The box
// starts without it, too.
func compactStore(log *slog.Logger, dir string) {
	got, err := store.Compact(dir, false, func(done, total int64) {
		log.Info("the store is made smaller", "done", done, "of", total)
	})
	switch {
	case err != nil:
		log.Warn("the store could not be made smaller", "err", err)
	case got.After != got.Before:
		log.Info("the store was made smaller", "before", got.Before, "after", got.After)
	}
}
