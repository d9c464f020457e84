package diagnostics

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// view is a text in another form, each byte of which knows from where in the
// original it comes.
type view struct {
	text     []byte
	from, to []int32 // of each byte, in the original
}

func (v *view) add(b byte, from, to int32) {
	v.text, v.from, v.to = append(v.text, b), append(v.from, from), append(v.to, to)
}

// addRange adds a part of the original.
func (v *view) addRange(text string, from, to int) {
	for i := from; i < to; i++ {
		v.add(text[i], int32(i), int32(i+1))
	}
}

func plainView(text string) view {
	v := newView(len(text))
	v.addRange(text, 0, len(text))
	return v
}

func newView(size int) view {
	return view{make([]byte, 0, size), make([]int32, 0, size), make([]int32, 0, size)}
}

// views are the forms in which a text is searched: as it is, and with what
// JSON, Go and URLs escape read once and twice, also where a line ends within an
// escape. Each is folded.
func views(text string) []view {
	all := []view{plainView(text)}
	if strings.IndexByte(text, '\n') >= 0 {
		all = append(all, join(text))
	}
	for first, depth := 0, 0; depth < 2; depth++ {
		last := len(all)
		for _, v := range all[first:last] {
			if bytes.IndexByte(v.text, '\\') >= 0 {
				all = append(all, v.unescape())
			}
			if bytes.IndexByte(v.text, '%') >= 0 {
				all = append(all, v.unpercent())
			}
		}
		first = last
	}
	for i := range all {
		all[i] = all[i].fold()
	}
	return all
}

// fold leaves out white space, so that what is wrapped is in one piece, and
// writes small letters.
func (v view) fold() view {
	out := newView(len(v.text))
	for i, b := range v.text {
		if !space(b) {
			out.add(lower(b), v.from[i], v.to[i])
		}
	}
	return out
}

func foldText(s string) string {
	return string(plainView(s).fold().text)
}

func space(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// unpercent reads %XX (RFC 3986); what is no escape stays.
func (v view) unpercent() view {
	out := newView(len(v.text))
	for i := 0; i < len(v.text); i++ {
		if v.text[i] == '%' {
			if b, ok := hexByte(v.text, i+1); ok {
				out.add(b, v.from[i], v.to[i+2])
				i += 2
				continue
			}
		}
		out.add(v.text[i], v.from[i], v.to[i])
	}
	return out
}

// unescape reads the escapes of JSON and of Go; what is none stays.
func (v view) unescape() view {
	out := newView(len(v.text))
	for i := 0; i < len(v.text); i++ {
		if v.text[i] != '\\' || i+1 == len(v.text) {
			out.add(v.text[i], v.from[i], v.to[i])
			continue
		}
		from, to := v.from[i], v.to[i+1]
		switch c := v.text[i+1]; c {
		case 'n', 'r', 't', 'f', 'v':
			out.add(' ', from, to)
			i++
		case '"', '\\', '/', '\'':
			out.add(c, from, to)
			i++
		case 'x':
			if b, ok := hexByte(v.text, i+2); ok {
				out.add(b, from, v.to[i+3])
				i += 3
				continue
			}
			out.add('\\', from, v.to[i])
		case 'u':
			high, ok := hexByte(v.text, i+2)
			low, also := hexByte(v.text, i+4)
			if ok && also {
				for _, b := range utf8.AppendRune(nil, rune(high)<<8|rune(low)) {
					out.add(b, from, v.to[i+5])
				}
				i += 5
				continue
			}
			out.add('\\', from, v.to[i])
		default:
			if b, ok := octalByte(v.text, i+1); ok {
				out.add(b, from, v.to[i+3])
				i += 3
				continue
			}
			out.add('\\', from, v.to[i])
		}
	}
	return out
}

// hexByte reads two digits at i.
func hexByte(s []byte, i int) (byte, bool) {
	if i+1 >= len(s) {
		return 0, false
	}
	high, ok := hexDigit(s[i])
	low, also := hexDigit(s[i+1])
	return high<<4 | low, ok && also
}

// octalByte reads three digits at i.
func octalByte(s []byte, i int) (b byte, ok bool) {
	if i+2 >= len(s) || s[i] > '3' {
		return 0, false
	}
	for _, d := range s[i : i+3] {
		if d < '0' || d > '7' {
			return 0, false
		}
		b = b<<3 | (d - '0')
	}
	return b, true
}

func hexDigit(b byte) (byte, bool) {
	switch b = lower(b); {
	case b >= '0' && b <= '9':
		return b - '0', true
	case b >= 'a' && b <= 'f':
		return b - 'a' + 10, true
	}
	return 0, false
}
