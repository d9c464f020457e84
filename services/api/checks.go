package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
	"coffer/weaken"
)

// edge refuses what does not come through the edge.
func (s *server) edge(c *gin.Context) {
	given, want := sha256.Sum256([]byte(c.GetHeader("X-Edge-Token"))), sha256.Sum256([]byte(s.EdgeToken))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 && !isLiveness(c) && !weaken.Without(weaken.EdgeToken) {
		s.refuse(c, &library.Error{Kind: library.Unauthorized, Message: "This socket is for the edge."})
	}
}

// host refuses names that the box does not answer to. Until the wizard is
// done any name reaches the wizard: its code protects it.
func (s *server) host(c *gin.Context) {
	if isProbe(c) {
		return
	}
	allowed, err := s.answersTo(c.Request.Context(), c.Request.Host, s.forSetup(c.Request.URL.Path))
	if err != nil {
		s.refuse(c, err)
		return
	}
	if !allowed && !weaken.Without(weaken.HostNames) {
		s.refuse(c, &library.Error{
			Kind:    kindMisdirected,
			Message: "The box does not answer to this name.",
			Hint:    "Open it by its address, or list the name in Settings, Access, or in COFFER_ALLOWED_HOSTS.",
		})
	}
}

// answersTo applies the host rule; setup says that the request is for the
// wizard.
func (s *server) answersTo(ctx context.Context, host string, setup bool) (bool, error) {
	allowed, err := s.Hosts.Allowed(ctx, host)
	if err != nil || allowed || !setup {
		return allowed, err
	}
	return s.settingUp(ctx)
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
// more because the session or key can have ended since, or on public routes,
// where the edge asks nothing, whom the request's key or cookie names. A key that
// is not good is refused everywhere.
func (s *server) identify(c *gin.Context) {
	r := c.Request
	if isProbe(c) {
		return
	}
	r = r.WithContext(auth.WithClient(r.Context(), s.Cookies.Client(r)))
	c.Request = r
	var id auth.Identity
	var err error
	if user := r.Header.Get("X-Auth-User"); user != "" {
		id, err = s.again(r.Context(), auth.Identity{
			Kind: r.Header.Get("X-Auth-Kind"), UserID: user, SessionID: r.Header.Get("X-Auth-Session"),
		})
	} else {
		id, err = s.fromRequest(r)
	}
	if err == nil && id.Kind == auth.KindKey {
		err = s.keysBelong(c)
	}
	switch {
	case err == nil:
		c.Request = r.WithContext(auth.WithIdentity(r.Context(), id))
		s.renew(c, id)
	case byKey(r), !errors.Is(err, &library.Error{Kind: library.Unauthorized}):
		s.refuse(c, err)
	}
}

// renew gives a session in use longer, and its browser the cookies that say so.
// Only where the edge has asked who sends the request: what it passes on without
// asking may be kept by caches, and cookies must not be.
func (s *server) renew(c *gin.Context, id auth.Identity) {
	r := c.Request
	if r.Header.Get("X-Auth-User") == "" {
		return
	}
	g, due, err := s.Keeper.Renew(r.Context(), id, s.Cookies.Client(r))
	if err != nil {
		s.log.Warn("a session was not renewed", "error", err)
	}
	if !due {
		return
	}
	for _, cookie := range s.Cookies.Grant(r, g) {
		http.SetCookie(c.Writer, cookie)
	}
}

// afford charges a request to who sent it, so that one caller leaves room for
// the others. What init asks, looking at the box, is charged to nobody.
func (s *server) afford(c *gin.Context) {
	if isProbe(c) || c.GetHeader("X-Edge-Own") == "1" {
		return
	}
	id, known := auth.FromContext(c.Request.Context())
	if !known {
		if err := s.Budgets.Take(auth.Anonymous, s.Keeper.Stranger(c.Request.Context(), s.Cookies.Client(c.Request))); err != nil {
			s.refuse(c, err)
		}
		return
	}
	err := s.Budgets.Take(auth.Requests, id.Caller())
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
	default:
		budget := auth.Changes
		if isMultipart(c) {
			budget = auth.Uploads
		}
		if err == nil {
			err = s.Budgets.Take(budget, id.Caller())
		}
	}
	if err != nil {
		s.refuse(c, err)
	}
}

func isMultipart(c *gin.Context) bool {
	return strings.HasPrefix(strings.ToLower(c.ContentType()), "multipart/form-data")
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

// verify answers the edge: 200 with who is asking, 401 for nobody, and 403
// under a name that the box does not answer to, so that such a request is not
// sent to sign in first. It does not know the address asked for: while the
// wizard may be meant, it leaves the name to the request itself.
func (s *server) verify(c *gin.Context) {
	allowed, err := s.answersTo(c.Request.Context(), c.Request.Host, true)
	if err != nil {
		s.refuse(c, err)
		return
	}
	if !allowed {
		c.Status(http.StatusForbidden)
		return
	}
	r := c.Request
	id, err := s.fromRequest(r.WithContext(auth.WithClient(r.Context(), s.Cookies.Client(r))))
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
	switch {
	case s.isWhole(c):
		return
	case isMultipart(c):
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
