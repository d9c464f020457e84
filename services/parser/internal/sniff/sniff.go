// Package sniff finds out what a document is from its bytes.
//
// It owns the names of what can be read and the message about everything
// else. A file's name decides only between kinds of text.
package sniff

import (
	"bytes"
	"path"
	"strings"

	"coffer/services/parser/wire"
)

// Kinds of document that can be read, by the names in package library.
const (
	PDF      = "pdf"
	DOCX     = "docx"
	HTML     = "html"
	Markdown = "markdown"
	Text     = "text"
	CSV      = "csv"
	EPUB     = "epub"
	// FlatDOCX is a Word document in one XML file; its type is DOCX.
	FlatDOCX = "docx-flat"
)

// Kind says what doc is. Its error is a *wire.Failure.
func Kind(doc []byte, name string) (string, error) {
	name = strings.ToLower(path.Ext(name))
	switch {
	case len(doc) == 0:
		return "", &wire.Failure{Code: wire.CodeNoText, Message: "The file is empty."}
	case isPDF(doc):
		return PDF, nil
	case bytes.HasPrefix(doc, []byte("PK\x03\x04")), bytes.HasPrefix(doc, []byte("PK\x05\x06")):
		return archive(doc)
	case bytes.HasPrefix(doc, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return "", compound(doc)
	case isText(doc):
		return textual(doc, name)
	}
	return "", binary(doc)
}

// HeadLength is what Beginning looks at, in bytes.
const HeadLength = headSize

// Beginning is the failure that a document's first HeadLength bytes are sure of,
// or nil: what begins so may be read or not.
func Beginning(head []byte, name string) error {
	for _, magic := range []string{"PK\x03\x04", "PK\x05\x06", "\xd0\xcf\x11\xe0"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return nil // its directory tells, and lies anywhere
		}
	}
	if MayBePDF(head) {
		return nil
	}
	_, err := Kind(head, name)
	return err
}

// pdfStart is where a PDF may begin: within the first kilobyte (ISO 32000-1,
// annex H.3).
const pdfStart = 1024

// MayBePDF tells whether a document that begins with head may be a PDF.
func MayBePDF(head []byte) bool {
	return bytes.Contains(head[:min(len(head), pdfStart+5)], []byte("%PDF-"))
}

// isPDF tells a PDF, also behind a few stray bytes, from a text about PDF.
func isPDF(doc []byte) bool {
	if !MayBePDF(doc) {
		return false
	}
	start := bytes.TrimLeft(doc, "\x00\t\n\f\r \xef\xbb\xbf")
	return bytes.HasPrefix(start, []byte("%PDF-")) || bytes.Contains(doc, []byte("endobj")) || bytes.Contains(doc, []byte("startxref"))
}
