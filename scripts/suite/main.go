// Command suite tries inits in the cases of package trial and prints the table
// of their scores.
//
//	suite [-race] [-keep] [-write] [-init NAME,...] [-case NAME]
//
// It owns the choice of what is tried, and docs/supervision.md, which -write
// makes of what the runs showed. It refuses to judge: the supervision tier does.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"coffer/scripts/suite/trial"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("suite", flag.ContinueOnError)
	raced := flags.Bool("race", false, "build our init with the race detector")
	names := flags.String("init", "", "only these, with commas")
	keep := flags.Bool("keep", false, "leave what trials wrote")
	only := flags.String("case", "", "only the cases with this in their name")
	written := flags.Bool("write", false, "write docs/supervision.md of it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *written && *names+*only != "" {
		return errors.New("a page is written of all cases and inits")
	}
	dir, err := os.MkdirTemp("", "coffer-suite-")
	if err != nil {
		return err
	}
	if *keep {
		fmt.Println("kept in", dir)
	} else {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	tools, err := trial.Build(ctx, dir, *raced)
	if err != nil {
		return err
	}
	if err := tools.BuildPeer(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
	}
	tools.Keep = *keep
	cases := slices.DeleteFunc(trial.Cases(), func(c trial.Case) bool { return !strings.Contains(c.Name, *only) })
	missing := map[string]string{}
	var subjects []trial.Subject
	for _, s := range append([]trial.Subject{trial.Ours()}, trial.References()...) {
		switch why := tools.Missing(s); {
		case *names != "" && !slices.Contains(strings.Split(*names, ","), s.Name):
		case why != "":
			missing[s.Name] = why
		default:
			subjects = append(subjects, s)
		}
	}
	table, err := trial.Run(ctx, tools, cases, subjects, os.Stdout)
	if err != nil {
		return err
	}
	if err := table.Print(os.Stdout); err != nil {
		return err
	}
	for name, why := range missing {
		fmt.Printf("not tried: %s: %s\n", name, why)
	}
	if !*written {
		return nil
	}
	var page bytes.Buffer
	if err := table.Page(&page, missing); err != nil {
		return err
	}
	return os.WriteFile("docs/supervision.md", page.Bytes(), 0o644)
}
