// Package web is the pages of the box, one folder each: its data, template,
// style and script.
//
// It owns what the owner sees and the words for it. It decides nothing: what
// can be done is the library's matter, who may do it the keeper's, and which
// requests arrive at all that of package api, whose checks run before it.
package web

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/activity"
	"coffer/services/web/add"
	"coffer/services/web/login"
	"coffer/services/web/logs"
	"coffer/services/web/posture"
	"coffer/services/web/reader"
	"coffer/services/web/reauth"
	"coffer/services/web/restore"
	"coffer/services/web/search"
	"coffer/services/web/settings"
	"coffer/services/web/settings/about"
	"coffer/services/web/settings/access"
	"coffer/services/web/settings/account"
	"coffer/services/web/settings/appearance"
	"coffer/services/web/settings/audit"
	"coffer/services/web/settings/backups"
	"coffer/services/web/settings/copies"
	"coffer/services/web/settings/diagnostics"
	"coffer/services/web/settings/https"
	"coffer/services/web/settings/keys"
	"coffer/services/web/settings/notices"
	"coffer/services/web/settings/outgoing"
	"coffer/services/web/settings/packages"
	"coffer/services/web/setup"
	"coffer/services/web/shell"
	"coffer/services/web/sources"
	"coffer/services/web/words"
)

// Options are what a Site is made of. Templates, Log and Now have defaults:
// those of Assets, slog.Default and time.Now.
type Options struct {
	Templates fs.FS // a folder of *.tmpl
	Dev       bool  // templates are read again for each request
	Library   *library.Library
	Watch     library.Watch     // nil: nothing looks at the box
	Logs      library.Logs      // nil: nothing keeps a log
	WayOut    library.WayOut    // nil: nothing goes out
	Backups   library.Backups   // nil: none are made here
	Copies    library.Copies    // nil: none are made
	Notices   library.Notices   // nil: nobody is told
	Packages  library.Packages  // nil: nothing leaves or comes in as a package
	Alarms    library.Alarms    // nil: nobody watches
	FrontDoor library.FrontDoor // nil: nothing serves HTTPS
	Keeper    *auth.Keeper
	Accounts  library.Accounts
	// Diagnostics makes the file to give away to be helped; nil: nothing does.
	Diagnostics library.Diagnostics
	Cookies     auth.Cookies
	Hosts       auth.Hosts
	Budgets     *auth.Budgets
	Proxies     []string // that are believed about who asks
	SetupOpen   bool     // the wizard asks for no code
	BasePath    string   // "" or "/name"
	Version     string
	// Status is the table from kinds of error to HTTP statuses.
	Status func(library.Kind) int
	Log    *slog.Logger
	Now    func() time.Time
}

// Site is all pages.
type Site struct {
	shell    *shell.Shell
	search   *search.Site
	sources  *sources.Site
	reader   *reader.Site
	add      *add.Site
	activity *activity.Site
	posture  *posture.Site
	logs     *logs.Site
	settings *settings.Site
	login    *login.Site
	asker    *reauth.Asker
	setup    *setup.Site
	restore  *restore.Site
}

