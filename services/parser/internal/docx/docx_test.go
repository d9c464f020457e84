package docx_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"coffer/services/parser/internal/docx"
	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose/prosetest"
	"coffer/services/parser/wire"
)

const (
	transitional = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	strict       = "http://purl.oclc.org/ooxml/wordprocessingml/main"
)

func document(space, body string) string {
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="%s" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>%s</w:body></w:document>`, space, body)
}

func p(text string) string { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }

func pack(t testing.TB, members map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range members {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBody(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"paragraphs", p("one") + p("") + p("two &amp; three"), "one\n\ntwo & three"},
		{"runs", `<w:p><w:r><w:t xml:space="preserve">in </w:t></w:r><w:r><w:t>side</w:t></w:r></w:p>`, "in side"},
		{"tabs and breaks", `<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>`, "a b\nc-d"},
		{"soft hyphen", `<w:p><w:r><w:t>co</w:t><w:softHyphen/><w:t>op</w:t></w:r></w:p>`, "coop"},
		{"table", "<w:tbl><w:tr><w:tc>" + p("a") + "</w:tc><w:tc>" + p("b") + p("c") + "</w:tc></w:tr><w:tr><w:tc>" + p("d") + "</w:tc></w:tr></w:tbl>" + p("after"), "a | b\nc\nd\n\nafter"},
		{"table in a table", "<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc>" + p("inner") + "</w:tc></w:tr></w:tbl>" + p("x") + "</w:tc></w:tr></w:tbl>", "inner\nx"},
		{"text box inside a run", "<w:p><w:r><w:t>before</w:t><w:txbxContent>" + p("boxed") + "</w:txbxContent><w:t> after</w:t></w:r></w:p>", "boxed\n\nbefore after"},
		{"the second form of a text box", "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>" + p("boxed") + "</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>" + p("boxed") + "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>", "boxed"},
		{"deleted text and fields", `<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:r><w:instrText>PAGE</w:instrText></w:r></w:p>`, "new"},
		{"content control", "<w:sdt><w:sdtContent>" + p("chosen") + "</w:sdtContent></w:sdt>", "chosen"},
		{"link", `<w:p><w:hyperlink><w:r><w:t>a link</w:t></w:r></w:hyperlink></w:p>`, "a link"},
		{"text outside of runs", "<w:p>stray" + "<w:r><w:t>real</w:t></w:r></w:p>", "real"},
		{"Hebrew", p("שלום עולם"), "שלום עולם"},
	} {
		for _, space := range []string{transitional, strict} {
			got := prosetest.Read(pack(t, map[string]string{"word/document.xml": document(space, c.body)}), docx.Read)
			if got.Err != nil || got.Text() != c.want {
				t.Errorf("%s: %q %v, want %q", c.name, got.Text(), got.Err, c.want)
			}
			flat := prosetest.Read([]byte(`<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part><pkg:xmlData>`+
				strings.TrimPrefix(document(space, c.body), `<?xml version="1.0" encoding="UTF-8"?>`)+`</pkg:xmlData></pkg:part></pkg:package>`), docx.ReadFlat)
			if flat.Text() != c.want {
				t.Errorf("%s, flat: %q %v", c.name, flat.Text(), flat.Err)
			}
		}
	}
}

func TestParts(t *testing.T) {
	part := func(text string) string { return document(transitional, p(text)) }
	got := prosetest.Read(pack(t, map[string]string{
		"_rels/.rels":         `<Relationships><Relationship Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="/word/main.xml"/></Relationships>`,
		"word/main.xml":       document(transitional, `<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Head</w:t></w:r></w:p>`+p("body")),
		"word/header1.xml":    part("letterhead"),
		"word/header2.xml":    part("letterhead"),
		"word/footnotes.xml":  part("a footnote"),
		"word/endnotes.xml":   part("an endnote"),
		"word/comments.xml":   part("a comment"),
		"word/footer1.xml":    part("page foot"),
		"word/settings.xml":   part("not text"),
		"word/headerless.xml": part("not text"),
		"docProps/core.xml":   `<cp:coreProperties xmlns:dc="x"><dc:title>The title</dc:title><dc:creator>Ada</dc:creator></cp:coreProperties>`,
	}), docx.Read)
	want := "letterhead\n\nHead\n\nbody\n\na footnote\n\nan endnote\n\na comment\n\npage foot"
	if got.Err != nil || got.Title != "The title" || got.Text() != want {
		t.Fatalf("%q %q %v", got.Title, got.Text(), got.Err)
	}
}

func TestDamage(t *testing.T) {
	cut := document(transitional, p("kept")+p("lost"))
	for _, c := range []struct {
		name, body, text, code string
	}{
		{"cut after a paragraph", cut[:strings.Index(cut, "lost")], "kept", ""},
		{"undeclared prefix", "<w:document><w:body>" + p("kept") + "</w:body></w:document>", "kept", ""},
		{"unknown entity", document(transitional, p("a &nosuch; b")), "a &nosuch; b", ""},
		{"no XML at all", "\x00\x01\x02", "", wire.CodeMalformed},
		{"deep nesting", strings.Repeat("<w:p>", limits.Depth+1), "", wire.CodeTooLarge},
		{"entity bomb", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + document(transitional, p("x&b;"))[38:], "x&b;", ""},
	} {
		got := prosetest.Read(pack(t, map[string]string{"word/document.xml": c.body}), docx.Read)
		if got.Code != c.code || got.Text() != c.text {
			t.Errorf("%s: %q %v", c.name, got.Text(), got.Err)
		}
	}
	if got := prosetest.Read(pack(t, map[string]string{"other": "x"}), docx.Read); got.Code != wire.CodeMalformed {
		t.Errorf("no body: %v", got.Err)
	}
}

func FuzzReadFlat(f *testing.F) {
	f.Add(document(transitional, "<w:tbl><w:tr><w:tc>"+p("a")+"</w:tc></w:tr>"))
	f.Fuzz(func(t *testing.T, in string) {
		if got := prosetest.Read([]byte(in), docx.ReadFlat); got.Err != nil && got.Code == "" {
			t.Error(got.Err)
		}
	})
}
