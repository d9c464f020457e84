package meta

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// tracked returns every file git knows; rules that need fewer leave some out.
func tracked(t *testing.T) []File {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []File
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(cmd.Dir, name))
		if os.IsNotExist(err) {
			continue // removed, not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{name, string(text)})
	}
	return files
}

func TestSource(t *testing.T)    { report(t, CheckSource(tracked(t))) }
func TestText(t *testing.T)      { report(t, CheckText(tracked(t))) }
func TestDocuments(t *testing.T) { report(t, CheckDocuments(tracked(t))) }
func TestPromises(t *testing.T)  { report(t, CheckPromises(tracked(t))) }

func report(t *testing.T, faults []string) {
	t.Helper()
	for _, f := range faults {
		t.Error(f)
	}
}

// Each rule on made-up trees: what must be refused, and what looks like it and
// must not be.
func TestRulesCanFail(t *testing.T) {
	const doc = "// Package p owns one thing that is described here in some words and refuses all of the others.\n"
	source := func(body string) []File { return []File{{"services/p/p.go", doc + "package p\n" + body}} }
	for _, c := range []struct {
		name   string
		check  func([]File) []string
		files  []File
		faults string // a part of the one fault expected; empty: none
	}{
		{"init", CheckSource, source("func init() {}"), "init runs on import"},
		{"method init", CheckSource, source("type T int\nfunc (T) init() {}"), ""},
		{"empty variable", CheckSource, source("var n int"), "starts empty"},
		{"assigned variable", CheckSource, source("var n = 1\nfunc f() { n = 2 }"), "is changed"},
		{"assigned element", CheckSource, source("var m = map[int]int{}\nfunc f() { m[1] = 2 }"), "is changed"},
		{"counted variable", CheckSource, source("var n = 1\nfunc f() { n++ }"), "is changed"},
		{"address of a variable", CheckSource, source("var n = 1\nfunc f() *int { return &n }"), "is changed"},
		{"assigned in another file", CheckSource,
			append(source("var n = 1"), File{"services/p/q.go", "package p\nfunc f() { n = 2 }"}), "is changed"},
		{"constant table", CheckSource, source("var m = map[int]int{1: 2}\nfunc f() int { return m[1] }"), ""},
		{"local of the same name", CheckSource, source("var n = 1\nfunc f() { n := 1; n = 2; _ = n }"), ""},
		{"local var of the same name", CheckSource, source("var n = 1\nfunc f() { var n int; n = 2; _ = n }"), ""},
		{"embedded", CheckSource, source("import _ \"embed\"\n//go:embed x\nvar x string"), ""},
		{"interface assertion", CheckSource, source("type T int\nvar _ = T(0)"), ""},
		{"no package comment", CheckSource, []File{{"services/p/p.go", "package p"}}, "package comment"},
		{"environment", CheckSource, source("import \"os\"\nfunc f() string { return os.Getenv(\"X\") }"), "environment is read"},
		{"environment in config", CheckSource,
			[]File{{"config/p.go", doc + "package p\nimport \"os\"\nfunc f() string { return os.Getenv(\"X\") }"}}, ""},
		{"mark", CheckText, []File{{"a.go", "// TO" + "DO: later"}}, "unfinished"},
		{"mark inside a word", CheckText, []File{{"a.go", "// TODOS are a band"}}, ""},
		{"machine path", CheckText, []File{{"a.go", "x = \"/ro" + "ot/x\""}}, "place on one machine"},
		{"host", CheckText, []File{{"a.sh", "GOPROXY=https://proxy.gol" + "ang.org"}}, "place on one machine"},
		{"path of the box", CheckText, []File{{"a.go", "x = \"/run/coffer\""}}, ""},
		{"long file", CheckText, []File{{"a.go", strings.Repeat("\n", maxLines+2)}}, "split it"},
		{"long licence", CheckText, []File{{"LICENSE", strings.Repeat("\n", maxLines+2)}}, ""},
		{"no readme", CheckDocuments, nil, "README.md is missing"},
		{"unknown target", CheckDocuments, []File{{"README.md", "$ make fast\n"}, {"Makefile", "slow:\n"}}, "no target"},
		{"known target", CheckDocuments, []File{{"README.md", "`make slow`"}, {"Makefile", "slow: x\n"}}, ""},
		{"prose", CheckDocuments, []File{{"README.md", "it does not make sense"}}, ""},
		{"dead link", CheckDocuments, []File{{"README.md", "[a](docs/b.md)"}}, "not there"},
		{"link", CheckDocuments, []File{{"README.md", "[a](docs/b.md#c) [d](docs/)"}, {"docs/b.md", "x"}}, ""},
		{"long record", CheckDocuments, []File{{"README.md", "x"}, {"docs/adr/1.md", strings.Repeat("word ", maxADRWords+1)}}, "two pages"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(c.check(c.files), "\n")
			if c.faults == "" && got != "" {
				t.Errorf("refused: %s", got)
			}
			if !strings.Contains(got, c.faults) {
				t.Errorf("got %q, want %q in it", got, c.faults)
			}
		})
	}
}
