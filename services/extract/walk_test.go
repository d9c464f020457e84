package extract_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/services/extract"
	"coffer/services/extract/extracttest"
)

const (
	first  = "The first member.\n"
	second = "The second member, in a folder.\n"
)

func two() []extracttest.Member {
	return []extracttest.Member{{Name: "one.txt", Text: first}, {Name: "folder/two.txt", Text: second}}
}

// Every format gives the same two files, whatever the archive is called.
func TestOrdinaryArchives(t *testing.T) {
	for name, archive := range map[string][]byte{
		"zip":     extracttest.Zip(t, two()...),
		"tar":     extracttest.Tar(t, two()...),
		"tar.gz":  extracttest.Gzip(t, extracttest.Tar(t, two()...)),
		"tar.zst": extracttest.Zstd(t, extracttest.Tar(t, two()...)),
		"tar.bz2": extracttest.Fixture(t, "plain.tar.bz2"),
		"tar.xz":  extracttest.Fixture(t, "plain.tar.xz"),
		"7z":      extracttest.Fixture(t, "plain.7z"),
		"rar":     extracttest.RAR(two()...),
	} {
		t.Run(name, func(t *testing.T) {
			got := walk(t, "a picture.jpg", archive, small())
			want := map[string]string{"one.txt": first, "folder/two.txt": second}
			if got.err != nil || !maps.Equal(got.files, want) || len(got.left) > 0 {
				t.Errorf("%v %q, left %v", got.err, got.files, got.left)
			}
		})
	}
}

func TestOneFileIsNamedAfterItsArchive(t *testing.T) {
	for name, want := range map[string]string{"notes.txt.gz": "notes.txt", "notes": "notes", "a/b/notes.TXT.GZ": "notes.TXT", ".gz": ".gz"} {
		if got := walk(t, name, extracttest.Gzip(t, []byte(first)), small()); got.err != nil || got.files[want] != first {
			t.Errorf("%s: %v %q", name, got.err, got.files)
		}
	}
}

// Archives inside archives are taken apart and documents are not.
func TestInnerArchives(t *testing.T) {
	document := string(extracttest.Zip(t, extracttest.Member{Name: "[Content_Types].xml"}, extracttest.Member{Name: "word/document.xml"}))
	inner := extracttest.Gzip(t, extracttest.Tar(t, extracttest.Member{Name: "deep.txt", Text: "deep"}, extracttest.Member{Name: "a.docx", Text: document}))
	archive := extracttest.Zip(t, extracttest.Member{Name: "in/inner.tgz", Text: string(inner)}, extracttest.Member{Name: "notes.gz", Text: string(extracttest.Gzip(t, []byte(first)))})
	got := walk(t, "outer.zip", archive, small())
	want := map[string]string{"in/inner.tgz/deep.txt": "deep", "in/inner.tgz/a.docx": document, "notes.gz/notes": first}
	if got.err != nil || !maps.Equal(got.files, want) || len(got.left) > 0 {
		t.Errorf("%v %q, left %v", got.err, got.files, got.left)
	}
	flat := small()
	flat.Depth = 1
	if got := walk(t, "outer.zip", archive, flat); got.err != nil || got.files["in/inner.tgz"] != string(inner) || len(got.left) > 0 {
		t.Errorf("at a depth of one: %v %q, left %v", got.err, got.files, got.left)
	}
}

// What is wrong with an inner archive is told, and the rest is read.
func TestInnerDamage(t *testing.T) {
	inner := extracttest.Zip(t, two()...)
	got := walk(t, "outer.tar", extracttest.Tar(t,
		extracttest.Member{Name: "cut.zip", Text: string(inner[:len(inner)-30])},
		extracttest.Member{Name: "cut.tgz", Text: string(extracttest.Gzip(t, extracttest.Tar(t, two()...))[:60])},
		extracttest.Member{Name: "locked.7z", Text: string(extracttest.Fixture(t, "locked.7z"))},
		extracttest.Member{Name: "after.txt", Text: "after"}), small())
	left := map[string]extract.Kind{"cut.zip": extract.Damaged, "cut.tgz": extract.Damaged, "locked.7z/one.txt": extract.Encrypted}
	if got.err != nil || got.files["after.txt"] != "after" || !maps.Equal(got.left, left) {
		t.Errorf("%v %q, left %v", got.err, got.files, got.left)
	}
}

func TestLocked(t *testing.T) {
	locked := extracttest.Zip(t, two()...)
	at := bytes.Index(locked, []byte("PK\x01\x02"))
	locked[at+8] |= 1
	for name, archive := range map[string][]byte{"zip": locked, "7z": extracttest.Fixture(t, "locked.7z")} {
		if got := walk(t, name, archive, small()); got.err != nil || got.left["one.txt"] != extract.Encrypted {
			t.Errorf("%s: %v, left %v", name, got.err, got.left)
		}
	}
	if got := walk(t, "7z", extracttest.Fixture(t, "sealed.7z"), small()); extract.KindOf(got.err) != extract.Encrypted {
		t.Errorf("names locked too: %v", got.err)
	}
}

