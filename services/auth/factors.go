package auth

import (
	"context"
	"encoding/base32"
	"errors"
	"slices"
	"time"

	"github.com/pquerna/otp"

	"coffer/services/library"
)

// The ways to take the second step of a sign-in.
const (
	MethodTOTP     = "totp"
	MethodPasskey  = "passkey"
	MethodRecovery = "recovery_code"
)

// enrolTTL is how long a secret that was shown can be confirmed.
const enrolTTL = 15 * time.Minute

// FactorState is what signing in needs besides the password.
type FactorState struct {
	TOTP         bool
	Since        time.Time // zero when it is off
	Readable     bool      // false: the secret key is another one, so that no code can be right
	RecoveryLeft int
	Passkeys     []Passkey
}

// On reports that a password alone signs nobody in.
func (f FactorState) On() bool { return f.TOTP || len(f.Passkeys) > 0 }

// PasskeyAt reports that a passkey works at a site.
func (f FactorState) PasskeyAt(s Site) bool {
	return s.works(f.Hosts()) != ""
}

// Hosts are the names under which passkeys work, each once.
func (f FactorState) Hosts() (out []string) {
	for _, p := range f.Passkeys {
		if !slices.Contains(out, p.Host) {
			out = append(out, p.Host)
		}
	}
	return out
}

// Factors tells what is on.
func (k *Keeper) Factors(ctx context.Context) (FactorState, error) {
	owner, err := k.ownerNow(ctx)
	if err != nil {
		return FactorState{}, err
	}
	f := owner.Factors
	_, readable := k.factorSeal.open(f.TOTP)
	return FactorState{
		TOTP: len(f.TOTP) > 0, Since: f.TOTPSince, Readable: readable || len(f.TOTP) == 0, RecoveryLeft: len(f.Recovery),
		Passkeys: passkeysOf(f),
	}, nil
}

// Secrets are those that lie sealed in the store, opened, to be looked for where
// they must not be.
func (k *Keeper) Secrets(ctx context.Context) (all [][]byte, err error) {
	owner, err := k.ownerNow(ctx)
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return nil, nil // nobody owns the box yet
	}
	if err != nil {
		return nil, err
	}
	if secret, ok := k.factorSeal.open(owner.Factors.TOTP); ok {
		all = append(all, []byte(secret))
	}
	return all, nil
}

// methods are the ways that lead on, the usual one first.
func (k *Keeper) methods(f library.Factors, at Site) (out []string) {
	if _, readable := k.factorSeal.open(f.TOTP); readable {
		out = append(out, MethodTOTP)
	}
	if len(usable(f, at)) > 0 {
		out = append(out, MethodPasskey)
	}
	if len(f.Recovery) > 0 {
		out = append(out, MethodRecovery)
	}
	return out
}

// Enrolment is a secret on its way into an authenticator app. Nothing of it is
// kept: Ticket carries it back.
type Enrolment struct {
	Secret  string // base32
	URI     string // otpauth://, what the QR code says
	QR      []byte // PNG
	Ticket  string
	Expires time.Time
}

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// BeginTOTP makes a secret to be confirmed by a code of it, for an owner who has
// proved lately who they are. host is where the box is reached. Conflict when
// codes are asked for already.
func (k *Keeper) BeginTOTP(ctx context.Context, by Identity, host string) (Enrolment, error) {
	if err := k.proved(ctx, by); err != nil {
		return Enrolment{}, err
	}
	owner, err := k.offNow(ctx)
	if err != nil {
		return Enrolment{}, err
	}
	key, err := newTOTP(accountAt(owner.Name, host))
	if err != nil {
		return Enrolment{}, notMade(err)
	}
	expires := k.o.Now().Add(enrolTTL)
	ticket, err := k.enrolments.signed(claims{Epoch: owner.Epoch, Secret: key.Secret()}, owner.ID, by.SessionID, expires)
	if err != nil {
		return Enrolment{}, notMade(err)
	}
	return enrolment(key, ticket, expires)
}

// ResumeTOTP is the enrolment that a ticket of this session carries, to be shown
// again; Conflict when it is over.
func (k *Keeper) ResumeTOTP(ctx context.Context, by Identity, ticket, host string) (Enrolment, error) {
	owner, err := k.offNow(ctx)
	if err != nil {
		return Enrolment{}, err
	}
	c, err := k.enrolmentOf(owner, by, ticket)
	if err != nil {
		return Enrolment{}, err
	}
	key, err := sameTOTP(accountAt(owner.Name, host), c.Secret)
	if err != nil {
		return Enrolment{}, notMade(err)
	}
	return enrolment(key, ticket, c.ExpiresAt.Time)
}

func enrolment(key *otp.Key, ticket string, expires time.Time) (Enrolment, error) {
	qr, err := picture(key)
	if err != nil {
		return Enrolment{}, notMade(err)
	}
	return Enrolment{Secret: key.Secret(), URI: key.String(), QR: qr, Ticket: ticket, Expires: expires}, nil
}

func notMade(err error) error {
	return &library.Error{Kind: library.Internal, Message: "The secret could not be made.", Cause: err}
}

// offNow is the owner, as long as no codes are asked for.
func (k *Keeper) offNow(ctx context.Context) (*library.Owner, error) {
	owner, err := k.ownerNow(ctx)
	if err == nil && len(owner.Factors.TOTP) > 0 {
		err = onAlready()
	}
	return owner, err
}

func onAlready() error {
	return &library.Error{Kind: library.Conflict, Message: "Codes are asked for already.", Hint: "Turn them off first to use another app."}
}

