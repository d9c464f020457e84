package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"coffer/scripts/bench/stock"
	"coffer/scripts/e2e/box"
)

// many compares the start of a box with 100 files on its volume to that of one
// with 100,000, each the original of a source.
func (r report) many(ctx context.Context, binary, dir string) error {
	const few, lots = 100, 100_000
	root := filepath.Join(dir, "many")
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	b, err := box.Init(ctx, binary, root)
	if err != nil {
		return err
	}
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		return err
	}
	if _, _, err := b.Stop(); err != nil {
		return err
	}
	var median [2]time.Duration
	before := 0
	for i, n := range []int{few, lots} {
		if err := stock.Fill(ctx, filepath.Join(root, "data"), before, n); err != nil {
			return err
		}
		before = n
		if err := caughtUp(ctx, binary, root, n); err != nil {
			return err
		}
		took, err := starts(ctx, binary, root)
		if err != nil {
			return err
		}
		median[i] = took.at(0.5)
	}
	r.row("boot to ready, 100,000 sources", ms(median[1]), "warm, with as many originals, median of 9; at most 300 ms")
	r.row("  beside 100 sources", fmt.Sprintf("%.2f times", float64(median[1])/float64(median[0])), "the same box before: "+ms(median[0]))
	return r.backup(ctx, binary, root, dir)
}

// caughtUp runs the box until its index has all n sources.
func caughtUp(ctx context.Context, binary, root string, n int) error {
	b, err := box.Init(ctx, binary, root)
	if err != nil {
		return err
	}
	defer b.Kill()
	if err := b.Login(ctx, box.Owner, box.Password); err != nil {
		return err
	}
	for {
		found, err := b.Search(ctx, stock.Word)
		if err != nil {
			return err
		}
		if found.Total >= n {
			break
		}
		if err := box.Pause(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
	_, _, err = b.Stop()
	return err
}

func starts(ctx context.Context, binary, root string) (spread, error) {
	var took spread
	for range 9 {
		b, err := box.Init(ctx, binary, root)
		if err != nil {
			return nil, err
		}
		took = append(took, b.Took)
		if code, _, err := b.Stop(); err != nil || code != 0 {
			return nil, fmt.Errorf("the box stopped with %d: %w", code, err)
		}
	}
	return took, nil
}
