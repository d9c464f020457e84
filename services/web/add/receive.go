package add

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
	"coffer/services/web/shell"
	"coffer/services/web/words"
)

const (
	maxParts = 1000 // files and fields of one form
	maxField = 2 * library.MaxNote
)

// errNothing is a form without a file or a note; errEnded one that broke off.
var (
	errNothing = errors.New("the form holds nothing to add")
	errEnded   = errors.New("the form ended early")
)

// Receive adds every file of a form, streaming, or the note in its fields
// title and text. What was added before an error stays added.
func Receive(c *gin.Context, l *library.Library) ([]library.Source, error) {
	parts, err := c.Request.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		if err := c.Request.ParseForm(); err != nil {
			return nil, bodyFault(err)
		}
		return note(c, l, c.PostForm("title"), c.PostForm("text"))
	}
	if err != nil {
		return nil, errEnded
	}
	var added []library.Source
	var title, text string
	for range maxParts {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return added, bodyFault(err)
		}
		switch {
		case p.FormName() == "file" && p.FileName() != "":
			src, err := file(c, l, p)
			if err != nil {
				return added, err
			}
			added = append(added, src)
		case p.FormName() == "title":
			title, err = field(p)
		case p.FormName() == "text":
			text, err = field(p)
		}
		if err != nil {
			return added, bodyFault(err)
		}
	}
	if strings.TrimSpace(text) != "" || len(added) == 0 {
		notes, err := note(c, l, title, text)
		return append(added, notes...), err
	}
	return added, nil
}

func file(c *gin.Context, l *library.Library, p *multipart.Part) (library.Source, error) {
	body := &watched{r: p}
	src, _, err := l.Add(c.Request.Context(), p.FileName(), body)
	if body.err != nil {
		return library.Source{}, bodyFault(body.err)
	}
	return src, err
}

func note(c *gin.Context, l *library.Library, title, text string) ([]library.Source, error) {
	if strings.TrimSpace(title) == "" || strings.TrimSpace(text) == "" {
		return nil, errNothing
	}
	src, _, err := l.AddText(c.Request.Context(), title, text)
	if err != nil {
		return nil, err
	}
	return []library.Source{src}, nil
}

func field(p *multipart.Part) (string, error) {
	b, err := io.ReadAll(io.LimitReader(p, maxField))
	return string(b), err
}

// watched remembers why reading stopped, because only the reader knows whether
// the browser or the disk is at fault.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

func bodyFault(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return &library.Error{Kind: library.TooLarge, Message: "This is larger than the box takes."}
	}
	return errEnded
}

// ProblemOf says what went wrong with a form that Receive took; ok is false
// for what deserves a page of its own.
func ProblemOf(w *words.Words, err error) (p shell.Problem, ok bool) {
	switch {
	case errors.Is(err, errNothing):
		return shell.Problem{Message: w.Add.NothingSent}, true
	case errors.Is(err, errEnded):
		return shell.Problem{Message: w.Add.Ended}, true
	case shell.IsKind(err, library.TooLarge):
		return shell.Problem{Message: w.Add.TooLarge}, true
	case shell.IsKind(err, library.Full):
		return shell.Problem{Message: w.Add.Full}, true
	}
	return shell.ProblemOf(err)
}

// StatusOf is the HTTP status of an error of Receive.
func StatusOf(s *shell.Shell, err error) int {
	if e, ok := errors.AsType[*library.Error](err); ok {
		return s.Status(e.Kind)
	}
	return s.Status(library.Invalid)
}
