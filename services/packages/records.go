package packages

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"coffer/services/library"
)

// item is one document that a package brings.
type item struct {
	library.Brought
	// Original is the SHA-256 of the original that the record tells, in hex;
	// empty: it does not.
	Original string
	// Path is the asset to add; empty: there is none, and Inline is its text.
	Path   string
	Inline string
}

// record is a line of sources.jsonl. Programs write the terms with and without
// their prefix; what refers to an asset does so by its path.
type record map[string]any

func (r record) text(names ...string) string {
	for _, n := range names {
		for _, key := range []string{n, "ccx:" + n, "https://w3id.org/ccx/" + n} {
			if s, ok := r[key].(string); ok {
				return s
			}
		}
	}
	return ""
}

func (r record) any(name string) any {
	for _, key := range []string{name, "ccx:" + name, "https://w3id.org/ccx/" + name} {
		if v, ok := r[key]; ok {
			return v
		}
	}
	return nil
}

// is reports a record of a type.
func (r record) is(kind string) bool {
	named := func(v any) bool {
		s, _ := v.(string)
		return s == kind || s == "ccx:"+kind || s == "https://w3id.org/ccx/"+kind
	}
	list, ok := r["@type"].([]any)
	return named(r["@type"]) || ok && slices.ContainsFunc(list, named)
}

// of is the id of the source that a chunk belongs to.
func (r record) of() string {
	switch v := r.any("source").(type) {
	case string:
		return v
	case map[string]any:
		id, _ := v["@id"].(string)
		return id
	}
	id, _, _ := strings.Cut(r.text("@id"), "#")
	return id
}

// each reads the records and calls f for each source once all that stands for it
// before the next one has been read. bad is told of records that are left out.
// An error of f ends it and is returned.
func (o *opened) each(ctx context.Context, bad func(line int, why error), f func(item) error) error {
	if o.types[sourcesName] == "" { // what is not declared was not checked, and counts for nothing
		return o.statement(f)
	}
	file, err := o.root.Open(sourcesName)
	if err != nil {
		return broken(err)
	}
	defer file.Close()
	r := reading{o: o, f: f, bad: bad}
	in := bufio.NewReaderSize(file, 64<<10)
	for line := 1; ; line++ {
		text, err := readLine(in)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, errLong) {
			bad(line, err)
			continue
		}
		if err != nil {
			return broken(err)
		}
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if err := r.take(line, text); err != nil {
			return err
		}
	}
	if err := r.finish(); err != nil {
		return err
	}
	return o.statement(f)
}

// statement adds the default graph as a document, where it says something: Coffer
// holds no graphs, and what it says is to be found all the same.
func (o *opened) statement(f func(item) error) error {
	if !o.statements {
		return nil
	}
	return f(item{Brought: library.Brought{Title: o.head.Name + ": knowledge", FileName: "knowledge.json"}, Path: knowledgeName})
}

var errLong = fmt.Errorf("it is longer than %d bytes", maxLine)

// readLine reads a line of at most maxLine bytes; of a longer one nothing is
// kept.
func readLine(r *bufio.Reader) ([]byte, error) {
	var out []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if len(out)+len(part) > maxLine {
			long, out = true, nil
		}
		if !long {
			out = append(out, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (len(out) > 0 || long), err == nil:
			if long {
				return nil, errLong
			}
			return out, nil
		}
		return nil, err
	}
}

// reading is the state between records.
type reading struct {
	o   *opened
	f   func(item) error
	bad func(int, error)

	source  record // whose chunks are read; nil: none
	line    int
	item    item
	runes   int // of its text; -1: not counted
	pending strings.Builder
}

func (r *reading) take(line int, text []byte) error {
	var rec record
	if err := json.Unmarshal(text, &rec); err != nil || rec == nil {
		r.bad(line, errors.New("it is no JSON object"))
		return nil
	}
	switch {
	case rec.is("Source"):
		if err := r.finish(); err != nil {
			return err
		}
		r.begin(line, rec)
	case rec.is("Chunk"):
		if err := r.chunk(rec); err != nil {
			r.bad(line, err)
		}
	default:
		r.bad(line, errors.New("it is neither a source nor a chunk"))
	}
	return nil
}

