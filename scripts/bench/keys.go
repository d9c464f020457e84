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

// keys compares a call with a key to a box that has one key with the same call
// to a box that has 10,000, each time with another of them. Both go through
// nginx, in turn.
func (r report) keys(ctx context.Context, binary, dir string) error {
	const lots = 10_000
	few, one, err := keyed(ctx, binary, filepath.Join(dir, "one-key"), 1)
	if err != nil {
		return err
	}
	defer few.Kill()
	many, all, err := keyed(ctx, binary, filepath.Join(dir, "many-keys"), lots)
	if err != nil {
		return err
	}
	defer many.Kill()
	ask := func(b *box.Native, key string) (time.Duration, error) {
		b.Headers = map[string]string{"Authorization": "Bearer " + key}
		started := time.Now()
		err := b.Get(ctx, "/api/v1/auth/me", nil)
		return time.Since(started), err
	}
	var single, first, again spread
	for range 50 { // a connection, and what else is made once
		if _, err := ask(few, one[0]); err != nil {
			return err
		}
		if _, err := ask(many, all[0]); err != nil {
			return err
		}
	}
	const rounds = 1000
	for round := range 2 * rounds {
		took, err := ask(few, one[0])
		if err != nil {
			return err
		}
		single = append(single, took)
		if took, err = ask(many, all[1+round%rounds*(lots/rounds-1)]); err != nil {
			return err
		}
		if round < rounds {
			first = append(first, took)
		} else {
			again = append(again, took)
		}
	}
	r.row("a call with one of 10,000 keys", fmt.Sprintf("%.2f times", float64(again.at(0.5))/float64(single.at(0.5))),
		fmt.Sprintf("in turn with a box of one key, through nginx, %d different ones: %s beside %s", rounds, ms(again.at(0.5)), ms(single.at(0.5))))
	r.row("  for the first time", fmt.Sprintf("%.2f times", float64(first.at(0.5))/float64(single.at(0.5))),
		"each of those is looked up once: "+ms(first.at(0.5)))
	return nil
}

// keyed starts a box with n keys.
func keyed(ctx context.Context, binary, root string, n int) (*box.Native, []string, error) {
	if err := os.Mkdir(root, 0o755); err != nil {
		return nil, nil, err
	}
	b, err := box.Init(ctx, binary, root)
	if err != nil {
		return nil, nil, err
	}
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		return nil, nil, err
	}
	if _, _, err := b.Stop(); err != nil {
		return nil, nil, err
	}
	keys, err := stock.Keys(ctx, filepath.Join(root, "data"), n)
	if err != nil {
		return nil, nil, err
	}
	b, err = box.Init(ctx, binary, root)
	return b, keys, err
}
