package boot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"coffer/appliance/https"
)

func newFront() *front {
	none := func() []string { return nil }
	return &front{asks: make(chan ask), again: make(chan struct{}, 1), setup: https.Setup{Options: https.Options{Names: none}}}
}

func TestTheDoorIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFront()
		var seen []string
		ctx, stop := context.WithCancel(t.Context())
		begun := time.Now()
		note := func(what string) {
			seen = append(seen, time.Since(begun).String()+what)
			time.Sleep(time.Second)
		}
		refused := errors.New("refused")
		go f.run(ctx, deeds{
			look: func(_ context.Context, asked bool) { note(map[bool]string{true: " asked"}[asked]) },
			change: func(_ context.Context, c https.Change) error {
				note(" " + string(c.Mode))
				return refused
			},
			errands: func(context.Context) time.Duration { return time.Hour },
		})
		time.Sleep(lookEvery + 10*time.Second)
		f.Reload()
		synctest.Wait()
		for range 3 { // during the look, one more is remembered
			f.Reload()
		}
		time.Sleep(5 * time.Second)
		if err := f.Change(ctx, https.Change{Mode: https.Off}); err != refused {
			t.Errorf("%v", err)
		}
		time.Sleep(lookEvery - 5*time.Second)
		stop()
		synctest.Wait()
		if got := strings.Join(seen, ", "); got != "1m0s, 1m10s asked, 1m11s asked, 1m15s off, 2m0s" {
			t.Errorf("looked at %s", got)
		}
		if err := f.Change(ctx, https.Change{}); err == nil {
			t.Error("a box that stops makes changes")
		}
	})
}

func TestAProblemIsToldOnce(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	f := newFront()
	for _, err := range []error{errors.New("one"), errors.New("one"), errors.New("two"), nil, errors.New("one")} {
		f.note(err, log)
	}
	if got := strings.Count(text.String(), "\n"); got != 3 || f.presented().Problem != "one" {
		t.Errorf("%d lines, and %q stands:\n%s", got, f.presented().Problem, &text)
	}
	if f.note(nil, log); f.presented().Problem != "" {
		t.Error("what is over still stands")
	}
}
