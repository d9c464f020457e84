package auth

import (
	"bytes"
	"context"
	"errors"
	"time"

	"coffer/services/library"
	"coffer/weaken"
)

// The life of a service token. It is renewed long before it ends, and the one
// before stays good for a day, so that a script that has just read it is not cut
// off.
const (
	TokenLasts   = 90 * 24 * time.Hour
	TokenRenews  = 60 * 24 * time.Hour
	TokenOverlap = 24 * time.Hour
	// TokenName is how it is listed among the keys.
	TokenName = "service-token"
	// tokenEvery is the time between two looks at it.
	tokenEvery = time.Minute
)

// tokenScopes are what the owner's scripts may do.
func tokenScopes() []string { return []string{ScopeRead, ScopeAdd} }

// Token is how the service token stands.
type Token struct {
	Path    string
	On      bool
	Key     library.Key // ID empty: none is in the file
	Renews  time.Time   // zero without one
	Missing bool        // it should be there, and is not yet
}

// Token tells how the service token stands; NotFound where the box keeps none.
func (k *Keeper) Token(ctx context.Context) (Token, error) {
	if k.o.TokenFile == nil {
		return Token{}, &library.Error{Kind: library.NotFound, Message: "This box keeps no service token."}
	}
	set, err := k.o.Accounts.Settings(ctx)
	if err != nil {
		return Token{}, err
	}
	t := Token{Path: k.o.TokenFile.Path(), On: !set.NoToken}
	if !t.On {
		return t, nil
	}
	key, there, err := k.tokenInFile(ctx)
	if err != nil {
		return t, err
	}
	if t.Missing = !there; there {
		t.Key, t.Renews = key, key.CreatedAt.Add(TokenRenews)
	}
	return t, nil
}

// tokenInFile is the key whose text is in the file, where it opens something.
func (k *Keeper) tokenInFile(ctx context.Context) (key library.Key, there bool, err error) {
	owner, err := k.ownerNow(ctx)
	if err != nil {
		return key, false, err
	}
	sum, err := k.o.TokenFile.Sum(ctx)
	if err != nil || sum == nil {
		return key, false, err
	}
	all, err := k.o.Keys.Keys(ctx)
	if err != nil {
		return key, false, err
	}
	for _, key := range all {
		if key.Service && bytes.Equal(key.Hash, sum) && StateOf(key, *owner, k.o.Now()) == KeyOpen {
			return key, true, nil
		}
	}
	return key, false, nil
}

// RenewToken puts another service token in the place of the one there is, which
// opens nothing from then on, and turns it on where it was off. It is for the
// owner who has proved lately who they are; Unproved otherwise.
func (k *Keeper) RenewToken(ctx context.Context, by Identity) (Token, error) {
	return k.changeToken(ctx, by, true)
}

// DropToken ends the service token and removes its file; no other is made until
// it is turned on. It wants what RenewToken wants.
func (k *Keeper) DropToken(ctx context.Context, by Identity) (Token, error) {
	return k.changeToken(ctx, by, false)
}

func (k *Keeper) changeToken(ctx context.Context, by Identity, on bool) (Token, error) {
	if k.o.TokenFile == nil {
		return k.Token(ctx)
	}
	if err := onlyOwner(by); err != nil {
		return Token{}, err
	}
	if err := k.proved(ctx, by); err != nil {
		return Token{}, err
	}
	if _, err := k.o.Accounts.UpdateSettings(ctx, func(s *library.Settings) error { s.NoToken = !on; return nil }); err != nil {
		return Token{}, err
	}
	k.tokens.Lock()
	err := k.endTokens(ctx)
	if err == nil && on {
		err = k.makeToken(ctx)
	} else if err == nil {
		err = k.o.TokenFile.Remove(ctx)
	}
	k.tokens.Unlock()
	k.outdate(context.WithoutCancel(ctx))
	if err != nil {
		return Token{}, err
	}
	kind := library.AuditTokenMade
	if !on {
		kind = library.AuditTokenOff
	}
	k.Record(ctx, kind, "")
	return k.Token(ctx)
}

