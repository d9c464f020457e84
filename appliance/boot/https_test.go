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
)

func TestTheDoorIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &front{asked: make(chan struct{}, 1)}
		var seen []string
		ctx, stop := context.WithCancel(t.Context())
		begun := time.Now()
		go f.run(ctx, func(_ context.Context, asked bool) {
			word := time.Since(begun).String()
			if asked {
				word += " asked"
			}
			seen = append(seen, word)
			time.Sleep(time.Second)
		})
		time.Sleep(lookEvery + 10*time.Second)
		f.Reload()
		synctest.Wait()
		for range 3 { // during the look, one more is remembered
			f.Reload()
		}
		time.Sleep(lookEvery)
		stop()
		synctest.Wait()
		if got := strings.Join(seen, ", "); got != "1m0s, 1m10s asked, 1m11s asked, 2m0s" {
			t.Errorf("looked at %s", got)
		}
	})
}

func TestAProblemIsToldOnce(t *testing.T) {
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	f := &front{}
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
