package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"coffer/services/library"
)

const (
	// SessionTTL is how long a session lasts without use, and its token without
	// renewal; SessionMax is how long it lasts however much it is used.
	SessionTTL = 30 * 24 * time.Hour
	SessionMax = 90 * 24 * time.Hour
	// renewEvery is how often at most a session in use is given longer.
	renewEvery = 24 * time.Hour
	// browserTTL is how long a browser stays known.
	browserTTL = 365 * 24 * time.Hour
	// seenEvery is how often at most LastSeen is written.
	seenEvery = 5 * time.Minute
	maxAgent  = 200 // characters
)

// live is a session in memory. ended is closed when it ends.
type live struct {
	s     library.Session
	ended chan struct{}
}

// What a caller may do. Each stands for itself.
const (
	ScopeRead    = "read"
	ScopeAdd     = "add"
	ScopeAdmin   = "admin"
	ScopeMetrics = "metrics"
)

// Scopes are all of them; a session has each.
func Scopes() []string { return []string{ScopeRead, ScopeAdd, ScopeAdmin, ScopeMetrics} }

func unauthorized() error {
	return &library.Error{Kind: library.Unauthorized, Message: "You are not signed in.", Hint: "Sign in again."}
}

// Verify checks a session token; Unauthorized when it is not good.
func (k *Keeper) Verify(ctx context.Context, token string) (Identity, error) {
	c, err := k.sessions.read(token)
	if err != nil {
		return Identity{}, unauthorized()
	}
	return k.identify(ctx, c.Subject, c.ID, func(epoch string) bool { return epoch == c.Epoch })
}

// Identify returns who a live session belongs to, for a caller that an earlier
// Verify has answered for. Unauthorized when the session has ended since.
func (k *Keeper) Identify(ctx context.Context, userID, sessionID string) (Identity, error) {
	return k.identify(ctx, userID, sessionID, func(string) bool { return true })
}

func (k *Keeper) identify(ctx context.Context, userID, sessionID string, epoch func(string) bool) (Identity, error) {
	owner, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return Identity{}, unauthorized()
	} else if err != nil {
		return Identity{}, err
	}
	l, err := k.session(ctx, sessionID)
	if err != nil {
		return Identity{}, err
	}
	now := k.o.Now()
	switch {
	case owner.ID != userID, l.s.Owner != userID,
		l.s.Epoch != owner.Epoch, !epoch(owner.Epoch),
		!now.Before(l.s.Expires):
		return Identity{}, unauthorized()
	}
	if now.Sub(l.s.LastSeen) >= seenEvery {
		k.seen(ctx, sessionID, now)
	}
	return identity(*owner, sessionID), nil
}

func identity(o library.Owner, sessionID string) Identity {
	return Identity{UserID: o.ID, Name: o.Name, Kind: KindSession, Scopes: Scopes(), SessionID: sessionID}
}

// session returns a session from memory, reading it once from the store.
func (k *Keeper) session(ctx context.Context, id string) (*live, error) {
	k.mu.RLock()
	l := k.live[id]
	k.mu.RUnlock()
	if l != nil {
		return l, nil
	}
	k.writes.Lock()
	defer k.writes.Unlock()
	k.mu.RLock()
	l = k.live[id]
	k.mu.RUnlock()
	if l != nil {
		return l, nil
	}
	s, err := k.o.Accounts.Session(ctx, id)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return nil, unauthorized()
	} else if err != nil {
		return nil, err
	}
	return k.remember(s), nil
}

// remember keeps s in memory; the caller holds k.writes. A live value is never
// changed, only replaced, so that readers need no lock for it.
func (k *Keeper) remember(s library.Session) *live {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := &live{s: s, ended: make(chan struct{})}
	if old := k.live[s.ID]; old != nil {
		l.ended = old.ended
	}
	k.live[s.ID] = l
	return l
}

