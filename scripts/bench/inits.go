package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"coffer/scripts/suite/trial"
)

// inits puts init without its box beside those that are installed.
func (r report) inits(ctx context.Context, dir string) error {
	dir = filepath.Join(dir, "inits")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	tools, err := trial.Build(ctx, dir, false)
	if err != nil {
		return err
	}
	subjects := []trial.Subject{trial.Ours()}
	for _, s := range trial.QuickReferences() {
		if why := tools.Missing(s); why != "" {
			r.row("  "+s.Name, "not measured", why)
			continue
		}
		subjects = append(subjects, s)
	}
	all, err := trial.Measure(ctx, tools, subjects, 50)
	if err != nil {
		return err
	}
	ours := all[0]
	for i, f := range all {
		name, ratio := "  "+f.Name, fmt.Sprintf(", %.1f times ours", float64(f.Memory)/float64(ours.Memory))
		if i == 0 {
			name, ratio = "init's memory, five services", ""
		}
		r.row(name, fmt.Sprintf("%.1f MB in %d processes%s", float64(f.Memory)/1e6, f.Processes, ratio), "Pss of init and its loggers, the services left out")
	}
	for i, f := range all {
		if len(f.Back) == 0 {
			continue
		}
		name, ratio := "  "+f.Name, fmt.Sprintf(", %.2f times ours", float64(spread(f.Back).at(0.5))/float64(spread(ours.Back).at(0.5)))
		if i == 0 {
			name, ratio = "killed service answers again", ""
		}
		r.row(name, ms(spread(f.Back).at(0.5))+ratio, "SIGKILL to the answer of the next one, median of 50, in turn; at most 250 ms")
	}
	return nil
}
