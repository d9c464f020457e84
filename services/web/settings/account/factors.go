package account

import (
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/settings"
	"coffer/services/web/shell"
)

// few recovery codes are said to be few.
const few = 3

// Factors is what the page says of the second factor.
type Factors struct {
	On, App    bool // any; codes of an app
	Unreadable bool
	Since      shell.Moment
	Left       string // recovery codes
	Few        bool
	Passkeys   []Passkey
	NoPasskeys string // why none can be added here
}

// Enrol is the data of the page that turns codes on.
type Enrol struct {
	settings.Frame
	Problem *shell.Problem
	Picture template.URL // data: with a PNG
	URI     template.URL // otpauth:
	Secret  string       // in groups of four
	Ticket  string
}

// Codes is the data of the page that shows recovery codes, this once.
type Codes struct {
	settings.Frame
	Text  string // one on each line
	Where string // the box that they open
}

func (s *site) registerFactors(r gin.IRouter) {
	back := func(c *gin.Context) { s.Go(c, "/settings/account#factors") }
	r.GET("/settings/account/totp", back) // of a page that was opened again
	r.GET("/settings/account/codes", back)
	r.POST("/settings/account/totp", s.asker.Guard(s.begin))
	r.POST("/settings/account/totp/confirm", s.confirm)
	r.POST("/settings/account/totp/off", s.asker.Guard(s.turnOff))
	r.POST("/settings/account/codes", s.asker.Guard(s.renew))
	r.POST("/settings/account/codes/file", s.codesFile)
	s.registerPasskeys(r)
}

func (s *site) factors(c *gin.Context, p *Page) error {
	f, err := s.keeper.Factors(c.Request.Context())
	if err != nil {
		return err
	}
	p.Factors = Factors{On: f.On(), App: f.TOTP, Unreadable: !f.Readable, Left: p.W.Factors.NoneLeft, Few: f.RecoveryLeft < few}
	if f.TOTP {
		p.Factors.Since = p.Moment(f.Since)
	}
	if f.RecoveryLeft > 0 {
		p.Factors.Left = p.W.For(p.W.Factors.Left, f.RecoveryLeft)
	}
	s.passkeys(c, p, f.Passkeys)
	p.Reauth, err = s.asker.Dialog(c)
	return err
}

func host(c *gin.Context) string {
	name, _ := auth.HostName(c.Request.Host)
	return name
}

func (s *site) begin(c *gin.Context) {
	by, _ := auth.FromContext(c.Request.Context())
	e, err := s.keeper.BeginTOTP(c.Request.Context(), by, host(c))
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.enrol.Render(c, http.StatusOK, s.enrolPage(c, e))
}

func (s *site) enrolPage(c *gin.Context, e auth.Enrolment) *Enrol {
	var groups []string
	for part := range slices.Chunk([]byte(e.Secret), 4) {
		groups = append(groups, string(part))
	}
	p := &Enrol{
		Frame: s.Frame(c, s.enrol, Name), Secret: strings.Join(groups, " "), Ticket: e.Ticket,
		// Both are made of nothing but what the box made itself.
		Picture: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(e.QR)), URI: template.URL(e.URI),
	}
	p.Title = p.W.Factors.EnrolTitle
	return p
}

func (s *site) confirm(c *gin.Context) {
	ctx := c.Request.Context()
	by, _ := auth.FromContext(ctx)
	ticket := c.PostForm("ticket")
	codes, err := s.keeper.ConfirmTOTP(ctx, by, ticket, c.PostForm("code"))
	switch {
	case err == nil && len(codes) == 0: // a passkey had them made
		s.Go(c, "/settings/account?done=app#factors")
		return
	case err == nil:
		s.show(c, codes, s.WordsFor(c).Factors.TurnedOn)
		return
	case !shell.IsKind(err, library.Invalid):
		s.refuse(c, err)
		return
	}
	e, again := s.keeper.ResumeTOTP(ctx, by, ticket, host(c))
	if again != nil {
		s.refuse(c, again)
		return
	}
	p := s.enrolPage(c, e)
	p.Problem = &shell.Problem{Message: p.W.Factors.WrongCode}
	s.enrol.Render(c, s.Status(library.Invalid), p)
}

// refuse leads back to the account where another page has been faster, or the
// ticket is over.
func (s *site) refuse(c *gin.Context, err error) {
	e, ok := errors.AsType[*library.Error](err)
	switch {
	case ok && e.Kind == library.Conflict && e.Field == "ticket":
		s.Go(c, "/settings/account?done=late#factors")
	case ok && e.Kind == library.Conflict:
		s.Go(c, "/settings/account#factors")
	default:
		s.Fail(c, err)
	}
}

// show answers with the codes rather than leading to them, so that they stand in
// this one answer, which nobody keeps.
func (s *site) show(c *gin.Context, codes []string, notice string) {
	p := &Codes{Frame: s.Frame(c, s.codes, Name), Text: strings.Join(codes, "\n"), Where: c.Request.Host}
	p.Title, p.Notice = p.W.Factors.CodesTitle, notice
	s.codes.Render(c, http.StatusOK, p)
}

func (s *site) renew(c *gin.Context) {
	by, _ := auth.FromContext(c.Request.Context())
	codes, err := s.keeper.RenewRecovery(c.Request.Context(), by)
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.show(c, codes, s.WordsFor(c).Factors.NewMade)
}

// codesFile hands the codes that the page shows back as a file: the box has not
// kept them.
func (s *site) codesFile(c *gin.Context) {
	c.Header("Content-Disposition", `attachment; filename="coffer-recovery-codes.txt"`)
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(c.PostForm("codes")+"\n"))
}

func (s *site) turnOff(c *gin.Context) {
	by, _ := auth.FromContext(c.Request.Context())
	if err := s.keeper.DisableTOTP(c.Request.Context(), by); err != nil {
		s.refuse(c, err)
		return
	}
	s.Go(c, "/settings/account?done=factor")
}
