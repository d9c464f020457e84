// Package html reads HTML and XHTML as the text a person would see.
//
// It owns which elements hold no text (scripts, styles), which part
// paragraphs, and how the encoding is declared. It keeps menus and footers:
// telling them from the content is a guess, and a wrong guess loses text. It
// walks tokens and builds no tree, so that depth costs nothing.
package html

import (
	"errors"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding/htmlindex"

	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/text"
	"coffer/services/parser/wire"
)

// Read reads the page doc.
func Read(doc []byte, w *prose.Writer) (wire.Head, error) {
	title, err := Fragment(text.Decode(doc, declared(doc)), w)
	if err == nil && w.Empty() {
		err = w.Block(title) // all that such a page says
	}
	return wire.Head{Title: title}, err
}

// Fragment reads markup that is decoded already, and returns its title.
func Fragment(markup string, w *prose.Writer) (string, error) {
	r := &reader{out: w, tokens: html.NewTokenizer(strings.NewReader(markup))}
	if err := r.run(); err != nil {
		return "", err
	}
	if r.title == "" {
		r.title = r.heading
	}
	return r.title, r.end()
}

// declared finds the encoding that a page declares about itself: the first
// name after "charset" or "encoding" that is one.
func declared(doc []byte) string {
	pattern := regexp.MustCompile(`(?i)(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)`)
	for _, m := range pattern.FindAllSubmatch(doc[:min(len(doc), 16<<10)], 20) {
		if _, err := htmlindex.Get(string(m[1])); err == nil {
			return string(m[1])
		}
	}
	return ""
}

type reader struct {
	out     *prose.Writer
	tokens  *html.Tokenizer
	title   string
	heading string // text of the first h1
	block   strings.Builder
	level   int       // of the heading the block is, 0 for a paragraph
	list    bool      // the block is an item of a list or a row
	skip    atom.Atom // element whose content is no text
	pre     int
	cell    bool // a cell ended and the next has not begun
	nested  bool // inside a noscript of another reader
}

func (r *reader) run() error {
	for {
		switch r.tokens.Next() {
		case html.ErrorToken:
			if err := r.tokens.Err(); !errors.Is(err, io.EOF) {
				return prose.Malformed("a web page")
			}
			return nil
		case html.TextToken:
			r.text(string(r.tokens.Text()))
		case html.SelfClosingTagToken:
			name, attrs := r.tokens.TagName()
			// In XHTML <script/> and <title/> are complete; a browser would
			// take the rest of the page for a script.
			r.tokens.NextIsNotRawText()
			if tag := atom.Lookup(name); !opaque(tag) {
				if err := r.start(tag, attrs); err != nil {
					return err
				}
			}
		case html.StartTagToken:
			name, attrs := r.tokens.TagName()
			if err := r.start(atom.Lookup(name), attrs); err != nil {
				return err
			}
		case html.EndTagToken:
			name, _ := r.tokens.TagName()
			if err := r.close(atom.Lookup(name)); err != nil {
				return err
			}
		}
	}
}

func (r *reader) text(s string) {
	switch r.skip {
	case 0:
	case atom.Title:
		if r.title == "" {
			r.title = prose.Line(s)
		}
		return
	case atom.Noscript:
		r.noscript(s)
		return
	default:
		return
	}
	if r.pre > 0 {
		r.block.WriteString(s)
		return
	}
	fields := strings.Fields(s)
	if len(fields) == 0 {
		r.space(s != "")
		return
	}
	if r.cell && r.block.Len() > 0 {
		r.block.WriteString(" | ")
	}
	r.cell = false
	r.space(strings.TrimLeft(s[:1], " \t\r\n\f") == "")
	r.block.WriteString(strings.Join(fields, " "))
	r.space(strings.TrimLeft(s[len(s)-1:], " \t\r\n\f") == "")
}