func TestDamage(t *testing.T) {
	whole := map[string][]byte{
		"zip": extracttest.Zip(t, two()...), "tar.gz": extracttest.Gzip(t, extracttest.Tar(t, two()...)), "7z": extracttest.Fixture(t, "plain.7z"),
		"rar": extracttest.RAR(two()...), "tar.xz": extracttest.Fixture(t, "plain.tar.xz"), "tar.bz2": extracttest.Fixture(t, "plain.tar.bz2"),
		"tar.zst": extracttest.Zstd(t, extracttest.Tar(t, two()...)),
	}
	for name, archive := range whole {
		got := walk(t, name, archive[:len(archive)*3/5], small())
		if kind := extract.KindOf(got.err); kind != extract.Damaged {
			t.Errorf("%s, cut: %v", name, got.err)
		}
	}
	for name, archive := range map[string][]byte{"nothing": nil, "text": []byte("BZh is how some text begins"), "PK": []byte("PK and the rest")} {
		if got := walk(t, name, archive, small()); extract.KindOf(got.err) != extract.Unknown {
			t.Errorf("%s: %v", name, got.err)
		}
	}
}

// The first member that is refused ends a strict walk.
func TestStrict(t *testing.T) {
	archive := extracttest.Zip(t, extracttest.Member{Name: "good", Text: "x"}, extracttest.Member{Name: "../bad", Text: "x"})
	err := extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), "a", extract.Options{Limits: small(), Formats: extract.All()},
		func(extract.Entry, io.Reader) error { return nil })
	if extract.KindOf(err) != extract.Name || !strings.Contains(err.Error(), "../bad") || !strings.Contains(err.Error(), "leads out of the archive") {
		t.Errorf("%v", err)
	}
}

// A format that the caller did not name is not read, at any level.
func TestOnlyNamedFormats(t *testing.T) {
	inner := string(extracttest.Gzip(t, []byte(first)))
	archive := extracttest.Zip(t, extracttest.Member{Name: "a.gz", Text: inner})
	var got string
	o := extract.Options{Limits: small(), Formats: []extract.Format{extract.Zip}}
	err := extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), "a", o, func(_ extract.Entry, r io.Reader) error {
		text, err := io.ReadAll(r)
		got = string(text)
		return err
	})
	if err != nil || got != inner {
		t.Errorf("%v %q", err, got)
	}
	o.Formats = []extract.Format{extract.Tar}
	if err := extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), "a", o, nil); extract.KindOf(err) != extract.Unknown {
		t.Errorf("%v", err)
	}
}

func TestStream(t *testing.T) {
	files := map[string]string{}
	o := extract.Options{Limits: small(), Formats: extract.All()}
	visit := func(e extract.Entry, r io.Reader) error {
		text, err := io.ReadAll(r)
		files[e.Name] = string(text)
		return err
	}
	pipe := func(b []byte) io.Reader { return io.MultiReader(bytes.NewReader(b)) }
	if err := extract.WalkStream(t.Context(), pipe(extracttest.Zstd(t, extracttest.Tar(t, two()...))), "a.tar.zst", o, visit); err != nil || files["folder/two.txt"] != second {
		t.Errorf("%v %q", err, files)
	}
	if err := extract.WalkStream(t.Context(), pipe(extracttest.Zip(t, two()...)), "a.zip", o, visit); extract.KindOf(err) != extract.Unknown {
		t.Errorf("a ZIP from its beginning: %v", err)
	}
	zeros := extracttest.Gzip(t, make([]byte, 1<<20))
	if err := extract.WalkStream(t.Context(), pipe(zeros), "a.gz", o, visit); extract.KindOf(err) != extract.Ratio {
		t.Errorf("a bomb: %v", err)
	}
}

// A visitor's error comes back as it is, and so does the caller's own end.
func TestOthersErrors(t *testing.T) {
	mine := errors.New("the disk is full")
	archive := extracttest.Gzip(t, extracttest.Tar(t, two()...))
	o := extract.Options{Limits: small(), Formats: extract.All()}
	err := extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), "a", o, func(extract.Entry, io.Reader) error { return mine })
	if err != mine {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = extract.Walk(ctx, bytes.NewReader(archive), int64(len(archive)), "a", o, func(extract.Entry, io.Reader) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	o.Limits.Time = time.Nanosecond
	err = extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), "a", o, func(extract.Entry, io.Reader) error { return nil })
	if extract.KindOf(err) != extract.Time {
		t.Errorf("%v", err)
	}
}

func TestInto(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	check(t, err)
	defer root.Close()
	o := extract.Options{Limits: small(), Formats: extract.All()}
	archive := extracttest.Zip(t, two()...)
	files, err := extract.Into(t.Context(), root, "out", bytes.NewReader(archive), int64(len(archive)), "a.zip", o)
	check(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "out/folder/two.txt"))
	if err != nil || string(text) != second || len(files) != 2 || files[1].Size != int64(len(second)) {
		t.Errorf("%v %q %v", err, text, files)
	}
	if _, err := extract.Into(t.Context(), root, "out", bytes.NewReader(archive), int64(len(archive)), "a.zip", o); !errors.Is(err, os.ErrExist) {
		t.Errorf("over what is there: %v", err)
	}

	for name, archive := range extracttest.Attacks(t) {
		if _, err := extract.Into(t.Context(), root, "attack", bytes.NewReader(archive), int64(len(archive)), name, o); err == nil {
			t.Errorf("%s was unpacked", name)
		}
		if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 1 {
			t.Errorf("%s left %v", name, names)
		}
	}
}
