package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"coffer/services/library"
)

// MaxKeys is how many there may be, those that have ended included.
const MaxKeys = 10_000

// NewKey is what the owner wishes for.
type NewKey struct {
	Name    string
	Scopes  []string
	Expires time.Time // zero: never
}

// CreateKey makes a key for the signed-in owner, who has proved lately who they
// are; Unproved otherwise. Its text is told here and nowhere again.
func (k *Keeper) CreateKey(ctx context.Context, by Identity, want NewKey) (key library.Key, text string, err error) {
	if err := onlyOwner(by); err != nil {
		return library.Key{}, "", err
	}
	if want, err = k.cleanKey(want); err != nil {
		return library.Key{}, "", err
	}
	if err := k.proved(ctx, by); err != nil {
		return library.Key{}, "", err
	}
	if key, text, err = k.makeKey(ctx, want, false); err != nil {
		return library.Key{}, "", err
	}
	k.Record(ctx, library.AuditKeyCreated, key.Name+": "+strings.Join(key.Scopes, ", "))
	k.o.Log.Info("key created", "key", key.ID, "scopes", key.Scopes)
	return key, text, nil
}

func (k *Keeper) makeKey(ctx context.Context, want NewKey, service bool) (key library.Key, text string, err error) {
	owner, err := k.ownerNow(ctx)
	if err != nil {
		return key, "", err
	}
	k.keys.writes.Lock()
	defer k.keys.writes.Unlock()
	all, err := k.o.Keys.Keys(ctx)
	if err != nil {
		return key, "", err
	}
	if len(all) >= MaxKeys {
		return key, "", &library.Error{
			Kind: library.Conflict, Message: fmt.Sprintf("There are %d keys already.", len(all)), Hint: "Revoke some that are not used.",
		}
	}
	id, text := newKeyText()
	key = library.Key{
		ID: id, Owner: owner.ID, Epoch: owner.Epoch, Name: want.Name, Hash: keyHash(text), Scopes: want.Scopes,
		CreatedAt: k.o.Now().UTC(), Expires: want.Expires, Service: service,
	}
	return key, text, k.o.Keys.PutKey(ctx, key)
}

func onlyOwner(by Identity) error {
	if by.Kind != KindSession {
		return &library.Error{
			Kind: library.Forbidden, Message: "Only the signed-in owner can do this; a key cannot.", Hint: "Do it in Settings, in a browser.",
		}
	}
	return nil
}

func (k *Keeper) cleanKey(want NewKey) (NewKey, error) {
	invalid := func(field, message string) error {
		return &library.Error{Kind: library.Invalid, Field: field, Message: message}
	}
	name, err := cleanName(want.Name)
	if e, ok := errors.AsType[*library.Error](err); ok {
		return want, invalid("name", e.Message)
	}
	want.Name = name
	var in []string // in the order of scopes, each once
	for _, s := range Scopes() {
		if slices.Contains(want.Scopes, s) {
			in = append(in, s)
		}
	}
	for _, s := range want.Scopes {
		if !slices.Contains(in, s) {
			return want, invalid("scopes", "The scopes are read, add, admin and metrics.")
		}
	}
	if len(in) == 0 {
		return want, invalid("scopes", "A key needs at least one scope.")
	}
	want.Scopes = in
	if !want.Expires.IsZero() && !want.Expires.After(k.o.Now()) {
		return want, invalid("expires_at", "The key would have expired already.")
	}
	want.Expires = want.Expires.UTC().Truncate(time.Millisecond)
	return want, nil
}

// RevokeKey ends a key at once; NotFound when there is none.
func (k *Keeper) RevokeKey(ctx context.Context, by Identity, id string) error {
	if err := onlyOwner(by); err != nil {
		return err
	}
	key, err := k.endKey(ctx, id)
	if err != nil {
		return err
	}
	k.outdate(context.WithoutCancel(ctx))
	k.Record(ctx, library.AuditKeyRevoked, key.Name)
	k.o.Log.Info("key revoked", "key", id)
	return nil
}

func (k *Keeper) endKey(ctx context.Context, id string) (library.Key, error) {
	k.keys.writes.Lock()
	defer k.keys.writes.Unlock()
	key, err := k.o.Keys.Key(ctx, id)
	if err != nil {
		return key, err
	}
	if err := k.o.Keys.DeleteKey(ctx, id); err != nil {
		return key, err
	}
	k.keys.forget(id)
	return key, nil
}

// KeyEntry is a key as it is listed.
type KeyEntry struct {
	library.Key
	State KeyState
}

// ListKeys lists all keys, newest first, with their last use to the moment.
func (k *Keeper) ListKeys(ctx context.Context, p library.Page) (library.List[KeyEntry], error) {
	owner, err := k.ownerNow(ctx)
	if err != nil {
		return library.List[KeyEntry]{}, err
	}
	all, err := k.o.Keys.Keys(ctx)
	if err != nil {
		return library.List[KeyEntry]{}, err
	}
	slices.SortFunc(all, func(a, b library.Key) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	out := library.List[KeyEntry]{Total: len(all)}
	if p.Cursor != "" { // the key that ended the part before; that it is there still is not needed
		all = slices.DeleteFunc(all, func(key library.Key) bool { return keyCursor(key) <= p.Cursor })
	}
	limit := p.Limit
	if limit <= 0 {
		limit = 50
	}
	now := k.o.Now()
	for _, key := range all {
		if len(out.Items) == limit {
			out.Next = keyCursor(out.Items[limit-1].Key)
			break
		}
		if l := k.keys.get(key.ID); l != nil {
			if at := time.UnixMilli(l.used.Load()).UTC(); at.After(key.LastUsed) && l.used.Load() > 0 {
				key.LastUsed = at
			}
		}
		out.Items = append(out.Items, KeyEntry{key, StateOf(key, *owner, now)})
	}
	return out, nil
}

// keyCursor is a place in the list: it grows as keys grow older.
func keyCursor(k library.Key) string {
	return fmt.Sprintf("%016x%s", ^uint64(k.CreatedAt.UnixMilli()), k.ID)
}
