package library

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestIDsGrow(t *testing.T) {
	at := time.UnixMilli(1_900_000_000_000)
	c := &clock{now: func() time.Time { return at }}
	last := c.next()
	if len(last) != 26 {
		t.Errorf("%q", last)
	}
	for i := range 3000 {
		switch { // the clock stands, goes, goes back
		case i == 1000:
			at = at.Add(time.Second)
		case i == 2000:
			at = at.Add(-time.Hour)
		}
		id := c.next()
		if id <= last {
			t.Fatalf("%s after %s", id, last)
		}
		last = id
	}
	late := &clock{now: func() time.Time { return at.Add(-24 * time.Hour) }}
	late.after(last)
	if id := late.next(); id <= last {
		t.Errorf("after a restart %s after %s", id, last)
	}
	for _, odd := range []SourceID{"", "short", SourceID(strings.Repeat("!", 26)), SourceID(strings.Repeat("z", 27))} {
		late.after(odd) // changes nothing
	}
	if id := late.next(); id <= last {
		t.Errorf("%s after %s", id, last)
	}
	full := &clock{now: func() time.Time { return at }, hi: uint64(at.UnixMilli()) << 16, lo: ^uint64(0)}
	before := full.hi
	if full.next(); full.hi != before+1 {
		t.Error("the low half does not carry")
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ give, name, title string }{
		{"report.pdf", "report.pdf", "report"},
		{"/etc/passwd", "passwd", "passwd"},
		{`..\..\x.txt`, "x.txt", "x"},
		{"../../x", "x", "x"},
		{"..", "", "Untitled"},
		{".", "", "Untitled"},
		{"", "", "Untitled"},
		{"/", "", "Untitled"},
		{".env", ".env", ".env"},
		{"a_b_c.txt", "a_b_c.txt", "a b c"},
		{"a_b c.txt", "a_b c.txt", "a_b c"},
		{"a.tar.gz", "a.tar.gz", "a"},
		{"e\u0301.txt", "\u00e9.txt", "\u00e9"},
		{"x\x00y\nz.txt", "xy z.txt", "xy z"},
		{"evil\u202etxt.exe", "eviltxt.exe", "eviltxt"},
		{"\xff\xfe.txt", "\uFFFD.txt", "\uFFFD"},
		{"日本語.pdf", "日本語.pdf", "日本語"},
	} {
		name := baseName(c.give)
		if name != c.name {
			t.Errorf("%q is stored as %q, want %q", c.give, name, c.name)
		}
		if title := titleFrom(name); title != c.title {
			t.Errorf("%q is titled %q, want %q", c.give, title, c.title)
		}
	}
	long := baseName(strings.Repeat("ü", 300) + ".pdf")
	if len(long) > MaxFileName || !strings.HasSuffix(long, "ü.pdf") {
		t.Errorf("%d bytes: %q", len(long), long)
	}
}

func FuzzNames(f *testing.F) {
	f.Add("report.pdf")
	f.Add(`..\../x` + "\x00\u202e")
	f.Add(strings.Repeat("a.", 400))
	f.Fuzz(func(t *testing.T, s string) {
		name := baseName(s)
		if len(name) > MaxFileName || strings.ContainsAny(name, "/\\\x00\n") || !utf8.ValidString(name) {
			t.Errorf("%q", name)
		}
		title := titleFrom(name)
		if title == "" || utf8.RuneCountInString(title) > MaxTitle || clean(title, MaxTitle) != title {
			t.Errorf("%q", title)
		}
	})
}
