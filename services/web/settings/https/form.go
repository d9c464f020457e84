package https

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

// Form is what can be chosen.
type Form struct {
	Locked      string // why the way cannot be; empty: it can
	Ways        []Way
	Own         bool   // the names can be chosen alone
	Names       string // one on each line
	Fixed       string // those of the configuration
	Certificate string // as it was pasted, to be mended
	Kept        string // that there is one already
	Leads       string // where pages over plain HTTP lead once HTTPS is on
	Order       OrderForm
	Ordered     bool // that can be changed alone
	Problem     *shell.Problem
	Faults      Faults
}

// Way is one of serving the box.
type Way struct {
	Value, Title, Text, Warning string
	On                          bool
}

// Faults say what is wrong with which field; empty: nothing.
type Faults struct{ Mode, Names, Certificate, Key, Order string }

// form offers what there is; reached are names under which the box is opened.
func form(w *words.Words, h library.HTTPS, reached []string) Form {
	t := w.HTTPS
	f := Form{Own: h.Mode == library.HTTPSSelfSigned, Fixed: strings.Join(h.FixedNames, ", "), Order: orderForm(h, reached), Ordered: h.Mode == library.HTTPSACME}
	if h.Locked {
		f.Locked = fmt.Sprintf(t.Locked, string(h.Mode))
	}
	for _, way := range []Way{
		{Value: string(library.HTTPSOff), Text: t.OffWayText},
		{Value: string(library.HTTPSSelfSigned), Text: t.OwnWayText},
		{Value: string(library.HTTPSACME), Text: w.Order.WayText},
		{Value: string(library.HTTPSUploaded), Text: t.UploadWayText},
		{Value: string(library.HTTPSFolder), Text: fmt.Sprintf(t.FolderWayText, h.Folder)},
	} {
		way.Title, way.On = w.Mode(way.Value), way.Value == string(chosen(h))
		if way.Value == string(library.HTTPSOff) {
			way.Warning = backedOut(w, h)
		}
		f.Ways = append(f.Ways, way)
	}
	names := slices.Clone(h.Names)
	if !f.Own { // what the owner took out of the list stays out
		for _, name := range reached {
			if name != "" && !slices.Contains(h.FixedNames, name) && !slices.Contains(names, name) && !alwaysOwn(name) {
				names = append(names, name)
			}
		}
	}
	f.Names = strings.Join(names, "\n")
	if u := h.Uploaded; u != nil {
		f.Kept = fmt.Sprintf(t.Kept, strings.Join(u.Names, ", "), w.Date(u.Expires.Local()))
	}
	if h.Redirect != "" && h.Presented == nil {
		f.Leads = fmt.Sprintf(t.Leads, h.Redirect)
	}
	return f
}

// chosen is the way that the owner chose last.
func chosen(h library.HTTPS) library.HTTPSMode {
	if h.Order.Wanted {
		return library.HTTPSACME
	}
	return h.Mode
}

// alwaysOwn are what every certificate of the box's own is for.
func alwaysOwn(name string) bool { return name == "localhost" || name == "127.0.0.1" || name == "::1" }

// sent is a form that came.
type sent struct {
	mode, names      string
	certificate, key []byte
	certificateText  string // as it was pasted
	order            library.HTTPSWish
	orderNames       string // as they were sent
}

// maxText is how much is read of a certificate, a key or a list of names: more
// than init takes of any. maxForm bounds all of a form, in bytes.
const (
	maxText = 128 << 10
	maxForm = 4 << 20
)

