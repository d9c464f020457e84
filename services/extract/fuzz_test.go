package extract_test

import (
	"bytes"
	"io"
	"path"
	"strings"
	"testing"

	"coffer/services/extract"
	"coffer/services/extract/extracttest"
)

// Whatever the bytes are, a walk ends, hands over only names that stay
// inside, each once, and no more than its limits allow.
func FuzzWalk(f *testing.F) {
	for _, archive := range [][]byte{
		extracttest.Zip(f, two()...), extracttest.Tar(f, two()...), extracttest.Gzip(f, extracttest.Tar(f, two()...)), extracttest.Zstd(f, []byte(first)), extracttest.RAR(two()...),
		extracttest.Fixture(f, "plain.tar.bz2"), extracttest.Fixture(f, "plain.tar.xz"), extracttest.Overlapping(f), extracttest.Zip(f, extracttest.Member{Name: "a.zip", Text: string(extracttest.Zip(f, two()...))}),
	} {
		f.Add(archive)
	}
	limits := small()
	o := extract.Options{Limits: limits, Formats: []extract.Format{extract.Zip, extract.Tar, extract.Gzip, extract.Bzip2, extract.XZ, extract.Zstd, extract.RAR},
		Refused: func(*extract.Error) error { return nil }}
	f.Fuzz(func(t *testing.T, archive []byte) {
		seen := map[string]bool{}
		var total int64
		err := extract.Walk(t.Context(), bytes.NewReader(archive), int64(len(archive)), "name", o, func(e extract.Entry, r io.Reader) error {
			n, err := io.Copy(io.Discard, r)
			total += n
			if seen[e.Name] || path.Clean(e.Name) != e.Name || path.IsAbs(e.Name) || e.Name == ".." || strings.HasPrefix(e.Name, "../") {
				t.Errorf("%q was handed over", e.Name)
			}
			seen[e.Name] = true
			return err
		})
		if err != nil && extract.KindOf(err) == "" {
			t.Errorf("no refusal: %v", err)
		}
		if total > limits.Total+int64(len(archive))*int64(limits.Depth) || len(seen) > limits.Members {
			t.Errorf("%d files of %d bytes", len(seen), total)
		}
	})
}
