package pdf

import (
	"strings"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
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

// annotations returns the values of the form fields and the notes of a page,
// one paragraph each.
func (r *reader) annotations(page requests.Page) (string, error) {
	count, err := r.pdfium.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: page})
	if err != nil {
		return "", ignorable(err)
	}
	var out strings.Builder
	for i := range min(count.Count, limits.PageAnnotations) {
		got, err := r.pdfium.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: page, Index: i})
		if err != nil {
			if fatal(err) {
				return "", err
			}
			continue
		}
		text, err := r.annotation(got.Annotation)
		if err != nil && fatal(err) {
			return "", err
		}
		if text != "" {
			out.WriteString("\n\n")
			out.WriteString(text)
		}
		if _, err := r.pdfium.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: got.Annotation}); err != nil {
			return out.String(), ignorable(err)
		}
	}
	return out.String(), nil
}

// ignorable drops an error after which the rest of the page can still be read.
func ignorable(err error) error {
	if fatal(err) {
		return err
	}
	return nil
}

func (r *reader) annotation(a references.FPDF_ANNOTATION) (string, error) {
	kind, err := r.pdfium.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: a})
	if err != nil {
		return "", err
	}
	switch kind.Subtype {
	case enums.FPDF_ANNOT_SUBTYPE_WIDGET:
		return r.field(a)
	case enums.FPDF_ANNOT_SUBTYPE_POPUP, enums.FPDF_ANNOT_SUBTYPE_LINK:
		return "", nil // a popup repeats its note; a link's text is on the page
	}
	got, err := r.pdfium.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: "Contents"})
	if err != nil {
		return "", err
	}
	return got.Value, nil
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
