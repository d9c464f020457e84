package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/services/library"
)

// TestPort checks what library.Index promises.
func TestPort(t *testing.T) {
	var _ library.Index = (*Index)(nil)
	ctx := context.Background()
	word := func(s string) library.Query { return library.Query{Text: s} }

	t.Run("applied starts at zero and follows", func(t *testing.T) {
		x := openTest(t)
		for _, seq := range []uint64{0, 3, 4, 1 << 60} {
			if seq > 0 {
				apply(t, x, seq)
			}
			if got, err := x.Applied(); err != nil || got != seq {
				t.Errorf("applied %d, %v, want %d", got, err, seq)
			}
		}
	})
	t.Run("a document replaces itself", func(t *testing.T) {
		x := holding(t, document("a", "Old title", "old one", "old two", "old three"))
		apply(t, x, 2, document("a", "New title", "new one"))
		if n := search(t, x, word("old")).Total; n != 0 {
			t.Errorf("%d old passages", n)
		}
		if got := places(search(t, x, word("title")).Hits); got != "a/0" {
			t.Errorf("title at %q", got)
		}
	})
	t.Run("again is the same", func(t *testing.T) {
		x := holding(t, document("a", "t", "word"))
		for range 3 {
			apply(t, x, 1, document("a", "t", "word"))
		}
		if n := search(t, x, word("word")).Total; n != 1 {
			t.Errorf("%d passages", n)
		}
	})
	t.Run("removed", func(t *testing.T) {
		x := holding(t, document("a", "t", "word"), document("a|b", "t", "word"), document("ab", "t", "word"))
		if err := x.Apply(ctx, 2, nil, []library.SourceID{"a", "never there", "a"}); err != nil {
			t.Fatal(err)
		}
		if n := search(t, x, word("word")).Total; n != 2 {
			t.Errorf("%d passages, want those of a|b and ab", n)
		}
	})
	t.Run("a source without text is found by its title", func(t *testing.T) {
		x := holding(t, document("a", "Blank page"))
		if got := places(search(t, x, word("blank")).Hits); got != "a/0" {
			t.Errorf("found %q", got)
		}
		apply(t, x, 2, document("a", "Full page", "with text"))
		if n := search(t, x, word("blank")).Total; n != 0 {
			t.Errorf("%d blank pages", n)
		}
	})
	t.Run("pages and numbers come back", func(t *testing.T) {
		d := document("a", "t", "first", "second")
		d.Passages[1].Page = 42
		x := holding(t, d)
		if h := search(t, x, word("second")).Hits; len(h) != 1 || h[0].Page != 42 || h[0].Passage != 1 || h[0].Source.ID != "a" {
			t.Errorf("hit %+v", h)
		}
	})
	t.Run("more passages than a batch", func(t *testing.T) {
		texts := make([]string, batchPassages+10)
		for i := range texts {
			texts[i] = fmt.Sprint("common number", i)
		}
		x := holding(t, document("a", "t", texts...), document("b", "t", "common"))
		apply(t, x, 2, document("a", "t", texts[5:]...))
		if n := search(t, x, word("common")).Total; n != len(texts)-5+1 {
			t.Errorf("%d passages", n)
		}
	})
	t.Run("reset empties", func(t *testing.T) {
		x := holding(t, document("a", "t", "word"))
		if err := x.Reset(); err != nil {
			t.Fatal(err)
		}
		if seq, _ := x.Applied(); seq != 0 || search(t, x, word("word")).Total != 0 {
			t.Errorf("applied %d", seq)
		}
		apply(t, x, 5, document("a", "t", "word"))
		if n := search(t, x, word("word")).Total; n != 1 {
			t.Errorf("%d passages after", n)
		}
	})
	t.Run("a cancelled batch changes nothing", func(t *testing.T) {
		x := holding(t, document("a", "t", "word"))
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if err := x.Apply(gone, 2, []library.Document{document("b", "t", "word")}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if seq, _ := x.Applied(); seq != 1 || search(t, x, word("word")).Total != 1 {
			t.Errorf("applied %d", seq)
		}
	})
	t.Run("closed", func(t *testing.T) {
		x := holding(t)
		if err := errors.Join(x.Close(), x.Close()); err != nil {
			t.Fatal(err)
		}
		_, err1 := x.Applied()
		_, err2 := x.Search(ctx, word("word"))
		for _, err := range []error{err1, err2, x.Apply(ctx, 1, nil, nil), x.Reset()} {
			if !errors.Is(err, &library.Error{Kind: library.Internal}) {
				t.Errorf("error %v", err)
			}
		}
	})
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	x := reopen(t, dir)
	for seq := range uint64(12) {
		apply(t, x, seq+1, document(fmt.Sprint("s", seq), "title", "a common word"))
	}
	state := stateOf(t, x)
	close1(t, x)
	x = reopen(t, dir)
	defer close1(t, x)
	if seq, _ := x.Applied(); seq != 12 {
		t.Errorf("applied %d", seq)
	}
	if n := search(t, x, library.Query{Text: "common"}).Total; n != 12 {
		t.Errorf("%d passages", n)
	}
	if got := stateOf(t, x); got != state || got.words != 36 || got.titles != 12 {
		t.Errorf("state %+v, was %+v", got, state)
	}
}

// TestStateFollows checks that the averages that scores rest on do not drift.
func TestStateFollows(t *testing.T) {
	x := holding(t, document("a", "one two", "three four five"), document("b", "", "six"))
	apply(t, x, 2, document("a", "one", "three four", "five"), document("c", "seven"))
	if err := x.Apply(context.Background(), 3, nil, []library.SourceID{"b"}); err != nil {
		t.Fatal(err)
	}
	if got, want := stateOf(t, x), (state{seq: 3, words: 3, titles: 2, titled: 2}); got != want {
		t.Errorf("state %+v, want %+v", got, want)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	x := reopen(t, dir)
	_, err := Open(dir, Options{})
	var e *library.Error
	if !errors.As(err, &e) || e.Kind != library.Conflict || e.Hint == "" {
		t.Errorf("second open: %v", err)
	}
	close1(t, x)
	close1(t, reopen(t, dir))
}

// TestDamaged damages an index in many ways; each time Open gives an index
// that works, and either holds all of it or says that it holds nothing.
func TestDamaged(t *testing.T) {
	each := func(pattern string, f func(path string) error) func(dir string) error {
		return func(dir string) error {
			paths, err := filepath.Glob(filepath.Join(dir, "scorch", pattern))
			if err != nil || len(paths) == 0 {
				return fmt.Errorf("nothing like %s: %v", pattern, err)
			}
			for _, p := range paths {
				err = errors.Join(err, f(p))
			}
			return err
		}
	}
	for _, c := range []struct {
		name   string
		damage func(dir string) error
		kept   bool
	}{
		{"none", func(string) error { return nil }, true},
		{"segments gone", each("*.zap", os.Remove), false},
		{"segments empty", each("*.zap", func(p string) error { return os.Truncate(p, 0) }), false},
		{"segments cut", each("*.zap", func(p string) error { return os.Truncate(p, 100) }), false},
		{"segments of noise", each("*.zap", noise), false},
		{"root gone", each("root.bolt", os.Remove), false},
		{"root empty", each("root.bolt", func(p string) error { return os.Truncate(p, 0) }), false},
		{"root cut", each("root.bolt", func(p string) error { return os.Truncate(p, 5000) }), false},
		{"root of noise", each("root.bolt", noise), false},
		{"a file in place of the folder", func(dir string) error {
			return errors.Join(os.RemoveAll(filepath.Join(dir, "scorch")), os.WriteFile(filepath.Join(dir, "scorch"), []byte("x"), 0o600))
		}, false},
		{"marked", func(dir string) error { return os.WriteFile(filepath.Join(dir, "damaged"), nil, 0o600) }, false},
		{"an interrupted reset", func(dir string) error {
			return os.Rename(filepath.Join(dir, "scorch"), filepath.Join(dir, "aside"))
		}, false},
		{"leftovers", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "scorch", "0000000000ff.zap"), []byte("half"), 0o600)
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			x := reopen(t, dir)
			for seq := range uint64(3) {
				apply(t, x, seq+1, document(fmt.Sprint("s", seq), "", "a common word"))
			}
			close1(t, x)
			if err := c.damage(dir); err != nil {
				t.Fatal(err)
			}
			x = reopen(t, dir)
			defer close1(t, x)
			seq, err := x.Applied()
			n := search(t, x, library.Query{Text: "common"}).Total
			if err != nil || c.kept && (seq != 3 || n != 3) || !c.kept && (seq != 0 || n != 0) {
				t.Errorf("applied %d with %d passages, %v", seq, n, err)
			}
			apply(t, x, 4, document("more", "", "a common word"))
			if got := search(t, x, library.Query{Text: "common"}).Total; got != n+1 {
				t.Errorf("%d passages after one more than %d", got, n)
			}
			if _, err := os.Stat(filepath.Join(dir, "aside")); err == nil {
				t.Error("the old index was left aside")
			}
		})
	}
}

