// Package epub reads e-books in the EPUB format, versions 2 and 3.
//
// It owns the way from the container to the chapters in reading order; each
// chapter is a page of package html.
package epub

import (
	"encoding/xml"
	"net/url"
	"path"
	"slices"
	"strings"

	"coffer/services/parser/internal/html"
	"coffer/services/parser/internal/markup"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/zipped"
	"coffer/services/parser/wire"
)

// Kind is what an owner calls such a document.
const Kind = "an e-book (EPUB)"

// Read reads the book doc.
func Read(doc []byte, w *prose.Writer) (wire.Head, error) {
	archive, err := zipped.Open(doc, Kind)
	if err != nil {
		return wire.Head{}, err
	}
	locked, err := lockedParts(archive)
	if err != nil {
		return wire.Head{}, err
	}
	book, err := open(archive)
	if err != nil {
		return wire.Head{}, err
	}
	read := 0
	for _, name := range book.chapters {
		if locked[name] {
			return wire.Head{}, prose.Encrypted(Kind)
		}
		chapter, err := archive.Read(name)
		if err != nil {
			return wire.Head{}, err
		}
		if chapter == nil {
			continue // listed but missing; the others are still worth reading
		}
		read++
		if _, err := html.Read(chapter, w); err != nil {
			return wire.Head{}, err
		}
	}
	if read == 0 {
		return wire.Head{}, prose.Malformed(Kind)
	}
	return wire.Head{Title: book.title}, nil
}

type book struct {
	title    string
	chapters []string
}

// open finds the chapters: by the package document, or, when that is missing
// or names none, every page in the order of names.
func open(archive *zipped.Archive) (book, error) {
	root, err := rootFile(archive)
	if err != nil {
		return book{}, err
	}
	data, err := archive.Read(root)
	if err != nil {
		return book{}, err
	}
	b, err := packageDocument(data, path.Dir(root))
	if err != nil {
		return book{}, err
	}
	if !slices.ContainsFunc(b.chapters, archive.Has) {
		b.chapters = nil
		for _, name := range archive.Names() {
			if page(name) && !strings.HasPrefix(name, "__MACOSX/") {
				b.chapters = append(b.chapters, name)
			}
		}
		slices.Sort(b.chapters)
	}
	return b, nil
}

func page(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".xhtml", ".html", ".htm":
		return true
	}
	return false
}

// rootFile is the package document that the container names, else the first
// one by its extension.
func rootFile(archive *zipped.Archive) (string, error) {
	container, err := archive.Read("META-INF/container.xml")
	if err != nil {
		return "", err
	}
	var root string
	_, err = markup.Walk(container, markup.Handler{Start: func(e xml.StartElement) error {
		if e.Name.Local == "rootfile" && root == "" {
			root = markup.Attr(e, "full-path")
		}
		return nil
	}})
	if err != nil || archive.Has(root) {
		return root, err
	}
	for _, name := range archive.Names() {
		if strings.EqualFold(path.Ext(name), ".opf") && !strings.HasPrefix(name, "__MACOSX/") {
			return name, nil
		}
	}
	return "", nil
}

// packageDocument reads the title and the spine; names are relative to folder.
func packageDocument(data []byte, folder string) (book, error) {
	var b book
	var title strings.Builder
	items := map[string]string{}
	inTitle := false
	_, err := markup.Walk(data, markup.Handler{
		Start: func(e xml.StartElement) error {
			switch e.Name.Local {
			case "title":
				inTitle = title.Len() == 0
			case "item":
				if readable(markup.Attr(e, "media-type")) {
					items[markup.Attr(e, "id")] = member(folder, markup.Attr(e, "href"))
				}
			case "itemref":
				if name := items[markup.Attr(e, "idref")]; name != "" && !slices.Contains(b.chapters, name) {
					b.chapters = append(b.chapters, name)
				}
			}
			return nil
		},
		End: func(xml.Name) error { inTitle = false; return nil },
		Text: func(text []byte) error {
			if inTitle {
				title.Write(text)
			}
			return nil
		},
	})
	b.title = title.String()
	return b, err
}

// readable tells whether a part in the reading order may be a page.
func readable(mediaType string) bool {
	kind, _, _ := strings.Cut(mediaType, "/")
	switch kind {
	case "image", "audio", "video", "font":
		return false
	}
	return mediaType != "text/css"
}

// member is the name in the archive of a reference from folder.
func member(folder, reference string) string {
	reference, _, _ = strings.Cut(reference, "#")
	if plain, err := url.PathUnescape(reference); err == nil {
		reference = plain
	}
	return strings.TrimPrefix(path.Join("/", folder, reference), "/")
}

// lockedParts lists members that copy protection has encrypted. Fonts are
// often scrambled in books that are otherwise open; they hold no text.
func lockedParts(archive *zipped.Archive) (map[string]bool, error) {
	data, err := archive.Read("META-INF/encryption.xml")
	if err != nil {
		return nil, err
	}
	locked := map[string]bool{}
	_, err = markup.Walk(data, markup.Handler{Start: func(e xml.StartElement) error {
		if e.Name.Local == "CipherReference" {
			locked[member("", markup.Attr(e, "URI"))] = true
		}
		return nil
	}})
	return locked, err
}
