// Package sniff finds out what a document is from its bytes.
//
// It owns the names of what can be read and the message about everything
// else. A file's name decides only between kinds of text.
package sniff

import (
	"bytes"

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
)

// Kind says what doc is. Its error is a *wire.Failure.
func Kind(doc []byte, name string) (string, error) {
	if len(doc) == 0 {
		return "", &wire.Failure{Code: wire.CodeNoText, Message: "The file is empty."}
	}
	if MayBePDF(doc) {
		return PDF, nil
	}
	return Text, nil
}

// MayBePDF tells whether the beginning of a document allows for a PDF, which
// starts within the first kilobyte (ISO 32000, annex H).
func MayBePDF(head []byte) bool {
	return bytes.Contains(head[:min(len(head), 1024+5)], []byte("%PDF-"))
}
