// Command suite tries inits in the cases of package trial and prints the table
// of their scores.
//
//	suite [-race] [-keep] [-write] [-init NAME,...] [-case NAME]
//
// It owns the choice of what is tried. It refuses to judge: the supervision tier
// does.
package main

import (
	"context"
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
	if err := flags.Parse(args); err != nil {
		return err
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
	tools.Keep = *keep
	cases := slices.DeleteFunc(trial.Cases(), func(c trial.Case) bool { return !strings.Contains(c.Name, *only) })
	subjects := append([]trial.Subject{trial.Ours()}, trial.References()...)
	subjects = slices.DeleteFunc(subjects, func(s trial.Subject) bool {
		return *names != "" && !slices.Contains(strings.Split(*names, ","), s.Name)
	})
	_, err = trial.Run(ctx, tools, cases, subjects, os.Stdout)
	return err
}
