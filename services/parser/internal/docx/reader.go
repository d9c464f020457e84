package docx

import (
	"encoding/xml"
	"strings"

	"coffer/services/parser/internal/markup"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/wire"
)

// spaces are the namespaces of WordprocessingML: transitional, strict, and
// that of Word 2003.
func wordSpace(space string) bool {
	switch space {
	case "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
		"http://purl.oclc.org/ooxml/wordprocessingml/main",
		"http://schemas.microsoft.com/office/word/2003/wordml",
		"w": // a prefix that a damaged document does not declare
		return true
	}
	return false
}

// reader turns WordprocessingML into blocks. Paragraphs nest, because a text
// box lies inside a run of another paragraph.
type reader struct {
	out    *prose.Writer
	seen   map[string]bool // blocks of parts that repeat themselves
	dedupe bool
	paras  []*para
	tables []*table
	skip   int  // depth inside content that is no text
	text   bool // inside w:t
	blocks int
}

type para struct {
	text    strings.Builder
	heading bool
}

type table struct {
	cells []string
	cell  strings.Builder
}

// part reads one part. Headers and footers repeat each other; repeats tells to
// take each text once.
func (r *reader) part(data []byte, repeats bool) (clean bool, err error) {
	r.dedupe, r.paras, r.tables, r.skip, r.text = repeats, nil, nil, 0, false
	clean, err = markup.Walk(data, markup.Handler{Start: r.start, End: r.end, Text: r.chars})
	for err == nil && len(r.paras) > 0 { // what a damaged end left open
		err = r.endPara()
	}
	for err == nil && len(r.tables) > 0 {
		err = r.endTable()
	}
	return clean, err
}

// skipped tells whether the content of an element is no text of the document:
// the second form of something given twice, and text that was deleted.
func skipped(e xml.Name) bool {
	return e.Local == "Fallback" || wordSpace(e.Space) && (e.Local == "del" || e.Local == "moveFrom" || e.Local == "delText" || e.Local == "instrText")
}

func (r *reader) start(e xml.StartElement) error {
	if r.skip > 0 || skipped(e.Name) {
		r.skip++
		return nil
	}
	if !wordSpace(e.Name.Space) {
		return nil
	}
	switch e.Name.Local {
	case "p":
		r.paras = append(r.paras, &para{})
	case "t":
		r.text = true
	case "tab":
		r.add("\t")
	case "br", "cr":
		r.add("\n")
	case "noBreakHyphen":
		r.add("-")
	case "pStyle":
		style := strings.ToLower(markup.Attr(e, "val"))
		if strings.HasPrefix(style, "heading") || strings.HasPrefix(style, "title") {
			r.heading()
		}
	case "outlineLvl":
		r.heading()
	case "tbl":
		r.tables = append(r.tables, &table{})
	}
	return nil
}

func (r *reader) end(name xml.Name) error {
	if r.skip > 0 {
		r.skip--
		return nil
	}
	if !wordSpace(name.Space) {
		return nil
	}
	switch name.Local {
	case "t":
		r.text = false
	case "p":
		return r.endPara()
	case "tc":
		if t := r.table(); t != nil {
			if s := strings.TrimSpace(t.cell.String()); s != "" {
				t.cells = append(t.cells, s)
			}
			t.cell.Reset()
		}
	case "tr":
		if t := r.table(); t != nil {
			row := strings.Join(t.cells, " | ")
			t.cells = nil
			return r.block(row, r.out.Row)
		}
	case "tbl":
		if len(r.tables) > 0 {
			return r.endTable()
		}
	}
	return nil
}

func (r *reader) chars(text []byte) error {
	if r.text && r.skip == 0 {
		r.add(string(text))
	}
	return nil
}

func (r *reader) add(s string) {
	if n := len(r.paras); n > 0 {
		r.paras[n-1].text.WriteString(s)
	}
}

func (r *reader) heading() {
	if n := len(r.paras); n > 0 {
		r.paras[n-1].heading = true
	}
}

func (r *reader) table() *table {
	if n := len(r.tables); n > 0 {
		return r.tables[n-1]
	}
	return nil
}

// endPara hands a paragraph to the cell it lies in, or on.
func (r *reader) endPara() error {
	n := len(r.paras)
	if n == 0 {
		return nil
	}
	p := r.paras[n-1]
	r.paras = r.paras[:n-1]
	text := p.text.String()
	switch t := r.table(); {
	case t != nil:
		if text != "" {
			t.cell.WriteString(text + "\n")
		}
		return nil
	case p.heading:
		return r.block(text, r.out.Heading)
	default:
		return r.block(text, r.out.Block)
	}
}

// endTable hands on what a damaged table did not close.
func (r *reader) endTable() error {
	n := len(r.tables)
	t := r.tables[n-1]
	r.tables = r.tables[:n-1]
	rest := strings.TrimSpace(strings.Join(append(t.cells, t.cell.String()), " | "))
	if outer := r.table(); outer != nil {
		outer.cell.WriteString(rest)
		return nil
	}
	return r.block(rest, r.out.Row)
}

func (r *reader) block(text string, put func(string) error) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if r.dedupe {
		if r.seen[text] {
			return nil
		}
		r.seen[text] = true
	}
	r.blocks++
	return put(text)
}

// ReadFlat reads a document that is one XML file: the flat form of a package,
// or the XML of Word 2003.
func ReadFlat(doc []byte, w *prose.Writer) (wire.Head, error) {
	r := &reader{out: w, seen: map[string]bool{}}
	clean, err := r.part(doc, false)
	if err == nil && !clean && r.blocks == 0 {
		err = prose.Malformed(Kind)
	}
	return wire.Head{}, err
}
