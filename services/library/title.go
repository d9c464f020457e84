package library

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits on what is given or found as text.
const (
	MaxTitle    = 500      // characters
	MaxFileName = 255      // bytes
	MaxNote     = 10 << 20 // bytes
)

// clean makes one line of s: NFC, valid UTF-8, no control characters, single
// spaces, at most max characters.
func clean(s string, max int) string {
	if len(s) > 8*max { // enough for max characters; the rest need not be looked at
		s = s[:8*max]
	}
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > max {
		s = strings.TrimSpace(string([]rune(s)[:max]))
	}
	return s
}

// baseName is the last element of a name as any system's browser may send it.
func baseName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = clean(name, 16*MaxFileName)
	if name == "." || name == ".." || name == "/" {
		return ""
	}
	if len(name) > MaxFileName {
		ext := path.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		cut := MaxFileName - len(ext)
		for cut > 0 && !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut] + ext
	}
	return name
}

// titleFrom is what a source is called until its reading names it better.
func titleFrom(fileName string) string {
	t := strings.TrimSuffix(fileName, path.Ext(fileName))
	switch strings.ToLower(path.Ext(fileName)) {
	case ".gz", ".bz2", ".xz", ".zst":
		t = strings.TrimSuffix(t, ".tar")
	}
	if !strings.Contains(t, " ") {
		t = strings.ReplaceAll(t, "_", " ")
	}
	if t = clean(t, MaxTitle); t == "" {
		t = clean(fileName, MaxTitle)
	}
	if t == "" {
		t = "Untitled"
	}
	return t
}
