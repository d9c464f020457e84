package library

import (
	"context"
	"time"
)

// Owner is the one account of the box.
type Owner struct {
	ID           string // opaque ASCII, safe in a header
	Name         string // any script, NFC, 1 to 64 characters
	PasswordHash []byte // bcrypt over a pre-hash
	Epoch        string // random; sessions of another epoch are void
	Mark         string // random; changes whenever a session ends (see Witness)
	CreatedAt    time.Time
	Factors      Factors // what else signing in needs
}

// Factors are what signing in needs besides the password. Zero: nothing. They
// are stored under the names given here.
type Factors struct {
	// TOTP is the sealed secret of time-based codes (RFC 6238); none: off.
	TOTP      []byte    `json:"totp,omitempty"`
	TOTPSince time.Time `json:"totp_since,omitzero"`
	// TOTPStep is the latest time step whose code was accepted. No code of it
	// or of one before is accepted again.
	TOTPStep int64 `json:"totp_step,omitempty"`
	// Passkeys are the credentials that prove a sign-in (WebAuthn), oldest first.
	Passkeys []Passkey `json:"passkeys,omitempty"`
	// Recovery are the hashes of the recovery codes that are left.
	Recovery [][]byte `json:"recovery,omitempty"`
	// Spent are sign-ins whose second step was taken, until they end by
	// themselves.
	Spent []SpentStep `json:"spent,omitempty"`
}

// Passkey is one credential that an authenticator made for the box under Host,
// and uses under no other name. It is no secret: Key is the public one.
type Passkey struct {
	ID         []byte    `json:"id"` // the credential's
	Name       string    `json:"name"`
	Host       string    `json:"host"` // the RP ID
	Key        []byte    `json:"key"`  // COSE
	Count      uint32    `json:"count,omitempty"`
	Syncs      bool      `json:"syncs,omitempty"` // may be copied to other devices (backup eligible); never changes
	Transports []string  `json:"transports,omitempty"`
	Added      time.Time `json:"added"`
	Used       time.Time `json:"used,omitzero"`
}

// SpentStep names a second step that is not taken again.
type SpentStep struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until"`
}

// On reports that a password alone signs nobody in.
func (f Factors) On() bool { return len(f.TOTP) > 0 || len(f.Passkeys) > 0 }

// Session is one signed-in browser.
type Session struct {
	ID        string
	Owner     string
	Epoch     string
	CreatedAt time.Time
	LastSeen  time.Time
	Expires   time.Time // moves on while the session is used
	AuthTime  time.Time // when the owner last proved who they are
	Address   string    // where it was last seen
	Agent     string    // the browser's own description, at most 200 characters
}

// Settings are what the owner changes at run time.
type Settings struct {
	// Hosts are names the box answers to besides the built-in ones.
	Hosts []string `json:"hosts"`
	// AnyHost switches the host check off.
	AnyHost bool `json:"any_host"`
	// Reach records who may reach the box, as the wizard asked: "network",
	// "names" or "proxy"; empty until answered.
	Reach string `json:"reach"`
	// NoToken says that the box keeps no key in the file for scripts.
	NoToken bool `json:"no_token,omitempty"`
}

// Guesses is what was counted of wrong passwords and wrong setup codes.
type Guesses struct {
	Failures int         // of strangers, since the latest wait or success
	Waits    int         // that strangers had to wait for, one after the other
	Until    time.Time   // the end of the latest
	Last     time.Time   // the latest failure of anybody
	Recent   []time.Time // failures of anybody, oldest first
	// Tries is, by what is limited and by caller, when each tried, oldest first.
	Tries map[string]map[string][]time.Time
}

// Accounts keeps the owner, the sessions, the settings and what was counted of
// guesses. Each method that writes is one transaction, on disk when it
// returns. Errors are *Error.
type Accounts interface {
	// BoxID is 8 lower-case hex characters, made once; it tells the cookies of
	// two boxes on one host apart.
	BoxID(ctx context.Context) (string, error)
	// Owner is NotFound before setup.
	Owner(ctx context.Context) (Owner, error)
	// CreateOwner writes the owner and the first session; Conflict when an
	// owner exists.
	CreateOwner(ctx context.Context, o Owner, s Session) error
	UpdateOwner(ctx context.Context, f func(*Owner) error) error
	PutSession(ctx context.Context, s Session) error
	Session(ctx context.Context, id string) (Session, error)
	Sessions(ctx context.Context) ([]Session, error)
	// DeleteSession is content with a session that is gone.
	DeleteSession(ctx context.Context, id string) error
	// EndSessions deletes sessions and gives the owner another mark, in one
	// transaction.
	EndSessions(ctx context.Context, mark string, ids ...string) error
	// Guesses is what PutGuesses was last given, zero before.
	Guesses(ctx context.Context) (Guesses, error)
	PutGuesses(ctx context.Context, g Guesses) error
	Settings(ctx context.Context) (Settings, error)
	UpdateSettings(ctx context.Context, f func(*Settings) error) (Settings, error)
}

// Witness keeps the owner's mark outside of the store, so that an older copy of
// the store, which would bring back sessions that have ended, is recognised.
type Witness interface {
	// Marks are those that were kept last; none where nothing was.
	Marks() ([]string, error)
	// Keep replaces them. They are on disk when it returns.
	Keep(marks ...string) error
}
