package auth

import (
	"context"
	"crypto/sha256"
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
}

// keyFacts looks at what is kept, and tries the checks of a key on one that is
// kept nowhere.
func (k *Keeper) keyFacts(ctx context.Context, owner library.Owner) (KeyFacts, error) {
	now := k.o.Now()
	id, text := newKeyText()
	over := library.Key{ID: id, Epoch: owner.Epoch, Hash: keyHash(text), Expires: now.Add(-time.Second)}
	_, other := newKeyText()
	f := KeyFacts{EndedKeyOpens: StateOf(over, owner, now) == KeyOpen, AnyKeyOpens: isKey(over, other)}
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
