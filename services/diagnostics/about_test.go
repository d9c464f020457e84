package diagnostics

import (
	"strings"
	"testing"

	"coffer/services/library"
)

// rules are the names of all that may be removed or renamed.
func rules() []string {
	all := []string{KnownPlain, KnownBase64, KnownHex, KnownBytes, assignment, "pem", "long-line", "content", "hex", "base32", "base64", "entropy", "encoded-lines",
		"name-" + kindAddress, "name-" + kindHost, "name-" + kindUser, "name-" + kindPath, "name-" + kindID}
	for _, r := range shapes() {
		all = append(all, r.name)
	}
	return all
}

// What the file says of itself is clean, whatever was found and left out.
func TestTheReadmeIsClean(t *testing.T) {
	s := NewShapes()
	for _, n := range []int{1, 23, 456, 7890, 123456} {
		d := library.Diagnosis{LeftOut: never()}
		counts := Counts{}
		for _, rule := range rules() {
			counts[rule] = n
			one := library.DiagnosisFile{Name: "logs/api.log", Text: strings.Repeat("x", n), Redacted: Counts{rule: n}}
			d.Files = append(d.Files, one)
		}
		d.Files = append(d.Files, library.DiagnosisFile{Name: "logs/nginx.log", Redacted: counts})
		text := about(d, "1.2.3")
		for _, h := range s.find(text) {
			t.Errorf("%s: %q in %q", h.rule, text[h.from:h.to], text[max(0, h.from-60):min(len(text), h.to+20)])
		}
	}
}
