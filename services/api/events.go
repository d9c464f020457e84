package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

const (
	// heartbeat is how often a comment is sent; proxies cut what is silent.
	heartbeat = 15 * time.Second
	// writeWithin is how long a browser may take to accept one event.
	writeWithin = 10 * time.Second
	// retryAfter is what browsers wait before they connect again.
	retryAfter = 2 * time.Second
)

// events sends what changes until the caller goes, its session or key ends, or
// the server stops.
func (s *server) events(c *gin.Context) error {
	ctx, cancel := context.WithCancel(c.Request.Context())
	defer cancel()
	id, _ := auth.FromContext(ctx)
	ended := s.ended(ctx, id)

	out := newEventWriter(c)
	last := s.Library.LastEvent()
	if seen := c.GetHeader("Last-Event-ID"); seen != "" {
		last = eventID(seen)
	} else {
		// A browser that loses its connection before the first event must not
		// miss that one, so it is told where it begins.
		out.send("id: %d\n", last)
	}
	out.send("retry: %d\n\n", retryAfter.Milliseconds())
	feed := s.Library.Subscribe(ctx, last)
	beat := time.NewTicker(s.beat)
	defer beat.Stop()
	for out.err == nil {
		select {
		case e, open := <-feed:
			if !open {
				return nil
			}
			out.event(e)
		case <-beat.C:
			// A session or key also ends by the calendar, which closes no channel.
			if _, err := s.again(ctx, id); err != nil {
				return nil
			}
			out.send(": still here\n\n")
		case <-ended:
			return nil
		case <-draining(ctx):
			return nil
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// eventID reads an id that a browser sends back. What is none of ours becomes
// an id so old that the answer is a reset.
func eventID(s string) uint64 {
	id, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 1
	}
	return max(id, 1)
}

// eventWriter writes and flushes, and keeps the first error.
type eventWriter struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
	err  error
}

func newEventWriter(c *gin.Context) *eventWriter {
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	return &eventWriter{w: c.Writer, ctrl: http.NewResponseController(c.Writer)}
}

func (w *eventWriter) send(format string, args ...any) {
	if w.err != nil {
		return
	}
	// Where the connection has no deadline to set, its other end is in this
	// process.
	_ = w.ctrl.SetWriteDeadline(time.Now().Add(writeWithin))
	if _, w.err = fmt.Fprintf(w.w, format, args...); w.err == nil {
		w.err = w.ctrl.Flush()
	}
}

type goneSource struct {
	ID      library.SourceID `json:"id"`
	Deleted bool             `json:"deleted"`
}

func (w *eventWriter) event(e library.Event) {
	var data any = struct{}{}
	switch {
	case e.Job != nil:
		data = jobShape(*e.Job)
	case e.Deleted != "":
		data = goneSource{e.Deleted, true}
	case e.Source != nil:
		data = sourceShape(*e.Source)
	}
	body, err := json.Marshal(data)
	if err != nil {
		w.err = err
		return
	}
	w.send("id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, body)
}

func describeEvents(op *huma.Operation) {
	op.Description += " Server-sent events: job with a job, source with a source or {id, deleted: true}, box, and reset " +
		"when events were missed and lists must be fetched again. Reconnect with Last-Event-ID. A comment comes each 15 s. " +
		"The stream ends with the session. Open one per browser and share it between tabs: browsers allow six connections " +
		"to a host over HTTP/1.1."
	op.Parameters = []*huma.Param{{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: "string"}}}
	op.Responses["200"] = &huma.Response{
		Description: "The stream.",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}},
	}
}