// New checks o, and that every template is there.
func New(o Options) (*Site, error) {
	if o.Keeper == nil || o.Accounts == nil {
		return nil, errors.New("web: a keeper and accounts are needed")
	}
	if o.Budgets == nil {
		o.Budgets = auth.NewBudgets(o.Now)
	}
	if o.Templates == nil {
		embedded, err := fs.Sub(Assets(), "templates")
		if err != nil {
			return nil, err
		}
		o.Templates = embedded
	}
	sh, err := shell.New(shell.Options{
		Templates: o.Templates, Dev: o.Dev, Library: o.Library, Watch: o.Watch, Alarms: o.Alarms, BasePath: o.BasePath,
		Version: o.Version, Static: StaticVersion(), Status: o.Status, Log: o.Log, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	s := &Site{shell: sh}
	if s.asker, err = reauth.New(sh, o.Keeper, o.Cookies.Sites); err != nil {
		return nil, err
	}
	var errs [11]error
	s.search, errs[0] = search.New(sh)
	s.sources, errs[1] = sources.New(sh)
	s.reader, errs[2] = reader.New(sh)
	s.add, errs[3] = add.New(sh)
	s.activity, errs[4] = activity.New(sh)
	s.settings, errs[5] = settings.New(sh, sections(o, s.asker))
	s.login, errs[6] = login.New(sh, o.Keeper, o.Cookies)
	s.setup, errs[7] = setup.New(setup.Options{
		Shell: sh, Keeper: o.Keeper, Cookies: o.Cookies, Accounts: o.Accounts, Hosts: o.Hosts, Open: o.SetupOpen,
	})
	s.restore, errs[10] = restore.New(restore.Options{Shell: sh, Keeper: o.Keeper, Cookies: o.Cookies, Backups: o.Backups, Asker: s.asker, Open: o.SetupOpen})
	s.posture, errs[8] = posture.New(sh, o.Diagnostics != nil)
	s.logs, errs[9] = logs.New(sh, o.Logs)
	return s, errors.Join(errs[:]...)
}

// sections are the pages of the settings, in the order of their navigation. A
// section is one row here and its folder.
func sections(o Options, asker *reauth.Asker) []settings.Row {
	return []settings.Row{
		{Name: account.Name, Title: func(w *words.Words) string { return w.Settings.Account },
			New: func(d *settings.Desk) (settings.Section, error) { return account.New(d, o.Keeper, o.Cookies, asker) }},
		{Name: keys.Name, Title: func(w *words.Words) string { return w.Keys.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return keys.New(d, o.Keeper, asker) }},
		{Name: access.Name, Title: func(w *words.Words) string { return w.Settings.Access },
			New: func(d *settings.Desk) (settings.Section, error) {
				return access.New(access.Options{
					Desk: d, Accounts: o.Accounts, Keeper: o.Keeper, Hosts: o.Hosts, Budgets: o.Budgets, Proxies: o.Proxies,
				})
			}},
		{Name: https.Name, Title: func(w *words.Words) string { return w.HTTPS.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return https.New(d, o.FrontDoor, o.Accounts) }},
		{Name: backups.Name, Title: func(w *words.Words) string { return w.Backups.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return backups.New(d, o.Keeper, o.Backups, asker) }},
		{Name: copies.Name, Title: func(w *words.Words) string { return w.Copies.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return copies.New(d, o.Keeper, o.Copies, asker) }},
		{Name: packages.Name, Title: func(w *words.Words) string { return w.Packages.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return packages.New(d, o.Keeper, o.Packages) }},
		{Name: notices.Name, Title: func(w *words.Words) string { return w.Notices.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return notices.New(d, o.Keeper, o.Notices, asker) }},
		{Name: outgoing.Name, Title: func(w *words.Words) string { return w.Outgoing.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return outgoing.New(d, o.WayOut) }},
		{Name: diagnostics.Name, Title: func(w *words.Words) string { return w.Diagnostics.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return diagnostics.New(d, o.Diagnostics) }},
		{Name: audit.Name, Title: func(w *words.Words) string { return w.Audit.Title },
			New: func(d *settings.Desk) (settings.Section, error) { return audit.New(d, o.Keeper) }},
		{Name: appearance.Name, Title: func(w *words.Words) string { return w.Settings.Appearance }, New: appearance.New},
		{Name: about.Name, Title: func(w *words.Words) string { return w.Settings.About }, New: about.New},
	}
}

// Register adds all pages below r, the group at the base path. Static files
// are the edge's.
func (s *Site) Register(r gin.IRouter) {
	s.login.Register(r)
	s.setup.Register(r)
	r.GET("/manifest.webmanifest", fixed("static/manifest.webmanifest", "application/manifest+json"))
	r.GET("/favicon.ico", fixed("static/favicon.ico", "image/x-icon"))

	owner := r.Group("", s.shell.Owner)
	s.search.Register(owner)
	s.sources.Register(owner)
	s.reader.Register(owner)
	s.add.Register(owner)
	s.activity.Register(owner)
	s.posture.Register(owner)
	s.logs.Register(owner)
	s.settings.Register(owner)
	s.restore.Register(r, owner)
}

// Fail answers a request with a page that says what went wrong; package api
// uses it too, for paths that nothing has and for what it refuses itself.
func (s *Site) Fail(c *gin.Context, err error) { s.shell.Fail(c, err) }

// fixed serves a file whose address cannot carry a version.
func fixed(name, mediaType string) gin.HandlerFunc {
	content, err := fs.ReadFile(Assets(), name)
	return func(c *gin.Context) {
		if err != nil {
			c.Status(http.StatusNotFound)
			return
		}
		c.Header("Cache-Control", "public, max-age=86400")
		c.Data(http.StatusOK, mediaType, content)
	}
}
