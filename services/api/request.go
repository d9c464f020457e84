package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/gin-gonic/gin"

	"coffer/services/library"
)

// call is what handlers need of a request besides its body.
type call struct {
	id   string
	http *http.Request
}

type callKey struct{}

func callOf(ctx context.Context) call {
	c, _ := ctx.Value(callKey{}).(call)
	return c
}

func requestID(ctx context.Context) string { return callOf(ctx).id }

// begin gives the request its id (the edge's, else a new one) and logs it when
// it is over: no query, cookie or body, and the route rather than the path.
func (s *server) begin(c *gin.Context) {
	start := s.Now()
	id := c.GetHeader("X-Request-Id")
	if !isRequestID(id) {
		id = strings.ToLower(rand.Text())
		c.Request.Header.Set("X-Request-Id", id) // for pages
	}
	h := c.Writer.Header()
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), callKey{}, call{id: id, http: c.Request}))
	c.Next()

	took := s.Now().Sub(start)
	s.measure(c, took)
	level := slog.LevelInfo
	if isProbe(c) || isFollow(c) && c.Writer.Status() == http.StatusOK {
		level = slog.LevelDebug
	}
	s.log.Log(c.Request.Context(), level, "request",
		"method", c.Request.Method, "route", c.FullPath(), "status", c.Writer.Status(),
		"duration", took, "bytes", max(0, c.Writer.Size()),
		"client", c.GetHeader("X-Client-Addr"), "request_id", id)
}

func isRequestID(s string) bool {
	return len(s) >= 8 && len(s) <= 64 &&
		strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

// isProbe reports the routes that machines ask all day, which answer to any
// name and are not worth a line each.
func isProbe(c *gin.Context) bool {
	switch c.FullPath() {
	case "/_edge/verify", "/_edge/facts":
		return true
	case "":
		return false
	}
	return isLiveness(c)
}

func isLiveness(c *gin.Context) bool {
	return strings.HasSuffix(c.FullPath(), "/livez") || strings.HasSuffix(c.FullPath(), "/readyz")
}

// recover answers a panic with a problem and logs it once.
func (s *server) recover(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { //nolint:errorlint // the one value that net/http compares too
			panic(v)
		}
		err, _ := v.(error)
		if c.Request.Context().Err() != nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
			c.Abort() // the caller went away while huma wrote its answer
			return
		}
		s.log.Error("panic", "request_id", requestID(c.Request.Context()),
			"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // half an answer must not look whole
		}
		s.refuse(c, &Problem{
			Type: "about:blank", Title: http.StatusText(500), Status: 500, Code: library.Internal,
			Detail: "Something went wrong in the box.", Hint: "The log has the cause under this request's id.",
			RequestID: requestID(c.Request.Context()),
		})
	}()
	c.Next()
}