// TestDamageWhileOpen damages the files under an open index: a search fails
// instead of ending the process, and the next Open starts anew.
func TestDamageWhileOpen(t *testing.T) {
	damages := map[string]func(f *os.File, size int64) error{
		"cut": func(f *os.File, _ int64) error { return f.Truncate(0) },
	}
	for eighth := range int64(6) { // a quarter of the file is overwritten
		damages[fmt.Sprintf("overwritten from %d/8", eighth+1)] = func(f *os.File, size int64) error {
			_, err := f.WriteAt(bytes.Repeat([]byte{0xff}, int(size/4)), size*(eighth+1)/8)
			return err
		}
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			x := reopen(t, dir)
			apply(t, x, 1, document("a", "", strings.Repeat("a common word ", 1000)))
			close1(t, x)
			x = reopen(t, dir) // the segment is mapped now
			paths, err := filepath.Glob(filepath.Join(dir, "scorch", "*.zap"))
			if err != nil || len(paths) == 0 {
				t.Fatal(paths, err)
			}
			for _, p := range paths {
				f, err := os.OpenFile(p, os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				info, err := f.Stat()
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(damage(f, info.Size()), f.Close()); err != nil {
					t.Fatal(err)
				}
			}
			_, err = x.Search(context.Background(), library.Query{Text: "common"})
			if !errors.Is(err, &library.Error{Kind: library.Internal}) {
				t.Errorf("error %v", err)
			}
			close1(t, x)
			x = reopen(t, dir)
			defer close1(t, x)
			if seq, _ := x.Applied(); seq != 0 {
				t.Errorf("applied %d", seq)
			}
		})
	}
}

func TestAnotherFormat(t *testing.T) {
	for _, b := range [][]byte{nil, {format}, {format + 1, 1, 1, 1, 1}, {format, 0xff}, {0, 1, 1, 1, 1}} {
		if s, err := decodeState(b); err == nil {
			t.Errorf("%v is %+v", b, s)
		}
	}
	want := state{1, 1 << 40, 3, 4}
	if got, err := decodeState(want.encode()); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func noise(path string) error {
	b := make([]byte, 64<<10)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return os.WriteFile(path, b, 0o600)
}

func reopen(t testing.TB, dir string) *Index {
	t.Helper()
	x, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func close1(t testing.TB, x *Index) {
	t.Helper()
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

func stateOf(t testing.TB, x *Index) state {
	t.Helper()
	s, err := open(x.engine)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.state
}
