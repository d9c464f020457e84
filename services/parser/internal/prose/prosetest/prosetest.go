// Package prosetest gathers what a reader of a format writes, for tests.
package prosetest

import (
	"errors"
	"strings"

	"coffer/services/parser/internal/prose"
	"coffer/services/parser/wire"
)

// Reading is what a reader found.
type Reading struct {
	wire.Head
	Passages []wire.Passage
	Code     string // of the failure, empty without one
	Err      error
}

// Read runs a reader over doc.
func Read(doc []byte, read func([]byte, *prose.Writer) (wire.Head, error)) Reading {
	var r Reading
	w := prose.NewWriter(
		func(p wire.Passage) error { r.Passages = append(r.Passages, p); return nil },
		func(wire.Progress) error { return nil })
	r.Head, r.Err = read(doc, w)
	if r.Err == nil {
		r.Err = w.Close()
	}
	var failure *wire.Failure
	if errors.As(r.Err, &failure) {
		r.Code = failure.Code
	}
	return r
}

// Text is all passages, parted by a line of dashes.
func (r Reading) Text() string {
	texts := make([]string, len(r.Passages))
	for i, p := range r.Passages {
		texts[i] = p.Text
	}
	return strings.Join(texts, "\n----\n")
}
