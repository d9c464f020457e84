package shell

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"sync"

	"github.com/gin-gonic/gin"
)

// Sheets says what a page is made of.
type Sheets struct {
	Page   string   // its template is Page.tmpl
	With   []string // further templates it needs
	Below  []string // styles that lie below its own, without .css
	Style  string   // its style, without .css; may be empty
	Script string   // its script, without .js; may be empty
	Bare   bool     // no rail: the browser may not be signed in
	Live   bool     // although bare, it follows events
	Entry  string   // the template to execute; empty: "shell"
}

// shared are the templates that every page may use.
func shared() []string { return []string{"shell", "icon", "tray", "reach-choice", "meter"} }

// View is one page's template, which is parsed when the page is first asked
// for: the API answers that much sooner after a start.
type View struct {
	shell  *Shell
	sheets Sheets
	parsed func() (*template.Template, error)
}

// View makes sure that there is what a page is made of.
func (s *Shell) View(sh Sheets) (*View, error) {
	v := &View{shell: s, sheets: sh}
	v.parsed = sync.OnceValues(v.parse)
	for _, name := range v.names() {
		if _, err := fs.Stat(s.Templates, file(name)); err != nil {
			return nil, fmt.Errorf("web: template %s: %w", name, err)
		}
	}
	return v, nil
}

// Page is a view with an empty value of the data it takes.
type Page struct {
	View *View
	Data any
}

// Template is the parsed page, for checking it against its data.
func (v *View) Template() (*template.Template, error) { return v.parsed() }

func (v *View) entry() string {
	if v.sheets.Entry != "" {
		return v.sheets.Entry
	}
	return "shell"
}

// names are those of its templates, its own last.
func (v *View) names() []string {
	return append(append(shared(), v.sheets.With...), v.sheets.Page)
}

func file(name string) string { return path.Clean(name) + ".tmpl" }

func (v *View) parse() (*template.Template, error) {
	t := template.New(v.sheets.Page)
	for _, name := range v.names() {
		if _, err := t.ParseFS(v.shell.Templates, file(name)); err != nil {
			return nil, fmt.Errorf("web: template %s: %w", name, err)
		}
	}
	return t.Lookup(v.entry()), nil
}

// Render sends the page. The whole of it is made first, so that a fault in a
// template is an error page and not half a page.
func (v *View) Render(c *gin.Context, status int, page any) {
	parsed := v.parsed
	if v.shell.Dev {
		parsed = v.parse
	}
	var b bytes.Buffer
	t, err := parsed()
	if err == nil {
		err = t.Execute(&b, page)
	}
	if err != nil {
		if v == v.shell.failure {
			v.shell.Log.Error("error page not made", "error", err)
			c.String(http.StatusInternalServerError, "Something went wrong in the box.")
			return
		}
		v.shell.Fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}
