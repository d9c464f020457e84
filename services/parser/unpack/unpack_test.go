package unpack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"coffer/services/extract"
	"coffer/services/extract/extracttest"
	"coffer/services/parser/internal/limits"
	"coffer/services/parser/wire"
)

// small are limits that a test can reach.
func small() extract.Limits {
	return extract.Limits{
		Members: 100, File: 4 << 20, Total: 4 << 20, Ratio: 100, RatioFrom: 1 << 16,
		Depth: 3, Nested: 1 << 20, Dictionary: 64 << 20, Time: time.Minute,
	}
}

// said is what was said of an archive.
type said struct {
	plan  *wire.Plan
	files map[string]string
	left  map[string]string // codes
	wants int
	last  wire.Message
}

// hear is the other end of the conversation. Data beyond an archive are cut.
func hear(t testing.TB, request wire.Unpack, archive []byte, l extract.Limits) said {
	t.Helper()
	toIn, to := io.Pipe()
	from, fromOut := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(request, wire.NewReader(toIn), wire.NewWriter(fromOut), l)
		fromOut.Close()
		done <- err
	}()
	in, out, judge := wire.NewReader(from), wire.NewWriter(to), wire.NewUnpacking(request, 1<<40)
	got := said{files: map[string]string{}, left: map[string]string{}}
	name := ""
	for {
		m, err := in.Next()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = judge.Check(m)
		}
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case wire.Want:
			got.wants++
			for d := archive[m.Offset : m.Offset+int64(m.Length)]; len(d) > 0; {
				n := min(len(d), wire.MaxChunk)
				if err := out.Write(wire.Data(d[:n])); err != nil {
					t.Fatal(err)
				}
				d = d[n:]
			}
			out.Flush()
		case wire.Plan:
			got.plan = &m
		case wire.Member:
			if name = m.Name; got.files[name] != "" {
				t.Errorf("%s came twice", name)
			}
		case wire.Data:
			got.files[name] += string(m)
		case wire.End:
		case wire.Left:
			got.left[m.Name] = m.Code
			if m.Message == "" || !strings.HasSuffix(m.Message, ".") {
				t.Errorf("%s: %q is no sentence", m.Name, m.Message)
			}
		default:
			got.last = m
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return got
}

func unpack(t testing.TB, name string, archive []byte, skip int) said {
	t.Helper()
	return hear(t, wire.Unpack{FileName: name, Size: int64(len(archive)), Skip: skip}, archive, small())
}

const prose = "Some words of a text that can be read.\n"

// mixed has what is read, what is not, and archives inside.
func mixed(t testing.TB) []extracttest.Member {
	inner := extracttest.Zip(t, extracttest.Member{Name: "deep.txt", Text: prose + "deep"}, extracttest.Member{Name: "../up", Text: "x"})
	return []extracttest.Member{
		{Name: "one.txt", Text: prose}, {Name: "empty.txt"}, {Name: "photo.png", Text: "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"},
		{Name: "in/inner.zip", Text: string(inner)}, {Name: "in/two.md", Text: "# Two\n"},
		{Name: "table.docx", Text: string(extracttest.Zip(t, extracttest.Member{Name: "[Content_Types].xml", Text: "x.spreadsheetml.x"}))},
		{Name: "film.bin", Text: "\x00\x01\x02\x03" + extracttest.Noise(200_000)},
	}
}

