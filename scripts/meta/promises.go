package meta

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// promises are the documents whose every list item must name tests that do
// what it says, as `folder.TestName`.
func promises() []string { return []string{"SECURITY.md", "docs/hardening.md"} }

// CheckPromises returns one line for each list item that names no test, and
// for each test that is named and does not exist.
func CheckPromises(files []File) []string {
	tests := map[string]bool{}
	texts := map[string]string{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, f := range files {
		texts[f.Path] = f.Text
		if !strings.HasSuffix(f.Path, "_test.go") {
			continue
		}
		for _, m := range function.FindAllStringSubmatch(f.Text, -1) {
			tests[path.Dir(f.Path)+"."+m[1]] = true
		}
	}
	var faults []string
	for _, name := range promises() {
		items := listItems(texts[name])
		if len(items) == 0 {
			faults = append(faults, name+" promises nothing, or is not there")
		}
		for _, item := range items {
			faults = append(faults, checkItem(name, item, tests)...)
		}
	}
	return faults
}

func checkItem(name, item string, tests map[string]bool) []string {
	named := regexp.MustCompile("`([a-z0-9/]+\\.Test\\w+)`").FindAllStringSubmatch(item, -1)
	if len(named) == 0 {
		return []string{fmt.Sprintf("%s: %q names no test that does it", name, item)}
	}
	var faults []string
	for _, m := range named {
		if !tests[m[1]] {
			faults = append(faults, fmt.Sprintf("%s: there is no %s", name, m[1]))
		}
	}
	return faults
}

// listItems are the items of a document's lists, each on one line.
func listItems(text string) []string {
	var items []string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "- "):
			items, inside = append(items, line[2:]), true
		case inside && strings.HasPrefix(line, "  "):
			items[len(items)-1] += " " + strings.TrimSpace(line)
		default:
			inside = false
		}
	}
	return slices.Clip(items)
}
