package meta

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// longFiles may be longer than maxLines, each for its reason.
func longFiles() map[string]string {
	return map[string]string{
		"go.sum":  "generated",
		"LICENSE": "the licence, verbatim",
	}
}

const (
	maxLines    = 400
	maxADRLines = 110 // two printed pages
	maxADRWords = 1000
)

// CheckText returns one line for each tracked text file with a mark of
// unfinished work, a path or host of somebody's machine, or too many lines.
func CheckText(files []File) []string {
	// Written in pieces, so that this file passes its own check.
	marks := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)
	places := regexp.MustCompile(`(^|[\s"'=:(` + "`" + `])(/wo` + `rk/|/ro` + `ot/|/ho` + `me/[a-z]+/|/Us` + `ers/)` +
		`|proxy\.gol` + `ang\.org|registry\.np` + `mjs|registry-1\.doc` + `ker`)
	var faults []string
	for _, f := range files {
		if f.Path == "LICENSE" || f.Path == "go.sum" || strings.Contains(f.Path, "/testdata/") || strings.ContainsRune(f.Text, 0) {
			continue
		}
		lines := strings.Split(strings.TrimSuffix(f.Text, "\n"), "\n")
		for i, line := range lines {
			if m := marks.FindString(line); m != "" {
				faults = append(faults, fmt.Sprintf("%s:%d: %s marks unfinished work; finish it or leave it out", f.Path, i+1, m))
			}
			if m := places.FindString(line); m != "" {
				faults = append(faults, fmt.Sprintf("%s:%d: %q is a place on one machine", f.Path, i+1, strings.TrimSpace(m)))
			}
		}
		if len(lines) > maxLines && longFiles()[f.Path] == "" {
			faults = append(faults, fmt.Sprintf("%s has %d lines; split it, or allow it with a reason", f.Path, len(lines)))
		}
	}
	return faults
}

// CheckDocuments returns one line for each fault of the README and the
// decision records: a make target that does not exist, a link to a file that
// does not, a record longer than two pages.
func CheckDocuments(files []File) []string {
	var faults []string
	tracked := map[string]string{}
	for _, f := range files {
		tracked[f.Path] = f.Text
	}
	readme := tracked["README.md"]
	if readme == "" {
		return []string{"README.md is missing"}
	}
	targets := makeTargets(tracked["Makefile"])
	for _, m := range regexp.MustCompile("(?m)(?:^\\$? *|`)make ([a-z0-9-]+)").FindAllStringSubmatch(readme, -1) {
		if !slices.Contains(targets, m[1]) {
			faults = append(faults, fmt.Sprintf("README.md: make %s is no target of the Makefile", m[1]))
		}
	}
	for name, text := range tracked {
		if !strings.HasSuffix(name, ".md") {
			continue
		}
		for _, m := range regexp.MustCompile(`\]\(([^):#\s]+)(#[^)]*)?\)`).FindAllStringSubmatch(text, -1) {
			if target := path.Join(path.Dir(name), m[1]); !exists(tracked, target) {
				faults = append(faults, fmt.Sprintf("%s links to %s, which is not there", name, target))
			}
		}
		if within(name, "docs/adr") {
			if l, w := strings.Count(text, "\n"), len(strings.Fields(text)); l > maxADRLines || w > maxADRWords {
				faults = append(faults, fmt.Sprintf("%s has %d lines and %d words; two pages are %d and %d", name, l, w, maxADRLines, maxADRWords))
			}
		}
	}
	slices.Sort(faults)
	return faults
}

func makeTargets(makefile string) []string {
	var targets []string
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(makefile, -1) {
		targets = append(targets, m[1])
	}
	return targets
}

// exists reports a tracked file, or a folder that holds one.
func exists(tracked map[string]string, name string) bool {
	if _, ok := tracked[name]; ok {
		return true
	}
	for f := range tracked {
		if within(f, strings.TrimSuffix(name, "/")) {
			return true
		}
	}
	return false
}