func TestMembers(t *testing.T) {
	files := map[string]string{"one.txt": prose, "in/inner.zip/deep.txt": prose + "deep", "in/two.md": "# Two\n"}
	left := map[string]string{"empty.txt": wire.CodeNoText, "photo.png": wire.CodeUnsupported, "in/inner.zip/../up": string(extract.Name),
		"table.docx": wire.CodeUnsupported, "film.bin": wire.CodeUnsupported}
	for name, archive := range map[string][]byte{
		"zip": extracttest.Zip(t, mixed(t)...), "tar": extracttest.Tar(t, mixed(t)...),
		"tar.gz": extracttest.Gzip(t, extracttest.Tar(t, mixed(t)...)), "tar.zst": extracttest.Zstd(t, extracttest.Tar(t, mixed(t)...)),
		"rar": extracttest.RAR(mixed(t)...),
	} {
		got := unpack(t, "a", archive, 0)
		want := maps.Clone(left)
		if !maps.Equal(got.files, files) || !maps.Equal(got.left, want) || got.last != (wire.Unpacked{Members: 8}) {
			t.Errorf("%s: %q, left %v, %+v", name, got.files, got.left, got.last)
		}
		if (got.plan != nil) != (name == "zip") || got.plan != nil && got.plan.Members != 7 {
			t.Errorf("%s: planned %+v", name, got.plan)
		}
	}
	for _, name := range []string{"plain.7z", "plain.tar.xz", "plain.tar.bz2"} {
		got := unpack(t, name, extracttest.Fixture(t, name), 0)
		if len(got.files) != 2 || len(got.left) > 0 || got.last != (wire.Unpacked{Members: 2}) {
			t.Errorf("%s: %q, left %v, %+v", name, got.files, got.left, got.last)
		}
	}
}

// What was told before is not told again, at any point, and everything else is.
func TestSkip(t *testing.T) {
	archive := extracttest.Zip(t, mixed(t)...)
	all := unpack(t, "a", archive, 0)
	for skip := range 9 {
		got := unpack(t, "a", archive, skip)
		if n := len(got.files) + len(got.left); n != 8-skip || got.last != (wire.Unpacked{Members: 8}) {
			t.Errorf("%d known: %d told, %+v", skip, n, got.last)
		}
		for name, text := range got.files {
			if all.files[name] != text {
				t.Errorf("%d known: %s differs", skip, name)
			}
		}
	}
}

func TestVerdicts(t *testing.T) {
	good, noise := extracttest.Member{Name: "a.txt", Text: prose}, extracttest.Member{Name: "b.txt", Text: strings.Repeat(prose, 3) + extracttest.Noise(200_000)}
	tar := extracttest.Gzip(t, extracttest.Tar(t, good, noise))
	var many []extracttest.Member
	for i := range 101 {
		many = append(many, extracttest.Member{Name: fmt.Sprint(i), Text: prose})
	}
	deep := extracttest.Zip(t, good)
	for range 3 {
		deep = extracttest.Zip(t, extracttest.Member{Name: "in.zip", Text: string(deep)})
	}
	for name, c := range map[string]struct {
		archive []byte
		code    string
		files   int
		failed  bool
	}{
		"cut behind a member":  {tar[:len(tar)-50_000], string(extract.Damaged), 1, false},
		"cut at once":          {tar[:30], wire.CodeMalformed, 0, true},
		"cut zip":              {extracttest.Zip(t, good)[:60], wire.CodeMalformed, 0, true},
		"empty":                {extracttest.Zip(t), wire.CodeNoText, 0, true},
		"locked":               {extracttest.Fixture(t, "locked.7z"), wire.CodeEncrypted, 0, true},
		"sealed":               {extracttest.Fixture(t, "sealed.7z"), wire.CodeEncrypted, 0, true},
		"a bomb":               {extracttest.Zip(t, good, extracttest.Zeros(1<<20)), wire.CodeBomb, 1, true},
		"an XZ bomb":           {extracttest.Fixture(t, "zeros.xz"), wire.CodeBomb, 0, true},
		"a 7z bomb":            {extracttest.Fixture(t, "zeros.7z"), wire.CodeBomb, 0, true},
		"too much":             {extracttest.Tar(t, extracttest.Member{Name: "x", Text: extracttest.Noise(5 << 20)}), wire.CodeTooLarge, 0, true},
		"too many":             {extracttest.Zip(t, many...), wire.CodeMembers, 0, true},
		"too many of a tar":    {extracttest.Tar(t, many...), wire.CodeMembers, 100, true},
		"members over another": {extracttest.Overlapping(t), wire.CodeMalformed, 0, true},
		"deep":                 {deep, "", 0, false},
		"no archive":           {[]byte(prose), wire.CodeUnsupported, 0, true},
		"a document":           {extracttest.Zip(t, extracttest.Member{Name: "[Content_Types].xml"}), wire.CodeTooLarge, 0, true},
	} {
		got := unpack(t, "a", c.archive, 0)
		code, failed := "", false
		switch m := got.last.(type) {
		case wire.Failure:
			code, failed = m.Code, true
		case wire.Unpacked:
			code = m.Code
		}
		if code != c.code || failed != c.failed || len(got.files) != c.files {
			t.Errorf("%s: %+v, %d files, left %v", name, got.last, len(got.files), got.left)
		}
	}
	if got := unpack(t, "a", deep, 0); got.left["in.zip/in.zip/in.zip"] != string(extract.Depth) {
		t.Errorf("too deep: left %v", got.left)
	}
}

