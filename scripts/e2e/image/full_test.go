package image

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/papers"
	"coffer/scripts/e2e/tier"
)

// A volume that fills up to its last byte costs nothing that is stored: what
// would write is refused with what to do, what reads goes on, also after a
// start, and deleting makes room.
func TestVolumeFillsUp(t *testing.T) {
	tier.Need(t, tier.Image)
	for name, options := range map[string][]string{"root": nil, "user": {"--user", "1000:1000"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := small(t, "48m")
			c := startOn(t, dir, options...).owned(t)
			ctx := within(t, 2*time.Minute)
			kept := add(t, c, 0)
			large, err := c.Upload(ctx, "large.txt", papers.Text(papers.Prose(rand.New(rand.NewPCG(1, 2)), 4000)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Settled(ctx, large.ID); err != nil {
				t.Fatal(err)
			}
			empty := fill(t, dir)

			works := func(when string) {
				t.Helper()
				if found, err := c.Search(ctx, papers.Token(0)); err != nil || found.Total != 1 {
					t.Errorf("%s: found %+v, %v", when, found, err)
				}
				var text string
				if err := c.Get(ctx, "/api/v1/sources/"+kept+"/original", &text); err != nil || text == "" {
					t.Errorf("%s: the original: %v", when, err)
				}
				if err := c.Get(ctx, "/library", nil); err != nil {
					t.Errorf("%s: the page: %v", when, err)
				}
				if err := c.Get(ctx, "/api/v1/health", nil); err != nil {
					t.Errorf("%s: health: %v", when, err)
				}
			}
			refuses := func(when string) {
				t.Helper()
				_, body := papers.Mixed(1)
				_, err := c.Upload(ctx, "b.pdf", append(body, bytes.Repeat([]byte("%"), 64<<10)...))
				told(t, when+": upload", err)
				told(t, when+": note", c.Post(ctx, "/api/v1/sources/text", map[string]string{
					"title": "A note", "text": strings.Repeat("Too much for this disk. ", 8000),
				}, nil))
			}
			works("full")
			alarmed(t, c)
			refuses("full")
			signedIn := c.HTTP.Jar
			docker(t, "restart", c.id)
			c.await(t)
			c.HTTP.Jar = signedIn
			works("full, after a start")
			refuses("full, after a start")
			if err := c.Do(ctx, http.MethodDelete, "/api/v1/sources/"+large.ID, "", nil, nil); err != nil {
				t.Errorf("deleting on a full disk: %v", err)
			}
			if err := c.Get(ctx, "/api/v1/sources/"+large.ID, nil); !box.IsStatus(err, http.StatusNotFound) {
				t.Errorf("what was deleted: %v", err)
			}
			add(t, c, 2) // there is room now for what is small
			works("after deleting")
			empty()
			add(t, c, 3)
			works("with room again")
			c.stop(t)
		})
	}
}

// alarmed waits until the owner is told of the disk wherever they are.
func alarmed(t *testing.T, c *container) {
	t.Helper()
	ctx := within(t, time.Minute)
	for {
		var health struct{ Alarms []string }
		if err := c.Get(ctx, "/api/v1/health", &health); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(health.Alarms, "disk_full") {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatalf("a full disk is no alarm: %v", health.Alarms)
		case <-time.After(200 * time.Millisecond):
		}
	}
	var page string
	if err := c.Get(ctx, "/library", &page); err != nil || !strings.Contains(page, "Nothing can be added") {
		t.Errorf("the page does not tell of the full disk: %v", err)
	}
}

// told checks that a full disk is told with what to do.
func told(t *testing.T, what string, err error) {
	t.Helper()
	status, ok := errors.AsType[*box.Status](err)
	if !ok || status.Code != http.StatusInsufficientStorage || !strings.Contains(status.Body, "The disk is full.") || !strings.Contains(status.Body, "Free some space") {
		t.Errorf("%s: %v, want 507 with what to do", what, err)
	}
}

// add puts the n-th paper in and waits until it is found.
func add(t *testing.T, c *container, n int) string {
	t.Helper()
	ctx := within(t, time.Minute)
	name, body := papers.Mixed(n)
	s, err := c.Upload(ctx, fmt.Sprint(n, name), body)
	if err != nil {
		t.Fatalf("adding %d: %v", n, err)
	}
	if s, err = c.Settled(ctx, s.ID); err != nil || s.Status != "ready" {
		t.Fatalf("document %d is %+v, %v", n, s, err)
	}
	if found, err := c.Searchable(ctx, papers.Token(n)); err != nil || found.Total != 1 {
		t.Fatalf("document %d is found as %+v, %v", n, found, err)
	}
	return s.ID
}
