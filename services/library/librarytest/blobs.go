package librarytest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"coffer/services/library"
)

// Blobs runs the suite of library.Blobs; open returns an empty one.
func Blobs(t *testing.T, open func(testing.TB) library.Blobs) {
	t.Run("round trip", func(t *testing.T) { roundTrip(t, open(t)) })
	t.Run("limits", func(t *testing.T) { limits(t, open(t)) })
	t.Run("names", func(t *testing.T) { names(t, open(t)) })
	t.Run("sweep", func(t *testing.T) { sweep(t, open(t)) })
	t.Run("same at once", func(t *testing.T) { sameAtOnce(t, open(t)) })
}

func publish(t testing.TB, b library.Blobs, content string) string {
	t.Helper()
	s, err := b.Stage(t.Context(), strings.NewReader(content), 1<<20)
	Must(t, err)
	defer s.Discard()
	Must(t, s.Publish())
	return s.SHA256()
}

func wantBlob(t testing.TB, b library.Blobs, hash, content string) {
	t.Helper()
	f, err := b.Open(hash)
	Must(t, err)
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || string(got) != content {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(content))
	}
}

func hashOf(content string) string {
	h := sha256.Sum256([]byte(content))
	return hex.EncodeToString(h[:])
}

func roundTrip(t *testing.T, b library.Blobs) {
	for _, content := range []string{"", "x", strings.Repeat("0123456789", 40_000)} {
		hash := publish(t, b, content)
		if hash != hashOf(content) {
			t.Errorf("hash %s of %d bytes", hash, len(content))
		}
		wantBlob(t, b, hash, content)
		if again := publish(t, b, content); again != hash {
			t.Errorf("the second time it is %s", again)
		}
		wantBlob(t, b, hash, content)
	}
	s, err := b.Stage(t.Context(), strings.NewReader("only staged"), 100)
	Must(t, err)
	if s.Size() != 11 || s.SHA256() != hashOf("only staged") {
		t.Errorf("%d bytes, %s", s.Size(), s.SHA256())
	}
	_, err = b.Open(s.SHA256())
	WantKind(t, err, library.NotFound)
	s.Discard()
	s.Discard()
	f, err := b.Open(hashOf("x"))
	Must(t, err)
	defer f.Close()
	Must(t, b.Remove(hashOf("x")))
	Must(t, b.Remove(hashOf("x")))
	if got, err := io.ReadAll(f); err != nil || string(got) != "x" {
		t.Errorf("removal took the bytes from an open reader: %q, %v", got, err)
	}
	_, err = b.Open(hashOf("x"))
	WantKind(t, err, library.NotFound)
}

func limits(t *testing.T, b library.Blobs) {
	broken := errors.New("the wire broke")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		r    io.Reader
		max  int64
		want library.Kind
	}{
		{"at the limit", t.Context(), strings.NewReader("12345"), 5, ""},
		{"one over", t.Context(), strings.NewReader("123456"), 5, library.TooLarge},
		{"one byte at a time", t.Context(), iotest.OneByteReader(strings.NewReader("12345")), 5, ""},
		{"one over, one at a time", t.Context(), iotest.OneByteReader(strings.NewReader("123456")), 5, library.TooLarge},
		{"endless", t.Context(), endless{}, 1 << 16, library.TooLarge},
		{"broken", t.Context(), io.MultiReader(strings.NewReader("123"), iotest.ErrReader(broken)), 9, library.Invalid},
		{"broken at the limit", t.Context(), io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(broken)), 5, library.Invalid},
		{"cut short", t.Context(), io.MultiReader(strings.NewReader("123"), iotest.ErrReader(io.ErrUnexpectedEOF)), 9, library.Invalid},
		{"cancelled", ended, strings.NewReader("1"), 9, "cancelled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := b.Stage(c.ctx, c.r, c.max)
			switch {
			case c.want == "":
				Must(t, err)
				s.Discard()
			case err == nil:
				t.Fatal("it was staged")
			case c.want == "cancelled":
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			default:
				WantKind(t, err, c.want)
			}
		})
	}
	Must(t, sweepAll(t, b, func(h string) error { t.Errorf("%s remains", h); return nil }))
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// names that are not hashes reach nothing.
func names(t *testing.T, b library.Blobs) {
	hash := publish(t, b, "x")
	for _, name := range []string{
		"", "x", hash[:63], hash + "0", strings.ToUpper(hash), "../" + hash[3:], hash[:2] + "/" + hash[3:],
		strings.Repeat("..", 32), strings.Repeat("g", 64), "tmp", "tm" + strings.Repeat("p", 62), strings.Repeat("\x00", 64),
	} {
		_, err := b.Open(name)
		WantKind(t, err, library.NotFound)
		if b.Remove(name) == nil {
			t.Errorf("%q was removed", name)
		}
	}
	wantBlob(t, b, hash, "x")
}

func sweep(t *testing.T, b library.Blobs) {
	var want []string
	for _, c := range []string{"a", "b", "c", "d"} {
		want = append(want, publish(t, b, c))
	}
	staged, err := b.Stage(t.Context(), strings.NewReader("on its way"), 100)
	Must(t, err)
	defer staged.Discard()
	Must(t, b.Tidy())
	var got []string
	Must(t, sweepAll(t, b, func(h string) error {
		got = append(got, h)
		return b.Remove(h)
	}))
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("swept %v, want %v", got, want)
	}
	Must(t, staged.Publish())
	wantBlob(t, b, staged.SHA256(), "on its way")
	stop := errors.New("enough")
	if err := sweepAll(t, b, func(string) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error does not end the sweep: %v", err)
	}
}

// sweepAll sweeps each part, and sees that it holds what it is to hold.
func sweepAll(t testing.TB, b library.Blobs, f func(string) error) error {
	t.Helper()
	for part := range 256 {
		err := b.Sweep(t.Context(), byte(part), func(h string) error {
			if !strings.HasPrefix(h, fmt.Sprintf("%02x", part)) {
				t.Errorf("%s is in part %d", h, part)
			}
			return f(h)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func sameAtOnce(t *testing.T, b library.Blobs) {
	content := bytes.Repeat([]byte("same "), 10_000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := b.Stage(t.Context(), bytes.NewReader(content), 1<<20)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Discard()
			if err := s.Publish(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantBlob(t, b, hashOf(string(content)), string(content))
	n := 0
	Must(t, sweepAll(t, b, func(string) error { n++; return nil }))
	if n != 1 {
		t.Errorf("%d blobs", n)
	}
}
