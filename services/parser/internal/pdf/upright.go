package pdf

import (
	"unicode"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"

	"coffer/services/parser/internal/limits"
)

// PDFium leaves out text that is less than a hundredth of a point wide. A line
// that runs down the page in a font that is not embedded counts as such: its
// signs have no known width. Slanting the line by a hair makes it wide enough.
const (
	thin  = 0.01  // points
	slant = 0.002 // points sideways for each point up
)

// sparse is the length in bytes under which the text of a page may lack lines.
const sparse = 512

// upright tells whether a page with this text may hold lines that run down:
// there is little text, or some of it is in a script that is written so.
func upright(text string) bool {
	if len(text) < sparse {
		return true
	}
	for _, r := range text {
		if r >= 0x2e80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo) {
			return true
		}
	}
	return false
}

// widen slants the lines of a page that are too thin to be read and tells
// whether there are any.
func (r *reader) widen(page requests.Page) (bool, error) {
	count, err := r.pdfium.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil {
		return false, ignorable(err)
	}
	some := false
	for i := range count.Count {
		got, err := r.pdfium.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: i})
		if err == nil {
			err = r.widenObject(got.PageObject, &some, 0)
		}
		if err != nil && fatal(err) {
			return some, err
		}
		if r.objects >= limits.Objects {
			break
		}
	}
	return some, nil
}

// widenObject slants object, or what a form XObject holds;
// depth is how deep it lies in such forms.
func (r *reader) widenObject(object references.FPDF_PAGEOBJECT, some *bool, depth int) error {
	if r.objects++; r.objects > limits.Objects || depth > limits.Forms {
		return nil
	}
	kind, err := r.pdfium.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object})
	if err != nil {
		return err
	}
	switch kind.Type {
	case enums.FPDF_PAGEOBJ_FORM:
		count, err := r.pdfium.FPDFFormObj_CountObjects(&requests.FPDFFormObj_CountObjects{PageObject: object})
		if err != nil {
			return err
		}
		for i := range count.Count {
			got, err := r.pdfium.FPDFFormObj_GetObject(&requests.FPDFFormObj_GetObject{PageObject: object, Index: uint64(i)})
			if err == nil {
				err = r.widenObject(got.PageObject, some, depth+1)
			}
			if err != nil && fatal(err) {
				return err
			}
			if r.objects >= limits.Objects {
				break
			}
		}
	case enums.FPDF_PAGEOBJ_TEXT:
		b, err := r.pdfium.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: object})
		if err != nil || b.Right-b.Left >= thin || b.Top-b.Bottom < thin {
			return err
		}
		*some = true
		_, err = r.pdfium.FPDFPageObj_Transform(&requests.FPDFPageObj_Transform{PageObject: object,
			// x' = x + slant * (y - top)
			Transform: structs.FPDF_FS_MATRIX{A: 1, C: slant, D: 1, E: -slant * b.Top}})
		return err
	}
	return nil
}
