package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/wire"
)

// copied is the largest document that is copied into PDFium's memory. A larger
// one stays outside and is read in pieces, which is slower.
const copied = 32 << 20

// Read reads the PDF doc.
func (e *Engine) Read(doc []byte, w *prose.Writer) (wire.Head, error) {
	e.memory.used = 0
	instance, err := e.pool.GetInstance(10 * time.Second)
	if err != nil {
		return wire.Head{}, e.fault(err)
	}
	defer instance.Close()
	r := &reader{pdfium: instance, out: w}
	err = r.open(doc)
	if errors.Is(err, pdfiumerrors.ErrFormat) {
		if repaired := repair(doc); repaired != nil {
			err = r.open(repaired)
		}
	}
	if err != nil {
		return wire.Head{}, e.fault(err)
	}
	defer r.close()
	if err := r.read(); err != nil {
		return wire.Head{}, e.fault(err)
	}
	return wire.Head{Title: r.title(), Pages: r.pages}, nil
}

// fault turns what PDFium reports into a failure.
func (e *Engine) fault(err error) error {
	var failure *wire.Failure
	switch {
	case errors.As(err, &failure):
		return failure
	case e.memory.full():
		return &wire.Failure{Code: wire.CodeMemory, Died: true,
			Message: "Reading this PDF takes more memory than one document may use. Print it to a new, simpler PDF and add that."}
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return &wire.Failure{Code: wire.CodeEncrypted,
			Message: "This PDF is protected with a password. Save a copy without the password and add that."}
	case errors.Is(err, pdfiumerrors.ErrFormat), errors.Is(err, pdfiumerrors.ErrFile), errors.Is(err, pdfiumerrors.ErrPage), errors.Is(err, pdfiumerrors.ErrUnknown):
		return prose.Malformed("a PDF")
	case strings.Contains(err.Error(), "wasm error"):
		return &wire.Failure{Code: wire.CodeMalformed, Died: true,
			Message: "This PDF makes its reader fail, most likely because it is damaged. Print it to a new PDF and add that."}
	}
	return err
}

type reader struct {
	pdfium pdfium.Pdfium
	out    *prose.Writer
	doc    references.FPDF_DOCUMENT
	form   references.FPDF_FORMHANDLE
	pages  int
	// objects is how many parts of pages were looked at one by one.
	objects int
}

func (r *reader) open(doc []byte) error {
	request := &requests.OpenDocument{File: &doc}
	if len(doc) > copied {
		request = &requests.OpenDocument{FileReader: bytes.NewReader(doc), FileReaderSize: int64(len(doc))}
	}
	opened, err := r.pdfium.OpenDocument(request)
	if err != nil {
		return err
	}
	r.doc = opened.Document
	count, err := r.pdfium.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: r.doc})
	if err != nil {
		return err
	}
	switch r.pages = count.PageCount; {
	case r.pages <= 0:
		return prose.Malformed("a PDF")
	case r.pages > limits.Pages:
		return prose.TooLarge(fmt.Sprintf("%d pages", r.pages))
	}
	return r.openForm()
}

// close gives back what lies outside the instance; the instance itself is
// dropped as a whole.
func (r *reader) close() {
	if r.form != "" {
		r.closeForm()
	}
	// A document that cannot be closed goes with its instance.
	_, _ = r.pdfium.FPDF_CloseDocument(&requests.FPDF_CloseDocument{Document: r.doc})
}

func (r *reader) read() error {
	var broken int
	for i := range r.pages {
		if err := r.out.Page(i+1, r.pages); err != nil {
			return err
		}
		text, err := r.page(i)
		switch {
		case errors.Is(err, pdfiumerrors.ErrPage) || err != nil && !fatal(err):
			broken++ // one bad page does not take the others with it
		case err != nil:
			return err
		}
		if err := r.out.Text(text); err != nil {
			return err
		}
	}
	if broken == r.pages {
		return prose.Malformed("a PDF")
	}
	return nil
}

// fatal tells whether an instance is of no more use after err.
func fatal(err error) bool {
	var failure *wire.Failure
	return errors.As(err, &failure) || strings.Contains(err.Error(), "wasm error") || strings.Contains(err.Error(), "panic occurred")
}

func (r *reader) page(index int) (string, error) {
	page, err := r.load(index)
	if err != nil {
		return "", err
	}
	text, err := r.text(page)
	if err != nil {
		return "", err
	}
	notes, err := r.annotations(page)
	if err != nil {
		return "", err
	}
	if notes.drawn {
		drawn, err := r.drawn(page, index)
		switch {
		case err == nil:
			notes.drop(text, drawn)
			return drawn + notes.String(), nil
		case fatal(err):
			return "", err
		}
		return text + notes.String(), nil
	}
	_, err = r.pdfium.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: *page.ByReference})
	return text + notes.String(), err
}

func (r *reader) load(index int) (requests.Page, error) {
	loaded, err := r.pdfium.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: r.doc, Index: index})
	if err != nil {
		return requests.Page{}, err
	}
	return requests.Page{ByReference: &loaded.Page}, nil
}

// text returns the text of a page.
func (r *reader) text(page requests.Page) (string, error) {
	text, err := r.plain(page)
	if err != nil || !upright(text) {
		return text, err
	}
	if some, err := r.widen(page); err != nil || !some {
		return text, err
	}
	return r.plain(page)
}

func (r *reader) plain(page requests.Page) (string, error) {
	loaded, err := r.pdfium.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return "", err
	}
	count, err := r.pdfium.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil {
		return "", err
	}
	var text string
	switch {
	case count.Count > wire.MaxText:
		return "", prose.TooLarge("a page with too much text")
	case count.Count > 0:
		got, err := r.pdfium.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: loaded.TextPage, Count: count.Count})
		if err != nil {
			return "", err
		}
		text = got.Text
	}
	_, err = r.pdfium.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage})
	return tidy(text), err
}

func (r *reader) title() string {
	got, err := r.pdfium.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: r.doc, Tag: "Title"})
	if err != nil {
		return "" // a document without a title is called by its file name
	}
	return got.Value
}