// endTokens ends every service token at once.
func (k *Keeper) endTokens(ctx context.Context) error {
	all, err := k.o.Keys.Keys(ctx)
	if err != nil {
		return err
	}
	for _, key := range all {
		if !key.Service {
			continue
		}
		if _, err := k.endKey(ctx, key.ID); err != nil && !errors.Is(err, &library.Error{Kind: library.NotFound}) {
			return err
		}
	}
	return nil
}

// makeToken makes a key and puts it into the file. Where it ends in between, the
// file has the one before, and the next look settles the rest.
func (k *Keeper) makeToken(ctx context.Context) error {
	want := NewKey{Name: TokenName, Scopes: tokenScopes(), Expires: k.o.Now().Add(TokenLasts).UTC().Truncate(time.Millisecond)}
	key, text, err := k.makeKey(ctx, want, true)
	if err != nil {
		return err
	}
	if err := k.o.TokenFile.Write(ctx, text); err != nil {
		// It may be there all the same, where only the answer got lost.
		if sum, unseen := k.o.TokenFile.Sum(ctx); unseen != nil || !bytes.Equal(sum, key.Hash) {
			_, ended := k.endKey(ctx, key.ID)
			return errors.Join(err, ended)
		}
	}
	k.o.Log.Info("service token made", "key", key.ID, "until", key.Expires)
	return nil
}

// RunToken keeps a good key in the file until ctx ends: it is there from the
// setup on, follows a new password, and is renewed in its time.
func (k *Keeper) RunToken(ctx context.Context) error {
	if k.o.TokenFile == nil {
		return nil
	}
	tick := time.NewTicker(tokenEvery)
	defer tick.Stop()
	told := ""
	for {
		said := ""
		if err := k.lookAfterToken(ctx); err != nil && ctx.Err() == nil {
			if said = err.Error(); said != told {
				k.o.Log.Error("the service token is not what it should be", "err", err)
			}
		}
		told = said
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-k.token:
		}
	}
}

func (k *Keeper) lookAfterToken(ctx context.Context) error {
	k.tokens.Lock()
	defer k.tokens.Unlock()
	needed, err := k.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if needed { // what lies there is of a box that is no more
		return k.o.TokenFile.Remove(ctx)
	}
	set, err := k.o.Accounts.Settings(ctx)
	if err != nil {
		return err
	}
	if set.NoToken {
		return errors.Join(k.endTokens(ctx), k.o.TokenFile.Remove(ctx))
	}
	key, there, err := k.tokenInFile(ctx)
	if err != nil {
		return err
	}
	if !there || tokenDue(key, k.o.Now()) {
		if err := k.makeToken(ctx); err != nil {
			return err
		}
		k.Record(ctx, library.AuditTokenMade, "")
		if key, there, err = k.tokenInFile(ctx); err != nil || !there {
			return errors.Join(err, errors.New("what was written is not what is read"))
		}
	}
	return k.shortenOthers(ctx, key.ID)
}

// tokenDue reports a service token that another has to take the place of.
func tokenDue(key library.Key, now time.Time) bool {
	return now.Sub(key.CreatedAt) >= TokenRenews && !weaken.Without(weaken.TokenRenewal)
}

// shortenOthers gives every other service token the overlap to live at most:
// the one before, and one that a crash kept from getting into the file. A copy of
// the store in which they live longer is an older one from then on.
func (k *Keeper) shortenOthers(ctx context.Context, but string) error {
	all, err := k.o.Keys.Keys(ctx)
	if err != nil {
		return err
	}
	last, shorter := k.o.Now().Add(TokenOverlap).UTC().Truncate(time.Millisecond), false
	for _, key := range all {
		if !key.Service || key.ID == but || !key.Expires.After(last) {
			continue
		}
		key.Expires = last
		if err := k.replaceKey(ctx, key); err != nil {
			return err
		}
		shorter = true
	}
	if shorter {
		k.outdate(context.WithoutCancel(ctx))
	}
	return nil
}

// replaceKey writes another end of a key. Streams that it opened still end with
// it.
func (k *Keeper) replaceKey(ctx context.Context, key library.Key) error {
	k.keys.writes.Lock()
	defer k.keys.writes.Unlock()
	if err := k.o.Keys.PutKey(ctx, key); err != nil {
		return err
	}
	k.keys.replace(key)
	return nil
}
