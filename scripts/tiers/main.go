// Command tiers runs every test tier, from unit tests to the real image, and
// names each one that this machine cannot run and why. With CI set, a tier that
// had to be skipped is a failure.
//
// It owns the order of the tiers and what each needs. It refuses to install
// anything: scripts/setup.sh does that before it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// nginx and dockerd lie where a plain user's path does not lead.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin"); err != nil {
		panic(err) // the name is a constant
	}
	os.Exit(run(ctx, os.Args[1:], os.Getenv("CI") != "", os.Stdout))
}

// run returns 0 when every tier passed, or was skipped where that is allowed.
func run(ctx context.Context, only []string, ci bool, out io.Writer) int {
	var engine engine
	defer engine.stop()
	var summary []string
	failed := false
	for _, t := range tiers() {
		if len(only) > 0 && !t.among(only) {
			continue
		}
		_, _ = fmt.Fprintf(out, "\n=== tier %s: %s\n", t.name, t.what)
		if reason := lacks(ctx, t, &engine); reason != "" {
			summary = append(summary, fmt.Sprintf("skipped  %-8s %s", t.name, reason))
			failed = failed || ci
			continue
		}
		started := time.Now()
		verdict := "passed"
		if err := test(ctx, t, out); err != nil {
			verdict, failed = "FAILED", true
			_, _ = fmt.Fprintf(out, "tier %s: %v\n", t.name, err)
		}
		summary = append(summary, fmt.Sprintf("%s   %-8s in %s", verdict, t.name, time.Since(started).Round(time.Second)))
	}
	_, _ = fmt.Fprintf(out, "\n=== tiers\n%s\n", strings.Join(summary, "\n"))
	if failed {
		return 1
	}
	return 0
}

// lacks returns why the tier cannot run here, or nothing.
func lacks(ctx context.Context, t tier, e *engine) string {
	for _, program := range t.programs {
		if _, err := exec.LookPath(program); err != nil {
			return program + " is not installed"
		}
	}
	if t.root && os.Geteuid() != 0 {
		return "it needs root"
	}
	if t.engine {
		if err := e.start(ctx); err != nil {
			return err.Error()
		}
	}
	return ""
}

// test runs each of the tier's commands, all of them even when one fails.
func test(ctx context.Context, t tier, out io.Writer) error {
	var first error
	for _, flags := range t.runs {
		packages, err := expand(ctx, flags.packages)
		if err != nil {
			return err
		}
		args := slices.Concat([]string{"test"}, flags.flags, packages)
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Env = append(os.Environ(), "COFFER_TIERS="+t.name)
		if !slices.Contains(flags.flags, "-race") { // which needs cgo
			cmd.Env = append(cmd.Env, "CGO_ENABLED=0") // as what ships
		}
		cmd.Stdout, cmd.Stderr = out, out
		// An interrupt reaches go test by the terminal; it ends its own children.
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 30 * time.Second
		if err := cmd.Run(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// expand lists packages: patterns that start with "-" take away.
func expand(ctx context.Context, patterns []string) ([]string, error) {
	var all []string
	for _, p := range patterns {
		take := strings.TrimPrefix(p, "-")
		out, err := exec.CommandContext(ctx, "go", "list", take).Output()
		if err != nil {
			return nil, fmt.Errorf("go list %s: %w", take, err)
		}
		names := strings.Fields(string(out))
		if take == p {
			all = append(all, names...)
			continue
		}
		all = slices.DeleteFunc(all, func(n string) bool { return slices.Contains(names, n) })
	}
	return all, nil
}
