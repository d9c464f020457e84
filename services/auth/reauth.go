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
	return k.reauthenticate(ctx, by, password, k.byCode(code), func(*library.Owner) error { return nil })
}

// ReauthenticateByPasskey is Reauthenticate with what an authenticator answered
// to AskPasskey, and its ticket, in the place of a code. The Field of a wrong one
// is passkey.
func (k *Keeper) ReauthenticateByPasskey(ctx context.Context, by Identity, password, ticket string, answer []byte, at Site) error {
	return k.reauthenticate(ctx, by, password, k.byPasskey(answer, ticket, at), func(o *library.Owner) error {
		c, err := k.readAsked(k.proofs, o, by, ticket)
		if err == nil {
			k.spendTicket(&o.Factors, c)
		}
		return err
	})
}

func (k *Keeper) reauthenticate(ctx context.Context, by Identity, password string, factor proof, also func(*library.Owner) error) error {
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
		if err := k.factorAgain(ctx, by, factor, also); err != nil {
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

// factorAgain takes a proof of somebody who is signed in. The caller holds
// k.writes.
func (k *Keeper) factorAgain(ctx context.Context, by Identity, factor proof, also func(*library.Owner) error) error {
	as := "session " + by.SessionID
	if err := k.limits.takeLogin("", as, k.o.Now()); err != nil {
		return err
	}
	_, method, err := k.spend(ctx, factor, also)
	if e := refused(err); e != nil {
		k.failed(ctx, as)
		if copied(err) {
			k.Record(ctx, library.AuditPasskeyCopied, "")
		}
		k.Record(ctx, library.AuditFactorFailed, "")
		wrong := *e
		wrong.Kind = library.Forbidden
		return &wrong
	} else if err != nil {
		return err
	}
	if method == MethodRecovery {
		k.Record(ctx, library.AuditRecoveryUsed, "")
	}
	k.succeeded("", as)
	return nil
}
