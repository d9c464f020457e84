package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"coffer/services/library"
	"coffer/weaken"
)

// KindKey is the Kind of an identity that a key speaks for. Its SessionID is
// the id of the key.
const KindKey = "key"

// KeyState says whether a key opens anything.
type KeyState string

// The states.
const (
	KeyOpen    KeyState = "open"
	KeyExpired KeyState = "expired"
	KeyVoid    KeyState = "void" // the password was changed, or a backup restored, since it was made
)

func badKey() error {
	return &library.Error{
		Kind: library.Unauthorized, Message: "The key opens nothing here.",
		Hint: "It was mistyped, revoked, has expired, or is another box's. Settings, Keys lists those that are good. " +
			"A proxy in front that sends an Authorization header of its own must leave it out.",
	}
}

// VerifyKey checks a key; Unauthorized when it is not good.
func (k *Keeper) VerifyKey(ctx context.Context, text string) (Identity, error) {
	id, ok := keyIDOf(text)
	if !ok {
		return Identity{}, badKey()
	}
	l, err := k.keyOf(ctx, id)
	if err != nil {
		return Identity{}, err
	}
	if !isKey(l.k, text) {
		return Identity{}, badKey()
	}
	return k.admit(ctx, l, l.k.Owner)
}

// isKey reports that text is the key that k was made of.
func isKey(k library.Key, text string) bool {
	return subtle.ConstantTimeCompare(k.Hash, keyHash(text)) == 1 || weaken.Without(weaken.KeySecret)
}

// IdentifyKey returns whom a key speaks for, for a caller that an earlier
// VerifyKey has answered for. Unauthorized when the key has ended since.
func (k *Keeper) IdentifyKey(ctx context.Context, userID, keyID string) (Identity, error) {
	l, err := k.keyOf(ctx, keyID)
	if err != nil {
		return Identity{}, err
	}
	return k.admit(ctx, l, userID)
}

func (k *Keeper) admit(ctx context.Context, l *liveKey, userID string) (Identity, error) {
	owner, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return Identity{}, badKey()
	} else if err != nil {
		return Identity{}, err
	}
	now := k.o.Now()
	if l.k.Owner != owner.ID || userID != owner.ID || StateOf(l.k, *owner, now) != KeyOpen {
		return Identity{}, badKey()
	}
	k.keys.use(l, now)
	return Identity{UserID: owner.ID, Name: owner.Name, Kind: KindKey, Scopes: l.k.Scopes, SessionID: l.k.ID}, nil
}

// StateOf says whether a key of owner is good.
func StateOf(key library.Key, owner library.Owner, now time.Time) KeyState {
	switch {
	case key.Epoch != owner.Epoch:
		return KeyVoid
	case !key.Expires.IsZero() && !now.Before(key.Expires) && !weaken.Without(weaken.KeyEnd):
		return KeyExpired
	}
	return KeyOpen
}

// KeyEnded is Ended for a key.
func (k *Keeper) KeyEnded(ctx context.Context, id string) <-chan struct{} {
	l, err := k.keyOf(ctx, id)
	if err != nil {
		gone := make(chan struct{})
		close(gone)
		return gone
	}
	return l.ended
}
