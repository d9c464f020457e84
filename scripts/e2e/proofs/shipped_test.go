package proofs

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/scripts/e2e/box"
	"coffer/scripts/e2e/tier"
	"coffer/weaken"
)

// What ships has no switch: no name of a protection to leave out, no place to
// write one, no symbol that would read it. Nothing builds it with the tag.
func TestShipsWithoutASwitch(t *testing.T) {
	tier.Need(t, tier.Proofs)
	if weaken.On || weaken.Without(weaken.Groups) {
		t.Error("this build can be weakened")
	}
	program := filepath.Join(t.TempDir(), "coffer") // with its symbols
	if err := compile(t.Context(), "build", "-trimpath", "-buildvcs=false", "-o", program, "./entrypoint"); err != nil {
		t.Fatal(err)
	}
	for path, can := range map[string]bool{program: false, weakenable(t): true} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{prefix, "nothing-left-out"} {
			if got := bytes.Contains(text, []byte(word)); got != can {
				t.Errorf("%q stands in the program that can be weakened (%v): %v", word, can, got)
			}
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tagged := false
		for _, s := range info.Settings {
			tagged = tagged || s.Key == "-tags" && s.Value == "weaken"
		}
		if tagged != can {
			t.Errorf("%s is built with the tag: %v", path, tagged)
		}
	}
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	symbols, err := f.Symbols()
	if err != nil || len(symbols) < 1000 {
		t.Fatalf("%d symbols, %v", len(symbols), err)
	}
	for _, s := range symbols {
		if strings.HasPrefix(s.Name, "coffer/weaken.") {
			t.Errorf("it has the symbol %s", s.Name)
		}
	}
	root, err := box.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Makefile", "Dockerfile", "scripts/image.sh", "scripts/run.sh"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "weaken") {
			t.Errorf("%s builds with a tag", name)
		}
	}
	if err := leaveOut(program, filepath.Join(t.TempDir(), "x"), weaken.Groups); err == nil {
		t.Error("what ships can be weakened")
	}
}
