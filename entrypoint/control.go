package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"text/tabwriter"
	"time"

	"coffer/appliance/control"
	"coffer/appliance/supervise"
	"coffer/config"
)

func playStatus(ctx context.Context, c call) int {
	flags := flag.NewFlagSet("status", flag.ContinueOnError)
	flags.SetOutput(c.err)
	asJSON := flags.Bool("json", false, "print JSON")
	root := flags.String("root", "/", "the folder below which the box lives")
	if err := flags.Parse(c.args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	all, err := ask(ctx, c, *root, control.Request{Ask: control.AskStatus})
	if err != nil {
		return c.fail("status", err)
	}
	if *asJSON {
		err = json.NewEncoder(c.out).Encode(all)
	} else {
		err = c.table(all)
	}
	if err != nil {
		return c.fail("status", err)
	}
	for _, s := range all {
		if s.State == supervise.Fatal {
			return exitFailed
		}
	}
	return exitOK
}

func playRestart(ctx context.Context, c call) int {
	flags := flag.NewFlagSet("restart", flag.ContinueOnError)
	flags.SetOutput(c.err)
	root := flags.String("root", "/", "the folder below which the box lives")
	if err := flags.Parse(c.args); err != nil || flags.NArg() != 1 {
		return c.fail("restart", fmt.Errorf("%w: coffer restart NAME; coffer status lists the names", errUsage))
	}
	all, err := ask(ctx, c, *root, control.Request{Ask: control.AskRestart, Service: flags.Arg(0)})
	if err == nil {
		err = c.table(all)
	}
	if err != nil {
		return c.fail("restart", err)
	}
	return exitOK
}

func ask(ctx context.Context, c call, root string, r control.Request) ([]supervise.Status, error) {
	cfg, err := config.Load(root, c.env)
	if err != nil {
		return nil, err
	}
	return control.Ask(ctx, cfg.Run, r)
}

func (c call) table(all []supervise.Status) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tSTATE\tPID\tSINCE\tRESTARTS\tLAST EXIT")
	for _, s := range all {
		pid, since := "-", "-"
		if s.Pid != 0 {
			pid = fmt.Sprint(s.Pid)
		}
		if !s.Since.IsZero() {
			since = time.Since(s.Since).Round(time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", s.Name, s.State, pid, since, s.Restarts, s.LastExit)
	}
	return w.Flush()
}
