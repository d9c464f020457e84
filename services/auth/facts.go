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
	Owner           bool   `json:"owner"`              // somebody owns the box
	PasswordHash    string `json:"password_algorithm"` // algorithm; empty without an owner
	PasswordCost    int    `json:"password_cost"`
	LoginsPerMinute int    `json:"logins_per_minute"` // failures of one client
	BackoffAfter    int    `json:"backoff_after"`     // failures of strangers
	LimitsLast      bool   `json:"limits_last"`       // counts survive a restart
	SessionDays     int    `json:"session_days"`
	Sessions        int    `json:"sessions"` // that are open
}

// Facts looks at the stored hash by its header and at the limits in force.
func (k *Keeper) Facts(ctx context.Context) (Facts, error) {
	f := Facts{
		LoginsPerMinute: loginsPerClient, BackoffAfter: failuresTogether,
		SessionDays: int(SessionTTL / (24 * time.Hour)),
	}
	owner, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	f.Owner, f.PasswordHash = true, "not bcrypt"
	if cost, err := bcrypt.Cost(owner.PasswordHash); err == nil {
		f.PasswordHash, f.PasswordCost = "bcrypt", cost
	}
	open, err := k.Sessions(ctx)
	f.Sessions = len(open)
	return f, err
}
