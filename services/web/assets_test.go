package web

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAssetsAreAFileSystem(t *testing.T) {
	assets := Assets()
	must(t, fstest.TestFS(assets, "templates/shell.tmpl", "templates/search.tmpl", "templates/settings-account.tmpl", "static/settings-account.js", "static/search.css", "static/reader.js",
		"static/tokens.css", "static/icon.svg", "static/icon-192.png", "static/favicon.ico", "static/manifest.webmanifest"))
	must(t, fs.WalkDir(assets, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, ".go") || strings.Contains(path, "page.") {
			t.Errorf("%s is laid out", path)
		}
		return nil
	}))
}

// Two files of one name would overwrite each other when they are laid out.
func TestAssetNamesAreUnique(t *testing.T) {
	seen := map[string]string{}
	must(t, fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := laidOut(path)
		if other, twice := seen[name]; twice {
			t.Errorf("%s and %s are both laid out as %s", other, path, name)
		}
		seen[name] = path
		return nil
	}))
	if len(seen) < 30 {
		t.Errorf("only %d files", len(seen))
	}
}