// seen writes LastSeen. It gives way to any other write, because the next
// request tries again, and it holds k.writes so that it cannot bring back a
// session that is being ended.
func (k *Keeper) seen(ctx context.Context, id string, now time.Time) {
	if !k.writes.TryLock() {
		return
	}
	defer k.writes.Unlock()
	k.mu.RLock()
	l := k.live[id]
	k.mu.RUnlock()
	if l == nil || now.Sub(l.s.LastSeen) < seenEvery {
		return
	}
	s := l.s
	s.LastSeen = now
	if c := clientOf(ctx); c.Address != "" {
		s.Address = truncate(c.Address, 64)
	}
	if err := k.o.Accounts.PutSession(ctx, s); err != nil {
		k.o.Log.Warn("last use of a session not recorded", "error", err)
		return
	}
	k.remember(s)
}

// newSession makes a session that nobody has stored yet.
func (k *Keeper) newSession(o library.Owner, c Client) library.Session {
	now := k.o.Now().UTC()
	return library.Session{
		ID: newID(), Owner: o.ID, Epoch: o.Epoch,
		CreatedAt: now, LastSeen: now, Expires: expiry(now, now), AuthTime: now,
		Address: truncate(c.Address, 64), Agent: truncate(c.Agent, maxAgent),
	}
}

// grant makes the tokens of a stored session.
func (k *Keeper) grant(o library.Owner, s library.Session, browser string) (Grant, error) {
	g := Grant{Expires: s.Expires, Identity: identity(o, s.ID), BrowserExpires: k.o.Now().Add(browserTTL)}
	if browser == "" {
		browser = newID()
	}
	var err error
	if g.Token, err = k.sessions.sign(o.ID, s.ID, s.Epoch, s.Expires); err == nil {
		g.Browser, err = k.browsers.sign(o.ID, browser, "", g.BrowserExpires)
	}
	if err != nil {
		return Grant{}, &library.Error{Kind: library.Internal, Message: "The session could not be signed.", Cause: err}
	}
	return g, nil
}

// knownBrowser returns the id of a browser that owner has signed in with
// before, else empty.
func (k *Keeper) knownBrowser(owner *library.Owner, c Client) string {
	if c.Browser == "" || owner == nil {
		return ""
	}
	t, err := k.browsers.read(c.Browser)
	if err != nil || t.Subject != owner.ID {
		return ""
	}
	return t.ID
}

func (k *Keeper) forget(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l := k.live[id]; l != nil {
		close(l.ended)
		delete(k.live, id)
	}
}

// Ended returns a channel that is closed when the session ends before its
// time; closed already when it is not live.
func (k *Keeper) Ended(ctx context.Context, sessionID string) <-chan struct{} {
	l, err := k.session(ctx, sessionID)
	if err != nil {
		gone := make(chan struct{})
		close(gone)
		return gone
	}
	return l.ended
}

// Sessions lists live sessions, newest use first.
func (k *Keeper) Sessions(ctx context.Context) ([]library.Session, error) {
	owner, err := k.ownerNow(ctx)
	if err != nil {
		return nil, err
	}
	all, err := k.o.Accounts.Sessions(ctx)
	if err != nil {
		return nil, err
	}
	now := k.o.Now()
	all = slices.DeleteFunc(all, func(s library.Session) bool { return s.Epoch != owner.Epoch || !now.Before(s.Expires) })
	slices.SortFunc(all, func(a, b library.Session) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// sweep deletes sessions that are over; the caller holds k.writes. What cannot
// be deleted stays void and is tried again at the next sign-in.
func (k *Keeper) sweep(ctx context.Context, epoch, keep string) {
	all, err := k.o.Accounts.Sessions(ctx)
	if err != nil {
		k.o.Log.Warn("old sessions not swept", "error", err)
		return
	}
	now := k.o.Now()
	for _, s := range all {
		if s.ID == keep || s.Epoch == epoch && now.Before(s.Expires) {
			continue
		}
		if err := k.o.Accounts.DeleteSession(ctx, s.ID); err != nil {
			k.o.Log.Warn("old session not deleted", "error", err)
		}
		k.forget(s.ID)
	}
}

func newID() string { return rand.Text() }

func truncate(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
