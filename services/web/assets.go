package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// files is every page's folder as it lies in the tree.
//
//go:embed */*.tmpl */*.css */*.js icons/*.svg icons/*.png icons/*.ico icons/*.webmanifest
var files embed.FS

// Assets is what is laid out on disk: templates/NAME.tmpl and static/NAME.EXT.
// A page's page.tmpl, page.css and page.js take the name of its folder; other
// files keep their own.
//
// Scripts import each other by name. Their imports, like the addresses in
// pages, get the version of all static files, so that a browser may keep every
// one of them for ever.
func Assets() fs.FS {
	a, _ := assemble()
	return a
}

// StaticVersion changes whenever a static file does.
func StaticVersion() string {
	_, v := assemble()
	return v
}

func assemble() (tree, string) {
	out := tree{}
	hash := sha256.New()
	folders, _ := fs.ReadDir(files, ".") // embedded: it cannot fail
	for _, folder := range folders {
		entries, _ := fs.ReadDir(files, folder.Name())
		for _, e := range entries {
			content, _ := fs.ReadFile(files, path.Join(folder.Name(), e.Name()))
			name, ext := e.Name(), path.Ext(e.Name())
			if strings.TrimSuffix(name, ext) == "page" {
				name = folder.Name() + ext
			}
			switch ext {
			case ".tmpl":
				out["templates/"+name] = content
			case ".css", ".js", ".svg", ".png", ".ico", ".webmanifest":
				out["static/"+name] = content
				hash.Write([]byte(name))
				hash.Write(content)
			}
		}
	}
	version := hex.EncodeToString(hash.Sum(nil))[:12]
	imports := regexp.MustCompile(`(?m)^(import [^"\n]*")\./([a-z-]+\.js)";$`)
	for name, content := range out {
		if path.Ext(name) == ".js" {
			out[name] = imports.ReplaceAll(content, []byte(`${1}./${2}?v=`+version+`";`))
		}
	}
	return out, version
}

// names of a tree in order.
func (t tree) names() []string {
	var all []string
	for name := range t {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
