package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"coffer/services/library"
)

// stepTTL is how long the second step of a sign-in may take.
const stepTTL = 5 * time.Minute

// Entry is how far a sign-in got: it is done, with a Grant, or Step is what is
// still to come.
type Entry struct {
	Grant
	Step *Step
}

// Step is the second step of a sign-in whose password was right. It is taken
// once, by the browser that has Nonce in a cookie, until Expires.
type Step struct {
	Ticket  string
	Nonce   string
	Methods []string // that lead on, MethodTOTP and MethodRecovery
	Expires time.Time
}

// beginStep makes the second step of a sign-in of owner.
func (k *Keeper) beginStep(owner *library.Owner) (*Step, error) {
	s := &Step{Nonce: newID(), Methods: k.methods(owner.Factors), Expires: k.o.Now().Add(stepTTL)}
	var err error
	s.Ticket, err = k.steps.signed(claims{Epoch: owner.Epoch, Nonce: nonceHash(s.Nonce)}, owner.ID, newID(), s.Expires)
	if err != nil {
		return nil, &library.Error{Kind: library.Internal, Message: "The sign-in could not be signed.", Cause: err}
	}
	return s, nil
}

func nonceHash(nonce string) []byte {
	h := sha256.Sum256([]byte(nonce))
	return h[:]
}

// stepOver says that the second step cannot be taken, or not any more. Its
// field is the ticket, other than that of a wrong code.
func stepOver() error {
	return &library.Error{
		Kind: library.Unauthorized, Field: "ticket", Message: "The sign-in took too long, or was begun elsewhere.",
		Hint: "Begin again with name and password.",
	}
}

func wrongCode() error {
	return &library.Error{
		Kind: library.Unauthorized, Field: "code", Message: "The code is wrong, or was used before.",
		Hint: "Wait for the next one, and look whether the clocks of the box and of the device agree. A recovery code works once.",
	}
}

// LookAtStep reports what is known of a second step before it is taken;
// Unauthorized when it cannot be.
func (k *Keeper) LookAtStep(ctx context.Context, ticket, nonce string) (FactorState, error) {
	owner, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return FactorState{}, stepOver()
	} else if err != nil {
		return FactorState{}, err
	}
	if _, err := k.readStep(*owner, ticket, nonce); err != nil {
		return FactorState{}, err
	}
	return k.Factors(ctx)
}

// readStep is what a ticket says that owner's browser with that nonce may use.
func (k *Keeper) readStep(owner library.Owner, ticket, nonce string) (claims, error) {
	c, err := k.steps.read(ticket)
	if err != nil || c.Subject != owner.ID || c.Epoch != owner.Epoch || !owner.Factors.On() ||
		subtle.ConstantTimeCompare(c.Nonce, nonceHash(nonce)) != 1 ||
		slices.ContainsFunc(owner.Factors.Spent, func(s library.SpentStep) bool { return s.ID == c.ID }) {
		return claims{}, stepOver()
	}
	return c, nil
}

// TakeStep finishes a sign-in with a code of the app or a recovery code. Wrong
// ones count as wrong passwords do. Unauthorized when the code is wrong (its
// Field is code), and when the step cannot be taken (ticket).
func (k *Keeper) TakeStep(ctx context.Context, ticket, nonce, code string, c Client) (Grant, error) {
	owner, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return Grant{}, stepOver()
	} else if err != nil {
		return Grant{}, err
	}
	if _, err := k.readStep(*owner, ticket, nonce); err != nil {
		return Grant{}, err
	}
	browser := k.knownBrowser(owner, c)
	if err := k.limits.takeLogin(c.key(), browser, k.o.Now()); err != nil {
		return Grant{}, err
	}
	k.writes.Lock()
	defer k.writes.Unlock()
	if err := k.limits.blocked(browser, k.o.Now()); err != nil { // it began while this waited
		return Grant{}, err
	}
	now, method, err := k.spend(ctx, code, func(o *library.Owner) error {
		t, err := k.readStep(*o, ticket, nonce)
		if err != nil {
			return err
		}
		at := k.o.Now()
		o.Factors.Spent = slices.DeleteFunc(slices.Clone(o.Factors.Spent), func(s library.SpentStep) bool { return !at.Before(s.Until) })
		o.Factors.Spent = append(o.Factors.Spent, library.SpentStep{ID: t.ID, Until: t.ExpiresAt.Time.UTC()})
		return nil
	})
	if err != nil {
		if e, ok := errors.AsType[*library.Error](err); ok && e.Field == "code" {
			k.failed(ctx, browser)
			k.record(ctx, library.AuditFactorFailed, library.ByStranger, c, "")
			k.o.Log.Warn("sign-in refused at its second step", "client", c.Address)
		}
		return Grant{}, err
	}
	k.succeeded(c.key(), browser)
	return k.signIn(ctx, now, browser, method, c)
}

// spend takes a code of the owner's, with what else also does to the owner, in
// one transaction: no code is good twice, whatever happens in between. The
// caller holds k.writes.
func (k *Keeper) spend(ctx context.Context, code string, also func(*library.Owner) error) (now library.Owner, method string, err error) {
	if len(code) > 256 {
		code = ""
	}
	plain := plainCode(code)
	now, err = k.amendHeld(ctx, func(o *library.Owner) error {
		if err := also(o); err != nil {
			return err
		}
		f := &o.Factors
		if isTOTP(plain) {
			secret, readable := k.factorSeal.open(f.TOTP)
			if !readable && f.On() {
				k.o.Log.Error("the secret of the codes was sealed with another secret key; recovery codes still work")
			}
			step, ok := stepOf(secret, plain, k.o.Now(), f.TOTPStep)
			if !readable || !ok {
				return wrongCode()
			}
			method, f.TOTPStep = MethodTOTP, step
			return nil
		}
		rest, ok := withoutRecovery(f.Recovery, plain)
		if !ok {
			return wrongCode()
		}
		method, f.Recovery = MethodRecovery, rest
		return nil
	})
	return now, method, err
}
