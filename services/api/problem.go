package api

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// Kinds that only a request can have; the domain knows nothing of them.
const (
	kindMisdirected library.Kind = "misdirected" // a host name not allowed
	kindMethod      library.Kind = "method_not_allowed"
	kindMalformed   library.Kind = "malformed" // the body cannot be read
)

// Status is the one table from kinds of error to HTTP statuses.
func Status(k library.Kind) int {
	switch k {
	case kindMalformed:
		return http.StatusBadRequest
	case library.Unauthorized:
		return http.StatusUnauthorized
	case library.Forbidden, library.Unproved:
		return http.StatusForbidden
	case library.NotFound:
		return http.StatusNotFound
	case kindMethod:
		return http.StatusMethodNotAllowed
	case library.Conflict:
		return http.StatusConflict
	case library.TooLarge:
		return http.StatusRequestEntityTooLarge
	case kindMisdirected:
		return http.StatusMisdirectedRequest
	case library.Invalid:
		return http.StatusUnprocessableEntity
	case library.Limited:
		return http.StatusTooManyRequests
	case library.Full:
		return http.StatusInsufficientStorage
	}
	return http.StatusInternalServerError
}

// Problem is an error as it is sent.
type Problem struct {
	Type      string       `json:"type" doc:"Always about:blank: the status says what kind of problem it is." example:"about:blank"`
	Title     string       `json:"title" doc:"The status in words." example:"Not Found"`
	Status    int          `json:"status" example:"404"`
	Code      library.Kind `json:"code" doc:"The kind of problem, for programs." example:"not_found"`
	Detail    string       `json:"detail,omitempty" doc:"What happened."`
	Hint      string       `json:"hint,omitempty" doc:"What to do about it."`
	RequestID string       `json:"request_id" doc:"Finds this request in the log."`
	Errors    []FieldError `json:"errors,omitempty" doc:"The fields at fault."`

	retryAfter int
}

// FieldError says what is wrong with one field. The value sent is not in it,
// because it can be a password.
type FieldError struct {
	Field   string `json:"field" example:"password"`
	Code    string `json:"code,omitempty" doc:"Tells apart, for programs, what can be wrong with the field." example:"mismatch"`
	Message string `json:"message"`
}

// Error, GetStatus, GetHeaders and ContentType let huma send a Problem.
func (p *Problem) Error() string             { return p.Detail }
func (p *Problem) GetStatus() int            { return p.Status }
func (p *Problem) ContentType(string) string { return "application/problem+json" }
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return h
}

// problem turns any error into what is sent, and logs the cause of one that is
// our fault. It is the one place that does either.
func (s *server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	e, ok := errors.AsType[*library.Error](err)
	if !ok {
		e = &library.Error{Kind: library.Internal, Cause: err}
	}
	p := &Problem{
		Type: "about:blank", Status: Status(e.Kind), Code: e.Kind,
		Detail: e.Message, Hint: e.Hint, RequestID: requestID(ctx), retryAfter: e.RetryAfter,
	}
	p.Title = http.StatusText(p.Status)
	if e.Field != "" {
		p.Errors = []FieldError{{Field: e.Field, Code: e.Code, Message: e.Message}}
	}
	if p.Status == http.StatusInternalServerError {
		p.Code = library.Internal
		p.Detail = "Something went wrong in the box."
		p.Hint = "The log has the cause under this request's id."
		if ctx.Err() == nil {
			s.log.Error("request failed", "request_id", p.RequestID, "error", err)
		}
	} else if e.Kind == library.Full {
		s.log.Error("the disk is full", "request_id", p.RequestID, "error", err)
	}
	return p
}

// fromHuma turns the errors that huma makes itself (a body that is no JSON, a
// field of the wrong kind) into ours. Their details quote what was sent, and
// are left out.
func (s *server) fromHuma(c huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	kind, detail := library.Invalid, "Some fields are wrong."
	switch {
	case m.Status == http.StatusRequestEntityTooLarge:
		kind, detail = library.TooLarge, "The request is too large."
	case m.Status >= 500: // the body could not be read: the caller went away
		kind, detail = kindMalformed, "The request ended early."
	case m.Status != http.StatusUnprocessableEntity:
		kind, detail = kindMalformed, "The request cannot be read as JSON."
	}
	p := &Problem{
		Type: "about:blank", Title: http.StatusText(m.Status), Status: m.Status, Code: kind,
		Detail: detail, RequestID: requestID(c.Context()),
	}
	for _, d := range m.Errors {
		if kind == library.Invalid && d != nil {
			_, field, found := strings.Cut(d.Location, ".")
			if !found {
				field = d.Location
			}
			p.Errors = append(p.Errors, FieldError{Field: field, Message: d.Message})
		}
	}
	return p, nil
}

// refuse answers a request with an error and ends its chain of handlers.
func (s *server) refuse(c *gin.Context, err error) {
	if s.Failure != nil && s.wantsPage(c.Request) {
		s.Failure(c, err)
		c.Abort()
		return
	}
	p := s.problem(c.Request.Context(), err)
	h := c.Writer.Header()
	for k, v := range p.GetHeaders() {
		h[k] = v
	}
	h.Set("Cache-Control", "no-store")
	if s.wantsPage(c.Request) {
		h.Set("Content-Type", "text/html; charset=utf-8")
		c.Writer.WriteHeader(p.Status)
		if err := s.page.Execute(c.Writer, p); err != nil {
			s.log.Debug("error page not sent", "error", err)
		}
	} else {
		body, err := json.Marshal(p)
		if err != nil {
			s.log.Error("problem not encoded", slog.Any("error", err))
		}
		h.Set("Content-Type", "application/problem+json")
		c.Writer.WriteHeader(p.Status)
		if _, err := c.Writer.Write(body); err != nil {
			s.log.Debug("problem not sent", "error", err)
		}
	}
	c.Abort()
}

// wantsPage reports a browser that navigates outside the API.
func (s *server) wantsPage(r *http.Request) bool {
	return !s.underAPI(r.URL.Path) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// errorPage is what a browser sees where the site has no page of its own to
// show, such as under a name that the box does not answer to.
func errorPage() *template.Template {
	return template.Must(template.New("error").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}} · Coffer</title>
<h1>{{.Title}}</h1>
<p>{{.Detail}}</p>
{{with .Hint}}<p>{{.}}</p>{{end}}
<p><small>{{.Status}} · {{.RequestID}}</small></p>
</html>
`))
}
