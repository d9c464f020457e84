package extract_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"coffer/services/extract"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// small are limits that a test can reach.
func small() extract.Limits {
	return extract.Limits{
		Members: 100, File: 1 << 20, Total: 4 << 20, Ratio: 100, RatioFrom: 1 << 16,
		Depth: 3, Nested: 1 << 20, Dictionary: 64 << 20, Time: time.Minute,
	}
}

// walked is what a walk handed over and what it left out.
type walked struct {
	files map[string]string
	left  map[string]extract.Kind
	err   error
}

func walk(t testing.TB, name string, archive []byte, limits extract.Limits) walked {
	t.Helper()
	got := walked{files: map[string]string{}, left: map[string]extract.Kind{}}
	o := extract.Options{Limits: limits, Formats: extract.All(), Refused: func(e *extract.Error) error {
		got.left[e.Member] = e.Kind
		return nil
	}}
	got.err = extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), name, o, func(e extract.Entry, r io.Reader) error {
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if _, twice := got.files[e.Name]; twice {
			t.Errorf("%s was handed over twice", e.Name)
		}
		got.files[e.Name] = string(text)
		return nil
	})
	return got
}
