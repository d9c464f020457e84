package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

const (
	documents = 500
	kills     = 60 // at least; documents wait for kills, so that they meet

	parser = "parser" // the role that runs only while there is something to read
)

func TestKillsWhileReading(t *testing.T) {
	tier.Need(t, tier.Chaos)
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("COFFER_CHAOS_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("COFFER_CHAOS_SEED=%d repeats the order of kills", seed)
	r := rand.New(rand.NewPCG(seed, 1))

	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	dir := tier.Folder(t)
	binary, err := box.Build(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := box.Init(ctx, binary, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			before := b.Log()
			b.Dump()
			t.Logf("the end of the box's log:\n%s\nwhat its init was doing:\n%s", tail(before, 4000), strings.TrimPrefix(b.Log(), before))
		}
		b.Kill()
	}()
	if err := b.Setup(ctx, b.Code, box.Owner, box.Password); err != nil {
		t.Fatalf("setup: %v", err)
	}

	var done atomic.Int64 // kills so far
	var added atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan int)
	group.Go(func() error {
		defer close(next)
		for n := range documents {
			for int64(n)*kills > (done.Load()+1)*documents {
				if err := box.Pause(ctx, 10*time.Millisecond); err != nil {
					return err
				}
			}
			select {
			case next <- n:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range 4 {
		group.Go(func() error {
			for n := range next {
				if err := add(ctx, b.Client, n); err != nil {
					return err
				}
				added.Add(1)
			}
			return nil
		})
	}
	answers := map[string][]time.Duration{}
	group.Go(func() error {
		for done.Load() < kills || added.Load() < documents {
			if err := box.Pause(ctx, time.Duration(r.IntN(200))*time.Millisecond); err != nil {
				return err
			}
			role := []string{"worker", "api", "nginx", parser}[r.IntN(4)]
			if _, runs := box.Find(b.PID(), parser); role == parser && !runs {
				continue // nothing is being read at this moment
			}
			took, err := kill(ctx, b, role)
			if err != nil {
				return fmt.Errorf("kill %d, of %s: %w", done.Load()+1, role, err)
			}
			answers[role] = append(answers[role], took)
			done.Add(1)
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(answers[parser]) < kills/10 {
		t.Errorf("the parser was killed %d times, want more of the %d", len(answers[parser]), kills)
	}
	for role, times := range answers {
		slices.Sort(times)
		t.Logf("%-7s killed %2d times; works again after %s (median), %s (longest)", role, len(times),
			times[len(times)/2].Round(time.Millisecond), times[len(times)-1].Round(time.Millisecond))
	}
	check(t, b.Client)
	if code, took, err := b.Stop(); err != nil || code != 0 {
		t.Errorf("after all this the box stops with %d, %v; want 0", code, err)
	} else {
		t.Logf("stopped in %s", took.Round(time.Millisecond))
	}
}

// add uploads a document until the box has taken it. Doing so twice is safe:
// known content answers with the source that is there.
func add(ctx context.Context, c *box.Client, n int) error {
	name, body := papers.Mixed(n)
	for {
		_, err := c.Upload(ctx, name, body)
		var status *box.Status
		if err == nil {
			return nil
		}
		if errors.As(err, &status) && status.Code/100 == 4 {
			return fmt.Errorf("upload %s: %w", name, err)
		}
		if err := box.Pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("upload %s: %w", name, err)
		}
	}
}

// kill ends the process of a role and waits until another has its place and the
// box answers.
func kill(ctx context.Context, b *box.Native, role string) (time.Duration, error) {
	before, err := await(ctx, b, role, 0)
	if err != nil {
		return 0, err
	}
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		return 0, err
	}
	started := time.Now()
	// The parser comes back when there is something to read, the others at once.
	if role != parser {
		if _, err := await(ctx, b, role, before); err != nil {
			return 0, err
		}
	}
	patience, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		_, err := b.Search(patience, papers.Token(0))
		if err == nil {
			return time.Since(started), nil
		}
		if err := errors.Join(err, box.Pause(patience, 5*time.Millisecond)); patience.Err() != nil {
			return 0, fmt.Errorf("the box does not answer again: %w", err)
		}
	}
}

// await returns the pid of a role once it is not the one before.
func await(ctx context.Context, b *box.Native, role string, before int) (int, error) {
	patience, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		for _, p := range box.Family(b.PID()) {
			if p.Role() == role && p.PID != before {
				return p.PID, nil
			}
		}
		if err := box.Pause(patience, 2*time.Millisecond); err != nil {
			return 0, fmt.Errorf("no %s runs: %w", role, err)
		}
	}
}

// check waits until nothing is being read and then looks at every document.
func check(t *testing.T, c *box.Client) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var sources []box.Source
	for busy := true; busy; {
		var err error
		if sources, err = c.Sources(ctx); err != nil {
			t.Fatalf("some documents are stuck: %v", err)
		}
		busy = slices.ContainsFunc(sources, func(s box.Source) bool { return s.Status == "queued" || s.Status == "processing" })
		if busy && box.Pause(ctx, 100*time.Millisecond) != nil {
			t.Fatalf("some documents are stuck: %+v", sources)
		}
	}
	if len(sources) != documents {
		t.Errorf("there are %d sources, want %d", len(sources), documents)
	}
	for _, s := range sources {
		if s.Status != "ready" {
			t.Errorf("%s ended %s: %+v", s.Title, s.Status, s.Reason)
		}
	}
	jobs, err := c.Jobs(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		if j.State != "done" || j.Attempts != 0 {
			t.Errorf("the job of %s is %s with %d attempts, want done with 0", j.SourceID, j.State, j.Attempts)
		}
	}
	for n := range documents {
		found, err := c.Searchable(ctx, papers.Token(n))
		if err != nil || found.Total != 1 {
			t.Errorf("document %d is found %d times, want once (%v)", n, found.Total, err)
		}
	}
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
