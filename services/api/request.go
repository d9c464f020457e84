package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
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

	level := slog.LevelInfo
	if isProbe(c) {
		level = slog.LevelDebug
	}
	s.log.Log(c.Request.Context(), level, "request",
		"method", c.Request.Method, "route", c.FullPath(), "status", c.Writer.Status(),
		"duration", s.Now().Sub(start), "bytes", max(0, c.Writer.Size()),
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
	case "/_edge/verify":
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

// edge refuses what does not come through the edge.
func (s *server) edge(c *gin.Context) {
	given, want := sha256.Sum256([]byte(c.GetHeader("X-Edge-Token"))), sha256.Sum256([]byte(s.EdgeToken))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 && !isLiveness(c) {
		s.refuse(c, &library.Error{Kind: library.Unauthorized, Message: "This socket is for the edge."})
	}
}

// host refuses names that the box does not answer to. Until the wizard is
// done any name reaches the wizard: its code protects it.
func (s *server) host(c *gin.Context) {
	if isProbe(c) {
		return
	}
	ctx := c.Request.Context()
	allowed, err := s.Hosts.Allowed(ctx, c.Request.Host)
	if err == nil && !allowed && s.forSetup(c.Request.URL.Path) {
		allowed, err = s.settingUp(ctx)
	}
	if err != nil {
		s.refuse(c, err)
		return
	}
	if !allowed {
		s.refuse(c, &library.Error{
			Kind:    kindMisdirected,
			Message: "The box does not answer to this name.",
			Hint:    "Open it by its address, or list the name in Settings, Access, or in COFFER_ALLOWED_HOSTS.",
		})
	}
}

func (s *server) forSetup(path string) bool {
	path, ok := strings.CutPrefix(path, s.BasePath)
	switch path {
	case "/setup", "/api/v1/setup", "/favicon.ico", "/manifest.webmanifest":
		return ok
	}
	return ok && (strings.HasPrefix(path, "/setup/") || strings.HasPrefix(path, "/static/"))
}

// settingUp reports that the wizard has not been finished: there is no owner,
// or the owner has not said who may reach the box.
func (s *server) settingUp(ctx context.Context) (bool, error) {
	if needed, err := s.Keeper.SetupNeeded(ctx); needed || err != nil {
		return needed, err
	}
	settings, err := s.Accounts.Settings(ctx)
	return settings.Reach == "", err
}

// identify puts the caller into the context: whom the edge names, checked once
// more because the session can have ended since, or on public routes, where
// the edge asks nothing, whom the cookie names.
func (s *server) identify(c *gin.Context) {
	r := c.Request
	if isProbe(c) {
		return
	}
	var id auth.Identity
	var err error
	if user := r.Header.Get("X-Auth-User"); user != "" {
		id, err = s.Keeper.Identify(r.Context(), user, r.Header.Get("X-Auth-Session"))
	} else {
		id, err = s.fromCookie(r)
	}
	switch {
	case err == nil:
		c.Request = r.WithContext(auth.WithIdentity(r.Context(), id))
	case !errors.Is(err, &library.Error{Kind: library.Unauthorized}):
		s.refuse(c, err)
	}
}

// fromCookie tries each token that came under the right name.
func (s *server) fromCookie(r *http.Request) (id auth.Identity, err error) {
	err = &library.Error{Kind: library.Unauthorized, Message: "You are not signed in."}
	for _, token := range s.Cookies.Tokens(r) {
		if id, err = s.Keeper.Verify(r.Context(), token); err == nil {
			return id, nil
		}
	}
	return id, err
}

// verify answers the edge: 200 with who is asking, or 401.
func (s *server) verify(c *gin.Context) {
	id, err := s.fromCookie(c.Request)
	if errors.Is(err, &library.Error{Kind: library.Unauthorized}) {
		c.Status(http.StatusUnauthorized)
		return
	} else if err != nil {
		s.refuse(c, err)
		return
	}
	c.Header("X-Auth-User", id.UserID)
	c.Header("X-Auth-Kind", id.Kind)
	c.Header("X-Auth-Scopes", strings.Join(id.Scopes, " "))
	c.Header("X-Auth-Session", id.SessionID)
	c.Status(http.StatusOK)
}

// maxNote bounds every body that is not an upload, in bytes: the largest is a
// note, in which JSON or a form may write one character as several. formRoom is
// what a multipart form may have besides its file.
const (
	maxNote  = 2 * library.MaxNote
	formRoom = 1 << 20
)

// limitBody bounds what handlers can read, pages' forms included.
func (s *server) limitBody(c *gin.Context) {
	limit := int64(maxNote)
	if strings.HasPrefix(strings.ToLower(c.ContentType()), "multipart/form-data") {
		limit = s.MaxUpload + formRoom
	}
	if c.Request.ContentLength > limit {
		s.refuse(c, tooLarge())
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
}

func tooLarge() error {
	return &library.Error{
		Kind: library.TooLarge, Message: "This is larger than the box takes.",
		Hint: "COFFER_MAX_UPLOAD sets the limit.",
	}
}