// space adds one space when there is one to add and something before it.
func (r *reader) space(wanted bool) {
	if s := r.block.String(); wanted && s != "" && !strings.HasSuffix(s, " ") && !strings.HasSuffix(s, "\n") {
		r.block.WriteByte(' ')
	}
}

// noscript reads what is shown to a browser without scripts, which the
// tokenizer hands over as one text. One level is enough for real pages.
func (r *reader) noscript(s string) {
	if r.nested {
		return
	}
	inner := &reader{out: r.out, tokens: html.NewTokenizer(strings.NewReader(s)), nested: true}
	// An error of the writer is kept there and met again at the next block.
	if inner.run() == nil {
		_ = inner.end()
	}
}

func (r *reader) start(tag atom.Atom, attrs bool) error {
	if opaque(tag) {
		if r.skip == 0 {
			r.skip = tag
		}
		return nil
	}
	switch tag {
	case atom.Br:
		r.block.WriteByte('\n')
		return nil
	case atom.Img, atom.Area:
		r.alt(attrs)
		return nil
	case atom.Input:
		return nil
	}
	if !blocks(tag) {
		return nil
	}
	if tag == atom.Td || tag == atom.Th {
		r.cell = true // the end of the cell before may be left out
		return nil
	}
	if err := r.end(); err != nil {
		return err
	}
	switch tag {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.level = int(tag.String()[1] - '0')
	case atom.Li, atom.Tr, atom.Dt, atom.Dd, atom.Option:
		r.list = true
	case atom.Pre, atom.Textarea, atom.Xmp, atom.Listing, atom.Plaintext:
		r.pre++
	}
	return nil
}

func (r *reader) close(tag atom.Atom) error {
	if r.skip != 0 {
		if tag == r.skip {
			r.skip = 0
		}
		return nil
	}
	switch tag {
	case atom.Td, atom.Th:
		r.cell = true
		return nil
	case atom.Pre, atom.Textarea, atom.Xmp, atom.Listing:
		r.pre = max(0, r.pre-1)
	}
	if blocks(tag) {
		return r.end()
	}
	return nil
}

// opaque tells whether the content of an element is not part of the page's text.
func opaque(tag atom.Atom) bool {
	switch tag {
	case atom.Script, atom.Style, atom.Template, atom.Title, atom.Noscript, atom.Iframe, atom.Noembed, atom.Noframes:
		return true
	}
	return false
}

// alt adds what a picture says to those who cannot see it.
func (r *reader) alt(attrs bool) {
	for attrs {
		var key, value []byte
		key, value, attrs = r.tokens.TagAttr()
		if string(key) == "alt" && r.skip == 0 {
			r.space(true)
			r.block.WriteString(strings.Join(strings.Fields(string(value)), " "))
			r.space(true)
		}
	}
}

// end hands the block on.
func (r *reader) end() error {
	s := r.block.String()
	r.block.Reset()
	level, list := r.level, r.list
	r.level, r.list, r.cell = 0, false, false
	switch {
	case level > 0:
		if level == 1 && r.heading == "" {
			r.heading = prose.Line(s)
		}
		return r.out.Heading(s)
	case list:
		return r.out.Row(s)
	default:
		return r.out.Block(s)
	}
}

// blocks tells whether an element begins and ends a paragraph.
func blocks(tag atom.Atom) bool {
	switch tag {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Button, atom.Caption, atom.Center,
		atom.Dd, atom.Details, atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption,
		atom.Figure, atom.Footer, atom.Form, atom.Frameset, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Head, atom.Header, atom.Hgroup, atom.Hr, atom.Html, atom.Legend, atom.Li, atom.Listing, atom.Main,
		atom.Menu, atom.Nav, atom.Ol, atom.Optgroup, atom.Option, atom.P, atom.Plaintext, atom.Pre, atom.Section,
		atom.Select, atom.Summary, atom.Table, atom.Tbody, atom.Td, atom.Textarea, atom.Tfoot, atom.Th, atom.Thead,
		atom.Tr, atom.Ul, atom.Xmp:
		return true
	}
	return false
}
