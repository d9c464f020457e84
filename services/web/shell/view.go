package shell

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"path"

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

// View is one page's parsed template.
type View struct {
	shell  *Shell
	sheets Sheets
	parsed *template.Template
}

// View parses a page.
func (s *Shell) View(sh Sheets) (*View, error) {
	v := &View{shell: s, sheets: sh}
	t, err := v.parse()
	v.parsed = t
	return v, err
}

// Page is a view with an empty value of the data it takes.
type Page struct {
	View *View
	Data any
}

// Template is the parsed page, for checking it against its data.
func (v *View) Template() *template.Template { return v.parsed }

func (v *View) entry() string {
	if v.sheets.Entry != "" {
		return v.sheets.Entry
	}
	return "shell"
}

func (v *View) parse() (*template.Template, error) {
	names := append(shared(), v.sheets.With...)
	names = append(names, v.sheets.Page)
	t := template.New(v.sheets.Page)
	for _, name := range names {
		if _, err := t.ParseFS(v.shell.Templates, path.Clean(name)+".tmpl"); err != nil {
			return nil, fmt.Errorf("web: template %s: %w", name, err)
		}
	}
	return t.Lookup(v.entry()), nil
}

// Render sends the page. The whole of it is made first, so that a fault in a
// template is an error page and not half a page.
func (v *View) Render(c *gin.Context, status int, page any) {
	t := v.parsed
	if v.shell.Dev {
		var err error
		if t, err = v.parse(); err != nil {
			v.shell.Fail(c, err)
			return
		}
	}
	var b bytes.Buffer
	if err := t.Execute(&b, page); err != nil {
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
