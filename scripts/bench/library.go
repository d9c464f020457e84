package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
)

// latency adds one-page documents, one at a time.
func (r report) latency(ctx context.Context, b *box.Native) error {
	var took spread
	const first = 900_000 // numbers that no other part uses
	for n := first; len(took) < 20; n++ {
		name, body := papers.Mixed(n)
		started := time.Now()
		if _, err := b.Upload(ctx, name, body); err != nil {
			return err
		}
		if _, err := b.Searchable(ctx, papers.Token(n)); err != nil {
			return err
		}
		took = append(took, time.Since(started))
	}
	r.row("upload to searchable", ms(took.at(0.5)), "one small document at a time, all formats, median of 20; at most 1 s")
	r.row("  slowest of them", ms(took.at(1)), "")
	return nil
}

// ingest adds small generated documents, and those of the corpus where it is
// here, each set by itself and beside the peer.
func (r report) ingest(ctx context.Context, b *box.Native, dir, corpus string) error {
	generated := filepath.Join(dir, "generated")
	if err := generate(generated); err != nil {
		return err
	}
	if err := r.folder(ctx, b, "generated files", generated, dir); err != nil || corpus == "" {
		return err
	}
	return r.folder(ctx, b, "real files", filepath.Join(corpus, "documents"), dir)
}

// folder adds every file of a folder and waits until the last is settled; the
// peer indexes the same folder.
func (r report) folder(ctx context.Context, b *box.Native, name, from, dir string) error {
	files, err := filepath.Glob(filepath.Join(from, "*"))
	if err != nil {
		return err
	}
	started := time.Now()
	ids := make([]string, len(files))
	group, together := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, f := range files {
		group.Go(func() error {
			body, err := os.ReadFile(f)
			if err != nil {
				return err
			}
			s, err := b.Upload(together, filepath.Base(f), body)
			ids[i] = s.ID
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	unread := 0
	for _, id := range ids {
		s, err := b.Settled(ctx, id)
		if err != nil {
			return err
		}
		if s.Status != "ready" {
			unread++
		}
	}
	took := time.Since(started)
	r.row("ingest, "+name, fmt.Sprintf("%.0f documents/s", float64(len(files))/took.Seconds()),
		fmt.Sprintf("%d files in %s, 4 uploads at a time, to the last one settled; %d have no text to read", len(files), took.Round(time.Millisecond), unread))
	peer, err := recoll(ctx, filepath.Join(dir, "recoll "+name), from)
	if err != nil {
		r.row("  recollindex", "not measured", err.Error())
		return nil
	}
	r.row("  beside recollindex", fmt.Sprintf("%.1f times as fast", peer.Seconds()/took.Seconds()),
		fmt.Sprintf("recollindex takes %s for the same folder", peer.Round(time.Millisecond)))
	return nil
}

// generate fills a folder with 560 small files of every format.
func generate(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for n := range 560 {
		name, body := papers.Mixed(n)
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// recoll runs the peer on a folder with an index of its own. Its filters get
// 20 s for one file instead of 20 minutes.
func recoll(ctx context.Context, conf, documents string) (time.Duration, error) {
	if _, err := exec.LookPath("recollindex"); err != nil {
		return 0, errors.New("recollindex is not installed")
	}
	if err := os.MkdirAll(conf, 0o755); err != nil {
		return 0, err
	}
	text := "topdirs = " + documents + "\nloglevel = 1\nfiltermaxseconds = 20\n"
	if err := os.WriteFile(filepath.Join(conf, "recoll.conf"), []byte(text), 0o644); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, "recollindex", "-c", conf, "-z")
	cmd.Env = append(os.Environ(), "HOME="+conf, "LANG=C.UTF-8")
	started := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, box.Trim(string(out)))
	}
	return time.Since(started), nil
}

// search asks questions of one to three words, then of a library with a book
// many times larger.
func (r report) search(ctx context.Context, b *box.Native) error {
	small, err := ask(ctx, b)
	if err != nil {
		return err
	}
	r.row("search, small library", "p50 "+ms(small.at(0.5))+", p99 "+ms(small.at(0.99)), "500 questions over HTTP, one at a time")
	prose := rand.New(rand.NewPCG(3, 4))
	const books = 20
	added := 0
	for n := range books {
		lines := papers.Prose(prose, 20_000)
		lines[0] = papers.Token(800_000 + n)
		s, err := b.Upload(ctx, fmt.Sprintf("book-%d.txt", n), papers.Text(lines))
		if err != nil {
			return err
		}
		if s, err = b.Settled(ctx, s.ID); err != nil {
			return err
		}
		if s.Status != "ready" {
			return fmt.Errorf("a book ended %s: %+v", s.Status, s.Reason)
		}
		added += len(strings.Join(lines, "\n\n"))
	}
	if _, err := b.Searchable(ctx, papers.Token(800_000+books-1)); err != nil {
		return err
	}
	large, err := ask(ctx, b)
	if err != nil {
		return err
	}
	r.row("search, with "+fmt.Sprintf("%.0f MB of books", float64(added)/1e6), "p50 "+ms(large.at(0.5))+", p99 "+ms(large.at(0.99)),
		fmt.Sprintf("about %d passages; p99 at most 20 ms at 100,000", added/2000))
	return nil
}

func ask(ctx context.Context, b *box.Native) (spread, error) {
	r := rand.New(rand.NewPCG(5, 6))
	var took spread
	for range 500 {
		words := strings.Fields(papers.Prose(r, 1)[0])
		question := strings.Join(words[:1+r.IntN(3)], " ")
		started := time.Now()
		if _, err := b.Search(ctx, question); err != nil {
			return nil, err
		}
		took = append(took, time.Since(started))
	}
	return took, nil
}
