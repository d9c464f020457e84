package sniff

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"coffer/services/parser/internal/csv"
	"coffer/services/parser/internal/text"
)

// headSize is how much of a text is looked at.
const headSize = 64 << 10

// isText tells text in any encoding from binary data: no zero bytes but those
// of UTF-16 and UTF-32, and hardly any control characters.
func isText(doc []byte) bool {
	head := headOf(doc)
	if !bytes.ContainsRune(head, 0) && controls(head) {
		return true
	}
	decoded := []byte(text.Decode(head, ""))
	return len(decoded) > 0 && !bytes.ContainsRune(decoded, 0) && controls(decoded) && readable(decoded)
}

// headOf is the beginning of doc without a character cut in two.
func headOf(doc []byte) []byte {
	if len(doc) <= headSize {
		return doc
	}
	for n := headSize; n > headSize-utf8.UTFMax; n-- {
		if utf8.RuneStart(doc[n]) {
			return doc[:n]
		}
	}
	return doc[:headSize]
}

// controls tells whether at most two in a hundred bytes are control characters.
func controls(head []byte) bool {
	n := 0
	for _, c := range head {
		if c < ' ' && !strings.ContainsRune("\t\n\v\f\r\b\x1b", rune(c)) || c == 0x7f {
			n++
		}
	}
	return n*50 <= len(head)
}

// readable tells whether decoding succeeded for the most part.
func readable(decoded []byte) bool {
	return bytes.Count(decoded, []byte("\uFFFD"))*20 <= len(decoded)
}

// textual tells kinds of text apart; ext is the extension of the name, which
// counts where the bytes leave it open.
func textual(doc []byte, ext string) (string, error) {
	head := strings.TrimLeft(text.Decode(headOf(doc), ""), " \t\r\n\uFEFF")
	lower := strings.ToLower(head[:min(len(head), 4<<10)])
	switch {
	case strings.HasPrefix(lower, `{\rtf`):
		return "", older("an RTF document", "DOCX or PDF")
	case strings.HasPrefix(lower, "%!ps"):
		return "", unsupported("a PostScript file")
	case ext != ".txt" && ext != ".md" && isMail(head):
		return "", unsupported("an e-mail message")
	case ext != ".txt" && isMailbox(head):
		return "", unsupported("a mailbox of e-mail messages")
	case strings.HasPrefix(lower, "<?xml"), strings.HasPrefix(lower, "<") && strings.Contains(root(lower), "xmlns"):
		return markupKind(lower, ext)
	}
	switch ext {
	case ".html", ".htm", ".xhtml", ".xht", ".shtml":
		if strings.Contains(lower, "<") {
			return HTML, nil
		}
	case ".md", ".markdown", ".mdown", ".mkd", ".mdx":
		if !startsHTML(lower) {
			return Markdown, nil
		}
	case ".csv", ".tsv", ".tab":
		if !startsHTML(lower) {
			return CSV, nil
		}
	case ".txt", ".text", ".log":
		if !startsHTML(lower) {
			return Text, nil
		}
	default:
		if isTable(head) {
			return CSV, nil
		}
	}
	if startsHTML(lower) || known(ext) == "" && looksHTML(lower) {
		return HTML, nil
	}
	return Text, nil
}

// known returns ext when it is one of a kind of text in which markup may be
// quoted, such as the source of a program.
func known(ext string) string {
	switch ext {
	case "", ".html", ".htm", ".xhtml", ".xht", ".shtml", ".asp", ".aspx", ".jsp", ".php", ".cgi":
		return ""
	}
	return ext
}

// root is the first element's tag, behind prolog, comments and doctype.
func root(lower string) string {
	for {
		lower = strings.TrimLeft(lower, " \t\r\n")
		var end string
		switch {
		case strings.HasPrefix(lower, "<!--"):
			end = "-->"
		case strings.HasPrefix(lower, "<?"):
			end = "?>"
		case strings.HasPrefix(lower, "<!"):
			end = ">"
		case strings.HasPrefix(lower, "<"):
			tag, _, _ := strings.Cut(lower[1:], ">")
			return tag
		default:
			return ""
		}
		_, rest, ok := strings.Cut(lower, end)
		if !ok {
			return ""
		}
		lower = rest
	}
}

// markupKind tells kinds of XML apart.
func markupKind(lower, ext string) (string, error) {
	tag := root(lower)
	var name string
	for name = range strings.FieldsSeq(tag) {
		break
	}
	name = strings.TrimRight(name, "/")
	if _, local, ok := strings.Cut(name, ":"); ok {
		name = local
	}
	switch {
	case name == "html" || strings.Contains(lower, "<!doctype html"):
		return HTML, nil
	case name == "worddocument", name == "package" && strings.Contains(tag, "xmlpackage"), name == "document" && strings.Contains(tag, "wordprocessingml"):
		return FlatDOCX, nil
	case name == "svg":
		return "", unsupported("an SVG picture")
	case ext == ".html" || ext == ".htm" || ext == ".xhtml":
		return HTML, nil
	}
	return "", unsupported("an XML file")
}

// startsHTML tells a page that says so at its top.
func startsHTML(lower string) bool {
	if strings.Contains(lower[:min(len(lower), 1024)], "<!doctype html") && strings.HasPrefix(lower, "<") {
		return true
	}
	tag := root(lower)
	return tag == "html" || strings.HasPrefix(tag, "html ") || tag == "head" || tag == "body" || strings.HasPrefix(tag, "body ")
}

// looksHTML tells a page or a piece of one that begins with a tag.
func looksHTML(lower string) bool {
	pattern := regexp.MustCompile(`^(?:<!--.*?-->\s*)*<(?:div|p|h[1-6]|table|title|meta|link|script|style|span|center|font|a|ul|ol|section|article|main|nav|b|i|br|hr|img|frameset|form)[\s>/]`)
	return pattern.MatchString(lower) || strings.Contains(lower, "<html")
}

// isMail tells an e-mail message by its first header fields (RFC 5322).
func isMail(head string) bool {
	fields, mail := 0, 0
	field := regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*):(?:[ \t]|\r?$)`)
	for line := range strings.Lines(head) {
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		m := field.FindStringSubmatch(line)
		if m == nil {
			return false
		}
		fields++
		switch strings.ToLower(m[1]) {
		case "received", "message-id", "mime-version", "return-path", "dkim-signature", "delivered-to", "content-type", "from":
			mail++
		}
	}
	return fields >= 3 && mail >= 2
}

// isMailbox tells an mbox file (RFC 4155): the line that begins a message, and
// a message.
func isMailbox(head string) bool {
	first, rest, _ := strings.Cut(head, "\n")
	return strings.HasPrefix(first, "From ") && isMail(rest)
}

// isTable tells a table without a name that says so.
func isTable(head string) bool {
	comma, body := csv.Separator(head)
	lines, before := 0, 0
	for line := range strings.Lines(body) {
		n := strings.Count(line, string(comma))
		if n < 2 || lines > 0 && n != before {
			return false
		}
		before = n
		if lines++; lines == 20 {
			break
		}
	}
	return lines >= 3
}
