// Package backups is the section of the settings where sealed copies of the
// box are made, proven, fetched and deleted, and where their recovery key is
// set up.
package backups

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/reauth"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// Name is the section's.
const Name = "backups"

// Page is the data of the page.
type Page struct {
	settings.Frame
	Sentence  string
	Free      string
	Recipient string
	Rows      []Row
	Problem   *shell.Problem // with Of saying where
	Of        string         // key, make or prove
	Made      *Made          // a key, shown this once
	Ask       *Row           // to be deleted?
	Prove     *Row           // with which passphrase?
	Reauth    reauth.Dialog
}

// Made is a recovery key.
type Made struct{ Identity string }

// Row is one backup.
type Row struct {
	ID, When         string
	Status           shell.Status
	Said             string // of how it is
	Facts            []string
	Missing          string
	Bar              bool
	BarValue, BarMax int64
	Stands           bool // there is a file
	ByPassphrase     bool
	Busy             bool
}

type site struct {
	*settings.Desk
	keeper  *auth.Keeper
	backups library.Backups
	asker   *reauth.Asker
	view    *shell.View
}

// New parses the page.
func New(d *settings.Desk, keeper *auth.Keeper, backups library.Backups, asker *reauth.Asker) (settings.Section, error) {
	v, err := d.View(Name, shell.Sheets{Style: settings.Asset(Name), Script: settings.Asset(Name), With: reauth.Templates()})
	return &site{Desk: d, keeper: keeper, backups: backups, asker: asker, view: v}, err
}

func (s *site) Pages() []shell.Page { return []shell.Page{{View: s.view, Data: &Page{}}} }

func (s *site) Register(r gin.IRouter) {
	if s.backups == nil {
		return
	}
	r.GET("/settings/backups", s.get)
	r.POST("/settings/backups", s.create)
	r.POST("/settings/backups/key/new", s.newKey)
	r.POST("/settings/backups/key/file", s.keyFile)
	r.POST("/settings/backups/key", s.asker.Guard(s.setKey))
	r.POST("/settings/backups/:id/prove", s.prove)
	r.POST("/settings/backups/:id/delete", s.asker.Guard(s.remove))
}

func (s *site) get(c *gin.Context) {
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	switch c.Query("done") {
	case "key":
		p.Notice = p.W.Backups.KeyTaken
	case "begun":
		p.Notice = p.W.Backups.Begun
	case "deleted":
		p.Notice = p.W.Backups.Deleted
	}
	for i := range p.Rows {
		switch p.Rows[i].ID {
		case c.Query("delete"):
			p.Ask = &p.Rows[i]
		case c.Query("prove"):
			p.Prove = &p.Rows[i]
		}
	}
	s.view.Render(c, http.StatusOK, p)
}

func (s *site) page(c *gin.Context) (*Page, error) {
	p := &Page{Frame: s.Frame(c, s.view, Name)}
	o, err := s.backups.Overview(c.Request.Context())
	if err != nil {
		return nil, err
	}
	if p.Reauth, err = s.asker.Dialog(c); err != nil {
		return nil, err
	}
	p.Recipient = o.Recipient
	p.Sentence = p.W.Backups.Never
	if !o.Next.IsZero() {
		p.Sentence = fmt.Sprintf(p.W.Backups.Next, p.Moment(o.Next).Exact)
	}
	p.Free = fmt.Sprintf(p.W.Backups.Free, p.W.Size(o.Free))
	for _, b := range o.Items {
		p.Rows = append(p.Rows, p.row(b, o.Copies))
	}
	return p, nil
}

func (p *Page) row(b library.Backup, copies library.CopiesState) Row {
	w := p.W.Backups
	r := Row{
		ID: b.ID, When: p.Moment(b.CreatedAt).Exact, Stands: b.Size > 0, ByPassphrase: b.Seal == library.SealPassphrase,
		Busy: b.Total > 0, BarValue: b.Done, BarMax: b.Total,
	}
	switch {
	case b.Status == library.BackupRunning:
		r.Status.Tone, r.Said, r.Bar = "busy", w.Running, true
	case r.Busy:
		r.Status.Tone, r.Said, r.Bar = "busy", w.Proving, true
	case b.Status == library.BackupProven:
		r.Status.Tone, r.Said = "ok", fmt.Sprintf(w.Proven, p.Moment(b.ProvenAt).Text)
	case b.Status == library.BackupComplete && b.Fetched:
		r.Status.Tone, r.Said = "idle", p.W.Copies.Brought
	case b.Status == library.BackupComplete:
		r.Status.Tone, r.Said = "warn", w.Unproven
	default:
		r.Status.Tone, r.Said = "bad", fmt.Sprintf(w.Failed, w.Unreadable)
		if b.Reason != nil {
			r.Said = fmt.Sprintf(w.Failed, p.W.BackupReason(b.Reason.Code, b.Reason.Message))
		}
	}
	if r.Stands {
		r.Facts = append(r.Facts, p.W.Size(b.Size), p.W.For(w.Sources, b.Sources))
	}
	asked, seal := w.Asked, w.ByKey
	if b.Scheduled {
		asked = w.Scheduled
	}
	if r.ByPassphrase {
		seal = w.ByPassphrase
	}
	if b.Fetched {
		asked = p.W.Copies.Brought
	}
	if r.Said != asked {
		r.Facts = append(r.Facts, asked)
	}
	r.Facts = append(r.Facts, seal)
	if b.CopiedTo != "" && b.CopiedTo == copies.Place() {
		r.Facts = append(r.Facts, fmt.Sprintf(p.W.Copies.Also, copies.Host))
	}
	if b.Missing > 0 {
		r.Missing = p.W.For(w.Originals, b.Missing)
	}
	return r
}

