package web

import (
	"testing"

	"github.com/jba/templatecheck"

	"coffer/services/web/activity"
	"coffer/services/web/add"
	"coffer/services/web/logs"
	"coffer/services/web/posture"
	"coffer/services/web/reader"
	"coffer/services/web/reauth"
	"coffer/services/web/search"
	"coffer/services/web/setup"
	"coffer/services/web/shell"
	"coffer/services/web/sources"
)

// Every field that a template names must exist in its page's data, also in
// branches that no test takes.
func TestTemplatesFitTheirData(t *testing.T) {
	b := newBox(t, "")
	owner, reach, first := b.site.setup.Views()
	for _, page := range []struct {
		name string
		view *shell.View
		data any
	}{
		{"search", b.site.search.View(), &search.Page{}},
		{"sources", b.site.sources.View(), &sources.Page{}},
		{"reader", b.site.reader.View(), &reader.Page{}},
		{"delete", b.site.reader.DeleteView(), &reader.Delete{}},
		{"add", b.site.add.View(), &add.Page{}},
		{"items", b.site.add.ItemsView(), &add.Items{}},
		{"activity", b.site.activity.View(), &activity.Page{}},
		{"state", b.site.activity.StateView(), &activity.State{}},
		{"posture", b.site.posture.View(), &posture.Page{}},
		{"logs", b.site.logs.View(), &logs.Page{}},
		{"lines", b.site.logs.MoreView(), &logs.Lines{}},
		{"reauth", b.site.asker.View(), &reauth.Page{}},
		{"setup", owner, &setup.Owner{}},
		{"reach", reach, &setup.Reach{}},
		{"first", first, &setup.First{}},
	} {
		t.Run(page.name, func(t *testing.T) {
			fits(t, page.view, page.data)
		})
	}
	for _, page := range append(b.site.settings.Pages(), b.site.login.Pages()...) {
		fits(t, page.View, page.Data)
	}
}

func fits(t *testing.T, v *shell.View, data any) {
	t.Helper()
	page, err := v.Template()
	if err == nil {
		err = templatecheck.CheckHTML(page, data)
	}
	if err != nil {
		t.Error(err)
	}
}
