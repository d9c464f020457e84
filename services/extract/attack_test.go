package extract_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"coffer/services/extract"
	"coffer/services/extract/extracttest"
)

// badNames are those that no member may have.
func badNames() []string {
	return []string{
		"../up", "a/../../up", "a/..", `..\up`, `a\..\..\up`, "/etc/passwd", "//host/share", `\\host\share`, "C:/x", `c:\x`, "C:x",
		"a\x00b", "a\nb", "a\x1b[2Jb", "...", "a/ /b", ". .", "CON", "con.txt", "dir/NUL", "aux .c", "COM1", "lpt\u00b9.x",
		"gpj.\u202etxt", strings.Repeat("n", 256), strings.Repeat("d/", 101) + "x", strings.Repeat("d123456789/", 500) + "x",
	}
}

func TestNames(t *testing.T) {
	for _, name := range badNames() {
		for format, archive := range map[string][]byte{"zip": extracttest.Zip(t, extracttest.Member{Name: name, Text: "x"}, extracttest.Member{Name: "good", Text: "x"}), "rar": extracttest.RAR(extracttest.Member{Name: name, Text: "x"}, extracttest.Member{Name: "good", Text: "x"})} {
			if format == "rar" && strings.ContainsAny(name, "\x00\u202e\u00b9") {
				continue // its names are of one byte a character, to the first NUL
			}
			got := walk(t, "a", archive, small())
			if got.err != nil || len(got.files) != 1 || len(got.left) != 1 {
				t.Errorf("%s, %q: %v %q, left %v", format, name, got.err, got.files, got.left)
			}
		}
	}
	for name, want := range map[string]string{"./a": "a", "a//b": "a/b", `a\b`: "a/b", "a/./b": "a/b", "10:30": "10:30", "1:b": "1:b", "console": "console", "COM": "COM", "com10": "com10", "ä/ß": "ä/ß", "..a": "..a"} {
		if got := walk(t, "a", extracttest.Zip(t, extracttest.Member{Name: name, Text: "x"}), small()); got.err != nil || got.files[want] != "x" {
			t.Errorf("%q: %v %q", name, got.err, got.files)
		}
	}
}

func TestDuplicates(t *testing.T) {
	for _, pair := range [][2]string{
		{"a", "a"}, {"a", "A"}, {"a", "./a"}, {"x/a", `x\a`}, {"stra\u00dfe", "STRASSE"}, {"\u00e9", "e\u0301"}, {"\ufb01", "fi"},
		{"a", "a/b"}, {"a/b", "A"}, {"a", "a."}, {"dir/a", "DIR /a"},
	} {
		for format, pack := range map[string]func(testing.TB, ...extracttest.Member) []byte{"zip": extracttest.Zip, "tar": extracttest.Tar} {
			got := walk(t, "a", pack(t, extracttest.Member{Name: pair[0], Text: "1"}, extracttest.Member{Name: pair[1], Text: "2"}), small())
			if got.err != nil || len(got.files) != 1 || len(got.left) != 1 {
				t.Errorf("%s, %q: %v %q, left %v", format, pair, got.err, got.files, got.left)
			}
			for _, kind := range got.left {
				if kind != extract.Duplicate {
					t.Errorf("%s, %q: %s", format, pair, kind)
				}
			}
		}
	}
	got := walk(t, "a", extracttest.Tar(t, extracttest.Member{Name: "d/", Mode: fs.ModeDir}, extracttest.Member{Name: "D/", Mode: fs.ModeDir}, extracttest.Member{Name: "d/f", Text: "x"}), small())
	if got.err != nil || len(got.left) > 0 || got.files["d/f"] != "x" {
		t.Errorf("a folder named twice: %v %v", got.err, got.left)
	}
}

