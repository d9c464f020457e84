package auth

import (
	"context"
	"time"
)

// Renew gives a session that is in use longer, once a day at most, and returns
// the tokens that say so; due is false when there is nothing to renew. It gives
// way as seen does.
func (k *Keeper) Renew(ctx context.Context, id Identity, c Client) (g Grant, due bool, err error) {
	if id.Kind != KindSession || !k.writes.TryLock() {
		return Grant{}, false, nil
	}
	defer k.writes.Unlock()
	k.mu.RLock()
	l, owner := k.live[id.SessionID], k.owner
	k.mu.RUnlock()
	if l == nil || owner == nil || l.s.Epoch != owner.Epoch {
		return Grant{}, false, nil
	}
	s, now := l.s, k.o.Now().UTC()
	until := expiry(s.CreatedAt, now)
	if until.Sub(s.Expires) < renewEvery || !now.Before(s.Expires) {
		return Grant{}, false, nil
	}
	s.LastSeen, s.Expires = now, until
	if err := k.o.Accounts.PutSession(ctx, s); err != nil {
		return Grant{}, false, err
	}
	k.remember(s)
	g, err = k.grant(*owner, s, k.knownBrowser(owner, c))
	return g, err == nil, err
}

// expiry is when a session ends that was made at made and is used now.
func expiry(made, now time.Time) time.Time {
	until, last := now.Add(SessionTTL), made.Add(SessionMax)
	if last.Before(until) {
		return last
	}
	return until
}
