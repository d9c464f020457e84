// Package formats finds out what a document is and reads it.
//
// It owns the order of the two and the answer to a document that cannot be
// read; each format is a package of its own.
package formats

import (
	"coffer/services/parser/internal/csv"
	"coffer/services/parser/internal/docx"
	"coffer/services/parser/internal/epub"
	"coffer/services/parser/internal/html"
	"coffer/services/parser/internal/markdown"
	"coffer/services/parser/internal/pdf"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/sniff"
	"coffer/services/parser/internal/text"
	"coffer/services/parser/wire"
)

// Read reads doc, which its owner calls name, into w. Its error is a
// *wire.Failure when the document is at fault. engine may be nil; a PDF then
// has no reader here.
func Read(doc []byte, name string, w *prose.Writer, engine *pdf.Engine) (wire.Head, error) {
	kind, err := sniff.Kind(doc, name)
	if err != nil {
		return wire.Head{}, err
	}
	var head wire.Head
	switch kind {
	case sniff.PDF:
		if engine == nil {
			return wire.Head{}, &wire.Failure{Code: wire.CodeUnavailable, Message: "The reader of PDF is not at hand. Try again."}
		}
		head, err = engine.Read(doc, w)
	case sniff.DOCX:
		head, err = docx.Read(doc, w)
	case sniff.FlatDOCX:
		head, err = docx.ReadFlat(doc, w)
		kind = sniff.DOCX
	case sniff.EPUB:
		head, err = epub.Read(doc, w)
	case sniff.HTML:
		head, err = html.Read(doc, w)
	case sniff.Markdown:
		head, err = markdown.Read(doc, w)
	case sniff.CSV:
		head, err = csv.Read(doc, w)
	default:
		head, err = text.Read(doc, w)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return wire.Head{}, err
	}
	head.Type, head.Passages = kind, w.Passages
	head.Title = prose.Line(head.Title)
	if w.Passages == 0 {
		return wire.Head{}, noText(kind)
	}
	return head, nil
}

func noText(kind string) *wire.Failure {
	if kind == sniff.PDF {
		return &wire.Failure{Code: wire.CodeNoText,
			Message: "This PDF holds pictures of pages and no text, like a scan. Run text recognition (OCR) on it and add the result."}
	}
	return &wire.Failure{Code: wire.CodeNoText, Message: "The file holds no text."}
}
