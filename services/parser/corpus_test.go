package parser_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"coffer/services/parser/wire"
)

// corpus is the folder of real documents, or skips the test.
func corpus(t testing.TB) []string {
	t.Helper()
	root := os.Getenv("COFFER_CORPUS")
	if root == "" {
		t.Skip("COFFER_CORPUS is not set: no real documents")
	}
	files, err := filepath.Glob(filepath.Join(root, "documents", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents under %s: %v", root, err)
	}
	return files
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCorpusEndsClearly(t *testing.T) {
	files := corpus(t)
	s := start(t, nil)
	supported := []string{".pdf", ".docx", ".html", ".md", ".txt", ".csv", ".epub"}
	for _, file := range files {
		name := filepath.Base(file)
		result, failure := s.parse(t, name, readFile(t, file))
		switch {
		case failure == nil:
			t.Logf("%-55s %-8s %2d pages %3d passages %q", name, result.Type, result.Pages, len(result.Passages), result.Title)
			if !slices.Contains(supported, filepath.Ext(name)) {
				t.Errorf("%s: read as %s", name, result.Type)
			}
		case failure.Died:
			t.Errorf("%s: died: %+v", name, failure)
		default:
			t.Logf("%-55s %s: %s", name, failure.Code, failure.Message)
			if slices.Contains(supported, filepath.Ext(name)) && failure.Code != wire.CodeNoText && failure.Code != wire.CodeEncrypted {
				t.Logf("    a supported kind without text: %s", name)
			}
		}
	}
}

// TestCorpusPDFCoverage compares the words with those of pdftotext.
func TestCorpusPDFCoverage(t *testing.T) {
	files := corpus(t)
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed: nothing to compare with")
	}
	s := start(t, nil)
	var have, want int
	for _, file := range files {
		if filepath.Ext(file) != ".pdf" {
			continue
		}
		name := filepath.Base(file)
		// Some documents keep pdftotext busy for minutes.
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		out, err := exec.CommandContext(ctx, "pdftotext", file, "-").Output()
		cancel()
		if err != nil {
			t.Logf("%s: pdftotext: %v", name, err)
			continue
		}
		result, failure := s.parse(t, name, readFile(t, file))
		theirs, ours := words(string(out)), words(text(result))
		found := 0
		for word, n := range theirs {
			found += min(n, ours[word])
		}
		total := count(theirs)
		have, want = have+found, want+total
		if total > 0 && found*100 < total*95 {
			t.Logf("%s: %d of %d words (%v); missing %v", name, found, total, failure, missing(theirs, ours))
		}
	}
	t.Logf("%d of %d words", have, want)
	if have*100 < want*95 {
		t.Errorf("%d of %d words are fewer than 95 %%", have, want)
	}
}

func words(s string) map[string]int {
	n := map[string]int{}
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		n[w]++
	}
	return n
}

func count(words map[string]int) (n int) {
	for _, c := range words {
		n += c
	}
	return n
}

func missing(theirs, ours map[string]int) (out []string) {
	for word, n := range theirs {
		if ours[word] < n && len(out) < 20 {
			out = append(out, word)
		}
	}
	return out
}
