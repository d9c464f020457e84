// Package restore is the page on which a backup takes the place of what is in
// the box: in the wizard of a box without an owner, and for its owner.
package restore

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/reauth"
	"coffer/services/web/shell"
)

// Page is the data of the page.
type Page struct {
	shell.Frame
	Setup      bool // the box has no owner
	CodeNeeded bool
	Code       string
	Fault      string // the field at fault: code, key or file
	Problem    *shell.Problem
	Here       string // id of a backup that lies on the box; empty: a file is given
	HereWhen   string
	Done       string // a heading; empty: not yet
	Missing    bool
	DoneText   string
	Again      bool   // they have to prove who they are first
	Former     string // when what was there before the last restore was laid aside; empty: nothing is
	Forget     bool   // that is about to be deleted
	Notice     string
}

// Options are what the page needs.
type Options struct {
	Shell   *shell.Shell
	Keeper  *auth.Keeper
	Cookies auth.Cookies
	Backups library.Backups // nil: there is no such page
	Asker   *reauth.Asker
	Open    bool // no code is needed
}

// Site is the page.
type Site struct {
	Options
	view *shell.View
}

// New parses the page.
func New(o Options) (*Site, error) {
	v, err := o.Shell.View(shell.Sheets{Page: "restore", Style: "setup", Script: "restore", Bare: true})
	return &Site{o, v}, err
}

// View is the page's template.
func (s *Site) View() *shell.View { return s.view }

// Register adds the page: once for whoever has the code, once for the owner.
func (s *Site) Register(public, owner gin.IRouter) {
	if s.Backups == nil {
		return
	}
	public.GET("/setup/restore", s.first)
	public.POST("/setup/restore", s.post)
	owner.GET("/settings/backups/restore", s.get)
	// A file cannot wait in a page that asks who they are, so that comes first.
	again := func(c *gin.Context) {
		to := "/settings/backups/restore"
		if id := c.Query("backup"); id != "" {
			to += "?backup=" + url.QueryEscape(id)
		}
		s.Shell.Go(c, to)
	}
	allowed := s.Asker.Guard(again)
	owner.POST("/settings/backups/restore/allow", allowed)
	owner.GET("/settings/backups/restore/allow", again)
	owner.POST("/settings/backups/restore", s.post)
	owner.POST("/settings/backups/restore/undo", s.Asker.Guard(s.putBack))
	owner.POST("/settings/backups/restore/forget", s.Asker.Guard(s.forget))
}

func (s *Site) page(c *gin.Context, setup bool) *Page {
	return &Page{Frame: s.Shell.Frame(c, s.view, "", s.Shell.WordsFor(c).Restore.Title), Setup: setup, CodeNeeded: setup && !s.Open}
}

func (s *Site) get(c *gin.Context) {
	by, _ := auth.FromContext(c.Request.Context())
	p := s.page(c, false)
	err := s.Keeper.Proved(c.Request.Context(), by)
	if p.Again = shell.IsKind(err, library.Unproved); err != nil && !p.Again {
		s.Shell.Fail(c, err)
		return
	}
	if id := c.Query("backup"); id != "" {
		b, err := s.Backups.Backup(c.Request.Context(), id)
		if err != nil {
			s.Shell.Fail(c, err)
			return
		}
		p.here(b.ID)
	}
	at, err := s.Backups.Former(c.Request.Context())
	if err != nil {
		s.Shell.Fail(c, err)
		return
	}
	if !at.IsZero() {
		p.Former = p.Moment(at).Exact
	}
	p.Forget = c.Query("ask") == "forget"
	if c.Query("done") == "forgotten" {
		p.Notice = p.W.Restore.Forgot
	}
	s.view.Render(c, http.StatusOK, p)
}

// putBack goes back to what was there before the last restore.
func (s *Site) putBack(c *gin.Context) {
	p := s.page(c, false)
	if err := s.Backups.PutBack(c.Request.Context()); err != nil {
		s.refuse(c, p, err, "")
		return
	}
	p.Done, p.DoneText = p.W.Restore.PutBackDone, p.W.Restore.PutBackText
	s.view.Render(c, http.StatusAccepted, p)
}

func (s *Site) forget(c *gin.Context) {
	err := s.Backups.Forget(c.Request.Context())
	if err != nil && !shell.IsKind(err, library.NotFound) { // gone already is what was wanted
		s.refuse(c, s.page(c, false), err, "")
		return
	}
	if err == nil {
		s.Keeper.Record(c.Request.Context(), library.AuditFormerDeleted, "")
	}
	s.Shell.Go(c, "/settings/backups/restore?done=forgotten")
}

