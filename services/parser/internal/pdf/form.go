package pdf

import (
	"strings"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
	"github.com/klippa-app/go-pdfium/structs"

	"coffer/services/parser/internal/limits"
)

// openForm opens the form of the document, through which fields know values
// that they inherit. Nothing of it is ever drawn, so what it asks to draw, to
// time or to run is ignored.
func (r *reader) openForm() error {
	opened, err := r.pdfium.FPDFDOC_InitFormFillEnvironment(&requests.FPDFDOC_InitFormFillEnvironment{
		Document: r.doc,
		FormFillInfo: structs.FPDF_FORMFILLINFO{
			FFI_Invalidate:         func(references.FPDF_PAGE, float64, float64, float64, float64) {},
			FFI_SetCursor:          func(enums.FXCT) {},
			FFI_SetTimer:           func(int, func(int)) int { return 0 },
			FFI_KillTimer:          func(int) {},
			FFI_GetLocalTime:       func() structs.FPDF_SYSTEMTIME { return structs.FPDF_SYSTEMTIME{} },
			FFI_GetPage:            func(references.FPDF_DOCUMENT, int) *references.FPDF_PAGE { return nil },
			FFI_GetRotation:        func(references.FPDF_PAGE) enums.FPDF_PAGE_ROTATION { return 0 },
			FFI_ExecuteNamedAction: func(string) {},
		},
	})
	if err != nil {
		if fatal(err) {
			return err
		}
		return nil // a document without a readable form still has pages
	}
	r.form = opened.FormHandle
	return nil
}

func (r *reader) closeForm() {
	// What cannot be closed goes with the instance.
	_, _ = r.pdfium.FPDFDOC_ExitFormFillEnvironment(&requests.FPDFDOC_ExitFormFillEnvironment{FormHandle: r.form})
}

// annotations returns the values of the form fields and the notes of a page.
func (r *reader) annotations(page requests.Page) (*notes, error) {
	found := &notes{}
	count, err := r.pdfium.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: page})
	if err != nil {
		return found, ignorable(err)
	}
	for i := range min(count.Count, limits.PageAnnotations) {
		got, err := r.pdfium.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: page, Index: i})
		if err != nil {
			if fatal(err) {
				return found, err
			}
			continue
		}
		if err := r.annotation(got.Annotation, found); err != nil && fatal(err) {
			return found, err
		}
		if _, err := r.pdfium.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: got.Annotation}); err != nil {
			return found, ignorable(err)
		}
	}
	return found, nil
}

// ignorable drops an error after which the rest of the page can still be read.
func ignorable(err error) error {
	if fatal(err) {
		return err
	}
	return nil
}

func (r *reader) annotation(a references.FPDF_ANNOTATION, found *notes) error {
	kind, err := r.pdfium.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: a})
	if err != nil {
		return err
	}
	var text string
	switch kind.Subtype {
	case enums.FPDF_ANNOT_SUBTYPE_POPUP:
		return nil // a popup repeats its note
	case enums.FPDF_ANNOT_SUBTYPE_LINK: // a link's text is on the page, as a rule
		has, err := r.pdfium.FPDFAnnot_HasKey(&requests.FPDFAnnot_HasKey{Annotation: a, Key: "AP"})
		if err == nil && has.HasKey {
			found.drawn = true
		}
		return err
	case enums.FPDF_ANNOT_SUBTYPE_WIDGET:
		found.drawn = true
		text, err = r.field(a)
	default:
		found.drawn = true
		var got *responses.FPDFAnnot_GetStringValue
		if got, err = r.pdfium.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: "Contents"}); err == nil {
			text = got.Value
		}
	}
	if text != "" {
		found.texts = append(found.texts, text)
	}
	if err != nil {
		return err
	}
	return r.unveil(a)
}

// unveil takes the flag "invisible" from an annotation: it is meant for kinds
// that a viewer does not know (ISO 32000-1, table 165), while PDFium does not
// draw any kind that has it.
func (r *reader) unveil(a references.FPDF_ANNOTATION) error {
	got, err := r.pdfium.FPDFAnnot_GetFlags(&requests.FPDFAnnot_GetFlags{Annotation: a})
	if err != nil || got.Flags&enums.FPDF_ANNOT_FLAG_INVISIBLE == 0 {
		return err
	}
	_, err = r.pdfium.FPDFAnnot_SetFlags(&requests.FPDFAnnot_SetFlags{Annotation: a, Flags: got.Flags &^ enums.FPDF_ANNOT_FLAG_INVISIBLE})
	return err
}

func (r *reader) field(a references.FPDF_ANNOTATION) (string, error) {
	if r.form == "" {
		return "", nil
	}
	kind, err := r.pdfium.FPDFAnnot_GetFormFieldType(&requests.FPDFAnnot_GetFormFieldType{FormHandle: r.form, Annotation: a})
	if err != nil {
		return "", err
	}
	switch kind.FormFieldType {
	case enums.FPDF_FORMFIELD_TYPE_LISTBOX:
		return r.options(a)
	case enums.FPDF_FORMFIELD_TYPE_TEXTFIELD, enums.FPDF_FORMFIELD_TYPE_COMBOBOX:
	default:
		return "", nil // buttons and signatures have no words of their own
	}
	got, err := r.pdfium.FPDFAnnot_GetFormFieldValue(&requests.FPDFAnnot_GetFormFieldValue{FormHandle: r.form, Annotation: a})
	if err != nil {
		return "", err
	}
	return got.FormFieldValue, nil
}

// options are the lines of a list box, which all show on the page.
func (r *reader) options(a references.FPDF_ANNOTATION) (string, error) {
	count, err := r.pdfium.FPDFAnnot_GetOptionCount(&requests.FPDFAnnot_GetOptionCount{FormHandle: r.form, Annotation: a})
	if err != nil {
		return "", err
	}
	var labels []string
	for i := range min(count.OptionCount, limits.PageAnnotations) {
		got, err := r.pdfium.FPDFAnnot_GetOptionLabel(&requests.FPDFAnnot_GetOptionLabel{FormHandle: r.form, Annotation: a, Index: i})
		if err != nil {
			return strings.Join(labels, "\n"), err
		}
		labels = append(labels, got.OptionLabel)
	}
	return strings.Join(labels, "\n"), nil
}
