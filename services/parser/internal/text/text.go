package text

import (
	"strings"

	"coffer/services/parser/internal/prose"
	"coffer/services/parser/wire"
)

// Read reads doc as plain text. Form feeds part pages.
func Read(doc []byte, w *prose.Writer) (wire.Head, error) {
	body := strings.ReplaceAll(Decode(doc, ""), "\r\n", "\n")
	pages := strings.Split(strings.TrimRight(body, "\f\n\r\t "), "\f")
	if len(pages) == 1 {
		return wire.Head{}, w.Text(pages[0])
	}
	for i, page := range pages {
		if err := w.Page(i+1, len(pages)); err != nil {
			return wire.Head{}, err
		}
		if err := w.Text(page); err != nil {
			return wire.Head{}, err
		}
	}
	return wire.Head{Pages: len(pages)}, nil
}