func (s *site) create(c *gin.Context) {
	passphrase := c.PostForm("passphrase")
	b, err := s.backups.Create(c.Request.Context(), passphrase)
	if err != nil {
		s.refuse(c, "make", err, nil)
		return
	}
	s.keeper.Record(c.Request.Context(), library.AuditBackupMade, b.ID)
	s.Go(c, "/settings/backups?done=begun")
}

// newKey answers with the page itself rather than leading to it, so that the
// key stands in this one answer, which nobody keeps.
func (s *site) newKey(c *gin.Context) {
	key, err := s.backups.NewKey(c.Request.Context())
	if err != nil {
		s.Fail(c, err)
		return
	}
	p, err := s.page(c)
	if err != nil {
		s.Fail(c, err)
		return
	}
	p.Made = &Made{Identity: key.Identity}
	s.view.Render(c, http.StatusCreated, p)
}

// keyFile hands the key that the page shows back as a file: the box has not
// kept it.
func (s *site) keyFile(c *gin.Context) {
	c.Header("Content-Disposition", `attachment; filename="coffer-recovery-key.txt"`)
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(c.PostForm("identity")+"\n"))
}

func (s *site) setKey(c *gin.Context) {
	if err := s.backups.SetKey(c.Request.Context(), c.PostForm("identity")); err != nil {
		// What was shown once is shown again, so that it is not lost over a slip.
		s.refuse(c, "key", err, func(p *Page) {
			if again := c.PostForm("made"); again != "" {
				p.Made = &Made{Identity: again}
			}
		})
		return
	}
	o, err := s.backups.Overview(c.Request.Context())
	if err != nil {
		s.Fail(c, err)
		return
	}
	s.keeper.Record(c.Request.Context(), library.AuditBackupKey, o.Recipient)
	s.Go(c, "/settings/backups?done=key")
}

func (s *site) prove(c *gin.Context) {
	id := c.Param("id")
	if _, err := s.backups.Verify(c.Request.Context(), id, c.PostForm("passphrase")); err != nil {
		s.refuse(c, "prove", err, func(p *Page) {
			for i := range p.Rows {
				if p.Rows[i].ID == id && p.Rows[i].ByPassphrase {
					p.Prove = &p.Rows[i]
				}
			}
		})
		return
	}
	s.Go(c, "/settings/backups")
}

func (s *site) remove(c *gin.Context) {
	id := c.Param("id")
	err := s.backups.Delete(c.Request.Context(), id)
	if err != nil && !shell.IsKind(err, library.NotFound) { // gone already is what was wanted
		s.refuse(c, "make", err, nil)
		return
	}
	if err == nil {
		s.keeper.Record(c.Request.Context(), library.AuditBackupDeleted, id)
	}
	s.Go(c, "/settings/backups?done=deleted")
}

// refuse shows what was wrong on the page.
func (s *site) refuse(c *gin.Context, of string, err error, more func(*Page)) {
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Kind != library.Invalid && e.Kind != library.Conflict {
		s.Fail(c, err)
		return
	}
	p, failed := s.page(c)
	if failed != nil {
		s.Fail(c, failed)
		return
	}
	w := p.W.Backups
	message := w.Busy
	switch {
	case e.Kind == library.Conflict:
	case of == "key":
		message = w.BadKey
	case of == "prove":
		message = w.Wrong
	case c.PostForm("passphrase") == "":
		message = w.NoKey
	default:
		message = w.Short
	}
	p.Of, p.Problem = of, &shell.Problem{Message: message}
	if more != nil {
		more(p)
	}
	s.view.Render(c, s.Status(e.Kind), p)
}
