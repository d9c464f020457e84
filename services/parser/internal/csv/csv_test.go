package csv_test

import (
	"fmt"
	"strings"
	"testing"

	"coffer/services/parser/internal/csv"
	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose/prosetest"
	"coffer/services/parser/wire"
)

func TestRead(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"header", "name,age\nAda,36\nAlan,41\n", "name | age\nname: Ada; age: 36\nname: Alan; age: 41"},
		{"numbers are no header", "1,2\n3,4\n", "1 | 2\n3 | 4"},
		{"semicolons", "a;b\n1,5;2\n", "a | b\na: 1,5; b: 2"},
		{"tabs", "a\tb\n1\t2\n", "a | b\na: 1; b: 2"},
		{"sep line of Excel", "sep=;\na;b\n1;2\n", "a | b\na: 1; b: 2"},
		{"quotes and line breaks", "a,b\n\"x, y\",\"two\nlines\"\n", "a | b\na: x, y; b: two\nlines"},
		{"empty values", "a,b,c\n1,,3\n", "a | b | c\na: 1; c: 3"},
		{"more values than names", "a,b\n1,2,3\n", "a | b\na: 1; b: 2; 3"},
		{"quote inside", "a,b\nx \"y\" z,2\n", "a | b\na: x \"y\" z; b: 2"},
		{"quote that never ends", "a,b\n\"1,2\n3,4\n", "a | b\na: 1,2\n3,4"},
		{"latin encoding", "name,city\nJos\xe9,M\xe1laga y a\xf1os despu\xe9s\n", "name | city\nname: José; city: Málaga y años después"},
		{"byte order mark", "\xef\xbb\xbfa,b\n1,2\n", "a | b\na: 1; b: 2"},
		{"one column", "word\nother\n", "word\nother"},
		{"no line end", "a,b\n1,2", "a | b\na: 1; b: 2"},
		{"old Mac line ends", "x\n", "x"},
	} {
		if got := prosetest.Read([]byte(c.in), csv.Read); got.Err != nil || got.Text() != c.want {
			t.Errorf("%s: %q %v, want %q", c.name, got.Text(), got.Err, c.want)
		}
	}
}

func TestLimits(t *testing.T) {
	wide := strings.Repeat("x,", limits.Row+1)
	if got := prosetest.Read([]byte(wide), csv.Read); got.Code != wire.CodeTooLarge {
		t.Errorf("a wide row: %v", got.Err)
	}
	var million strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&million, "%d,some text in a row of a table,%d\n", i, i*i)
	}
	if got := prosetest.Read([]byte(million.String()), csv.Read); got.Code != wire.CodeTooLarge {
		t.Errorf("a million rows: %v, %d passages", got.Err, len(got.Passages))
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a;b\n\"1;2\n")
	f.Fuzz(func(t *testing.T, in string) {
		if got := prosetest.Read([]byte(in), csv.Read); got.Err != nil && got.Code == "" {
			t.Error(got.Err)
		}
	})
}
