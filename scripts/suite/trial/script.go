package trial

import (
	"os"
	"path/filepath"
	"strings"
)

// quote makes a command line for a shell.
func quote(argv []string) string {
	var all []string
	for _, a := range argv {
		all = append(all, "'"+strings.ReplaceAll(a, "'", `'\''`)+"'")
	}
	return strings.Join(all, " ")
}

// script writes an executable file for /bin/sh, in folders that may not exist
// yet.
func script(path string, lines ...string) error {
	return write(path, 0o755, append([]string{"#!/bin/sh"}, lines...)...)
}

func write(path string, mode os.FileMode, lines ...string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), mode)
}

// search is where programs are looked for.
const search = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
