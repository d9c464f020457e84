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
	Methods []string // that lead on, the usual one first
	Passkey []byte   // the options of navigator.credentials.get, JSON; none where no passkey can be used
	Expires time.Time
}

// beginStep makes the second step of a sign-in of owner.
func (k *Keeper) beginStep(owner *library.Owner, at Site) (*Step, error) {
	s := &Step{Nonce: newID(), Methods: k.methods(owner.Factors, at), Expires: k.o.Now().Add(stepTTL)}
	var err error
	s.Ticket, err = k.steps.signed(claims{Epoch: owner.Epoch, Nonce: nonceHash(s.Nonce)}, owner.ID, newID(), s.Expires)
	if err != nil {
		return nil, &library.Error{Kind: library.Internal, Message: "The sign-in could not be signed.", Cause: err}
	}
	s.Passkey, err = k.askPasskey(*owner, at, s.Ticket)
	return s, err
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
// Unauthorized when it cannot be. passkey is as in Step.
func (k *Keeper) LookAtStep(ctx context.Context, ticket, nonce string, at Site) (f FactorState, passkey []byte, err error) {
	owner, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return f, nil, stepOver()
	} else if err != nil {
		return f, nil, err
	}
	if _, err := k.readStep(*owner, ticket, nonce); err != nil {
		return f, nil, err
	}
	if passkey, err = k.askPasskey(*owner, at, ticket); err != nil {
		return f, nil, err
	}
	f, err = k.Factors(ctx)
	return f, passkey, err
}

// readStep is what a ticket says that owner's browser with that nonce may use.
func (k *Keeper) readStep(owner library.Owner, ticket, nonce string) (claims, error) {
	c, err := k.steps.read(ticket)
	if err != nil || c.Subject != owner.ID || c.Epoch != owner.Epoch || !owner.Factors.On() ||
		subtle.ConstantTimeCompare(c.Nonce, nonceHash(nonce)) != 1 ||
		spent(owner.Factors, c) {
		return claims{}, stepOver()
	}
	return c, nil
}

func spent(f library.Factors, c claims) bool {
	return slices.ContainsFunc(f.Spent, func(s library.SpentStep) bool { return s.ID == c.ID })
}

// spendTicket lets what c says not count again, until it ends by itself.
func (k *Keeper) spendTicket(f *library.Factors, c claims) {
	at := k.o.Now()
	f.Spent = slices.DeleteFunc(slices.Clone(f.Spent), func(s library.SpentStep) bool { return !at.Before(s.Until) })
	f.Spent = append(f.Spent, library.SpentStep{ID: c.ID, Until: c.ExpiresAt.Time.UTC()})
}

// TakeStep finishes a sign-in with a code of the app or a recovery code. Wrong
// ones count as wrong passwords do. Unauthorized when the code is wrong (its
// Field is code), and when the step cannot be taken (ticket).
func (k *Keeper) TakeStep(ctx context.Context, ticket, nonce, code string, c Client) (Grant, error) {
	return k.takeStep(ctx, ticket, nonce, k.byCode(code), c)
}

// TakeStepByPasskey is TakeStep with what an authenticator answered to the
// options of the step: a PublicKeyCredential as JSON. The Field of a wrong one
// is passkey.
func (k *Keeper) TakeStepByPasskey(ctx context.Context, ticket, nonce string, answer []byte, c Client) (Grant, error) {
	return k.takeStep(ctx, ticket, nonce, k.byPasskey(answer, ticket, c.Site), c)
}

func (k *Keeper) takeStep(ctx context.Context, ticket, nonce string, by proof, c Client) (Grant, error) {
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
	now, method, err := k.spend(ctx, by, func(o *library.Owner) error {
		t, err := k.readStep(*o, ticket, nonce)
		if err != nil {
			return err
		}
		k.spendTicket(&o.Factors, t)
		return nil
	})
	if err != nil {
		if refused(err) != nil {
			k.failed(ctx, browser)
			if copied(err) {
				k.record(ctx, library.AuditPasskeyCopied, library.ByStranger, c, "")
			}
			k.record(ctx, library.AuditFactorFailed, library.ByStranger, c, "")
			k.o.Log.Warn("sign-in refused at its second step", "client", c.Address)
		}
		return Grant{}, err
	}
	k.succeeded(c.key(), browser)
	return k.signIn(ctx, now, browser, method, c)
}

// proof takes what shows that somebody has a second factor of the owner's, and
// lets it not count again. It may run more than once.
type proof func(*library.Owner) (method string, err error)

// refused is the error of a wrong proof; nil when err is another.
func refused(err error) *library.Error {
	if e, ok := errors.AsType[*library.Error](err); ok && (e.Field == "code" || e.Field == "passkey") {
		return e
	}
	return nil
}

// spend takes a proof of the owner's, with what else also does to the owner, in
// one transaction: none is good twice, whatever happens in between. The caller
// holds k.writes.
func (k *Keeper) spend(ctx context.Context, by proof, also func(*library.Owner) error) (now library.Owner, method string, err error) {
	now, err = k.amendHeld(ctx, func(o *library.Owner) (err error) {
		if err := also(o); err != nil {
			return err
		}
		method, err = by(o)
		return err
	})
	return now, method, err
}

// byCode is the proof of a code of the app or a recovery code.
func (k *Keeper) byCode(code string) proof {
	if len(code) > 256 {
		code = ""
	}
	plain := plainCode(code)
	return func(o *library.Owner) (string, error) {
		f := &o.Factors
		if isTOTP(plain) {
			secret, readable := k.factorSeal.open(f.TOTP)
			if !readable && len(f.TOTP) > 0 {
				k.o.Log.Error("the secret of the codes was sealed with another secret key; recovery codes still work")
			}
			step, ok := stepOf(secret, plain, k.o.Now(), f.TOTPStep)
			if !readable || !ok {
				return "", wrongCode()
			}
			f.TOTPStep = step
			return MethodTOTP, nil
		}
		rest, ok := withoutRecovery(f.Recovery, plain)
		if !ok {
			return "", wrongCode()
		}
		f.Recovery = rest
		return MethodRecovery, nil
	}
}