// begin finds what a source record refers to: its original where the package
// has it, else its text.
func (r *reading) begin(line int, rec record) {
	r.source, r.line, r.runes = rec, line, -1
	r.pending.Reset()
	r.item = item{
		Brought:  library.Brought{Title: rec.text("title", "name", "label"), Chosen: rec["titleChosen"] == true, FileName: rec.text("fileName")},
		Original: rec.text("originalSHA256"),
	}
	name := nameOf(r.item.Brought, rec)
	if r.item.Title == "" {
		r.item.Title = name
	}
	if r.item.FileName == "" {
		r.item.FileName = name
	}
	var text string
	for _, key := range sortedKeys(rec) {
		at, ok := rec[key].(string)
		if !ok || r.o.types[at] == "" {
			continue
		}
		switch {
		case r.o.modes[at] == modeEmbedded:
			r.item.Path = at
		case strings.HasPrefix(r.o.types[at], "text/"):
			text = at
		}
	}
	if r.item.Path == "" && text != "" {
		r.item.Path = text
		r.asText()
	}
}

// asText gives the document the name of a text.
func (r *reading) asText() {
	if path.Ext(r.item.FileName) != ".txt" {
		r.item.FileName += ".txt"
	}
}

// nameOf is what a source is called whose record does not say.
func nameOf(b library.Brought, rec record) string {
	for _, name := range []string{b.Title, b.FileName, path.Base(rec.text("@id"))} {
		if name = strings.NewReplacer("/", "-", "\\", "-").Replace(strings.TrimSpace(name)); name != "" && name != "." {
			return name
		}
	}
	return "document"
}

func sortedKeys(r record) []string {
	keys := make([]string, 0, len(r))
	for k := range r {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// chunk checks an anchor, and keeps the text of a chunk whose source has no
// other.
func (r *reading) chunk(rec record) error {
	if r.source == nil || rec.of() != r.source.text("@id") {
		return errors.New("it does not follow the source that it belongs to")
	}
	selector := rec.any("selector")
	if selector != nil {
		if err := r.anchor(selector); err != nil {
			return err
		}
	}
	content := rec.text("content")
	if selector == nil && content == "" {
		return errors.New("it has neither a selector nor content")
	}
	if r.item.Path != "" || content == "" {
		return nil
	}
	if r.pending.Len()+len(content) > library.MaxReadingText {
		return errors.New("the text of its source is too long")
	}
	if r.pending.Len() > 0 {
		r.pending.WriteString("\n\n")
	}
	r.pending.WriteString(content)
	return nil
}

// anchor checks the syntax of a selector (W3C Web Annotation Data Model, section
// 4.2), or of a list of them.
func (r *reading) anchor(v any) error {
	if list, ok := v.([]any); ok {
		for _, one := range list {
			if err := r.anchor(one); err != nil {
				return err
			}
		}
		return nil
	}
	s, _ := v.(map[string]any)
	kind, _ := s["type"].(string)
	switch kind {
	case "TextPositionSelector", "DataPositionSelector":
		start, ok1 := s["start"].(float64)
		end, ok2 := s["end"].(float64)
		if !ok1 || !ok2 || start < 0 || end < start || start != float64(int64(start)) || end != float64(int64(end)) {
			return errors.New("its position is none")
		}
		if kind == "TextPositionSelector" && end > float64(r.length()) {
			return errors.New("its position is beyond the end of the text")
		}
		return nil
	case "TextQuoteSelector":
		if exact, _ := s["exact"].(string); exact != "" {
			return nil
		}
	case "FragmentSelector", "CssSelector", "XPathSelector":
		if value, _ := s["value"].(string); value != "" {
			return nil
		}
	case "SvgSelector":
		return nil
	case "RangeSelector":
		return errors.Join(r.anchor(s["startSelector"]), r.anchor(s["endSelector"]))
	}
	return fmt.Errorf("its selector %.50q is none", kind)
}

// length counts the code points of the text that positions are of; beyond every
// position where there is none.
func (r *reading) length() int {
	if r.runes >= 0 {
		return r.runes
	}
	r.runes = 1 << 53
	for _, key := range []string{"text", "extractedText", "ccx:text", "ccx:extractedText"} {
		at, ok := r.source[key].(string)
		if !ok || r.o.types[at] == "" {
			continue
		}
		f, err := r.o.root.Open(at)
		if err != nil {
			continue
		}
		n, err := countRunes(f)
		if f.Close() == nil && err == nil {
			r.runes = n
		}
		break
	}
	return r.runes
}

func countRunes(r io.Reader) (n int, err error) {
	buf := make([]byte, 32<<10)
	for {
		k, err := r.Read(buf)
		for _, b := range buf[:k] {
			if utf8.RuneStart(b) {
				n++
			}
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// finish hands over the source that was read.
func (r *reading) finish() error {
	if r.source == nil {
		return nil
	}
	r.source = nil
	if r.item.Path == "" {
		r.item.Inline = r.pending.String()
		r.pending.Reset()
		r.asText()
	}
	return r.f(r.item)
}
