// Package markdown reads Markdown as plain text.
//
// It owns front matter and what of the markup is text: words, code, the text
// of links and pictures. Addresses of links are not.
package markdown

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"coffer/services/parser/internal/html"
	"coffer/services/parser/internal/limits"
	"coffer/services/parser/internal/prose"
	"coffer/services/parser/internal/text"
	"coffer/services/parser/wire"
)

// Read reads the Markdown doc.
func Read(doc []byte, w *prose.Writer) (wire.Head, error) {
	body := strings.ReplaceAll(text.Decode(doc, ""), "\r\n", "\n")
	title, front, body := frontMatter(body)
	if err := w.Block(front); err != nil {
		return wire.Head{}, err
	}
	if overloaded(body) {
		return wire.Head{Title: title}, w.Text(body)
	}
	source := []byte(body)
	tree := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser().Parse(gmtext.NewReader(source))
	r := &reader{source: source, out: w, title: title}
	if err := ast.Walk(tree, r.visit); err != nil {
		return wire.Head{}, err
	}
	return wire.Head{Title: r.title}, nil
}

// overloaded tells whether a stretch without an empty line holds more marks
// than any real one: pairing them takes time that grows with their square.
// Such a document is read as it stands.
func overloaded(body string) bool {
	marks := 0
	for line := range strings.Lines(body) {
		if strings.TrimSpace(line) == "" {
			marks = 0
		}
		for i := range len(line) {
			switch line[i] {
			case '*', '_', '[', '~', '`', '<':
				marks++
			}
		}
		if marks > limits.Marks {
			return true
		}
	}
	return false
}

// frontMatter parts the block between two lines of dashes (or plus signs) at
// the top from the rest, and finds the title in it.
func frontMatter(body string) (title, front, rest string) {
	fence, after, ok := strings.Cut(body, "\n")
	if fence = strings.TrimRight(fence, " "); !ok || fence != "---" && fence != "+++" {
		return "", "", body
	}
	end := strings.Index("\n"+after, "\n"+fence)
	if end < 0 || end > 64<<10 {
		return "", "", body
	}
	front = after[:max(0, end-1)]
	_, rest, _ = strings.Cut(after[end:], "\n")
	for line := range strings.Lines(front) {
		key, value, ok := strings.Cut(line, ":")
		if fence == "+++" {
			key, value, ok = strings.Cut(line, "=")
		}
		if ok && strings.TrimSpace(key) == "title" {
			title = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return title, front, rest
}

type reader struct {
	source []byte
	out    *prose.Writer
	title  string
}

func (r *reader) visit(n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	var err error
	switch n := n.(type) {
	case *ast.Heading:
		s := r.inline(n)
		if n.Level == 1 && r.title == "" {
			r.title = s
		}
		err = r.out.Heading(s)
	case *ast.Paragraph:
		err = r.out.Block(r.inline(n))
	case *ast.TextBlock:
		err = r.out.Row(r.inline(n))
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		err = r.out.Block(r.lines(n))
	case *ast.HTMLBlock:
		s := r.lines(n)
		if n.HasClosure() {
			s += string(n.ClosureLine.Value(r.source))
		}
		_, err = html.Fragment(s, r.out)
	case *extast.TableRow, *extast.TableHeader:
		err = r.out.Row(r.row(n))
	default:
		return ast.WalkContinue, nil
	}
	return ast.WalkSkipChildren, err
}

func (r *reader) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(r.source))
	}
	return b.String()
}

func (r *reader) row(n ast.Node) string {
	var cells []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		cells = append(cells, r.inline(c))
	}
	return strings.Join(cells, " | ")
}

// inline is the text of everything inside a block.
func (r *reader) inline(block ast.Node) string {
	var b strings.Builder
	// The visitor returns no error.
	_ = ast.Walk(block, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(plain(n, n.Segment.Value(r.source)))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(r.source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// plain resolves escapes and entities, which code does not have.
func plain(n *ast.Text, segment []byte) []byte {
	if _, code := n.Parent().(*ast.CodeSpan); code || n.IsRaw() {
		return segment
	}
	return util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(segment)))
}
