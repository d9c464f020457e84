// Package auth decides who is asking: the setup code, the owner's password,
// sessions and their tokens.
//
// It owns the jwt and x/crypto vendors and every secret comparison. It knows
// nothing of HTTP routes or pages: callers hand it a code, a password or a
// token, and set the cookie themselves from what it returns.
package auth

import (
	"context"
	"log/slog"
	"time"

	"coffer/services/library"
)

// Options are what a Keeper is made of.
type Options struct {
	Accounts  library.Accounts
	SecretKey []byte // 32 random bytes; signs tokens
	SetupCode string // the one-time code; empty refuses setup unless SetupOpen
	SetupOpen bool   // waives the code
	Log       *slog.Logger
	Now       func() time.Time
}

// Keeper answers who is asking. It is safe for concurrent use.
type Keeper struct{ o Options }

// Identity is a signed-in caller.
type Identity struct {
	UserID    string   // opaque ASCII
	Name      string   // the owner's name
	Kind      string   // "session" ("key" and "token" come with access)
	Scopes    []string // a session has all: read, add, admin
	SessionID string
}

// Client describes where a request comes from, for limits and for the list of
// sessions.
type Client struct {
	Address string
	Agent   string
}

// Grant is a fresh session: the token for the cookie and when it ends.
type Grant struct {
	Token    string
	Expires  time.Time
	Identity Identity
}

// New checks o and returns a Keeper.
func New(o Options) (*Keeper, error) { panic("unwritten") }

// SetupNeeded reports that no owner exists yet.
func (k *Keeper) SetupNeeded(ctx context.Context) (bool, error) { panic("unwritten") }

// CheckSetupCode compares code in constant time; Forbidden when wrong, Limited
// after too many tries, Conflict when the box is set up already.
func (k *Keeper) CheckSetupCode(ctx context.Context, code string, c Client) error {
	panic("unwritten")
}

// Setup creates the owner with the one-time code and signs in.
func (k *Keeper) Setup(ctx context.Context, code, name, password string, c Client) (Grant, error) {
	panic("unwritten")
}

// Login checks name and password, taking the same time for unknown names.
func (k *Keeper) Login(ctx context.Context, name, password string, c Client) (Grant, error) {
	panic("unwritten")
}

// Verify checks a session token; Unauthorized when it is not good.
func (k *Keeper) Verify(ctx context.Context, token string) (Identity, error) { panic("unwritten") }

// Logout ends one session.
func (k *Keeper) Logout(ctx context.Context, sessionID string) error { panic("unwritten") }

// Sessions lists live sessions, newest use first.
func (k *Keeper) Sessions(ctx context.Context) ([]library.Session, error) { panic("unwritten") }

// ChangePassword checks the old one, sets the new one, keeps this session and
// ends the others.
func (k *Keeper) ChangePassword(ctx context.Context, id Identity, old, new string) (Grant, error) {
	panic("unwritten")
}
