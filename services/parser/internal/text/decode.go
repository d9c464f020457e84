// Package text reads plain text in whatever encoding it was written.
//
// It owns the guess of an encoding and the shape of plain text: paragraphs and
// form feeds. Markup is not its business.
package text

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// sample is how many bytes a guess looks at.
const sample = 64 << 10

// Decode returns doc as UTF-8. In order of trust: a byte order mark, UTF-8
// that is valid, the pattern of zero bytes that UTF-16 leaves, what the
// document declares (may be empty), UTF-8 with few faults, a statistical guess.
func Decode(doc []byte, declared string) string {
	if enc, mark := byMark(doc); enc != nil {
		return decode(enc, doc[mark:])
	}
	if enc := byZeros(doc); enc != nil {
		return decode(enc, doc)
	}
	if utf8.Valid(doc) && !bytes.Contains(doc, []byte("\x1b$")) {
		return string(doc)
	}
	if enc, err := htmlindex.Get(strings.TrimSpace(declared)); err == nil && !isUTF8(enc) && !isUTF16(enc) {
		return decode(enc, doc)
	}
	if mostlyUTF8(doc) {
		return strings.ToValidUTF8(string(doc), "\uFFFD")
	}
	return decode(guess(doc), doc)
}

func decode(enc encoding.Encoding, doc []byte) string {
	out, err := enc.NewDecoder().Bytes(doc)
	if err != nil {
		return strings.ToValidUTF8(string(doc), "\uFFFD")
	}
	return string(out)
}

func isUTF8(enc encoding.Encoding) bool {
	name, _ := htmlindex.Name(enc)
	return name == "utf-8"
}

func isUTF16(enc encoding.Encoding) bool {
	name, _ := htmlindex.Name(enc)
	return strings.HasPrefix(name, "utf-16")
}

// byMark finds a byte order mark and its length.
func byMark(doc []byte) (encoding.Encoding, int) {
	switch {
	case bytes.HasPrefix(doc, []byte("\xef\xbb\xbf")):
		return unicode.UTF8, 3
	case bytes.HasPrefix(doc, []byte("\xff\xfe\x00\x00")):
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), 4
	case bytes.HasPrefix(doc, []byte("\x00\x00\xfe\xff")):
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), 4
	case bytes.HasPrefix(doc, []byte("\xff\xfe")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 2
	case bytes.HasPrefix(doc, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 2
	}
	return nil, 0
}

// byZeros finds UTF-16 without a mark: Latin text, spaces and line ends leave
// zero bytes on one side of each pair only.
func byZeros(doc []byte) encoding.Encoding {
	head := doc[:min(len(doc), sample)&^1]
	var even, odd int
	for i := 0; i < len(head); i += 2 {
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	pairs := len(head) / 2
	switch {
	case pairs == 0:
		return nil
	case odd*10 >= pairs && even*20 <= odd:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case even*10 >= pairs && odd*20 <= even:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// mostlyUTF8 tells whether doc is UTF-8 with a few damaged characters.
func mostlyUTF8(doc []byte) bool {
	var good, bad int
	for i := 0; i < len(doc); {
		if doc[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(doc[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return good > 10*bad
}

// guess asks how common the letters and letter pairs are in many languages.
func guess(doc []byte) encoding.Encoding {
	results, err := chardet.NewTextDetector().DetectAll(foreign(doc))
	if err != nil {
		return charmap.Windows1252
	}
	for _, r := range results {
		if strings.HasPrefix(r.Charset, "IBM") || strings.HasPrefix(r.Charset, "UTF") {
			continue
		}
		enc, err := htmlindex.Get(strings.ReplaceAll(r.Charset, "GB-", "gb"))
		if err != nil || r.Confidence < 10 {
			continue
		}
		if name, _ := htmlindex.Name(enc); name == "replacement" {
			continue
		}
		return enc
	}
	return charmap.Windows1252
}

// foreign gathers the lines of doc that are not ASCII, up to a sample: the
// others say nothing about an encoding.
func foreign(doc []byte) []byte {
	var out []byte
	for line := range bytes.Lines(doc) {
		if bytes.IndexFunc(line, func(r rune) bool { return r >= utf8.RuneSelf || r == 0x1b }) < 0 {
			continue
		}
		out = append(out, line[:min(len(line), sample-len(out))]...)
		if len(out) >= sample {
			break
		}
	}
	return out
}
