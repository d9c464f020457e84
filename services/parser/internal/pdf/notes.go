package pdf

import (
	"errors"
	"strings"

	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"

	"coffer/services/parser/internal/prose"
)

// notes are the texts that the annotations and form fields of a page hold.
type notes struct {
	texts []string
	drawn bool // whether some annotation may draw text of its own
}

// String returns the notes as paragraphs that follow the text of the page.
func (n *notes) String() string {
	var out strings.Builder
	for _, text := range n.texts {
		out.WriteString("\n\n")
		out.WriteString(text)
	}
	return out.String()
}

// drop removes the notes that the page shows anyway: those that occur more
// often once the annotations are drawn than before.
func (n *notes) drop(before, after string) {
	before, after = flat(before), flat(after)
	said := map[string]int{}
	var kept []string
	for _, text := range n.texts {
		line := flat(text)
		if said[line] < strings.Count(after, line)-strings.Count(before, line) {
			said[line]++
			continue
		}
		kept = append(kept, text)
	}
	n.texts = kept
}

// flat is the words of text with a space on both sides of each. Two spaces
// part words, so that equal neighbours are counted apart.
func flat(text string) string {
	return " " + strings.Join(strings.Fields(prose.Clean(text)), "  ") + " "
}

// drawn returns the text of the page together with what its annotations draw.
// It closes page.
func (r *reader) drawn(page requests.Page, index int) (string, error) {
	if r.form != "" {
		// The form draws the fields that have no appearance yet.
		if _, err := r.pdfium.FORM_OnAfterLoadPage(&requests.FORM_OnAfterLoadPage{Page: page, FormHandle: r.form}); err != nil {
			return "", err
		}
	}
	flattened, err := r.pdfium.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: page})
	if err != nil {
		return "", err
	}
	if r.form != "" {
		if _, err := r.pdfium.FORM_OnBeforeClosePage(&requests.FORM_OnBeforeClosePage{Page: page, FormHandle: r.form}); err != nil {
			return "", err
		}
	}
	if _, err := r.pdfium.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: *page.ByReference}); err != nil {
		return "", err
	}
	if flattened.Result == responses.FPDFPage_FlattenResultFail {
		return "", errors.New("pdf: annotations that cannot be drawn")
	}
	if page, err = r.load(index); err != nil {
		return "", err
	}
	text, err := r.text(page)
	if err != nil {
		return "", err
	}
	_, err = r.pdfium.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: *page.ByReference})
	return text, err
}
