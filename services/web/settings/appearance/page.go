// Package appearance is the section of the settings about how the box looks
// in this browser.
package appearance

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/web/settings"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Name is the section's.
const Name = "appearance"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Languages []*words.Words
}

type site struct {
	*settings.Desk
	view *shell.View
}

// New parses the page.
func New(d *settings.Desk) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name)})
	return &site{Desk: d, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	r.GET("/settings/appearance", func(c *gin.Context) {
		s.view.Render(c, http.StatusOK, &Page{Frame: s.Frame(c, s.view, Name), Languages: s.Words.All})
	})
	r.POST("/settings/appearance", func(c *gin.Context) {
		s.Remember(c, c.PostForm("theme"), c.PostForm("language"))
		s.Go(c, "/settings/appearance")
	})
}
