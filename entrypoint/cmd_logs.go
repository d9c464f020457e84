package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"coffer/appliance/control"
	"coffer/appliance/journal"
	"coffer/config"
)

// playLogs prints the latest lines of a service, or of all.
func playLogs(ctx context.Context, c call) int {
	flags := flag.NewFlagSet("logs", flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	follow := flags.Bool("f", false, "go on with what comes")
	q := journal.Query{}
	flags.IntVar(&q.Limit, "n", 200, fmt.Sprintf("how many lines, at most %d", journal.MaxLines))
	flags.StringVar(&q.Level, "level", "", "the least level: debug, info, warn or error")
	flags.StringVar(&q.Search, "q", "", "only lines that contain this")
	// The name may stand before or after the flags.
	args := c.args
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		q.Service, args = args[0], args[1:]
	}
	err := flags.Parse(args)
	if err == nil && q.Service == "" && flags.NArg() > 0 {
		q.Service = flags.Arg(0)
		err = flags.Parse(flags.Args()[1:])
	}
	if err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	if *root, err = filepath.Abs(*root); err != nil {
		return c.fail("logs", err)
	}
	cfg, err := config.Load(*root, c.env)
	if err != nil {
		c.fail("logs", err)
		return exitConfig
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := c.logs(ctx, control.Socket(cfg.Run).Path, q, *follow); err != nil && ctx.Err() == nil {
		return c.fail("logs", err)
	}
	return exitOK
}

func (c call) logs(ctx context.Context, socket string, q journal.Query, follow bool) error {
	out := bufio.NewWriter(c.out)
	for {
		page, err := control.Logs(ctx, socket, q, q.After != "")
		if err != nil {
			return err
		}
		if page.Gap {
			fmt.Fprintln(out, "… lines are missing here …")
		}
		for _, l := range page.Lines {
			if q.Service == "" {
				fmt.Fprintf(out, "%-8s ", l.Service)
			}
			fmt.Fprintln(out, l)
		}
		if err := out.Flush(); err != nil || !follow {
			return err
		}
		q.After, q.Limit = page.Next, journal.MaxLines
	}
}
