package papers

import (
	"archive/zip"
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// Each document holds its own token once and nobody else's, as another reader
// of the format sees it.
func TestMixedHoldsItsToken(t *testing.T) {
	seen := map[string]bool{}
	for n := range 70 {
		name, body := Mixed(n)
		if seen[string(body)] {
			t.Fatalf("%s repeats an earlier document", name)
		}
		seen[string(body)] = true
		text := plain(t, name, body)
		if got := strings.Count(text, Token(n)); got != 1 {
			t.Errorf("%s holds %s %d times, want 1", name, Token(n), got)
		}
		if strings.Contains(text, Token(n+1)) {
			t.Errorf("%s holds the token of the next document", name)
		}
	}
}

func plain(t *testing.T, name string, body []byte) string {
	t.Helper()
	switch {
	case strings.HasSuffix(name, ".docx"), strings.HasSuffix(name, ".epub"):
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var all strings.Builder
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(&all, r); err != nil {
				t.Fatal(err)
			}
		}
		return all.String()
	case strings.HasSuffix(name, ".pdf"):
		if _, err := exec.LookPath("pdftotext"); err != nil {
			return string(body) // the streams are not compressed
		}
		cmd := exec.Command("pdftotext", "-", "-")
		cmd.Stdin = bytes.NewReader(body)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("pdftotext refuses %s: %v", name, err)
		}
		return string(out)
	default:
		return string(body)
	}
}
