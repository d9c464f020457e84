package pdf

import (
	"bytes"
	"fmt"
	"regexp"
)

// repair gives a document that lost its end, like a broken download, a new
// one: PDFium finds the objects again by itself, but not where to begin. It is
// nil when the catalog is not found in plain sight.
func repair(doc []byte) []byte {
	at := regexp.MustCompile(`/Type\s*/Catalog\b`).FindAllIndex(doc, -1)
	if len(at) == 0 {
		return nil
	}
	before := doc[:at[len(at)-1][0]]
	object := regexp.MustCompile(`(\d{1,9})\s+(\d{1,5})\s+obj\b`)
	// An object's dictionary begins close to its number.
	window := before[max(0, len(before)-4<<10):]
	found := object.FindAllSubmatch(window, -1)
	if len(found) == 0 {
		return nil
	}
	last := found[len(found)-1]
	return fmt.Appendf(bytes.Clone(doc), "\ntrailer\n<</Root %s %s R>>\nstartxref\n0\n%%%%EOF\n", last[1], last[2])
}
