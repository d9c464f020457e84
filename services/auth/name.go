package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"coffer/services/library"
)

// maxName is in characters (code points after NFC).
const maxName = 64

// cleanName returns name as it is kept and shown: NFC, trimmed, 1 to maxName
// characters of any script. Controls, line separators and the marks that
// reorder text are refused, because a name stands in headers of pages and in
// logs.
func cleanName(name string) (string, error) {
	invalid := func(message string) error {
		return &library.Error{Kind: library.Invalid, Field: "username", Message: message}
	}
	if len(name) > 16*maxName || !utf8.ValidString(name) {
		return "", invalid("The name has at most 64 characters.")
	}
	name = strings.TrimSpace(norm.NFC.String(name))
	if name == "" {
		return "", invalid("A name is needed.")
	}
	if utf8.RuneCountInString(name) > maxName {
		return "", invalid("The name has at most 64 characters.")
	}
	if strings.ContainsFunc(name, unnameable) {
		return "", invalid("The name has a character that cannot be shown.")
	}
	return name, nil
}

func unnameable(r rune) bool {
	switch {
	case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Co, unicode.Bidi_Control):
		return true
	case r == utf8.RuneError, r == '\uFEFF', unicode.Is(unicode.Noncharacter_Code_Point, r):
		return true
	}
	return false
}

// sameName compares names the way people mean them: without case, width or
// composition (toNFKC_Casefold, Unicode §3.13). It only decides whether the
// password is looked at, so being lenient costs nothing.
func sameName(a, b string) bool { return foldName(a) == foldName(b) }

func foldName(s string) string {
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	return strings.Join(strings.Fields(s), " ")
}
