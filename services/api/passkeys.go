package api

import (
	"context"
	"encoding/json"
	"time"

	"coffer/services/auth"
)

type passkey struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Host       string     `json:"host" doc:"The name of the box that it belongs to."`
	AddedAt    time.Time  `json:"added_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"Null: never."`
}

func passkeysOf(f auth.FactorState) []passkey {
	out := []passkey{}
	for _, p := range f.Passkeys {
		out = append(out, passkey{ID: p.ID, Name: p.Name, Host: p.Host, AddedAt: p.Added, LastUsedAt: moment(p.Used)})
	}
	return out
}

type asked struct {
	Ticket    string          `json:"ticket" doc:"To be sent with the answer. It is good once."`
	Options   json.RawMessage `json:"options" doc:"For navigator.credentials, as PublicKeyCredential.parseCreationOptionsFromJSON or parseRequestOptionsFromJSON takes it."`
	ExpiresAt time.Time       `json:"expires_at"`
}

func askedOf(a auth.Asked, err error) (*only[asked], error) {
	if err != nil {
		return nil, err
	}
	return &only[asked]{asked{Ticket: a.Ticket, Options: a.Options, ExpiresAt: a.Expires.UTC()}}, nil
}

func (s *server) beginPasskey(ctx context.Context, _ *struct{}) (*only[asked], error) {
	by, _ := auth.FromContext(ctx)
	return askedOf(s.Keeper.BeginPasskey(ctx, by, s.client(ctx).Site))
}

func (s *server) askPasskey(ctx context.Context, _ *struct{}) (*only[asked], error) {
	by, _ := auth.FromContext(ctx)
	return askedOf(s.Keeper.AskPasskey(ctx, by, s.client(ctx).Site))
}

type passkeyInput struct {
	Body struct {
		Ticket  string          `json:"ticket" maxLength:"1024"`
		Name    string          `json:"name" maxLength:"256" doc:"1 to 64 characters."`
		Passkey json.RawMessage `json:"passkey" doc:"The PublicKeyCredential that was made."`
	}
}

func (s *server) addPasskey(ctx context.Context, in *passkeyInput) (*only[recoveryCodes], error) {
	by, _ := auth.FromContext(ctx)
	codes, err := s.Keeper.AddPasskey(ctx, by, in.Body.Ticket, in.Body.Name, in.Body.Passkey, s.client(ctx).Site)
	if err != nil {
		return nil, err
	}
	return &only[recoveryCodes]{told(codes)}, nil
}

// told are recovery codes that were just made, if any were.
func told(codes []string) recoveryCodes { return recoveryCodes{append([]string{}, codes...)} }

type passkeyRef struct {
	ID string `path:"id" maxLength:"64"`
}

func (s *server) removePasskey(ctx context.Context, in *passkeyRef) (*nothing, error) {
	by, _ := auth.FromContext(ctx)
	return nil, s.Keeper.RemovePasskey(ctx, by, in.ID)
}
