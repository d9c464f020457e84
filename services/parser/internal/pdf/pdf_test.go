package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/prose/prosetest"
	"coffer/services/parser/wire"
)

// engine loads a PDFium that is compiled once for all runs of the tests.
func engine(t testing.TB) *Engine {
	t.Helper()
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	dir := filepath.Join(base, "coffer-test-pdfium")
	e, err := Load([]string{dir})
	if errors.Is(err, ErrNotCompiled) {
		if err := Compile(dir); err != nil {
			t.Fatal(err)
		}
		e, err = Load([]string{dir})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.pool.Close() })
	return e
}

// file writes a PDF of numbered objects, the first of which is the catalog.
func file(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, xref)
	return b.Bytes()
}

func stream(s string) string { return fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(s), s) }

const font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"

// page is a document of one page that draws with content; more objects may
// follow from number 6 on, and extra goes into the page's dictionary.
func page(content, extra string, more ...string) []byte {
	return file("/Info 5 0 R", append([]string{
		"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[7 0 R 8 0 R 9 0 R 10 0 R]>>>>",
		"<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 6 0 R/Resources<</Font<</F 4 0 R>>>>" + extra + ">>",
		font,
		"<</Title(A title)>>",
		stream(content),
	}, more...)...)
}

func show(lines ...string) string {
	return "BT /F 12 Tf 14 TL 50 700 Td (" + strings.Join(lines, ") Tj T* (") + ") Tj ET"
}

func TestText(t *testing.T) {
	e := engine(t)
	got := prosetest.Read(page(show("First line", "second line."), ""), e.Read)
	if got.Err != nil || got.Title != "A title" || got.Pages != 1 || got.Text() != "First line\nsecond line." || got.Passages[0].Page != 1 {
		t.Fatalf("%+v", got)
	}
}

func TestWordsPartedByHyphensAreJoined(t *testing.T) {
	e := engine(t)
	got := prosetest.Read(page(show("An extra-", "ordinary well-known word."), ""), e.Read)
	if !strings.Contains(got.Text(), "extraordinary") || !strings.Contains(got.Text(), "well-known") {
		t.Fatalf("%q", got.Text())
	}
}

func TestFormFieldsAndNotes(t *testing.T) {
	e := engine(t)
	widget := "/Type/Annot/Subtype/Widget/Rect"
	doc := page(show("A form"), "/Annots[7 0 R 8 0 R 9 0 R 10 0 R 11 0 R 12 0 R 13 0 R]",
		"<<"+widget+"[50 600 150 640]/FT/Tx/T(name)/V(Ada Lovelace)>>",
		"<<"+widget+"[50 500 150 540]/FT/Ch/Ff 131072/T(town)/V(London)/Opt[(London)(Paris)]>>",
		"<<"+widget+"[50 400 150 440]/FT/Btn/T(agree)/V/Yes>>",
		"<<"+widget+"[50 300 150 340]/FT/Ch/T(drink)/V(Tea)/Opt[(Tea)(Coffee)]>>",
		"<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(A note beside)>>",
		"<</Type/Annot/Subtype/FreeText/Rect[0 0 9 9]/Contents(typed over)>>",
		"<</Type/Annot/Subtype/Popup/Rect[0 0 9 9]/Contents(popup)>>")
	got := prosetest.Read(doc, e.Read)
	want := "A form\nAda Lovelace London Tea\nCoffee\n\nA note beside\n\ntyped over"
	if got.Err != nil || got.Text() != want {
		t.Fatalf("%q %v", got.Text(), got.Err)
	}
}

func TestFailures(t *testing.T) {
	e := engine(t)
	whole := page(show("Some text"), "")
	loop := file("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[2 0 R]>>")
	many := file("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 100000/Kids[3 0 R]>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>")
	locked := file("/Encrypt<</Filter/Standard/V 1/R 2/O("+strings.Repeat("o", 32)+")/U("+strings.Repeat("u", 32)+")/P -4>>/ID[(0123456789abcdef)(0123456789abcdef)]",
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 0/Kids[]>>")
	for _, c := range []struct {
		name string
		doc  []byte
		code string
		text string
	}{
		{"no xref", whole[:bytes.LastIndex(whole, []byte("xref\n0"))], "", "Some text"},
		{"wrong xref", bytes.Replace(whole, []byte("startxref\n"), []byte("startxref\n9"), 1), "", "Some text"},
		{"cut in the middle", whole[:200], wire.CodeMalformed, ""},
		{"header only", []byte("%PDF-1.7\n"), wire.CodeMalformed, ""},
		{"noise", append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte{0xfe, 1, 2}, 5000)...), wire.CodeMalformed, ""},
		{"pages that contain themselves", loop, wire.CodeMalformed, ""},
		{"more pages than are read", many, wire.CodeTooLarge, ""},
		{"another security handler", file("/Encrypt<</Filter/Own>>", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 0/Kids[]>>"), wire.CodeEncrypted, ""},
		{"password", locked, wire.CodeEncrypted, ""},
	} {
		got := prosetest.Read(c.doc, e.Read)
		if got.Code != c.code || got.Text() != c.text {
			t.Errorf("%s: %q %v", c.name, got.Text(), got.Err)
		}
	}
	// What came before leaves nothing behind.
	if got := prosetest.Read(whole, e.Read); got.Text() != "Some text" {
		t.Errorf("after the failures: %q %v", got.Text(), got.Err)
	}
}

func TestLargeDocumentIsReadInPieces(t *testing.T) {
	e := engine(t)
	doc := page(show("Some text"), "", stream(strings.Repeat("x", copied)))
	if got := prosetest.Read(doc, e.Read); got.Text() != "Some text" {
		t.Fatalf("%q %v", got.Text(), got.Err)
	}
}

// TestMemoryIsBounded: PDFium that wants more memory than its share gets none
// and the document fails for that reason.
func TestMemoryIsBounded(t *testing.T) {
	m := &memory{}
	l := m.Allocate(0, 1<<32)
	if b := l.Reallocate(1 << 20); len(b) != 1<<20 || m.full() {
		t.Fatal("a megabyte is refused")
	}
	if b := l.Reallocate(1 << 30); b != nil || !m.full() {
		t.Fatal("a gigabyte is given")
	}
	l.Free()
	l.Free()
	e := &Engine{memory: m}
	var failure *wire.Failure
	if err := e.fault(errors.New("wasm error: unreachable")); !errors.As(err, &failure) || failure.Code != wire.CodeMemory || !failure.Died {
		t.Fatalf("%v", err)
	}
}

func TestLoadNeverCompiles(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load([]string{dir, "/proc/no/such/place"}); !errors.Is(err, ErrNotCompiled) {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("%s was written", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestErrorOfTheReceiverEndsTheDocument(t *testing.T) {
	broken := errors.New("broken pipe")
	w := prose.NewWriter(func(wire.Passage) error { return broken }, func(wire.Progress) error { return context.Canceled })
	if _, err := engine(t).Read(page(show("a"), ""), w); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
