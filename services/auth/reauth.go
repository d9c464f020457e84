package auth

import (
	"context"
	"errors"
	"time"

	"coffer/services/library"
)

// ProofLasts is how long after proving who they are the owner may do what would
// do lasting harm in the wrong hands. Signing in is a proof.
const ProofLasts = 10 * time.Minute

// ProofLeft is how much longer the owner's proof counts; 0 or less: not any
// more.
func (k *Keeper) ProofLeft(ctx context.Context, by Identity) (time.Duration, error) {
	if err := onlyOwner(by); err != nil {
		return 0, err
	}
	l, err := k.session(ctx, by.SessionID)
	if err != nil {
		return 0, err
	}
	ago := k.o.Now().Sub(l.s.AuthTime)
	if ago < 0 { // the clock was set back
		return 0, nil
	}
	return ProofLasts - ago, nil
}

// Proved is Unproved as proved is, for what other rooms do that would do lasting
// harm in the wrong hands.
func (k *Keeper) Proved(ctx context.Context, by Identity) error { return k.proved(ctx, by) }

// proved is Unproved when the owner has to prove anew who they are: a browser
// that was left open, or a cookie that was stolen, must not be enough.
func (k *Keeper) proved(ctx context.Context, by Identity) error {
	left, err := k.ProofLeft(ctx, by)
	if err != nil || left > 0 {
		return err
	}
	return &library.Error{
		Kind: library.Unproved, Message: "This needs a proof of the last ten minutes that it is you.",
		Hint: "Send your password, and a code when a second factor is on, to /auth/reauthenticate, and try again.",
	}
}

// Reauthenticate checks the password of the signed-in owner once more, and a
// code when a second factor is on. Wrong, they are Forbidden, with the Field
// password or code, and count against a limit that the session has of its own.
func (k *Keeper) Reauthenticate(ctx context.Context, by Identity, password, code string) error {
	if err := onlyOwner(by); err != nil {
		return err
	}
	owner, err := k.ownerNow(ctx)
	if err != nil {
		return err
	}
	if err := k.passwordAgain(ctx, owner, by, password, "password"); err != nil {
		return err
	}
	k.writes.Lock()
	defer k.writes.Unlock()
	if owner, err = k.readOwner(ctx); err != nil {
		return err
	}
	if owner.Factors.On() {
		if err := k.codeAgain(ctx, by, code); err != nil {
			return err
		}
	}
	s, err := k.o.Accounts.Session(ctx, by.SessionID)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) { // it has ended meanwhile
		return unauthorized()
	} else if err != nil {
		return err
	}
	s.AuthTime = k.o.Now().UTC()
	if err := k.o.Accounts.PutSession(ctx, s); err != nil {
		return err
	}
	k.remember(s)
	return nil
}

// codeAgain takes a code of somebody who is signed in. The caller holds
// k.writes.
func (k *Keeper) codeAgain(ctx context.Context, by Identity, code string) error {
	as := "session " + by.SessionID
	if err := k.limits.takeLogin("", as, k.o.Now()); err != nil {
		return err
	}
	_, method, err := k.spend(ctx, code, func(*library.Owner) error { return nil })
	if e, ok := errors.AsType[*library.Error](err); ok && e.Field == "code" {
		k.failed(ctx, as)
		k.Record(ctx, library.AuditFactorFailed, "")
		refused := *e
		refused.Kind = library.Forbidden
		return &refused
	} else if err != nil {
		return err
	}
	if method == MethodRecovery {
		k.Record(ctx, library.AuditRecoveryUsed, "")
	}
	k.succeeded("", as)
	return nil
}