// Time is a limit of the archive's, not of the conversation's.
func TestTime(t *testing.T) {
	l := small()
	l.Time = time.Nanosecond
	archive := extracttest.Zip(t, mixed(t)...)
	got := hear(t, wire.Unpack{Size: int64(len(archive))}, archive, l)
	if f, ok := got.last.(wire.Failure); !ok || f.Code != wire.CodeTimeout {
		t.Errorf("%+v", got.last)
	}
}

// The attacks of package extract are answered, each with the last word.
func TestAttacks(t *testing.T) {
	for name, archive := range extracttest.Attacks(t) {
		got := unpack(t, "a", archive, 0)
		if got.last == nil {
			t.Errorf("%s: no last word", name)
		}
		total := 0
		for _, text := range got.files {
			total += len(text)
		}
		if total > int(small().Total) || len(got.files) > small().Members {
			t.Errorf("%s: %d files of %d bytes", name, len(got.files), total)
		}
	}
}

// A large archive is asked for in pieces, each once when it is read in order.
func TestBlocks(t *testing.T) {
	archive := extracttest.Tar(t, extracttest.Member{Name: "a.bin", Text: extracttest.Noise(3 << 20)}, extracttest.Member{Name: "b.txt", Text: prose})
	got := unpack(t, "a", archive, 0)
	if want := (len(archive) + limits.ArchiveBlock - 1) / limits.ArchiveBlock; got.wants > want || got.files["b.txt"] != prose {
		t.Errorf("%d pieces of %d, %+v, %v", got.wants, want, got.last, got.left)
	}
}

// A peer that does not keep to the conversation ends it.
func TestPeerMisbehaves(t *testing.T) {
	for name, answer := range map[string][]wire.Message{
		"silence":        {},
		"another word":   {wire.End{}},
		"more than that": {make(wire.Data, 4096), make(wire.Data, 4096)},
	} {
		var in, out bytes.Buffer
		w := wire.NewWriter(&in)
		for _, m := range answer {
			w.Write(m)
		}
		w.Flush()
		err := run(wire.Unpack{Size: 4097}, wire.NewReader(&in), wire.NewWriter(&out), small())
		if !errors.Is(err, wire.ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The messages name limits, and these are they.
func TestMessagesNameTheLimits(t *testing.T) {
	w := &work{}
	for kind, want := range map[extract.Kind]string{
		extract.Members:  fmt.Sprintf("%d,000 files", wire.MaxMembers/1000),
		extract.TooLarge: fmt.Sprintf("%d GiB", limits.ArchiveTotal>>30),
		extract.Ratio:    fmt.Sprintf("%d times", limits.ArchiveRatio),
		extract.Time:     map[bool]string{true: "an hour"}[limits.ArchiveTime == time.Hour],
	} {
		f, ok := w.verdict(&extract.Error{Kind: kind}).(wire.Failure)
		if !ok || want == "" || !strings.Contains(f.Message, want) {
			t.Errorf("%s: %q does not name %q", kind, f.Message, want)
		}
	}
}

// Whatever an archive is, there is a last word, and what is said keeps to the
// conversation.
func FuzzRun(f *testing.F) {
	for _, archive := range [][]byte{extracttest.Zip(f, mixed(f)[:5]...), extracttest.Gzip(f, extracttest.Tar(f, mixed(f)[:3]...)), extracttest.RAR(mixed(f)[:3]...), extracttest.Lying(f)} {
		f.Add(archive, uint8(0))
		f.Add(archive, uint8(3))
	}
	f.Fuzz(func(t *testing.T, archive []byte, skip uint8) {
		if extract.Detect(archive) == extract.SevenZip {
			t.Skip("its directory is bounded by the kernel")
		}
		if got := unpack(t, "a", archive, int(skip)); got.last == nil {
			t.Error("no last word")
		}
	})
}
