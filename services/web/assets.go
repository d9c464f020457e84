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
//go:embed */*.tmpl */*.css */*.js */*/*.tmpl */*/*.css */*/*.js icons/*.svg icons/*.png icons/*.ico icons/*.webmanifest
var files embed.FS

// Assets is what is laid out on disk: templates/NAME.tmpl and static/NAME.EXT.
// A page's page.tmpl, page.css and page.js take the name of its folder
// (settings/account becomes settings-account); other files keep their own.
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
	for _, name := range embedded() {
		content, _ := fs.ReadFile(files, name) // embedded: it cannot fail
		laid := laidOut(name)
		switch path.Ext(laid) {
		case ".tmpl":
			out["templates/"+laid] = content
		case ".css", ".js", ".svg", ".png", ".ico", ".webmanifest":
			out["static/"+laid] = content
			hash.Write([]byte(laid))
			hash.Write(content)
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

// embedded are the paths of all files, in order.
func embedded() []string {
	var all []string
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, name)
		}
		return err
	})
	return all
}

// laidOut is the name under which a file of a page's folder is laid out.
func laidOut(name string) string {
	folder, file := path.Split(name)
	if ext := path.Ext(file); file == "page"+ext {
		return strings.ReplaceAll(path.Clean(folder), "/", "-") + ext
	}
	return file
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
