package pdf

import (
	"fmt"
	"strings"
	"testing"

	"coffer/services/parser/internal/prose/prosetest"
)

// appearance draws text in place of an annotation.
func appearance(text string) string {
	return formObject("BT /F 12 Tf 2 5 Td ("+text+") Tj ET", "")
}

// formObject is a form XObject with the font F and, as /X, the object within.
func formObject(content, within string) string {
	if within != "" {
		within = "/XObject<</X " + within + ">>"
	}
	return fmt.Sprintf("<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</F 4 0 R>>%s>>/Length %d>>\nstream\n%s\nendstream",
		within, len(content), content)
}

func TestAnnotationsAreReadAsDrawn(t *testing.T) {
	e := engine(t)
	const at = "/Type/Annot/Rect[50 500 250 520]"
	const drawn = "/AP<</N 8 0 R>>"
	for _, c := range []struct {
		name, annotation, want string
		objects                []string
	}{
		{"stamp", "/Subtype/Stamp/F 4" + drawn, "Page\nTOP SECRET", []string{appearance("TOP SECRET")}},
		{"no flags", "/Subtype/Stamp" + drawn, "Page\nTOP SECRET", []string{appearance("TOP SECRET")}},
		{"free text that shows its contents", "/Subtype/FreeText/Contents(typed  over)" + drawn, "Page\ntyped over", []string{appearance("typed over")}},
		{"free text that shows something else", "/Subtype/FreeText/Contents(meant)" + drawn, "Page\nshown\n\nmeant", []string{appearance("shown")}},
		{"words that the page has too", "/Subtype/Text/Contents(Page)", "Page\n\nPage", nil},
		{"part of a word", "/Subtype/FreeText/Contents(own)" + drawn, "Page\nshown\n\nown", []string{appearance("shown")}},
		{"field that is drawn", "/Subtype/Widget/FT/Tx/T(t)/V(value)" + drawn, "Page\nvalue", []string{appearance("value")}},
		{"field with an empty appearance", "/Subtype/Widget/FT/Tx/T(t)/V(value)" + drawn, "Page\n\nvalue", []string{appearance("")}},
		{"button with an appearance", "/Subtype/Widget/FT/Btn/Ff 65536/T(t)" + drawn, "Page\nSend now", []string{appearance("Send now")}},
		{"button without one", "/Subtype/Widget/FT/Btn/Ff 65536/T(t)/DA(/F 12 Tf)/MK<</CA(Send now)>>", "Page\nSend now", nil},
		{"one of two states", "/Subtype/Widget/FT/Btn/T(t)/AS/On/AP<</N<</On 8 0 R/Off 9 0 R>>>>", "Page\nAgreed", []string{appearance("Agreed"), appearance("Refused")}},
		{"link", "/Subtype/Link" + drawn, "Page\nlinked", []string{appearance("linked")}},
		{"invisible by a flag for unknown kinds", "/Subtype/Stamp/F 1" + drawn, "Page\nseen", []string{appearance("seen")}},
		{"hidden", "/Subtype/Stamp/F 2" + drawn, "Page", []string{appearance("unseen")}},
		{"hidden and invisible", "/Subtype/Stamp/F 3" + drawn, "Page", []string{appearance("unseen")}},
		{"appearance that is missing", "/Subtype/Stamp/Contents(said)" + drawn, "Page\n\nsaid", nil},
		{"appearance that is no stream", "/Subtype/Stamp/Contents(said)" + drawn, "Page\n\nsaid", []string{"[1 2 3]"}},
		{"appearance of itself", "/Subtype/Stamp" + drawn, "Page\nagain", []string{formObject("BT /F 12 Tf (again) Tj ET /X Do", "8 0 R")}},
	} {
		doc := page(show("Page"), "/Annots[7 0 R]", append([]string{"<<" + at + c.annotation + ">>"}, c.objects...)...)
		if got := prosetest.Read(doc, e.Read); got.Err != nil || got.Text() != c.want {
			t.Errorf("%s: %q %v", c.name, got.Text(), got.Err)
		}
	}
}

// TestEachPageKeepsItsFields: drawing the fields of one page leaves those of
// the next as they were.
func TestEachPageKeepsItsFields(t *testing.T) {
	widget := "<</Type/Annot/Subtype/Widget/Rect[50 500 250 520]/Parent 4 0 R>>"
	doc := file("", "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
		"<</Type/Pages/Count 3/Kids[3 0 R 5 0 R 3 0 R]/MediaBox[0 0 600 800]>>",
		"<</Type/Page/Parent 2 0 R/Annots[6 0 R]>>",
		"<</FT/Tx/T(name)/V(Ada)/Kids[6 0 R 7 0 R]>>",
		"<</Type/Page/Parent 2 0 R/Annots[7 0 R]>>", widget, widget)
	got := prosetest.Read(doc, engine(t).Read)
	if got.Err != nil || strings.Count(got.Text(), "Ada") != 3 || got.Pages != 3 {
		t.Fatalf("%q %v", got.Text(), got.Err)
	}
}
