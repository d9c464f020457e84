package parser_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"coffer/services/parser/wire"
)

// TestHostileDocuments: real children under the real limits; each document
// ends with a reason, soon, and the next one is read.
func TestHostileDocuments(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector does not run within a child's memory")
	}
	t.Parallel()
	packed := func(name, text string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 200 { // each write is a megabyte or a little text
			if _, err := f.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	var rows strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&rows, "%d,some text in a row of a table,%d\n", i, i*i)
	}
	s := start(t, nil)
	for _, c := range []struct {
		name  string
		doc   []byte
		codes string // any of these; "ok" is a result
	}{
		{"bomb.docx", packed("word/document.xml", strings.Repeat(" ", 1<<20)), wire.CodeTooLarge},
		{"deep.docx", packed("word/document.xml", strings.Repeat("<w:p>", 1000)), wire.CodeTooLarge},
		{"wide.docx", packed("word/document.xml", strings.Repeat("<w:t/>", 100_000)), wire.CodeNoText + wire.CodeTooLarge + wire.CodeMalformed},
		{"rows.csv", []byte(rows.String()), wire.CodeTooLarge},
		{"long.txt", bytes.Repeat([]byte("endless "), 8<<20), wire.CodeTooLarge},
		{"one-line.html", []byte(strings.Repeat("<b>", 2_000_000)), wire.CodeNoText},
		{"attributes.html", []byte("<p " + strings.Repeat("a=b ", 2_000_000) + ">text"), "ok"},
		{"quotes.md", []byte(strings.Repeat("> ", 20_000) + "x"), "ok" + wire.CodeTimeout + wire.CodeCrashed + wire.CodeMemory},
		{"lists.md", []byte(strings.Repeat("- ", 20_000) + "x"), "ok" + wire.CodeTimeout + wire.CodeCrashed + wire.CodeMemory},
		{"links.md", []byte(strings.Repeat("[a](", 50_000)), "ok"},
		{"emphasis.md", []byte(strings.Repeat("*a_", 50_000)), "ok"},
		{"pages.pdf", []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 2000000000/Kids[2 0 R]>>endobj trailer<</Root 1 0 R>>"), wire.CodeMalformed + wire.CodeTooLarge},
	} {
		begin := time.Now()
		got, failure := s.parse(t, c.name, c.doc)
		code := "ok"
		if failure != nil {
			code = failure.Code
		}
		t.Logf("%s: %s in %s", c.name, code, time.Since(begin).Round(time.Millisecond))
		if !strings.Contains(c.codes, code) {
			t.Errorf("%s: %s %+v (%d passages)", c.name, code, failure, len(got.Passages))
		}
		if got, failure := s.parse(t, "a.txt", []byte("fine")); failure != nil || text(got) != "fine\n\n" {
			t.Errorf("after %s: %+v", c.name, failure)
		}
	}
}
