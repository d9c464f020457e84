package pdf

import "strings"

// tidy gives the text of a page plain line ends and joins words that PDFium
// marks as parted by a hyphen at the end of a line.
func tidy(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\ufffe\r\n", "", "\ufffe\n", "", "\ufffe", "", "\x02\r\n", "", "\x02\n", "", "\x02", "").Replace(text)
}
