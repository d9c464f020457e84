package epub_test

import (
	"archive/zip"
	"bytes"
	"maps"
	"testing"

	"coffer/services/parser/internal/epub"
	"coffer/services/parser/internal/prose/prosetest"
	"coffer/services/parser/wire"
)

const (
	container = `<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>`
	opf       = `<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>The Book</dc:title><dc:title>A subtitle</dc:title></metadata>
		<manifest>
			<item id="b" href="two%20b.xhtml#x" media-type="application/xhtml+xml"/>
			<item id="a" href="one.xml" media-type="application/xhtml+xml"/>
			<item id="c" href="cover.png" media-type="image/png"/>
			<item id="d" href="gone.xhtml" media-type="application/xhtml+xml"/>
		</manifest>
		<spine><itemref idref="c"/><itemref idref="a"/><itemref idref="d"/><itemref idref="b"/><itemref idref="a"/></spine></package>`
)

func chapter(text string) string {
	return `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><p>` + text + `</p></body></html>`
}

func whole() map[string]string {
	return map[string]string{
		"mimetype":               "application/epub+zip",
		"META-INF/container.xml": container,
		"OPS/book.opf":           opf,
		"OPS/one.xml":            chapter("first"),
		"OPS/two b.xhtml":        chapter("second"),
		"OPS/cover.png":          "\x89PNG",
	}
}

func pack(t *testing.T, members map[string]string) []byte {
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

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name              string
		change            map[string]string
		title, text, code string
	}{
		{"whole", nil, "The Book", "first\n\nsecond", ""},
		{"no container", map[string]string{"META-INF/container.xml": ""}, "The Book", "first\n\nsecond", ""},
		{"container that points nowhere", map[string]string{"META-INF/container.xml": `<rootfile full-path="x.opf"/>`}, "The Book", "first\n\nsecond", ""},
		{"broken package document", map[string]string{"OPS/book.opf": "<package><metadata>"}, "", "second", ""},
		{"scrambled fonts only", map[string]string{"META-INF/encryption.xml": `<encryption><EncryptedData><CipherData><CipherReference URI="OPS/font.otf"/></CipherData></EncryptedData></encryption>`}, "The Book", "first\n\nsecond", ""},
		{"locked chapter", map[string]string{"META-INF/encryption.xml": `<encryption><EncryptedData><CipherData><CipherReference URI="OPS/one.xml"/></CipherData></EncryptedData></encryption>`}, "", "", wire.CodeEncrypted},
		{"nothing to read", map[string]string{"OPS/book.opf": "", "OPS/one.xml": "", "OPS/two b.xhtml": ""}, "", "", ""},
	} {
		members := whole()
		maps.Copy(members, c.change)
		got := prosetest.Read(pack(t, members), epub.Read)
		if got.Code != c.code || got.Title != c.title || got.Text() != c.text {
			t.Errorf("%s: %q %q %v", c.name, got.Title, got.Text(), got.Err)
		}
	}
	if got := prosetest.Read(pack(t, map[string]string{"mimetype": "application/epub+zip"}), epub.Read); got.Code != wire.CodeMalformed {
		t.Errorf("without chapters: %v", got.Err)
	}
}

func TestReferencesStayInside(t *testing.T) {
	members := whole()
	members["OPS/book.opf"] = `<package><manifest><item id="a" href="../../../etc/passwd" media-type="x"/></manifest><spine><itemref idref="a"/></spine></package>`
	members["etc/passwd"] = chapter("of the archive itself")
	if got := prosetest.Read(pack(t, members), epub.Read); got.Text() != "of the archive itself" {
		t.Errorf("%q %v", got.Text(), got.Err)
	}
}
