// Package about is the section of the settings that says what the box is.
package about

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Name is the section's.
const Name = "about"

// Page is the data of the page.
type Page struct{ settings.Frame }

type site struct {
	*settings.Desk
	view *shell.View
}

// New parses the page.
func New(d *settings.Desk) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{})
	return &site{Desk: d, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	r.GET("/settings/about", func(c *gin.Context) {
		s.view.Render(c, http.StatusOK, &Page{Frame: s.Frame(c, s.view, Name)})
	})
}
