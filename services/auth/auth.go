// Package auth decides who is asking: the setup code, the owner's password and
// second factors, sessions and their tokens, and the cookies that carry them.
//
// It owns the vendors of tokens, of one-time codes, of what is sealed and x/crypto,
// and every comparison of a secret. It
// refuses to know routes or pages: callers hand it a code, a password or a
// token, and send the cookies that Cookies builds from a Grant.
//
// # What a session is
//
// A token is an HS256 JWT with the owner, the session's id and the owner's
// epoch, good for SessionTTL. It counts only while the session's record exists
// and its epoch is the owner's: ending a session deletes the record, and a new
// epoch voids every token at once. Records are cached in memory and written
// through, so a check costs one HMAC and a map lookup. A session in use gets a
// new token once a day (Renew), up to SessionMax. What has ended stays ended
// when an older copy of the store is put back (witness.go).
//
// # What a key is
//
// A key is random text that lets a program in, within its scopes; what is kept
// is its hash. It is found by the id in it, in memory after the first time, so
// that a check costs one SHA-256 and a map lookup however many there are
// (keys.go). Like a session it belongs to the owner's epoch: a changed password
// voids it. A key can change neither passwords, keys nor sessions.
//
// # What a second factor is
//
// Codes of an authenticator app (totp.go), passkeys (passkeys.go), and recovery
// codes in their place (recovery.go). With one on, the right password is worth a ticket, which it
// turns into a session (step.go). What would do lasting harm in the wrong hands
// wants password and code again after minutes (reauth.go).
//
// # Limits
//
// Wrong setup codes, passwords and codes are limited by client and as a whole (limit.go).
// A browser that has signed in before carries a token that says so; it has a
// limit of its own, so that strangers cannot lock the owner out. A restart
// forgets none of it: what was counted is written within keepWithin, and before
// the failure that begins a backoff is answered (kept.go).
package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"coffer/services/library"
)

// Options are what a Keeper is made of. Log and Now default to slog.Default
// and time.Now.
type Options struct {
	Accounts library.Accounts
	Keys     library.Keys
	Audit    library.Audit
	Witness  library.Witness // nil: a store that was put back is not recognised
	// TokenFile is where the owner's scripts find a key; nil: there is none.
	TokenFile library.TokenFile
	SecretKey []byte // 32 random bytes; signs tokens
	SetupCode string // the one-time code; empty refuses setup unless SetupOpen
	SetupOpen bool   // waives the code
	Log       *slog.Logger
	Now       func() time.Time
}

// Keeper answers who is asking. It is safe for concurrent use.
type Keeper struct {
	o       Options
	cost    int    // of bcrypt
	dummy   []byte // a hash nobody knows the password of
	hashing chan struct{}

	sessions   signer
	browsers   signer
	steps      signer // of sign-ins that wait for the second one
	enrolments signer
	proofs     signer // of passkeys that are asked for once more
	newcomers  signer // of passkeys that are being added
	challenges []byte // the key that makes a challenge of a ticket
	factorSeal sealer

	limits limits
	keys   keyring
	tokens sync.Mutex // serialises looking after the service token
	token  flag       // it may have to be another one
	unkept flag       // what limits count has changed
	keeps  sync.Mutex // serialises writing that down
	kept   *library.Guesses
	lapsed atomic.Bool // the witness does not know of what ended last
	remark bool        // Run gives the owner another mark; set by Resume

	writes sync.Mutex // serialises changes to the owner and to sessions

	mu    sync.RWMutex // guards what follows
	owner *library.Owner
	live  map[string]*live
}

// Identity is a signed-in caller.
type Identity struct {
	UserID    string   // opaque ASCII
	Name      string   // the owner's name
	Kind      string   // KindSession or KindKey
	Scopes    []string // a session has all: read, add, admin, metrics
	SessionID string   // the id of the session, or of the key
}

// KindSession is the Kind of an identity that signed in with a password.
const KindSession = "session"

// Has reports whether the identity may do what scope names.
func (id Identity) Has(scope string) bool { return slices.Contains(id.Scopes, scope) }

// Client describes where a request comes from, for limits and for the list of
// sessions.
type Client struct {
	Address string
	Agent   string
	// Browser is the token of a browser that signed in before, else empty.
	Browser string
	Site    Site
}

// Grant is a fresh session: the token for the cookie and when it ends.
type Grant struct {
	Token    string
	Expires  time.Time
	Identity Identity
	// Browser marks the browser as one the owner has used, until
	// BrowserExpires. It opens nothing by itself.
	Browser        string
	BrowserExpires time.Time
}

// New checks o and returns a Keeper.
func New(o Options) (*Keeper, error) {
	if o.Accounts == nil || o.Keys == nil || o.Audit == nil {
		return nil, errors.New("auth: accounts, keys and an audit log are needed")
	}
	if len(o.SecretKey) < 32 {
		return nil, errors.New("auth: the secret key is shorter than 32 bytes")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	k := &Keeper{
		o:       o,
		cost:    passwordCost,
		hashing: make(chan struct{}, maxHashing),
		limits:  newLimits(),
		unkept:  make(flag, 1),
		token:   make(flag, 1),
		live:    map[string]*live{},
		keys:    keyring{live: map[string]*liveKey{}},
	}
	var errs [8]error
	k.sessions, errs[0] = newSigner(o, "session", "session")
	k.browsers, errs[1] = newSigner(o, "known browser", "browser")
	k.steps, errs[2] = newSigner(o, "second step", "step")
	k.enrolments, errs[3] = newSigner(o, "enrolment", "enrolment")
	k.factorSeal, errs[4] = newSealer(o.SecretKey, "second factor")
	k.proofs, errs[5] = newSigner(o, "passkey proof", "proof")
	k.newcomers, errs[6] = newSigner(o, "new passkey", "passkey")
	k.challenges, errs[7] = hkdf.Key(sha256.New, o.SecretKey, nil, "coffer passkey challenge", 32)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	k.dummy = dummyHash()
	return k, nil
}

// SetupNeeded reports that no owner exists yet.
func (k *Keeper) SetupNeeded(ctx context.Context) (bool, error) {
	_, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return true, nil
	}
	return false, err
}

// ownerNow returns the owner from memory, reading it once. An owner never goes
// away while the process runs.
func (k *Keeper) ownerNow(ctx context.Context) (*library.Owner, error) {
	k.mu.RLock()
	o := k.owner
	k.mu.RUnlock()
	if o != nil {
		return o, nil
	}
	k.writes.Lock()
	defer k.writes.Unlock()
	return k.readOwner(ctx)
}

// readOwner needs k.writes, so that what it reads is not older than what a
// concurrent change leaves in memory.
func (k *Keeper) readOwner(ctx context.Context) (*library.Owner, error) {
	read, err := k.o.Accounts.Owner(ctx)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.owner = &read
	return k.owner, nil
}
