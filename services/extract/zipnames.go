package extract

import (
	"archive/zip"
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// decoder reads the names of a ZIP's members. Those that are not UTF-8 are in
// the code page of whoever made the archive, which is nowhere written down: it
// is guessed from all of them together, and is that of the first PC (437, as
// APPNOTE has it) when nothing better fits.
func decoder(files []*zip.File) func(*zip.File) string {
	var foreign []byte
	for _, f := range files {
		if !utf8.ValidString(f.Name) {
			foreign = append(append(foreign, f.Name...), '\n')
		}
		if len(foreign) > 1<<16 {
			break
		}
	}
	if foreign == nil {
		return func(f *zip.File) string { return f.Name }
	}
	page := guess(foreign)
	return func(f *zip.File) string {
		if utf8.ValidString(f.Name) {
			return f.Name
		}
		name, err := page.NewDecoder().String(f.Name)
		if err != nil || strings.ContainsRune(name, utf8.RuneError) {
			name, _ = charmap.CodePage437.NewDecoder().String(f.Name)
		}
		return name
	}
}

// pages are the code pages that are guessed, by their names in the guesser. Those
// of one byte a character are left out: they fit anything. Where a few short names
// fit several as well, the first of them is it.
func pages() []string { return []string{"Shift_JIS", "GB18030", "Big5", "EUC-KR", "EUC-JP"} }

func guess(names []byte) encoding.Encoding {
	if latin(names) {
		return charmap.CodePage437
	}
	results, err := chardet.NewTextDetector().DetectAll(names)
	if err != nil {
		return charmap.CodePage437
	}
	// The guesser gives those of one confidence in no order.
	slices.SortFunc(results, func(a, b chardet.Result) int {
		return cmp.Or(b.Confidence-a.Confidence, slices.Index(pages(), a.Charset)-slices.Index(pages(), b.Charset))
	})
	for _, r := range results {
		if !slices.Contains(pages(), r.Charset) {
			continue
		}
		if page, err := htmlindex.Get(r.Charset); err == nil && fits(page, names) {
			return page
		}
	}
	return charmap.CodePage437
}

// latin reports names in which a letter with an accent stands among many without.
func latin(names []byte) bool {
	var high, plain int
	for name := range bytes.SplitSeq(names, []byte("\n")) {
		if dot := bytes.LastIndexByte(name, '.'); dot > 0 {
			name = name[:dot]
		}
		for _, b := range name {
			switch {
			case b >= 0x80:
				high++
			case b|0x20 >= 'a' && b|0x20 <= 'z':
				plain++
			}
		}
	}
	return 2*high < plain
}

// fits reports that names can be read by page. Half-width katakana, which are one
// byte each, are what bytes of other pages look like in Shift_JIS.
func fits(page encoding.Encoding, names []byte) bool {
	text, err := page.NewDecoder().Bytes(names)
	return err == nil && !strings.ContainsFunc(string(text), func(r rune) bool {
		return r == utf8.RuneError || r >= 0xff61 && r <= 0xff9f
	})
}
