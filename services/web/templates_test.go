package web

import (
	"html/template"
	"testing"

	"github.com/jba/templatecheck"

	"coffer/services/web/activity"
	"coffer/services/web/add"
	"coffer/services/web/login"
	"coffer/services/web/logs"
	"coffer/services/web/posture"
	"coffer/services/web/reader"
	"coffer/services/web/reauth"
	"coffer/services/web/search"
	"coffer/services/web/setup"
	"coffer/services/web/sources"
)

// Every field that a template names must exist in its page's data, also in
// branches that no test takes.
func TestTemplatesFitTheirData(t *testing.T) {
	b := newBox(t, "")
	owner, reach, first := b.site.setup.Views()
	for _, page := range []struct {
		name     string
		template *template.Template
		data     any
	}{
		{"search", b.site.search.View().Template(), &search.Page{}},
		{"sources", b.site.sources.View().Template(), &sources.Page{}},
		{"reader", b.site.reader.View().Template(), &reader.Page{}},
		{"delete", b.site.reader.DeleteView().Template(), &reader.Delete{}},
		{"add", b.site.add.View().Template(), &add.Page{}},
		{"items", b.site.add.ItemsView().Template(), &add.Items{}},
		{"activity", b.site.activity.View().Template(), &activity.Page{}},
		{"state", b.site.activity.StateView().Template(), &activity.State{}},
		{"posture", b.site.posture.View().Template(), &posture.Page{}},
		{"logs", b.site.logs.View().Template(), &logs.Page{}},
		{"lines", b.site.logs.MoreView().Template(), &logs.Lines{}},
		{"reauth", b.site.asker.View().Template(), &reauth.Page{}},
		{"login", b.site.login.View().Template(), &login.Page{}},
		{"setup", owner.Template(), &setup.Owner{}},
		{"reach", reach.Template(), &setup.Reach{}},
		{"first", first.Template(), &setup.First{}},
	} {
		t.Run(page.name, func(t *testing.T) {
			if err := templatecheck.CheckHTML(page.template, page.data); err != nil {
				t.Error(err)
			}
		})
	}
	for _, page := range b.site.settings.Pages() {
		if err := templatecheck.CheckHTML(page.View.Template(), page.Data); err != nil {
			t.Error(err)
		}
	}
}