func TestUnusual(t *testing.T) {
	for kind, members := range map[extract.Kind][]extracttest.Member{
		extract.Link:    {{Name: "sym", Mode: fs.ModeSymlink, Link: "/etc/passwd"}},
		extract.Special: {{Name: "fifo", Mode: fs.ModeNamedPipe}, {Name: "char", Mode: fs.ModeDevice | fs.ModeCharDevice}, {Name: "block", Mode: fs.ModeDevice}},
	} {
		for _, m := range members {
			for format, archive := range map[string][]byte{"zip": extracttest.Zip(t, m), "tar": extracttest.Tar(t, m)} {
				if got := walk(t, "a", archive, small()); got.err != nil || got.left[m.Name] != kind || len(got.files) > 0 {
					t.Errorf("%s, %s: %v %q, left %v", format, m.Name, got.err, got.files, got.left)
				}
			}
		}
	}
	hard := extracttest.Tar(t, extracttest.Member{Name: "hard", Link: "/etc/passwd"})
	if got := walk(t, "a", hard, small()); got.left["hard"] != extract.Link {
		t.Errorf("a hard link: %v %v", got.err, got.left)
	}
	if got := walk(t, "a", extracttest.RAR(extracttest.Member{Name: "sym", Text: "/etc", Mode: fs.ModeSymlink}), small()); got.left["sym"] != extract.Link {
		t.Errorf("a link in a RAR: %v %v", got.err, got.left)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	check(t, w.WriteHeader(&tar.Header{Name: "x", Size: 1, Typeflag: tar.TypeReg}))
	_, err := w.Write([]byte("x"))
	check(t, err)
	check(t, w.Close())
	sparse := b.Bytes()
	sparse[156] = tar.TypeGNUSparse
	if got := walk(t, "a", extracttest.Resum(sparse), small()); len(got.files) > 0 {
		t.Errorf("a file with holes: %v %v", got.err, got.files)
	}
}

// A damaged member of a ZIP is left out, and the others come; where nothing may
// be left out, the whole is refused.
func TestDamagedMember(t *testing.T) {
	got := walk(t, "a", extracttest.Lying(t), small())
	if got.err != nil || len(got.files) != 1 || got.files["b"] != "good" || got.left["a"] != extract.Damaged {
		t.Errorf("%v %q, left %v", got.err, got.files, got.left)
	}
	o := extract.Options{Limits: small(), Formats: extract.All()}
	archive := extracttest.Lying(t)
	err := extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), "a", o, func(_ extract.Entry, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if extract.KindOf(err) != extract.Damaged {
		t.Errorf("nothing may be left out: %v", err)
	}
	root, err := os.OpenRoot(t.TempDir())
	check(t, err)
	o.Refused = func(*extract.Error) error { return nil }
	files, err := extract.Into(t.Context(), root, "in", bytes.NewReader(archive), int64(len(archive)), "a", o)
	if _, stands := root.Stat("in/a"); err != nil || len(files) != 1 || stands == nil {
		t.Errorf("half a file stays: %v %v %v", files, err, stands)
	}
}

// A directory is told before the first member, once, and only that of the
// outermost archive; what is told can end the walk.
func TestPlanned(t *testing.T) {
	inner := extracttest.Zip(t, extracttest.Member{Name: "x", Text: "123"}, extracttest.Member{Name: "y", Text: "4"})
	zip := extracttest.Zip(t, extracttest.Member{Name: "dir/", Mode: fs.ModeDir}, extracttest.Member{Name: "in.zip", Text: string(inner)}, extracttest.Member{Name: "z", Text: "12345"})
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"zip": {zip, fmt.Sprintf("[2 files, %d bytes]", len(inner)+5)}, "7z": {extracttest.Fixture(t, "plain.7z"), "[2 files, 50 bytes]"},
		"tar": {extracttest.Tar(t, two()...), "[]"},
	} {
		var told []string
		visited, enough := 0, errors.New("no room")
		o := extract.Options{Limits: small(), Formats: extract.All(), Planned: func(n int, size int64) error {
			told = append(told, fmt.Sprintf("%d files, %d bytes", n, size))
			if visited > 0 {
				t.Errorf("%s: told after %d members", name, visited)
			}
			return nil
		}}
		visit := func(extract.Entry, io.Reader) error { visited++; return nil }
		err := extract.Walk(t.Context(), bytes.NewReader(c.archive), int64(len(c.archive)), "a", o, visit)
		if err != nil || fmt.Sprint(told) != c.want || visited == 0 {
			t.Errorf("%s: %v, told %v, visited %d", name, err, told, visited)
		}
		o.Planned = func(int, int64) error { return enough }
		err = extract.Walk(t.Context(), bytes.NewReader(c.archive), int64(len(c.archive)), "a", o, visit)
		if (c.want == "[]") != (err == nil) || err != nil && err != enough {
			t.Errorf("%s: the walk went on: %v", name, err)
		}
	}
}

func TestAttacks(t *testing.T) {
	for name, archive := range extracttest.Attacks(t) {
		got := walk(t, "a", archive, small())
		if extract.KindOf(got.err) == "" {
			t.Errorf("%s: %v, %d files", name, got.err, len(got.files))
		}
	}
}

// An archive that holds itself ends at the depth, not at the time.
func TestDepth(t *testing.T) {
	archive := extracttest.Gzip(t, []byte("innermost"))
	for range 10 {
		archive = extracttest.Gzip(t, archive)
	}
	got := walk(t, "a.gz", archive, small())
	if got.err != nil || len(got.files) > 0 || len(got.left) != 1 {
		t.Errorf("%v %q, left %v", got.err, got.files, got.left)
	}
	for _, kind := range got.left {
		if kind != extract.Depth {
			t.Errorf("%s", kind)
		}
	}
	large := small()
	large.Nested = 1000
	inner := string(extracttest.Zip(t, extracttest.Member{Name: "x", Text: extracttest.Noise(2000)}))
	got = walk(t, "a.zip", extracttest.Zip(t, extracttest.Member{Name: "inner.zip", Text: inner}), large)
	if got.err != nil || got.left["inner.zip"] != extract.Depth || len(got.files) > 0 {
		t.Errorf("too large to hold: %v %q, left %v", got.err, got.files, got.left)
	}
}

// What refusing costs is bounded by the limits and not by what the archive
// claims. The figures are printed.
func TestCostOfRefusing(t *testing.T) {
	if testing.Short() {
		t.Skip("packs hundreds of megabytes")
	}
	limits := small()
	limits.Members = 10_000
	for name, archive := range map[string][]byte{
		"200,000 empty members, ZIP": multitude(t),
		"200,000 empty members, tar": extracttest.Gzip(t, bytes.Repeat(extracttest.Tar(t, extracttest.Member{Name: "e"})[:512], 200_000)),
		"64 MiB of zeros, ZIP":       extracttest.Zip(t, extracttest.Zeros(64<<20)),
		"64 MiB of zeros, tar.gz":    extracttest.Gzip(t, extracttest.Tar(t, extracttest.Zeros(64<<20))),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		got := walk(t, "a", archive, limits)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		spent := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%-30s %8d bytes: refused as %s after %v and %d MiB allocated in all", name, len(archive), extract.KindOf(got.err), took.Round(time.Millisecond), spent)
		if extract.KindOf(got.err) == "" || len(got.files) > 0 && spent > 256 || spent > 256 {
			t.Errorf("%s: %v, %d MiB", name, got.err, spent)
		}
	}
}

func multitude(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 200_000 {
		_, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%x", i)})
		check(t, err)
	}
	check(t, w.Close())
	return b.Bytes()
}
