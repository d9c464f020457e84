package extract

import (
	"archive/zip"
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

func guess(names []byte) encoding.Encoding {
	results, err := chardet.NewTextDetector().DetectAll(names)
	if err != nil {
		return charmap.CodePage437
	}
	for _, r := range results {
		// Names are short: a code page of one byte a character fits anything.
		if page, err := htmlindex.Get(r.Charset); err == nil && wide(r.Charset) && fits(page, names) {
			return page
		}
	}
	return charmap.CodePage437
}

func wide(charset string) bool {
	switch charset {
	case "Shift_JIS", "GB-18030", "GB18030", "Big5", "EUC-JP", "EUC-KR":
		return true
	}
	return false
}

func fits(page encoding.Encoding, names []byte) bool {
	text, err := page.NewDecoder().Bytes(names)
	return err == nil && !strings.ContainsRune(string(text), utf8.RuneError)
}
