package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"coffer/services/auth"
	"coffer/services/library"
)

// byKey reports that a key speaks for a request: by the edge's word where it
// has asked, else by what the request brings. Only then may it come from
// another site, because a page elsewhere cannot send one unasked.
func byKey(r *http.Request) bool {
	if r.Header.Get("X-Auth-User") != "" {
		return r.Header.Get("X-Auth-Kind") == auth.KindKey
	}
	_, given := auth.Bearer(r)
	return given
}

// fromRequest returns who sends r: whom its key speaks for, else whom its
// cookie names. A key that is not good is not made up for by a cookie.
func (s *server) fromRequest(r *http.Request) (auth.Identity, error) {
	if text, given := auth.Bearer(r); given {
		return s.Keeper.VerifyKey(r.Context(), text)
	}
	return s.fromCookie(r)
}

// again looks once more at a caller that was known a moment ago.
func (s *server) again(ctx context.Context, id auth.Identity) (auth.Identity, error) {
	if id.Kind == auth.KindKey {
		return s.Keeper.IdentifyKey(ctx, id.UserID, id.SessionID)
	}
	return s.Keeper.Identify(ctx, id.UserID, id.SessionID)
}

// keysBelong keeps keys to what programs use: pages ask for no scope.
func (s *server) keysBelong(c *gin.Context) error {
	if s.underAPI(c.Request.URL.Path) || strings.TrimPrefix(c.FullPath(), s.BasePath) == "/metrics" {
		return nil
	}
	return &library.Error{
		Kind: library.Forbidden, Message: "A key opens the API, not the pages.", Hint: "Use what is under /api/v1, or sign in with a browser.",
	}
}

// ended returns what is closed when the caller's right to ask ends early.
func (s *server) ended(ctx context.Context, id auth.Identity) <-chan struct{} {
	if id.Kind == auth.KindKey {
		return s.Keeper.KeyEnded(ctx, id.SessionID)
	}
	return s.Keeper.Ended(ctx, id.SessionID)
}

// Key is a key on the wire.
type Key struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Begins    string        `json:"begins" doc:"How the key begins: finds one that leaked." example:"cfr_"`
	Scopes    []string      `json:"scopes" nullable:"false" enum:"read,add,admin,metrics"`
	CreatedAt time.Time     `json:"created_at"`
	ExpiresAt *time.Time    `json:"expires_at" doc:"Null: never."`
	LastUsed  *time.Time    `json:"last_used" doc:"Null: not yet."`
	Service   bool          `json:"service,omitempty" doc:"The box made it, for the file of the owner's scripts."`
	State     auth.KeyState `json:"state" enum:"open,expired,void" doc:"void: the password was changed, or a backup restored, after the key was made."`
}

func keyShape(e auth.KeyEntry) Key {
	return Key{
		ID: e.ID, Name: e.Name, Begins: auth.KeyPrefix + e.ID, Scopes: e.Scopes, CreatedAt: e.CreatedAt.UTC(),
		ExpiresAt: moment(e.Expires), LastUsed: moment(e.LastUsed), State: e.State, Service: e.Service,
	}
}

type keysInput struct{ Paging }

func (s *server) keys(ctx context.Context, in *keysInput) (*only[list[Key]], error) {
	l, err := s.Keeper.ListKeys(ctx, in.of())
	if err != nil {
		return nil, err
	}
	return &only[list[Key]]{listOf(l, keyShape)}, nil
}

type keyInput struct {
	Body struct {
		Name      string     `json:"name" doc:"1 to 64 characters of any script."`
		Scopes    []string   `json:"scopes" nullable:"false" enum:"read,add,admin,metrics" doc:"Each stands for itself; none includes another."`
		ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Left out: never."`
	}
}

// NewKey is a key with its text.
type NewKey struct {
	Key
	Secret string `json:"key" doc:"What to send as a bearer. It is told this once."`
}

type madeKey struct {
	Status int
	Body   NewKey
}

func (s *server) createKey(ctx context.Context, in *keyInput) (*madeKey, error) {
	by, _ := auth.FromContext(ctx)
	want := auth.NewKey{Name: in.Body.Name, Scopes: in.Body.Scopes}
	if in.Body.ExpiresAt != nil {
		want.Expires = *in.Body.ExpiresAt
	}
	key, text, err := s.Keeper.CreateKey(ctx, by, want)
	if err != nil {
		return nil, err
	}
	return &madeKey{http.StatusCreated, NewKey{keyShape(auth.KeyEntry{Key: key, State: auth.KeyOpen}), text}}, nil
}

type byKeyID struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) revokeKey(ctx context.Context, in *byKeyID) (*nothing, error) {
	by, _ := auth.FromContext(ctx)
	return nil, s.Keeper.RevokeKey(ctx, by, in.ID)
}

type serviceToken struct {
	Path     string     `json:"path" doc:"Where the owner's scripts on this machine find the key, as the box sees it."`
	On       bool       `json:"on"`
	Scopes   []string   `json:"scopes" nullable:"false"`
	MadeAt   *time.Time `json:"made_at" doc:"Null: there is none in the file."`
	EndsAt   *time.Time `json:"ends_at"`
	RenewsAt *time.Time `json:"renews_at" doc:"When another takes its place; this one then stays good for a day."`
	LastUsed *time.Time `json:"last_used"`
}

func tokenShape(t auth.Token) serviceToken {
	out := serviceToken{Path: t.Path, On: t.On, Scopes: t.Key.Scopes, MadeAt: moment(t.Key.CreatedAt), EndsAt: moment(t.Key.Expires), RenewsAt: moment(t.Renews), LastUsed: moment(t.Key.LastUsed)}
	if out.Scopes == nil {
		out.Scopes = []string{}
	}
	return out
}

func (s *server) token(ctx context.Context, _ *struct{}) (*only[serviceToken], error) {
	t, err := s.Keeper.Token(ctx)
	return &only[serviceToken]{tokenShape(t)}, err
}

func (s *server) renewToken(ctx context.Context, _ *struct{}) (*only[serviceToken], error) {
	by, _ := auth.FromContext(ctx)
	t, err := s.Keeper.RenewToken(ctx, by)
	return &only[serviceToken]{tokenShape(t)}, err
}

func (s *server) dropToken(ctx context.Context, _ *struct{}) (*only[serviceToken], error) {
	by, _ := auth.FromContext(ctx)
	t, err := s.Keeper.DropToken(ctx, by)
	return &only[serviceToken]{tokenShape(t)}, err
}
