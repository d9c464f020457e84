package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"coffer/services/library"
)

// KeyFacts are what the box says of its keys.
type KeyFacts struct {
	Keys          int  `json:"keys"`            // that open something
	KeysEnded     int  `json:"keys_ended"`      // that have expired or are void
	KeysBare      int  `json:"keys_bare"`       // that are kept otherwise than as a hash
	EndedKeyOpens bool `json:"ended_key_opens"` // a key that has expired is as good as one that has not
	AnyKeyOpens   bool `json:"any_key_opens"`   // the id of a key is enough
	TokenFacts
}

// TokenFacts are what the box says of the service token.
type TokenFacts struct {
	Token      bool `json:"token"`       // there is to be one
	TokenOpens bool `json:"token_opens"` // what is in the file opens something
	TokenDays  int  `json:"token_days"`  // its age
	TokenStays bool `json:"token_stays"` // one that is due is not replaced; found by trying
}

func (k *Keeper) tokenFacts(ctx context.Context) (f TokenFacts) {
	now := k.o.Now()
	f.TokenStays = !tokenDue(library.Key{CreatedAt: now.Add(-TokenRenews)}, now)
	if k.o.TokenFile == nil {
		return f
	}
	// What is due is done first, so that a look right after the setup finds it.
	if err := k.lookAfterToken(ctx); err != nil {
		k.o.Log.Error("the service token is not what it should be", "err", err)
	}
	t, err := k.Token(ctx)
	f.Token = t.On && !errors.Is(err, &library.Error{Kind: library.NotFound}) // else the box has no owner
	if f.TokenOpens = err == nil && t.Key.ID != ""; f.TokenOpens {
		f.TokenDays = int(now.Sub(t.Key.CreatedAt) / (24 * time.Hour))
	}
	return f
}

// keyFacts looks at what is kept, and tries the checks of a key on one that is
// kept nowhere.
func (k *Keeper) keyFacts(ctx context.Context, owner library.Owner) (KeyFacts, error) {
	now := k.o.Now()
	id, text := newKeyText()
	over := library.Key{ID: id, Epoch: owner.Epoch, Hash: keyHash(text), Expires: now.Add(-time.Second)}
	_, other := newKeyText()
	f := KeyFacts{EndedKeyOpens: StateOf(over, owner, now) == KeyOpen, AnyKeyOpens: isKey(over, other)}
	f.TokenFacts = k.tokenFacts(ctx)
	all, err := k.o.Keys.Keys(ctx)
	for _, key := range all {
		if StateOf(key, owner, now) == KeyOpen {
			f.Keys++
		} else {
			f.KeysEnded++
		}
		if len(key.Hash) != sha256.Size {
			f.KeysBare++
		}
	}
	return f, err
}
