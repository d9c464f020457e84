// Package settings is the frame of the settings: what stands around each of
// their sections, and the way between them.
//
// A section is a page of its own: a folder and a package below this one, and
// one row in the site's table of sections. This package knows none of them.
package settings

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Row is one section in the order of the table.
type Row struct {
	Name  string // of its folder, and of its address below /settings
	Title func(*words.Words) string
	New   func(*Desk) (Section, error)
}

// Section is a page of the settings with its forms.
type Section interface {
	Register(gin.IRouter)
	// Pages are its templates with the data they take.
	Pages() []shell.Page
}

// Frame is what the data of every section begins with.
type Frame struct {
	shell.Frame
	Sections []Link
	Notice   string
}

// Link leads to a section.
type Link struct {
	Address, Text string
	Here          bool
}

// Desk makes the frame of sections.
type Desk struct {
	*shell.Shell
	rows []Row
}

// Site is all sections.
type Site struct {
	desk     *Desk
	sections []Section
}

// New makes each section of the table.
func New(sh *shell.Shell, rows []Row) (*Site, error) {
	s := &Site{desk: &Desk{Shell: sh, rows: rows}}
	for _, r := range rows {
		section, err := r.New(s.desk)
		if err != nil {
			return nil, err
		}
		s.sections = append(s.sections, section)
	}
	return s, nil
}

// Register adds every section; /settings leads to the first.
func (s *Site) Register(r gin.IRouter) {
	r.GET("/settings", func(c *gin.Context) {
		c.Header("Cache-Control", "no-store")
		c.Redirect(http.StatusFound, s.desk.BasePath+address(s.desk.rows[0].Name))
	})
	for _, section := range s.sections {
		section.Register(r)
	}
}

// Pages are the templates of all sections with the data they take.
func (s *Site) Pages() []shell.Page {
	var all []shell.Page
	for _, section := range s.sections {
		all = append(all, section.Pages()...)
	}
	return all
}

// View parses a page of a section. sh names files without the section's own
// part: Page is empty for its page.tmpl, Style and Script say what else it has.
func (d *Desk) View(section string, sh shell.Sheets) (*shell.View, error) {
	sh.With = append([]string{"settings"}, sh.With...)
	sh.Below = append([]string{"settings"}, sh.Below...)
	if sh.Page == "" {
		sh.Page = Asset(section)
	}
	return d.Shell.View(sh)
}

// Asset is the name that page.* of a section's folder is laid out under,
// without its ending.
func Asset(section string) string { return "settings-" + section }

func address(section string) string { return "/settings/" + section }

// Frame describes what stands around a section for this request.
func (d *Desk) Frame(c *gin.Context, v *shell.View, section string) Frame {
	f := Frame{Frame: d.Shell.Frame(c, v, "settings", "")}
	for _, r := range d.rows {
		l := Link{Address: f.Base + address(r.Name), Text: r.Title(f.W), Here: r.Name == section}
		if l.Here {
			f.Title = l.Text
		}
		f.Sections = append(f.Sections, l)
	}
	return f
}
