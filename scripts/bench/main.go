// Command bench measures a box from outside and prints the numbers that Coffer
// sets itself to reach, beside a peer on the same files where there is one.
//
// Its arguments are the parts to measure; none: all of them, as make bench does.
//
// It owns how each number is taken and says it in the row. It refuses to pass
// or fail: a number depends on the machine, and tests do not.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"coffer/scripts/e2e/box"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// nginx lies where a plain user's path does not lead.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin"); err != nil {
		panic(err) // the name is a constant
	}
	if err := run(ctx, os.Args[1:], os.Getenv("COFFER_CORPUS"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// report prints one row as soon as it is known.
type report struct{ out io.Writer }

func (r report) row(name, value, how string) {
	_, _ = fmt.Fprintf(r.out, "%-34s %-38s %s\n", name, value, how)
}

// wanted says whether a part was asked for; none: all are.
type wanted []string

func (w wanted) part(name string) bool { return len(w) == 0 || slices.Contains(w, name) }

func run(ctx context.Context, parts wanted, corpus string, out io.Writer) error {
	r := report{out}
	dir, err := os.MkdirTemp("", "coffer-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	if parts.part("image") {
		r.image(ctx)
	}
	binary, err := box.Build(ctx, dir)
	if err != nil {
		return err
	}
	if err := r.inside(ctx, parts, binary, dir, corpus); err != nil {
		return err
	}
	for _, p := range []struct {
		name    string
		measure func() error
	}{
		{"keys", func() error { return r.keys(ctx, binary, dir) }},
		{"inits", func() error { return r.inits(ctx, dir) }},
		{"many", func() error { return r.many(ctx, binary, dir) }},
	} {
		if !parts.part(p.name) {
			continue
		}
		if err := p.measure(); err != nil {
			return err
		}
	}
	return nil
}

// inside measures one box from its first start to its stop.
func (r report) inside(ctx context.Context, parts wanted, binary, dir, corpus string) error {
	type measure func(context.Context, *box.Native) error
	var all []measure
	for _, p := range []struct {
		name string
		measure
	}{
		{"idle", r.idle}, {"latency", r.latency},
		{"ingest", func(ctx context.Context, b *box.Native) error { return r.ingest(ctx, b, dir, corpus) }},
		{"search", r.search}, {"edge", r.edge},
		{"check", func(ctx context.Context, b *box.Native) error { return r.check(ctx, b, dir) }},
		{"restarts", r.restarts}, {"stop", r.stop},
	} {
		if parts.part(p.name) {
			all = append(all, p.measure)
		}
	}
	if len(all) == 0 {
		return nil
	}
	root := filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	// As in the image: laid out, and PDFium compiled.
	for _, args := range [][]string{{"install", "--root", root}, {"pdfium-cache", filepath.Join(root, "usr/share/coffer/pdfium-cache")}} {
		if out, err := exec.CommandContext(ctx, binary, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("coffer %s: %w\n%s", args[0], err, out)
		}
	}
	b, err := r.boot(ctx, binary, root)
	if err != nil {
		return err
	}
	defer b.Kill()
	for _, m := range all {
		if err := m(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// spread is a set of durations, sorted when it is read.
type spread []time.Duration

func (s spread) at(q float64) time.Duration {
	slices.Sort(s)
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
