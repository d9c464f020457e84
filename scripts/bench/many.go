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

// many compares the starts of a box with 100 files on its volume to those of one
// with 100,000, each the original of a source. They start in turn, so that what
// else the machine does falls on both.
func (r report) many(ctx context.Context, binary, dir string) error {
	sizes := []int{100, 100_000}
	roots := make([]string, len(sizes))
	for i, n := range sizes {
		roots[i] = filepath.Join(dir, fmt.Sprint("with-", n))
		if err := filled(ctx, binary, roots[i], n); err != nil {
			return err
		}
	}
	took := make([]spread, len(sizes))
	for range 15 {
		for i, root := range roots {
			t, err := start(ctx, binary, root)
			if err != nil {
				return err
			}
			took[i] = append(took[i], t)
		}
	}
	few, lots := took[0].at(0.5), took[1].at(0.5)
	r.row("boot to ready, 100,000 sources", ms(lots), "warm, with as many originals, median of 15; at most 300 ms")
	r.row("  beside 100 sources", fmt.Sprintf("%.2f times", float64(lots)/float64(few)), "in turn with a box of 100 sources: "+ms(few))
	return r.backup(ctx, binary, roots[1], dir)
}

// filled makes a box with n sources in root.
func filled(ctx context.Context, binary, root string, n int) error {
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
	if err := stock.Fill(ctx, filepath.Join(root, "data"), 0, n); err != nil {
		return err
	}
	return caughtUp(ctx, binary, root, n)
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

// start starts the box in root, and stops it.
func start(ctx context.Context, binary, root string) (time.Duration, error) {
	b, err := box.Init(ctx, binary, root)
	if err != nil {
		return 0, err
	}
	if code, _, err := b.Stop(); err != nil || code != 0 {
		return 0, fmt.Errorf("the box stopped with %d: %w", code, err)
	}
	return b.Took, nil
}
