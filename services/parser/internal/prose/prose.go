// Package prose turns blocks of text into passages.
//
// It owns how text is cleaned (valid UTF-8, NFC, ligatures, control
// characters), where it is cut, and that nothing of it is dropped. It refuses
// more text than a document may yield.
package prose

import (
	"strings"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/wire"
)

// Writer gathers blocks of one document into passages and hands each on.
type Writer struct {
	emit     func(wire.Passage) error
	progress func(wire.Progress) error
	page     int
	buf      strings.Builder
	err      error
	Passages int // passages handed on
	Bytes    int // text handed on
}

// NewWriter returns a Writer that hands passages to emit and pages to progress.
// An error of either ends the document.
func NewWriter(emit func(wire.Passage) error, progress func(wire.Progress) error) *Writer {
	return &Writer{emit: emit, progress: progress}
}

// Page begins page n of total (0 when unknown). A passage lies on one page.
func (w *Writer) Page(n, total int) error {
	w.flush()
	if w.err == nil && n > wire.MaxPages {
		w.err = TooLarge("more pages than can be counted")
	}
	if w.err == nil {
		w.page = n
		w.err = w.progress(wire.Progress{Page: n, Total: total})
	}
	return w.err
}

// Heading adds a block that begins a section: it stays with what follows.
func (w *Writer) Heading(text string) error {
	if w.buf.Len() >= limits.PassageAim/3 {
		w.flush()
	}
	return w.Block(text)
}

// Block adds a paragraph.
func (w *Writer) Block(text string) error { return w.put("\n\n", text) }

// Row adds a row of a table or a line of a list: it follows the block before
// it without an empty line.
func (w *Writer) Row(text string) error { return w.put("\n", text) }

func (w *Writer) put(gap, text string) error {
	text = strings.TrimSpace(Clean(text))
	if text == "" || w.err != nil {
		return w.err
	}
	if w.buf.Len() > 0 && w.buf.Len()+len(text) > limits.PassageAim {
		w.flush()
	}
	for len(text) > limits.PassageMax {
		n := cut(text, limits.PassageAim, limits.PassageMax)
		w.add(gap, strings.TrimRight(text[:n], " \n\t"))
		w.flush()
		text = strings.TrimLeft(text[n:], " \n\t")
		if w.err != nil {
			return w.err
		}
	}
	w.add(gap, text)
	return w.err
}

// Text adds many paragraphs that are parted by empty lines.
func (w *Writer) Text(text string) error {
	for text != "" && w.err == nil {
		block := text
		if i := strings.Index(text, "\n\n"); i >= 0 {
			block, text = text[:i], text[i+2:]
		} else {
			text = ""
		}
		w.Block(block)
	}
	return w.err
}

// Empty tells whether there is no text yet.
func (w *Writer) Empty() bool { return w.Passages == 0 && w.buf.Len() == 0 }

// Close hands on what is left.
func (w *Writer) Close() error {
	w.flush()
	return w.err
}

func (w *Writer) add(gap, text string) {
	if w.buf.Len() > 0 {
		w.buf.WriteString(gap)
	}
	w.buf.WriteString(text)
}

func (w *Writer) flush() {
	if w.buf.Len() == 0 || w.err != nil {
		return
	}
	text := w.buf.String()
	w.buf.Reset()
	w.Passages++
	w.Bytes += len(text)
	if w.Passages > wire.MaxPassages || w.Bytes > wire.MaxText {
		w.err = TooLarge("more than 32 MiB of text")
		return
	}
	w.err = w.emit(wire.Passage{Page: w.page, Text: text})
}

// TooLarge is the failure of a document that holds more of what than the
// limits allow.
func TooLarge(what string) *wire.Failure {
	return &wire.Failure{Code: wire.CodeTooLarge,
		Message: "The document holds " + what + ", which is more than Coffer reads from one document. Split it and add the parts."}
}

// Malformed is the failure of a document of a kind that is broken.
func Malformed(kind string) *wire.Failure {
	return &wire.Failure{Code: wire.CodeMalformed,
		Message: "The file looks like " + kind + " but is damaged or incomplete, so it cannot be read. Try to open it elsewhere and save it again."}
}

// Encrypted is the failure of a document of a kind that needs a password.
func Encrypted(kind string) *wire.Failure {
	return &wire.Failure{Code: wire.CodeEncrypted,
		Message: "The file is " + kind + " that is locked with a password or by copy protection. Save a copy without the lock and add that."}
}
