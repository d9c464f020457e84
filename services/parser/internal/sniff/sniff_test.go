package sniff_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"coffer/services/parser/internal/sniff"
	"coffer/services/parser/wire"
)

func zipOf(members ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(members); i += 2 {
		f, _ := w.Create(members[i])
		f.Write([]byte(members[i+1]))
	}
	w.Close()
	return b.String()
}

func tarOf(name, text string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644})
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

func wide(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.Write([]byte{c, 0})
	}
	return b.String()
}

func TestKind(t *testing.T) {
	const ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
	mail := "Received: from a\nFrom: b@c\nTo: d@e\nSubject: x\nMessage-ID: <1>\n\nbody"
	for _, c := range []struct{ name, file, doc, kind, code, says string }{
		{"empty", "a.txt", "", "", wire.CodeNoText, "empty"},
		{"PDF", "a.pdf", "%PDF-1.7\n", sniff.PDF, "", ""},
		{"PDF by another name", "a.txt", "%PDF-1.7\n", sniff.PDF, "", ""},
		{"PDF behind stray bytes", "a.pdf", "HTTP header\r\n\r\n%PDF-1.4 1 0 obj endobj", sniff.PDF, "", ""},
		{"text about PDF", "a.txt", "A PDF begins with %PDF-1.4 and a line end.", sniff.Text, "", ""},
		{"docx", "a", zipOf("word/document.xml", "x"), sniff.DOCX, "", ""},
		{"docx with another main part", "a", zipOf("[Content_Types].xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"), sniff.DOCX, "", ""},
		{"flat docx", "a.docx", `<?xml version="1.0"?><?mso-application progid="Word.Document"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">`, sniff.FlatDOCX, "", ""},
		{"Word 2003 XML", "a.xml", `<?xml version="1.0"?><w:wordDocument xmlns:w="x">`, sniff.FlatDOCX, "", ""},
		{"xlsx", "a.docx", zipOf("[Content_Types].xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), "", wire.CodeUnsupported, "Excel"},
		{"pptx", "a", zipOf("[Content_Types].xml", "x.presentationml.x"), "", wire.CodeUnsupported, "PowerPoint"},
		{"odt", "a", zipOf("mimetype", "application/vnd.oasis.opendocument.text"), "", wire.CodeUnsupported, "ODT"},
		{"odt locked", "a", zipOf("mimetype", "application/vnd.oasis.opendocument.text", "META-INF/manifest.xml", "<encryption-data/>"), "", wire.CodeEncrypted, "password"},
		{"zip", "a.docx", zipOf("a.txt", "x"), "", wire.CodeArchive, "ZIP"},
		{"empty zip", "a.zip", zipOf(), "", wire.CodeArchive, "ZIP"},
		{"cut zip", "a.docx", zipOf("word/document.xml", "x")[:40], "", wire.CodeMalformed, "damaged"},
		{"epub", "a.zip", zipOf("mimetype", "application/epub+zip\n"), sniff.EPUB, "", ""},
		{"epub without mimetype", "a", zipOf("META-INF/container.xml", "x"), sniff.EPUB, "", ""},
		{"doc", "a.doc", ole + wide("WordDocument"), "", wire.CodeUnsupported, "DOC format"},
		{"locked docx", "a.docx", ole + wide("EncryptedPackage"), "", wire.CodeEncrypted, "password"},
		{"other OLE", "a", ole + "x", "", wire.CodeUnsupported, "OLE"},
		{"rtf", "a.txt", `{\rtf1 x}`, "", wire.CodeUnsupported, "RTF"},
		{"mail", "a.eml", mail, "", wire.CodeUnsupported, "e-mail"},
		{"mail kept as text", "a.txt", mail, sniff.Text, "", ""},
		{"mailbox", "a.mbox", "From a@b Mon Jan 1 2001\n" + mail, "", wire.CodeUnsupported, "mailbox"},
		{"svg", "a.svg", `<?xml version="1.0"?><svg xmlns="x"/>`, "", wire.CodeUnsupported, "SVG"},
		{"xml", "a.xml", `<?xml version="1.0"?><book/>`, "", wire.CodeUnsupported, "XML"},
		{"xhtml", "a.xml", `<?xml version="1.0"?><!-- x --><html xmlns="x">`, sniff.HTML, "", ""},
		{"png", "a.txt", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "", wire.CodeUnsupported, "picture"},
		{"gzip", "a.txt", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x00\x01\x02", "", wire.CodeArchive, "archive"},
		{"7z", "a", "7z\xbc\xaf\x27\x1c\x00\x04", "", wire.CodeArchive, "7Z"},
		{"rar", "a.pdf", "Rar!\x1a\x07\x01\x00\x00\x01", "", wire.CodeArchive, "RAR"},
		{"rar 4", "a.pdf", "Rar!\x1a\x07\x00\x00\x01\x02", "", wire.CodeArchive, "RAR"},
		{"xz", "a", "\xfd7zXZ\x00\x00\x04", "", wire.CodeArchive, "XZ"},
		{"zstd", "a", "\x28\xb5\x2f\xfd\x00\x01\x02", "", wire.CodeArchive, "ZST"},
		{"bzip2", "a", "BZh91AY&SY\x00\x01", "", wire.CodeArchive, "BZ2"},
		{"tar", "a", tarOf("a.txt", "text"), "", wire.CodeArchive, "TAR"},
		{"a multitude", "a.docx", zipOf(append(slices.Repeat([]string{"a.txt", ""}, 10_000), "word/document.xml", "x")...), "", wire.CodeArchive, "ZIP"},
		{"ccx", "a.ccx", zipOf("mimetype", "application/vnd.ccx+zip"), "", wire.CodePackage, "Settings"},
		{"jar", "a.jar", zipOf("META-INF/MANIFEST.MF", "x"), "", wire.CodeUnsupported, "Java"},
		{"pages", "a.pages", zipOf("Index/Document.iwa", "x"), "", wire.CodeUnsupported, "iWork"},
		{"visio", "a.vsdx", zipOf("[Content_Types].xml", "x"), "", wire.CodeUnsupported, "unknown kind"},
		{"elf", "a", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00", "", wire.CodeUnsupported, "This is"},
		{"noise", "a.txt", "\x00\x01\x02\x03\x90\x91\x05\x06", "", wire.CodeUnsupported, "unknown kind"},
		{"html", "a.html", "<p>x", sniff.HTML, "", ""},
		{"html by another name", "a.txt", "<!DOCTYPE html>\n<html>", sniff.HTML, "", ""},
		{"html without a name", "download", "<div class=x>", sniff.HTML, "", ""},
		{"html in UTF-16", "a.htm", "\xff\xfe" + wide("<html><p>x"), sniff.HTML, "", ""},
		{"markdown", "README.md", "# x", sniff.Markdown, "", ""},
		{"markdown that begins with HTML", "README.md", "<p align=center>x</p>\n\n# x", sniff.Markdown, "", ""},
		{"markdown by name only", "a.MARKDOWN", "x", sniff.Markdown, "", ""},
		{"text with tags", "a.txt", "see <b>this</b>", sniff.Text, "", ""},
		{"source code", "a.go", "package x // <html>", sniff.Text, "", ""},
		{"csv", "a.csv", "a,b\n", sniff.CSV, "", ""},
		{"tsv", "a.tsv", "a\tb\n", sniff.CSV, "", ""},
		{"table without a name", "export", "a;b;c\n1;2;3\n4;5;6\n", sniff.CSV, "", ""},
		{"prose with commas", "notes", "One, two, three.\nFour, five.\nSix.\n", sniff.Text, "", ""},
		{"text that begins like a bitmap", "a.txt", "BMW makes cars — in Munich", sniff.Text, "", ""},
		{"text in UTF-16 without mark", "a.txt", wide("plain words of a text"), sniff.Text, "", ""},
		{"text in windows-1251", "a", "\xcf\xf0\xe8\xe2\xe5\xf2", sniff.Text, "", ""},
		{"JSON", "a.json", `{"a": 1}`, sniff.Text, "", ""},
	} {
		kind, err := sniff.Kind([]byte(c.doc), c.file)
		var failure *wire.Failure
		if errors.As(err, &failure) {
			if failure.Code != c.code || !strings.Contains(failure.Message, c.says) || c.kind != "" {
				t.Errorf("%s: %+v", c.name, failure)
			}
			continue
		}
		if kind != c.kind || c.code != "" {
			t.Errorf("%s: %q, want %q %q", c.name, kind, c.kind, c.code)
		}
	}
}

// TestLongTextIsNotCutInACharacter: what is looked at ends at a whole one.
func TestLongTextIsNotCutInACharacter(t *testing.T) {
	for shift := range 4 {
		doc := strings.Repeat("x", shift) + strings.Repeat("語", 100_000)
		if kind, err := sniff.Kind([]byte(doc), "a"); kind != sniff.Text {
			t.Errorf("shifted by %d: %q %v", shift, kind, err)
		}
	}
}

// TestBeginning: what the beginning is sure of is what the whole is.
func TestBeginning(t *testing.T) {
	rest := strings.Repeat("\x00\x01\x02\x03", sniff.HeadLength/4)
	for name, c := range map[string]struct{ doc, code string }{
		"picture": {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + rest, wire.CodeUnsupported},
		"noise":   {rest, wire.CodeUnsupported},
		"zip":     {"PK\x03\x04" + rest, ""},
		"ole":     {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + rest, ""},
		"pdf":     {"%PDF-1.7" + rest, ""},
		"text":    {strings.Repeat("word ", sniff.HeadLength), ""},
	} {
		err := sniff.Beginning([]byte(c.doc[:sniff.HeadLength]), name)
		var failure *wire.Failure
		if errors.As(err, &failure) != (c.code != "") || failure != nil && failure.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzKind(f *testing.F) {
	f.Add([]byte("<?xml"), "a.xml")
	f.Add([]byte(zipOf("word/document.xml", "x")), "a.docx")
	f.Fuzz(func(t *testing.T, doc []byte, name string) {
		kind, err := sniff.Kind(doc, name)
		var failure *wire.Failure
		if (kind == "") == (err == nil) || err != nil && (!errors.As(err, &failure) || failure.Message == "") {
			t.Errorf("%q %v", kind, err)
		}
	})
}