func (k *Keeper) enrolmentOf(owner *library.Owner, by Identity, ticket string) (claims, error) {
	if err := onlyOwner(by); err != nil {
		return claims{}, err
	}
	c, err := k.enrolments.read(ticket)
	if err != nil || c.Subject != owner.ID || c.ID != by.SessionID || c.Epoch != owner.Epoch || c.Secret == "" {
		return claims{}, &library.Error{Kind: library.Conflict, Field: "ticket", Message: "That took too long.", Hint: "Begin anew, with a new secret."}
	}
	return c, nil
}

// ConfirmTOTP turns codes on with a right code of the secret in ticket, and
// returns the recovery codes, which are told here and nowhere again; none where
// passkeys had them made before. Invalid
// when the code is wrong.
func (k *Keeper) ConfirmTOTP(ctx context.Context, by Identity, ticket, code string) (recovery []string, err error) {
	owner, err := k.offNow(ctx)
	if err != nil {
		return nil, err
	}
	c, err := k.enrolmentOf(owner, by, ticket)
	if err != nil {
		return nil, err
	}
	step, ok := stepOf(c.Secret, plainCode(code), k.o.Now(), -1)
	if !ok {
		return nil, &library.Error{
			Kind: library.Invalid, Field: "code", Message: "That is not the code of this secret.",
			Hint: "Wait for the next one, and look whether the clocks of the box and of the device agree.",
		}
	}
	sealed, err := k.factorSeal.seal(c.Secret)
	if err != nil {
		return nil, notMade(err)
	}
	codes, hashes := newRecovery()
	_, err = k.amend(ctx, func(o *library.Owner) error {
		switch {
		case len(o.Factors.TOTP) > 0:
			return onAlready()
		case o.Epoch != c.Epoch:
			return unauthorized()
		}
		recovery = nil
		if !o.Factors.On() {
			recovery, o.Factors.Recovery = codes, hashes
		}
		o.Factors.TOTP, o.Factors.TOTPSince, o.Factors.TOTPStep = sealed, k.o.Now().UTC(), step
		return nil
	})
	if err != nil {
		return nil, err
	}
	k.Record(ctx, library.AuditFactorOn, "")
	k.o.Log.Info("second factor on")
	return recovery, nil
}

// DisableTOTP turns codes off, for an owner who has proved lately who they are.
// Without a passkey the recovery codes are void then. Conflict when none are asked for.
func (k *Keeper) DisableTOTP(ctx context.Context, by Identity) error {
	err := k.changeFactors(ctx, by, func(f *library.Factors) error {
		if len(f.TOTP) == 0 {
			return noneOn()
		}
		f.TOTP, f.TOTPSince, f.TOTPStep = nil, time.Time{}, 0
		return nil
	})
	if err != nil {
		return err
	}
	k.Record(ctx, library.AuditFactorOff, "")
	k.o.Log.Info("second factor off")
	return nil
}

// RenewRecovery makes other recovery codes, for an owner who has proved lately
// who they are; those before are void. They are told here and nowhere again.
// Conflict when no second factor is on.
func (k *Keeper) RenewRecovery(ctx context.Context, by Identity) ([]string, error) {
	codes, hashes := newRecovery()
	if err := k.changeFactors(ctx, by, func(f *library.Factors) error { f.Recovery = hashes; return nil }); err != nil {
		return nil, err
	}
	k.Record(ctx, library.AuditRecoveryMade, "")
	k.o.Log.Info("recovery codes made anew")
	return codes, nil
}

func (k *Keeper) changeFactors(ctx context.Context, by Identity, f func(*library.Factors) error) error {
	if err := k.proved(ctx, by); err != nil {
		return err
	}
	_, err := k.amend(ctx, func(o *library.Owner) error {
		if !o.Factors.On() {
			return noneOn()
		}
		if err := f(&o.Factors); err != nil {
			return err
		}
		if !o.Factors.On() {
			o.Factors = library.Factors{Spent: o.Factors.Spent}
		}
		return nil
	})
	return err
}

func noneOn() error {
	return &library.Error{Kind: library.Conflict, Message: "No second factor is on."}
}

// RemoveFactors turns every second factor off without a proof, for whoever
// commands the machine that the box runs on. The password stays, and nobody
// waits for earlier failures. Conflict when none is on, or before setup.
func (k *Keeper) RemoveFactors(ctx context.Context) error {
	_, err := k.amend(ctx, func(o *library.Owner) error {
		if !o.Factors.On() {
			return noneOn()
		}
		o.Factors = library.Factors{Spent: o.Factors.Spent}
		return nil
	})
	if errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return noOwner()
	} else if err != nil {
		return err
	}
	k.limits.forgive()
	k.keep(context.WithoutCancel(ctx))
	k.record(ctx, library.AuditFactorsRemoved, library.ByConsole, Client{}, "")
	k.o.Log.Warn("second factors removed from the console")
	return nil
}

// amend gives the owner what f does, in memory too. The mark stays, because no
// session ends with it. f may run more than once.
func (k *Keeper) amend(ctx context.Context, f func(*library.Owner) error) (now library.Owner, err error) {
	k.writes.Lock()
	defer k.writes.Unlock()
	return k.amendHeld(ctx, f)
}

// amendHeld is amend for who holds k.writes.
func (k *Keeper) amendHeld(ctx context.Context, f func(*library.Owner) error) (now library.Owner, err error) {
	err = k.o.Accounts.UpdateOwner(ctx, func(o *library.Owner) error {
		if err := f(o); err != nil {
			return err
		}
		now = *o
		return nil
	})
	if err == nil {
		k.setOwner(now)
	}
	return now, err
}
