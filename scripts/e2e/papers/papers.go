// Package papers makes documents to feed a box with: real files of each format
// that can be read, written from lines of text.
//
// It owns the smallest honest encoding of each format and a seeded source of
// prose. It refuses to be a library for anything else: no styles, no images.
package papers

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
)

// PDF writes one page for each slice of lines, in Helvetica, top to bottom. The
// text must be ASCII.
func PDF(pages [][]string) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(offsets))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	const fixed = 3 // catalogue, page tree and font come first
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", fixed+1+2*i)
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Count %d /Kids [%s] >>", len(pages), kids.String())
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	for i, lines := range pages {
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", fixed+2+2*i)
		var s strings.Builder
		s.WriteString("BT /F1 11 Tf 14 TL 56 790 Td\n")
		escape := strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`)
		for _, line := range lines {
			fmt.Fprintf(&s, "(%s) Tj T*\n", escape.Replace(line))
		}
		s.WriteString("ET")
		object("<< /Length %d >>\nstream\n%s\nendstream", s.Len(), s.String())
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return b.Bytes()
}

// Text writes one paragraph for each line.
func Text(lines []string) []byte { return []byte(strings.Join(lines, "\n\n") + "\n") }

// Markdown writes a heading and a paragraph for each line.
func Markdown(title string, lines []string) []byte {
	return []byte("# " + title + "\n\n" + strings.Join(lines, "\n\n") + "\n\n- one\n- two\n")
}

// HTML writes a page with a paragraph for each line.
func HTML(title string, lines []string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><html lang=en><meta charset=utf-8><title>%s</title><body><h1>%[1]s</h1>", html.EscapeString(title))
	for _, l := range lines {
		fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(l))
	}
	return []byte(b.String())
}

// CSV writes a header and one row for each line.
func CSV(lines []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"number", "note"}}
	for i, l := range lines {
		rows = append(rows, []string{fmt.Sprint(i + 1), l})
	}
	if err := w.WriteAll(rows); err != nil {
		panic(err) // a buffer takes every write
	}
	return b.Bytes()
}

// DOCX writes a paragraph for each line.
func DOCX(lines []string) []byte {
	var body strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&body, "<w:p><w:r><w:t>%s</w:t></w:r></w:p>", html.EscapeString(l))
	}
	return archive([][2]string{
		{"[Content_Types].xml", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body.String() + `</w:body></w:document>`},
	})
}

// EPUB writes one chapter with a paragraph for each line.
func EPUB(title string, lines []string) []byte {
	var body strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&body, "<p>%s</p>", html.EscapeString(l))
	}
	name := html.EscapeString(title)
	return archive([][2]string{
		{"mimetype", "application/epub+zip"},
		{"META-INF/container.xml", `<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`},
		{"book.opf", `<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">x</dc:identifier><dc:title>` + name + `</dc:title><dc:language>en</dc:language></metadata><manifest><item id="c1" href="c1.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c1"/></spine></package>`},
		{"c1.xhtml", `<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>` + name + `</title></head><body><h1>` + name + `</h1>` + body.String() + `</body></html>`},
	})
}

// archive packs members; the first one is stored as it is, which EPUB asks for.
func archive(members [][2]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, m := range members {
		method := zip.Deflate
		if i == 0 {
			method = zip.Store
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: m[0], Method: method})
		if err == nil {
			_, err = w.Write([]byte(m[1]))
		}
		if err != nil {
			panic(err) // a buffer takes every write
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// Prose returns n lines of words, the same for the same seed.
func Prose(r *rand.Rand, n int) []string {
	words := strings.Fields(`harbour ledger lantern granite meadow copper river signal winter orchard
		canvas anchor pepper velvet saddle timber marble candle basin thistle compass gravel kettle
		barley magnet plaster ribbon shutter turnip walnut bridge chimney dagger ferry glacier hammer
		island jacket kernel ladder mortar needle oyster parcel quarry rafter sparrow tunnel valley
		weaver yarrow beacon cinder drizzle ember furrow gable hinge ivory`)
	lines := make([]string, n)
	for i := range lines {
		line := make([]string, 8+r.IntN(5))
		for j := range line {
			line[j] = words[r.IntN(len(words))]
		}
		lines[i] = strings.Join(line, " ") + "."
	}
	return lines
}

// Token returns a word that no other number has, made of letters only.
func Token(n int) string {
	b := []byte("zq")
	for range 5 {
		b = append(b, byte('a'+n%26))
		n /= 26
	}
	return string(b) + "xk"
}

// Mixed returns the n-th document of a mix of every format. It holds Token(n)
// exactly once.
func Mixed(n int) (name string, body []byte) {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	lines := Prose(r, 12)
	lines[r.IntN(len(lines))] += " The word is " + Token(n) + "."
	title := fmt.Sprintf("Paper %d", n)
	file := func(ext string) string { return fmt.Sprintf("paper-%04d.%s", n, ext) }
	switch n % 7 {
	case 0:
		half := len(lines) / 2
		return file("pdf"), PDF([][]string{lines[:half], lines[half:]})
	case 1:
		return file("txt"), Text(lines)
	case 2:
		return file("md"), Markdown(title, lines)
	case 3:
		return file("html"), HTML(title, lines)
	case 4:
		return file("csv"), CSV(lines)
	case 5:
		return file("docx"), DOCX(lines)
	default:
		return file("epub"), EPUB(title, lines)
	}
}
