// Package docx reads Word documents (Office Open XML), in a ZIP archive or as
// one flat XML file, in the transitional and the strict namespaces.
//
// It owns the parts that hold text and their order: headers, the body, notes,
// comments, footers. It opens nothing embedded and follows no reference out of
// the file.
package docx

import (
	"encoding/xml"
	"path"
	"slices"
	"strings"

	"coffer/services/parser/internal/markup"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/zipped"
	"coffer/services/parser/wire"
)

// Kind is what an owner calls such a document.
const Kind = "a Word document"

// Read reads the packed document doc.
func Read(doc []byte, w *prose.Writer) (wire.Head, error) {
	archive, err := zipped.Open(doc, Kind)
	if err != nil {
		return wire.Head{}, err
	}
	main, err := mainPart(archive)
	if err != nil {
		return wire.Head{}, err
	}
	r := &reader{out: w, seen: map[string]bool{}}
	for _, name := range parts(archive.Names(), main) {
		part, err := archive.Read(name)
		if err != nil {
			return wire.Head{}, err
		}
		clean, err := r.part(part, name != main)
		if err != nil {
			return wire.Head{}, err
		}
		if !clean && name == main && r.blocks == 0 {
			return wire.Head{}, prose.Malformed(Kind)
		}
	}
	core, err := archive.Read("docProps/core.xml")
	if err != nil {
		return wire.Head{}, err
	}
	title, err := coreTitle(core)
	return wire.Head{Title: title}, err
}

// mainPart is the member that holds the body: the target of the relationship
// that the package names as its document.
func mainPart(archive *zipped.Archive) (string, error) {
	rels, err := archive.Read("_rels/.rels")
	if err != nil {
		return "", err
	}
	var target string
	_, err = markup.Walk(rels, markup.Handler{Start: func(e xml.StartElement) error {
		if e.Name.Local == "Relationship" && strings.HasSuffix(markup.Attr(e, "Type"), "/officeDocument") {
			target = strings.TrimPrefix(path.Clean("/"+markup.Attr(e, "Target")), "/")
		}
		return nil
	}})
	switch {
	case err != nil:
		return "", err
	case archive.Has(target):
		return target, nil
	case archive.Has("word/document.xml"):
		return "word/document.xml", nil
	}
	return "", prose.Malformed(Kind)
}

// parts orders the members beside the main part that hold text.
func parts(names []string, main string) []string {
	folder := path.Dir(main)
	var out []string
	for _, group := range []string{"header", "", "footnotes", "endnotes", "comments", "footer"} {
		if group == "" {
			out = append(out, main)
			continue
		}
		var found []string
		for _, name := range names {
			base := path.Base(name)
			number := strings.TrimSuffix(strings.TrimPrefix(base, group), ".xml")
			if path.Dir(name) == folder && strings.HasPrefix(base, group) && strings.HasSuffix(base, ".xml") && strings.Trim(number, "0123456789") == "" {
				found = append(found, name)
			}
		}
		slices.Sort(found)
		out = append(out, found...)
	}
	return out
}

func coreTitle(core []byte) (string, error) {
	var title strings.Builder
	inside := false
	_, err := markup.Walk(core, markup.Handler{
		Start: func(e xml.StartElement) error { inside = e.Name.Local == "title"; return nil },
		End:   func(xml.Name) error { inside = false; return nil },
		Text: func(text []byte) error {
			if inside {
				title.Write(text)
			}
			return nil
		},
	})
	return title.String(), err
}