func (s *Site) first(c *gin.Context) {
	needed, err := s.Keeper.SetupNeeded(c.Request.Context())
	switch {
	case err != nil:
		s.Shell.Fail(c, err)
	case !needed:
		s.Shell.Go(c, "/settings/backups/restore")
	default:
		p := s.page(c, true)
		p.Code = c.Query("code")
		s.view.Render(c, http.StatusOK, p)
	}
}

// maxField is the longest field before the file, in bytes.
const maxField = 2 << 10

// post reads the form as it comes: the code and the key stand before the file,
// and what is wrong with them is said before it is read.
func (s *Site) post(c *gin.Context) {
	p := s.page(c, strings.HasSuffix(c.FullPath(), "/setup/restore"))
	if by, _ := auth.FromContext(c.Request.Context()); !p.Setup {
		if err := s.Keeper.Proved(c.Request.Context(), by); err != nil {
			s.refuse(c, p, err, "")
			return
		}
	}
	parts, err := c.Request.MultipartReader()
	if err != nil {
		s.refuse(c, p, noFile(), "")
		return
	}
	fields := map[string]string{}
	file, err := untilFile(parts, fields)
	p.Code = fields["code"]
	if p.Setup {
		if wrong := s.Keeper.CheckSetupCode(c.Request.Context(), p.Code, s.Cookies.Client(c.Request)); wrong != nil {
			s.refuse(c, p, wrong, "code")
			return
		}
	}
	if err == nil {
		var got library.Restored
		if file != nil {
			got, err = s.Backups.Restore(c.Request.Context(), file, fields["key"])
		} else {
			p.here(fields["backup"])
			got, err = s.Backups.RestoreHere(c.Request.Context(), p.Here, fields["key"])
		}
		if err == nil {
			p.Done, p.DoneText, p.Missing = p.W.For(p.W.Restore.Done, got.Sources), p.W.Restore.DoneText, got.Missing > 0
			s.view.Render(c, http.StatusAccepted, p)
			return
		}
	}
	s.refuse(c, p, err, "")
}

// here has the page speak of a backup that lies on the box.
func (p *Page) here(id string) {
	if at, ok := library.BackupTime(id); ok {
		p.Here, p.HereWhen = id, p.Moment(at).Exact
	}
}

// untilFile reads the fields that come before the file; nil where a backup of the
// box's own folder stands for it.
func untilFile(parts *multipart.Reader, fields map[string]string) (io.Reader, error) {
	for range 4 {
		part, err := parts.NextPart()
		if err != nil {
			return nil, noFile()
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return nil, noFile()
			}
			return part, nil
		}
		text, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return nil, noFile()
		}
		fields[part.FormName()] = string(text)
		if part.FormName() == "backup" {
			return nil, nil
		}
	}
	return nil, noFile()
}

func noFile() error {
	return &library.Error{Kind: library.Invalid, Field: "none", Message: "There is no file."}
}

func (s *Site) refuse(c *gin.Context, p *Page, err error, field string) {
	e, ok := errors.AsType[*library.Error](err)
	if !ok {
		s.Shell.Fail(c, err)
		return
	}
	w := p.W.Restore
	message := w.Failed
	p.Fault = field
	switch {
	case e.Kind == library.Limited:
		c.Header("Retry-After", fmt.Sprint(e.RetryAfter))
		message = fmt.Sprintf(p.W.Setup.Limited, p.W.Wait(e.RetryAfter))
	case e.Kind == library.Unproved:
		p.Again, message = true, p.W.Reauth.Text
	case e.Kind == library.Forbidden:
		message = w.WrongCode
	case e.Kind == library.Conflict && field == "code":
		s.Shell.Go(c, "/login") // set up meanwhile
		return
	case e.Kind == library.Conflict:
		message = w.Busy
	case e.Kind == library.Full:
		message = w.Full
	case e.Field == "none":
		p.Fault, message = "file", w.NoFile
	case e.Field == "key" && e.Cause == nil:
		p.Fault, message = "key", w.NoKey
	case e.Field == "key":
		p.Fault, message = "key", w.WrongKey
	case e.Field == "file" && e.Cause == nil: // of a newer version, whose name it says
		p.Fault, message = "file", fmt.Sprintf(w.Newer, e.Message)
	case e.Field == "file":
		p.Fault, message = "file", w.Damaged
		if strings.HasPrefix(e.Message, "This is no backup") {
			message = w.NoBackup
		}
	}
	p.Problem = &shell.Problem{Message: message}
	// What is left of the file is not waited for.
	c.Header("Connection", "close")
	s.view.Render(c, s.Shell.Status(e.Kind), p)
}
