package extract

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// tidy makes of a member's name the path below which it may lie: elements
// joined by slashes, none of them empty, "." or "..". Backslashes separate, as
// they do for whoever unpacks the same archive on Windows.
func tidy(name string) (string, error) {
	bad := func(reason string) (string, error) { return "", refuse(Name, name, reason, nil) }
	switch {
	case name == "":
		return bad("it has no name")
	case len(name) > maxName:
		return bad("its name is too long")
	case !utf8.ValidString(name):
		return bad("its name is not UTF-8")
	}
	slashed := strings.ReplaceAll(name, `\`, "/")
	if strings.HasPrefix(slashed, "/") || drive(slashed) {
		return bad("its name begins at the root of a disk")
	}
	var parts []string
	for part := range strings.SplitSeq(slashed, "/") {
		switch part {
		case "", ".":
			continue
		case "..":
			return bad("its name leads out of the archive")
		}
		if reason := unfit(part); reason != "" {
			return bad(reason)
		}
		parts = append(parts, part)
	}
	if len(parts) > maxParts {
		return bad("it lies in too many folders")
	}
	return strings.Join(parts, "/"), nil
}

// drive tells a name that begins with a letter of a disk.
func drive(name string) bool {
	return len(name) > 1 && name[1] == ':' && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
}

// unfit says what keeps part from being a file's name on the systems that
// people carry archives between, or nothing.
func unfit(part string) string {
	if len(part) > maxPart {
		return "its name is too long"
	}
	for _, r := range part {
		switch {
		case r < 0x20 || r == 0x7f:
			return "its name has control characters"
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return "its name has characters that turn the direction of reading"
		}
	}
	if strings.Trim(part, " .") == "" {
		return "its name is nothing but dots and spaces"
	}
	if device(part) {
		return "its name is that of a device"
	}
	return ""
}

// device tells the names that Windows keeps for devices, whatever follows a
// dot.
func device(part string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(part), ".")
	stem = strings.TrimRight(stem, " ")
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$":
		return true
	}
	if len(stem) < 4 || stem[:3] != "COM" && stem[:3] != "LPT" {
		return false
	}
	switch stem[3:] {
	case "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u00b9", "\u00b2", "\u00b3":
		return true
	}
	return false
}

// taken remembers names, folded: two that differ only in case or in how
// Unicode composes them are one file on many systems, and Windows drops dots
// and spaces at the end.
type taken struct {
	files   map[string]bool
	folders map[string]bool
	fold    cases.Caser
}

func newTaken() *taken {
	return &taken{map[string]bool{}, map[string]bool{}, cases.Fold()}
}

func (t *taken) folded(name string) string {
	parts := strings.Split(norm.NFKC.String(t.fold.String(norm.NFKC.String(name))), "/")
	for i, part := range parts {
		parts[i] = strings.TrimRight(part, " .")
	}
	return strings.Join(parts, "/")
}

// folder claims name as a folder. Claiming one twice is fine.
func (t *taken) folder(name string) error {
	if name == "" {
		return nil
	}
	return t.above(name, t.folded(name)+"/")
}

// file claims name as a file.
func (t *taken) file(name string) error {
	key := t.folded(name)
	if t.files[key] || t.folders[key] {
		return refuse(Duplicate, name, "there is another one of the same name", nil)
	}
	if err := t.above(name, key); err != nil {
		return err
	}
	t.files[key] = true
	return nil
}

// above claims the folders of key, up to its last slash.
func (t *taken) above(name, key string) error {
	for i := range len(key) {
		if key[i] != '/' {
			continue
		}
		if t.files[key[:i]] {
			return refuse(Duplicate, name, "it is both a file and a folder", nil)
		}
		t.folders[key[:i]] = true
	}
	return nil
}

// clip shortens what an archive says of itself for messages.
func clip(s string) string {
	const limit = 200
	if len(s) <= limit {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