// read takes the form apart in memory: nothing of it may lie in a file.
func read(c *gin.Context) (f sent, err error) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return f, &library.Error{Kind: library.Invalid, Message: "The form came in another shape than the page sends it.", Cause: err}
	}
	var keyText []byte
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		var text []byte
		if err == nil {
			text, err = field(part)
		}
		if err != nil {
			return f, &library.Error{Kind: library.Invalid, Message: "The form ended early. Nothing was changed.", Cause: err}
		}
		switch part.FormName() {
		case "mode":
			f.mode = string(text)
		case "names":
			f.names = string(text)
		case "certificate":
			f.certificate = text
		case "key":
			f.key = text
		case "certificate-text":
			f.certificateText = string(text)
		case "key-text":
			keyText = text
		case "order-names":
			f.orderNames, f.order.Names = string(text), listed(string(text))
		case "order-email":
			f.order.Email = strings.TrimSpace(string(text))
		case "order-directory":
			f.order.Directory = strings.TrimSpace(string(text))
		case "agree":
			f.order.Agree = true
		}
	}
	if len(f.certificate) == 0 {
		f.certificate = []byte(strings.TrimSpace(f.certificateText))
	}
	if len(f.key) == 0 {
		f.key = []byte(strings.TrimSpace(string(keyText)))
	}
	return f, nil
}

// field reads the beginning of a part; the next part passes over the rest.
func field(p *multipart.Part) ([]byte, error) { return io.ReadAll(io.LimitReader(p, maxText)) }

// wish is the change that a form asks for. What belongs to another way than the
// chosen one is left alone.
func (f sent) wish(h library.HTTPS) library.HTTPSChange {
	change := library.HTTPSChange{Mode: library.HTTPSMode(f.mode)}
	if h.Locked {
		change.Mode = ""
	}
	switch mode := change.Mode; {
	case mode == library.HTTPSSelfSigned, h.Locked && h.Mode == library.HTTPSSelfSigned:
		names := listed(f.names)
		change.Names = &names
	case mode == library.HTTPSACME, h.Locked && h.Mode == library.HTTPSACME:
		change.Order = &f.order
	case mode == library.HTTPSUploaded:
		change.Certificate, change.Key = f.certificate, f.key
	}
	return change
}

// listed are the names of a text.
func listed(text string) []string {
	return append([]string{}, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) })...)
}

func (s *site) change(c *gin.Context) {
	f, err := read(c)
	var was, is library.HTTPS
	if err == nil {
		was, err = s.now(c)
	}
	if err != nil {
		s.Fail(c, err)
		return
	}
	is, err = s.door.ChangeHTTPS(c.Request.Context(), f.wish(was))
	if err != nil {
		s.refuse(c, err, was, f)
		return
	}
	s.land(c, was, is)
}

// refuse shows the form again as it was sent, but for the key, with what is
// wrong beside the field.
func (s *site) refuse(c *gin.Context, err error, h library.HTTPS, f sent) {
	e, ok := errors.AsType[*library.Error](err)
	if !ok || e.Code == "" {
		s.Fail(c, err)
		return
	}
	p, err := s.page(c, h)
	if err != nil {
		s.Fail(c, err)
		return
	}
	p.Form.Problem = &shell.Problem{Message: p.W.HTTPS.Unchanged}
	for i := range p.Form.Ways {
		p.Form.Ways[i].On = p.Form.Ways[i].Value == f.mode
	}
	p.Form.Names, p.Form.Certificate = f.names, f.certificateText
	p.Form.Order.Names, p.Form.Order.Email, p.Form.Order.Agreed = f.orderNames, f.order.Email, f.order.Agree
	if f.order.Directory != "" {
		p.Form.Order.Directory, p.Form.Order.Host = f.order.Directory, hostOf(f.order.Directory)
	}
	said := p.W.HTTPSFault(e.Code, e.Message, e.Hint)
	switch e.Field {
	case "order":
		p.Form.Faults.Order = said
	case "names":
		p.Form.Faults.Names = said
	case "certificate":
		p.Form.Faults.Certificate = said
	case "key":
		p.Form.Faults.Key = said
	default:
		p.Form.Faults.Mode = said
	}
	s.view.Render(c, s.Status(e.Kind), p)
}
