//go:build weaken

package weaken

import (
	"io/fs"
	"strings"
	"testing/fstest"
)

// On says that this build can be weakened.
const On = true

// leftOut is read from the program file, so that every role has it, whatever
// it may open and whatever environment it is given.
var leftOut = Blank

// Without says that a protection is to be left out.
func Without(p Protection) bool { return strings.Contains(leftOut, string(p)+",") }

// Lines drops the lines of the edge's configuration that are a protection.
func Lines(files fs.FS) fs.FS {
	out := fstest.MapFS{}
	err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		switch {
		case name == "etc/nginx/coffer/proxy.conf" && Without(ClientAddress):
			text = drop(text, "X-Client-Addr")
		case name == "etc/nginx/coffer/headers.conf" && Without(ContentPolicy):
			text = drop(text, "Content-Security-Policy")
		}
		out[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		panic(err) // they are embedded
	}
	return out
}

func drop(text []byte, word string) []byte {
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, word) {
			out.WriteString(line)
		}
	}
	return []byte(out.String())
}
