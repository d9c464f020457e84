package parser_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// makePDF writes a PDF with one page per text; each line of a text is a line
// of its page. Only ASCII without parentheses and backslashes fits.
func makePDF(pages ...string) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n"+format+"\nendobj\n", append([]any{len(offsets)}, args...)...)
	}
	b.WriteString("%PDF-1.4\n")
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 4+2*i)
	}
	object("<</Type/Catalog/Pages 2 0 R>>")
	object("<</Type/Pages/Count %d/Kids[%s]>>", len(pages), kids.String())
	object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	for i, page := range pages {
		var content strings.Builder
		content.WriteString("BT /F1 10 Tf 12 TL 50 780 Td\n")
		for line := range strings.Lines(page) {
			fmt.Fprintf(&content, "(%s) Tj T*\n", strings.TrimSpace(line))
		}
		content.WriteString("ET")
		object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</Font<</F1 3 0 R>>>>>>", 5+2*i)
		object("<</Length %d>>\nstream\n%s\nendstream", content.Len(), content.String())
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, xref)
	return b.Bytes()
}

// book is a PDF of n pages of 50 lines.
func book(n int) []byte {
	pages := make([]string, n)
	for i := range pages {
		var page strings.Builder
		for line := range 50 {
			fmt.Fprintf(&page, "Page %d line %d tells of quick foxes that jump over lazy dogs in the morning.\n", i+1, line)
		}
		pages[i] = page.String()
	}
	return makePDF(pages...)
}

func BenchmarkSmallText(b *testing.B) {
	benchmark(b, "note.txt", []byte(strings.Repeat("A short sentence of a small document. ", 50)))
}

func BenchmarkSmallPDF(b *testing.B) { benchmark(b, "letter.pdf", book(1)) }

func BenchmarkBookPDF(b *testing.B) { benchmark(b, "book.pdf", book(300)) }

func benchmark(b *testing.B, name string, doc []byte) {
	s := start(b, nil)
	s.parse(b, name, doc) // the child starts here
	b.SetBytes(int64(len(doc)))
	b.ResetTimer()
	for b.Loop() {
		if _, failure := s.parse(b, name, doc); failure != nil {
			b.Fatal(failure)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "documents/s")
}

// BenchmarkPdftotext is what to compare with.
func BenchmarkPdftotext(b *testing.B) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		b.Skip("pdftotext is not installed")
	}
	for name, doc := range map[string][]byte{"small": book(1), "book": book(300)} {
		b.Run(name, func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "a.pdf")
			if err := os.WriteFile(file, doc, 0o600); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := exec.Command("pdftotext", file, os.DevNull).Run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "documents/s")
		})
	}
}
