package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"coffer/services/auth"
	"coffer/services/library"
)

type status3 struct {
	Status string `json:"status" enum:"ok"`
}

// entered is how far a sign-in got.
type entered struct {
	Status  string   `json:"status" enum:"ok,second_factor" doc:"second_factor: a code or a passkey is to be sent to /auth/factor next, with the cookies of this answer."`
	Methods []string `json:"methods,omitempty" enum:"totp,passkey,recovery_code" doc:"What may be sent, the usual first. passkey only where one works: under the name that it was made for, over HTTPS or at localhost."`
	Ticket  string   `json:"ticket,omitempty" doc:"To be sent with the code within five minutes. It is good once."`

	Passkey json.RawMessage `json:"passkey,omitempty" doc:"With the method passkey: options for navigator.credentials.get, as PublicKeyCredential.parseRequestOptionsFromJSON takes them."`
}

type entry struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      entered
}

// signedIn is an answer that carries cookies.
type signedIn struct {
	Status    int
	SetCookie []string `header:"Set-Cookie"`
	Body      status3
}

func (s *server) grant(ctx context.Context, code int, g auth.Grant) *signedIn {
	return &signedIn{Status: code, SetCookie: cookieLines(s.Cookies.Grant(callOf(ctx).http, g)), Body: status3{"ok"}}
}

func cookieLines(cookies []*http.Cookie) []string {
	var out []string
	for _, c := range cookies {
		out = append(out, c.String())
	}
	return out
}

func (s *server) client(ctx context.Context) auth.Client { return s.Cookies.Client(callOf(ctx).http) }

type needed struct {
	Needed bool `json:"needed"`
}

func (s *server) setupNeeded(ctx context.Context, _ *struct{}) (*only[needed], error) {
	n, err := s.Keeper.SetupNeeded(ctx)
	return &only[needed]{needed{n}}, err
}

type setupInput struct {
	Body struct {
		Code     string `json:"code,omitempty" doc:"The one-time code from the container's log."`
		Username string `json:"username" doc:"1 to 64 characters of any script."`
		Password string `json:"password" doc:"8 to 1024 characters."`
	}
}

func (s *server) setup(ctx context.Context, in *setupInput) (*signedIn, error) {
	g, err := s.Keeper.Setup(ctx, in.Body.Code, in.Body.Username, in.Body.Password, s.client(ctx))
	if err != nil {
		return nil, err
	}
	return s.grant(ctx, http.StatusCreated, g), nil
}

type loginInput struct {
	Body struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
}

func (s *server) login(ctx context.Context, in *loginInput) (*entry, error) {
	e, err := s.Keeper.Login(ctx, in.Body.Username, in.Body.Password, s.client(ctx))
	if err != nil {
		return nil, err
	}
	r := callOf(ctx).http
	if e.Step != nil {
		return &entry{
			SetCookie: cookieLines([]*http.Cookie{s.Cookies.Step(r, *e.Step)}),
			Body:      entered{Status: "second_factor", Methods: e.Step.Methods, Ticket: e.Step.Ticket, Passkey: e.Step.Passkey},
		}, nil
	}
	return &entry{SetCookie: cookieLines(s.Cookies.Grant(r, e.Grant)), Body: entered{Status: "ok"}}, nil
}

type signedOut struct {
	SetCookie []string `header:"Set-Cookie"`
}

// logout succeeds for anyone, so that a browser with a stale cookie gets rid
// of it.
func (s *server) logout(ctx context.Context, _ *struct{}) (*signedOut, error) {
	if id, ok := auth.FromContext(ctx); ok && id.Kind == auth.KindSession {
		if err := s.Keeper.Logout(ctx, id.SessionID); err != nil && !errors.Is(err, &library.Error{Kind: library.NotFound}) {
			return nil, err
		}
	}
	return &signedOut{SetCookie: cookieLines(s.Cookies.Clear(callOf(ctx).http))}, nil
}

type me struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Kind   string   `json:"kind" enum:"session,key"`
	Scopes []string `json:"scopes" nullable:"false"`
}

func (s *server) me(ctx context.Context, _ *struct{}) (*only[me], error) {
	id, _ := auth.FromContext(ctx)
	return &only[me]{me{ID: id.UserID, Name: id.Name, Kind: id.Kind, Scopes: id.Scopes}}, nil
}

type session struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	LastSeen  time.Time `json:"last_seen" doc:"To within a few minutes."`
	ExpiresAt time.Time `json:"expires_at" doc:"Moves on while it is used."`
	Address   string    `json:"address" doc:"Where it was last seen."`
	Agent     string    `json:"agent"`
	Current   bool      `json:"current"`
}

func (s *server) sessions(ctx context.Context, _ *struct{}) (*only[list[session]], error) {
	all, err := s.Keeper.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	id, _ := auth.FromContext(ctx)
	l := library.List[library.Session]{Items: all, Total: len(all)}
	return &only[list[session]]{listOf(l, func(e library.Session) session {
		return session{
			ID: e.ID, CreatedAt: e.CreatedAt.UTC(), LastSeen: e.LastSeen.UTC(), ExpiresAt: e.Expires.UTC(),
			Address: e.Address, Agent: e.Agent, Current: e.ID == id.SessionID,
		}
	})}, nil
}

type bySession struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) endSession(ctx context.Context, in *bySession) (*nothing, error) {
	return nil, s.Keeper.Logout(ctx, in.ID)
}

type sessionsInput struct {
	Which string `query:"which" required:"true" enum:"others,all" doc:"others: all but this one. all: this one too, and keys are void."`
}

func (s *server) endSessions(ctx context.Context, in *sessionsInput) (*signedOut, error) {
	id, _ := auth.FromContext(ctx)
	if in.Which == "others" {
		return &signedOut{}, s.Keeper.LogoutOthers(ctx, id)
	}
	if err := s.Keeper.LogoutEverywhere(ctx, id); err != nil {
		return nil, err
	}
	return &signedOut{SetCookie: cookieLines(s.Cookies.Clear(callOf(ctx).http))}, nil
}

type passwordInput struct {
	Body struct {
		Current string `json:"current_password"`
		New     string `json:"new_password" doc:"8 to 1024 characters."`
	}
}

func (s *server) changePassword(ctx context.Context, in *passwordInput) (*signedIn, error) {
	id, _ := auth.FromContext(ctx)
	g, err := s.Keeper.ChangePassword(ctx, id, in.Body.Current, in.Body.New)
	if err != nil {
		return nil, err
	}
	return s.grant(ctx, http.StatusOK, g), nil
}

type proofInput struct {
	Body struct {
		Password string `json:"password"`
		Code     string `json:"code,omitempty" doc:"When a second factor is on: of the app, or a recovery code."`

		Ticket  string          `json:"ticket,omitempty" maxLength:"1024" doc:"With a passkey: of the answer to /auth/reauthenticate/passkey."`
		Passkey json.RawMessage `json:"passkey,omitempty" doc:"In the place of a code: the PublicKeyCredential that answers the options."`
	}
}

func (s *server) reauthenticate(ctx context.Context, in *proofInput) (*nothing, error) {
	id, _ := auth.FromContext(ctx)
	if in.Body.Passkey != nil {
		return nil, s.Keeper.ReauthenticateByPasskey(ctx, id, in.Body.Password, in.Body.Ticket, in.Body.Passkey, s.client(ctx).Site)
	}
	return nil, s.Keeper.Reauthenticate(ctx, id, in.Body.Password, in.Body.Code)
}
