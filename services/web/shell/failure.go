package shell

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/services/web/words"
)

// failurePage is what is shown when a page cannot be.
type failurePage struct {
	Frame
	Status    int
	Heading   string
	Message   string
	Hint      string
	Steps     []string // in the place of the way home, which is no way under a wrong name
	RequestID string
}

// Fail answers with a page that says what happened. Errors of our own making
// are logged here, once, under the request's id.
func (s *Shell) Fail(c *gin.Context, err error) {
	e, ok := errors.AsType[*library.Error](err)
	if !ok {
		e = &library.Error{Kind: library.Internal, Cause: err}
	}
	w := s.wordsFor(c)
	p := failurePage{Status: s.Status(e.Kind), Message: e.Message, Hint: e.Hint, RequestID: c.GetHeader("X-Request-Id")}
	switch {
	case p.Status == http.StatusMisdirectedRequest:
		p.Message, p.Hint, p.Steps = elsewhere(w, c.Request.Host)
	case e.Kind == library.Limited:
		c.Header("Retry-After", strconv.Itoa(max(1, e.RetryAfter)))
		p.Message, p.Hint = fmt.Sprintf(w.Access.LimitedText, w.Wait(e.RetryAfter)), ""
	case e.Kind == library.NotFound:
		p.Message, p.Hint = w.Failure.NotFoundText, ""
	case p.Status == http.StatusInternalServerError:
		p.Message, p.Hint = w.Failure.InternalText, w.Failure.InternalHint
		if c.Request.Context().Err() == nil {
			s.Log.Error("page failed", "route", c.FullPath(), "request_id", p.RequestID, "error", err)
		}
	}
	p.Heading = heading(w, e.Kind)
	if p.Steps != nil {
		p.Heading = w.Access.Elsewhere
	}
	p.Frame = s.Frame(c, s.failure, "", p.Heading)
	s.failure.Render(c, p.Status, &p)
	c.Abort()
}

// elsewhere says what to do under a name that the box does not answer to.
func elsewhere(w *words.Words, hostport string) (message, hint string, steps []string) {
	message, steps = w.Access.ElsewhereNameless, []string{w.Access.ByAddress, w.Access.ListIt}
	if name, ok := auth.HostName(hostport); ok {
		message = fmt.Sprintf(w.Access.ElsewhereText, name)
		steps = append(steps, fmt.Sprintf(w.Access.OrConfigure, name))
	}
	return message, "", steps
}

func heading(w *words.Words, k library.Kind) string {
	switch k {
	case library.NotFound:
		return w.Failure.NotFound
	case library.Forbidden, library.Unauthorized, library.Unproved:
		return w.Failure.Forbidden
	case library.Conflict:
		return w.Failure.Conflict
	case library.TooLarge:
		return w.Failure.TooLarge
	case library.Limited:
		return w.Failure.Limited
	case library.Full:
		return w.Failure.Full
	case library.Internal:
		return w.Failure.Internal
	}
	return w.Failure.Other
}

// IsKind reports an error of a kind.
func IsKind(err error, k library.Kind) bool {
	return errors.Is(err, &library.Error{Kind: k})
}

// ProblemOf writes an error for the form that caused it; ok is false for
// errors of our own making, which are a page.
func ProblemOf(err error) (p Problem, ok bool) {
	e, found := errors.AsType[*library.Error](err)
	if !found || e.Kind == library.Internal {
		return Problem{}, false
	}
	return Problem{Message: e.Message, Hint: e.Hint}, true
}
