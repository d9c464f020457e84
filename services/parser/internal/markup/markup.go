// Package markup walks XML without building a tree.
//
// It owns the bound on nesting and what an unusual encoding or a fault in the
// middle means: the text before it counts.
package markup

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"

	"golang.org/x/net/html/charset"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose"
)

// Handler is told of the elements and the text of a document in order. A nil
// function is not told.
type Handler struct {
	Start func(e xml.StartElement) error
	End   func(name xml.Name) error
	Text  func(text []byte) error
}

// Walk reads doc to its end or to the first fault in its syntax, which is
// returned as clean false.
func Walk(doc []byte, h Handler) (clean bool, err error) {
	decoder := xml.NewDecoder(bytes.NewReader(doc))
	decoder.Strict = false
	decoder.CharsetReader = charset.NewReaderLabel
	for depth := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, nil
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > limits.Depth {
				return false, prose.TooLarge("markup nested deeper than in any real document")
			}
			if h.Start != nil {
				err = h.Start(t)
			}
		case xml.EndElement:
			depth--
			if h.End != nil {
				err = h.End(t.Name)
			}
		case xml.CharData:
			if h.Text != nil {
				err = h.Text(t)
			}
		}
		if err != nil {
			return false, err
		}
	}
}

// Attr is the value of an attribute by its local name, or empty.
func Attr(e xml.StartElement, local string) string {
	for _, a := range e.Attr {
		if a.Name.Local == local {
			return a.Value
		}
	}
	return ""
}
