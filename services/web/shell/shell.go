package shell

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/words"
)

// Options are what a Shell is made of.
type Options struct {
	Templates fs.FS // *.tmpl
	Dev       bool  // templates are read again for each request
	Library   *library.Library
	Watch     library.Watch  // nil: nothing looks at the box
	Alarms    library.Alarms // nil: nobody watches
	BasePath  string         // "" or "/name"
	Version   string
	Static    string // changes whenever a static file does
	// Status is the table from kinds of error to HTTP statuses.
	Status func(library.Kind) int
	Log    *slog.Logger
	Now    func() time.Time
}

// Shell renders pages. It is safe for concurrent use.
type Shell struct {
	Options
	Words *words.Catalogue

	failure *View
}

// New checks o, and that there is what every page shares.
func New(o Options) (*Shell, error) {
	if o.Templates == nil || o.Library == nil || o.Status == nil {
		return nil, errors.New("web: templates, library and the table of statuses are needed")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Shell{Options: o, Words: words.NewCatalogue()}
	var err error
	s.failure, err = s.View(Sheets{Page: "failure", Bare: true})
	return s, err
}

// The browser's choices, kept by itself.
const (
	themeCookie    = "coffer_theme"
	languageCookie = "coffer_language"
)

// Frame describes what stands around a page for this request.
func (s *Shell) Frame(c *gin.Context, v *View, section, title string) Frame {
	f := Frame{
		W: s.wordsFor(c), Base: s.BasePath, V: s.Static, Version: s.Version,
		Section: section, Title: title, Bare: v.sheets.Bare,
		Sheets: v.sheets.Below, Script: v.sheets.Script,
		Theme: choice(c, themeCookie, themes()...), Now: s.Now(),
	}
	if v.sheets.Style != "" {
		f.Sheets = append(slices.Clip(f.Sheets), v.sheets.Style)
	}
	f.Language = choice(c, languageCookie, s.codes()...)
	if id, ok := auth.FromContext(c.Request.Context()); ok {
		f.Owner, f.Live = id.Name, !v.sheets.Bare || v.sheets.Live
		f.BoxState = s.standing(f.W)
		if s.Alarms != nil && !v.sheets.Bare {
			f.Alarms = s.alarms(&f)
		}
		counts := s.Library.JobCounts()
		f.Work = Work{
			Failed: counts[library.JobFailed],
			Busy:   counts[library.JobRunning] + counts[library.JobWaiting],
		}
	}
	return f
}

// standing says in the rail how the box is, as last heard.
func (s *Shell) standing(w *words.Words) Status {
	if s.Watch == nil {
		return Status{}
	}
	now := s.Watch.Standing()
	text := w.Box.RailUnseen
	switch now {
	case library.Holds:
		text = w.Box.RailHolds
	case library.Partly:
		text = w.Box.RailPartly
	case library.Broken:
		text = w.Box.RailBroken
	}
	return Status{Text: text, Tone: Tone(now)}
}

// WordsFor returns the language of a request, for titles that are made before
// the frame.
func (s *Shell) WordsFor(c *gin.Context) *words.Words { return s.wordsFor(c) }

func (s *Shell) wordsFor(c *gin.Context) *words.Words {
	return s.Words.Choose(choice(c, languageCookie, s.codes()...), c.GetHeader("Accept-Language"))
}

func (s *Shell) codes() []string {
	var all []string
	for _, w := range s.Words.All {
		all = append(all, w.Code)
	}
	return all
}

func themes() []string { return []string{"light", "dark"} }

// choice reads a cookie whose value is one of those allowed.
func choice(c *gin.Context, name string, allowed ...string) string {
	value, err := c.Cookie(name)
	if err != nil {
		return ""
	}
	if !slices.Contains(allowed, value) {
		return ""
	}
	return value
}

// Remember keeps the browser's choice of theme and language; empty ones are
// forgotten.
func (s *Shell) Remember(c *gin.Context, theme, language string) {
	for _, k := range []struct {
		name, value string
		allowed     []string
	}{{themeCookie, theme, themes()}, {languageCookie, language, s.codes()}} {
		age := 365 * 24 * 60 * 60
		if !slices.Contains(k.allowed, k.value) {
			k.value, age = "", -1
		}
		http.SetCookie(c.Writer, &http.Cookie{
			Name: k.name, Value: k.value, Path: s.BasePath + "/", MaxAge: age,
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: auth.Secure(c.Request),
		})
	}
}

// Go sends the browser to a path of ours after a form was accepted.
func (s *Shell) Go(c *gin.Context, path string) {
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusSeeOther, s.BasePath+path)
}

// Local reports that path leads to a page of this box, and returns it cleaned:
// what is anything else becomes the search page.
func (s *Shell) Local(path string) string {
	rest, ours := strings.CutPrefix(path, s.BasePath)
	switch {
	case !ours || !strings.HasPrefix(rest, "/"):
		return "/"
	case strings.HasPrefix(rest, "//"), strings.ContainsAny(rest, "\\\r\n\t\x00"), len(rest) > 2000:
		return "/" // another host, or what a browser turns into one
	case strings.HasPrefix(rest, "/login"), strings.HasPrefix(rest, "/logout"), strings.HasPrefix(rest, "/api/"):
		return "/"
	}
	return rest
}

// Owner sends browsers that are not signed in to the sign-in page.
func (s *Shell) Owner(c *gin.Context) {
	if _, ok := auth.FromContext(c.Request.Context()); ok {
		return
	}
	next := ""
	if c.Request.Method == http.MethodGet {
		next = "?next=" + url.QueryEscape(c.Request.URL.RequestURI())
	}
	s.Go(c, "/login"+next)
	c.Abort()
}
