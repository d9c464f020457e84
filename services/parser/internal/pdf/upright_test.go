package pdf

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose/prosetest"
)

// columns is a page whose font V, which is not embedded, runs as encoding says.
func columns(encoding, content string, more ...string) []byte {
	font := "<</Type/Font/Subtype/Type0/BaseFont/Own/Encoding/" + encoding + "/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/Own" +
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 0>>/DW 1000>>]>>"
	return file("", append([]string{
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 6 0 R/Resources<</Font<</F 5 0 R/V 4 0 R>>/XObject<</X 7 0 R>>>>>>",
		font,
		"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		stream(content)}, more...)...)
}

const column = "BT /V 12 Tf 500 700 Td <65e5672c8a9e> Tj -20 0 Td <65e5672c> Tj ET"

func TestLinesThatRunDown(t *testing.T) {
	e := engine(t)
	form := fmt.Sprintf("<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</V 4 0 R>>>>/Length %d>>\nstream\n%s\nendstream", len(column), column)
	const across = " BT /F 12 Tf 50 50 Td (across) Tj ET"
	for _, c := range []struct {
		name string
		doc  []byte
		want string // without white space
	}{
		{"down", columns("UniJIS-UCS2-V", column), "日本日本語"},
		{"across", columns("UniJIS-UCS2-H", "BT /V 12 Tf 50 700 Td <65e5672c8a9e> Tj ET"), "日本語"},
		{"both", columns("UniJIS-UCS2-V", column+across), "日本日本語across"},
		{"in a form", columns("UniJIS-UCS2-V", "/X Do"+across, form), "日本日本語across"},
		{"nothing", columns("UniJIS-UCS2-V", "0 0 10 800 re f"), ""},
	} {
		got := prosetest.Read(c.doc, e.Read)
		if text := strings.Join(strings.Fields(got.Text()), ""); got.Err != nil || text != c.want {
			t.Errorf("%s: %q %v", c.name, got.Text(), got.Err)
		}
	}
}

// within reads a column that lies in so many forms, after so many other
// objects of the document were looked at.
func within(t *testing.T, e *Engine, forms, before int) string {
	t.Helper()
	instance, err := e.pool.GetInstance(time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	content, more := column, []string(nil)
	for i := range forms {
		content = "/X Do"
		next, draw := fmt.Sprintf("/X %d 0 R", 8+i), "/X Do"
		if i == forms-1 {
			draw = column
		}
		more = append(more, fmt.Sprintf("<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</Font<</V 4 0 R>>/XObject<<%s>>>>/Length %d>>\nstream\n%s\nendstream", next, len(draw), draw))
	}
	r := &reader{pdfium: instance, objects: before}
	if err := r.open(columns("UniJIS-UCS2-V", content, more...)); err != nil {
		t.Fatal(err)
	}
	defer r.close()
	text, err := r.page(0)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestLookingAtObjectsIsBounded(t *testing.T) {
	e := engine(t)
	for _, c := range []struct {
		forms, before int
		found         bool
	}{
		{0, 0, true},
		{0, limits.Objects - 2, true},
		{0, limits.Objects, false},
		{limits.Forms, 0, true},
		{limits.Forms + 1, 0, false},
		{1, limits.Objects - 1, false},
	} {
		if got := within(t, e, c.forms, c.before); strings.Contains(got, "日本") != c.found {
			t.Errorf("in %d forms after %d objects: %q", c.forms, c.before, got)
		}
	}
}
