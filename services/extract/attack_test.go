package extract_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"

	"coffer/services/extract"
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
		for format, archive := range map[string][]byte{"zip": zipped(t, member{name: name, text: "x"}, member{name: "good", text: "x"}), "rar": rarred(member{name: name, text: "x"}, member{name: "good", text: "x"})} {
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
		if got := walk(t, "a", zipped(t, member{name: name, text: "x"}), small()); got.err != nil || got.files[want] != "x" {
			t.Errorf("%q: %v %q", name, got.err, got.files)
		}
	}
}

func TestDuplicates(t *testing.T) {
	for _, pair := range [][2]string{
		{"a", "a"}, {"a", "A"}, {"a", "./a"}, {"x/a", `x\a`}, {"stra\u00dfe", "STRASSE"}, {"\u00e9", "e\u0301"}, {"\ufb01", "fi"},
		{"a", "a/b"}, {"a/b", "A"}, {"a", "a."}, {"dir/a", "DIR /a"},
	} {
		for format, pack := range map[string]func(testing.TB, ...member) []byte{"zip": zipped, "tar": tarred} {
			got := walk(t, "a", pack(t, member{name: pair[0], text: "1"}, member{name: pair[1], text: "2"}), small())
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
	got := walk(t, "a", tarred(t, member{name: "d/", mode: fs.ModeDir}, member{name: "D/", mode: fs.ModeDir}, member{name: "d/f", text: "x"}), small())
	if got.err != nil || len(got.left) > 0 || got.files["d/f"] != "x" {
		t.Errorf("a folder named twice: %v %v", got.err, got.left)
	}
}

func TestUnusual(t *testing.T) {
	for kind, members := range map[extract.Kind][]member{
		extract.Link:    {{name: "sym", mode: fs.ModeSymlink, link: "/etc/passwd"}},
		extract.Special: {{name: "fifo", mode: fs.ModeNamedPipe}, {name: "char", mode: fs.ModeDevice | fs.ModeCharDevice}, {name: "block", mode: fs.ModeDevice}},
	} {
		for _, m := range members {
			for format, archive := range map[string][]byte{"zip": zipped(t, m), "tar": tarred(t, m)} {
				if got := walk(t, "a", archive, small()); got.err != nil || got.left[m.name] != kind || len(got.files) > 0 {
					t.Errorf("%s, %s: %v %q, left %v", format, m.name, got.err, got.files, got.left)
				}
			}
		}
	}
	hard := tarred(t, member{name: "hard", link: "/etc/passwd"})
	if got := walk(t, "a", hard, small()); got.left["hard"] != extract.Link {
		t.Errorf("a hard link: %v %v", got.err, got.left)
	}
	if got := walk(t, "a", rarred(member{name: "sym", text: "/etc", mode: fs.ModeSymlink}), small()); got.left["sym"] != extract.Link {
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
	if got := walk(t, "a", resum(sparse), small()); len(got.files) > 0 {
		t.Errorf("a file with holes: %v %v", got.err, got.files)
	}
}

// resum corrects the sum of the first header of a tar.
func resum(archive []byte) []byte {
	copy(archive[148:156], "        ")
	sum := 0
	for _, b := range archive[:512] {
		sum += int(b)
	}
	copy(archive[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return archive
}

// zeros is a member that packs a thousandfold.
func zeros(size int) member { return member{name: "zeros", text: string(make([]byte, size))} }

// attacks are archives that end a walk, by what they are.
func attacks(t testing.TB) map[string][]byte {
	t.Helper()
	var many, parts []member
	for i := range 101 {
		many = append(many, member{name: fmt.Sprint("f", i)})
	}
	random := noise(1 << 20)
	for i := range 5 {
		parts = append(parts, member{name: fmt.Sprint("p", i), text: random})
	}
	nested := zipped(t, zeros(200_000))
	for range 2 {
		nested = zipped(t, member{name: "a.zip", text: string(nested)}, member{name: "b.zip", text: string(nested)})
	}
	return map[string][]byte{
		"a member over its limit":           tarred(t, member{name: "big", text: noise(1<<20 + 1)}),
		"all over the limit":                zipped(t, parts...),
		"a ZIP bomb":                        zipped(t, zeros(1<<20)),
		"a tar bomb":                        gzipped(t, tarred(t, zeros(1<<20))),
		"a tar bomb that looks like a text": gzipped(t, tarred(t, zeros(1<<20))),
		"a Zstandard bomb":                  zstandard(t, make([]byte, 1<<20)),
		"an XZ bomb":                        fixture(t, "zeros.xz"),
		"a 7z bomb":                         fixture(t, "zeros.7z"),
		"a nested bomb":                     nested,
		"many members":                      zipped(t, many...),
		"many members of a tar":             tarred(t, many...),
		"members over each other":           overlapping(t),
		"a lying size":                      lying(t),
	}
}

func noise(n int) string {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return string(b)
}

// overlapping has two members of different names whose entries in the
// directory lead to the same bytes.
func overlapping(t testing.TB) []byte {
	t.Helper()
	archive := zipped(t, member{name: "aaaa", text: noise(2000)}, member{name: "bbbb", text: noise(2000)})
	at := bytes.LastIndex(archive, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(archive[at+42:], 0)
	return archive
}

// lying says that a member is smaller than it is.
func lying(t testing.TB) []byte {
	t.Helper()
	archive := zipped(t, member{name: "a", text: noise(2000)})
	binary.LittleEndian.PutUint32(archive[bytes.Index(archive, []byte("PK\x01\x02"))+24:], 10)
	return archive
}

func TestAttacks(t *testing.T) {
	for name, archive := range attacks(t) {
		got := walk(t, "a", archive, small())
		if extract.KindOf(got.err) == "" {
			t.Errorf("%s: %v, %d files", name, got.err, len(got.files))
		}
	}
}

// An archive that holds itself ends at the depth, not at the time.
func TestDepth(t *testing.T) {
	archive := gzipped(t, []byte("innermost"))
	for range 10 {
		archive = gzipped(t, archive)
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
	inner := string(zipped(t, member{name: "x", text: noise(2000)}))
	got = walk(t, "a.zip", zipped(t, member{name: "inner.zip", text: inner}), large)
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
		"200,000 empty members, tar": gzipped(t, bytes.Repeat(tarred(t, member{name: "e"})[:512], 200_000)),
		"64 MiB of zeros, ZIP":       zipped(t, zeros(64<<20)),
		"64 MiB of zeros, tar.gz":    gzipped(t, tarred(t, zeros(64<<20))),
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
