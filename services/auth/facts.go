package auth

import (
	"context"
	"errors"
	"time"

	"golang.org/x/crypto/bcrypt"

	"coffer/services/library"
)

// Facts are what the box says of its own sign-in, for the page on which it
// proves its claims. They open nothing.
type Facts struct {
	KeyFacts
	Owner           bool   `json:"owner"`              // somebody owns the box
	PasswordHash    string `json:"password_algorithm"` // algorithm; empty without an owner
	PasswordCost    int    `json:"password_cost"`
	LoginsPerMinute int    `json:"logins_per_minute"` // failures of one client
	BackoffAfter    int    `json:"backoff_after"`     // failures of strangers
	LimitsLast      bool   `json:"limits_last"`       // what was counted is in the store, as it would be read again
	SessionDays     int    `json:"session_days"`      // without use
	SessionDaysMost int    `json:"session_days_most"` // however much it is used
	OldStoreOpens   bool   `json:"old_store_opens"`   // sessions that ended come back with a copy of the store
	Sessions        int    `json:"sessions"`          // that are open
	AnyCode         bool   `json:"any_code"`          // a wrong setup code is as good as the right one
}

// Facts looks at the stored hash by its header and at the limits in force.
func (k *Keeper) Facts(ctx context.Context) (Facts, error) {
	const day = 24 * time.Hour
	f := Facts{SessionDays: int(SessionTTL / day), SessionDaysMost: int(SessionMax / day), AnyCode: k.opens(newID())}
	f.LoginsPerMinute, f.BackoffAfter = tried(k.o.Now())
	f.LimitsLast = k.limitsLast(ctx)
	owner, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		f.KeyFacts, err = k.keyFacts(ctx, library.Owner{})
		return f, err
	}
	if err != nil {
		return f, err
	}
	if f.KeyFacts, err = k.keyFacts(ctx, *owner); err != nil {
		return f, err
	}
	f.Owner, f.PasswordHash = true, "not bcrypt"
	if cost, err := bcrypt.Cost(owner.PasswordHash); err == nil {
		f.PasswordHash, f.PasswordCost = "bcrypt", cost
	}
	f.OldStoreOpens = k.o.Witness == nil || k.lapsed.Load() || !k.witnessed(owner.Mark) || k.witnessed(newID())
	open, err := k.Sessions(ctx)
	f.Sessions = len(open)
	return f, err
}

// tried finds by trying, on counters of its own, how many wrong passwords of
// one client, and of many, it takes until one more is refused; 0: none is.
func tried(now time.Time) (ofOne, ofMany int) {
	const enough = 1000
	one, many := newLimits(), newLimits()
	for one.takeLogin("one", "", now) == nil {
		if ofOne++; ofOne == enough {
			ofOne = 0
			break
		}
	}
	for many.blocked("", now) == nil {
		if ofMany++; ofMany == enough {
			ofMany = 0
			break
		}
		many.failed("", now)
	}
	return ofOne, ofMany
}
