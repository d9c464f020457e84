package auth

import (
	"context"
	"errors"
	"time"

	"coffer/services/library"
)

// Setup creates the owner with the one-time code and signs in. Owner and
// session are written in one transaction, so of two setups at once one wins
// and the other gets Conflict.
func (k *Keeper) Setup(ctx context.Context, code, name, password string, c Client) (Grant, error) {
	if err := k.CheckSetupCode(ctx, code, c); err != nil {
		return Grant{}, err
	}
	name, err := cleanName(name)
	if err != nil {
		return Grant{}, err
	}
	if err := checkPassword(password, "password"); err != nil {
		return Grant{}, err
	}
	hash, err := k.hashPassword(ctx, password)
	if err != nil {
		return Grant{}, err
	}
	o := library.Owner{ID: newID(), Name: name, PasswordHash: hash, Epoch: newID(), CreatedAt: k.o.Now().UTC()}
	s := k.newSession(o, c)

	k.writes.Lock()
	defer k.writes.Unlock()
	err = k.marking("", func(mark string) error {
		o.Mark = mark
		return k.o.Accounts.CreateOwner(ctx, o, s)
	})
	if err != nil {
		return Grant{}, err
	}
	k.setOwner(o)
	k.remember(s)
	k.record(ctx, library.AuditSetup, library.BySession, c, "")
	k.o.Log.Info("owner created", "client", c.Address)
	return k.grant(o, s, "")
}

func (k *Keeper) setOwner(o library.Owner) {
	k.mu.Lock()
	k.owner = &o
	k.mu.Unlock()
	k.token.mark() // another epoch voids it; who looks before it is seen finds nothing to do
}

// Login checks name and password, taking the same time for unknown names. When
// a second factor is on, it is to be shown next (TakeStep).
func (k *Keeper) Login(ctx context.Context, name, password string, c Client) (Entry, error) {
	owner, err := k.ownerNow(ctx)
	if err != nil && !errors.Is(err, &library.Error{Kind: library.NotFound}) {
		return Entry{}, err
	}
	browser := k.knownBrowser(owner, c)
	if err := k.limits.takeLogin(c.key(), browser, k.o.Now()); err != nil {
		return Entry{}, err
	}
	good, err := k.tryPassword(ctx, owner, name, password, browser)
	if err != nil {
		return Entry{}, err
	}
	if !good {
		k.record(ctx, library.AuditSignInFailed, library.ByStranger, c, "")
		k.o.Log.Warn("sign-in refused", "client", c.Address)
		return Entry{}, &library.Error{
			Kind: library.Unauthorized, Message: "Name or password is wrong.",
			Hint: "Look for a capital letter too many, or another keyboard layout.",
		}
	}

	k.writes.Lock()
	defer k.writes.Unlock()
	if owner, err = k.readOwner(ctx); err != nil {
		return Entry{}, err
	}
	k.rightPassword(owner, c.key(), browser)
	if owner.Factors.On() {
		k.o.Log.Info("password right, second step to come", "client", c.Address)
		step, err := k.beginStep(owner, c.Site)
		return Entry{Step: step}, err
	}
	g, err := k.signIn(ctx, *owner, browser, "", c)
	return Entry{Grant: g}, err
}

// rightPassword ends the count of failures where the password is all that is
// asked for. Else who has it could begin the count anew with it, before each
// code that they guess.
func (k *Keeper) rightPassword(owner *library.Owner, client, browser string) {
	if owner.Factors.On() {
		k.limits.rightPassword(client, browser)
		k.unkept.mark()
		return
	}
	k.succeeded(client, browser)
}

// signIn makes the session of a sign-in in which everything was right. The
// caller holds k.writes.
func (k *Keeper) signIn(ctx context.Context, owner library.Owner, browser, method string, c Client) (Grant, error) {
	s := k.newSession(owner, c)
	if err := k.o.Accounts.PutSession(ctx, s); err != nil {
		return Grant{}, err
	}
	k.remember(s)
	k.sweep(ctx, owner.Epoch, s.ID)
	if method == MethodRecovery {
		k.record(ctx, library.AuditRecoveryUsed, library.BySession, c, "")
	}
	k.record(ctx, library.AuditSignIn, library.BySession, c, "")
	k.o.Log.Info("signed in", "client", c.Address)
	return k.grant(owner, s, browser)
}

// tryPassword spends one bcrypt comparison whatever the name, and records a
// failure. owner is nil before setup.
func (k *Keeper) tryPassword(ctx context.Context, owner *library.Owner, name, password, browser string) (bool, error) {
	if err := k.enterHashing(ctx); err != nil {
		return false, err
	}
	defer k.leaveHashing()
	if err := k.limits.blocked(browser, k.o.Now()); err != nil {
		return false, err
	}
	hash := k.dummy
	if len(name) <= 16*maxName && owner != nil && sameName(name, owner.Name) {
		hash = owner.PasswordHash
	}
	good, err := comparePassword(hash, password)
	if err == nil && !good {
		k.failed(ctx, browser)
	}
	return good, err
}

// ChangePassword checks the old one, sets the new one, keeps this session and
// ends the others.
func (k *Keeper) ChangePassword(ctx context.Context, id Identity, old, new string) (Grant, error) {
	if id.Kind != KindSession {
		return Grant{}, &library.Error{Kind: library.Forbidden, Message: "Only the signed-in owner can change the password."}
	}
	if err := checkPassword(new, "new_password"); err != nil {
		return Grant{}, err
	}
	owner, err := k.ownerNow(ctx)
	if err != nil {
		return Grant{}, err
	}
	if err := k.passwordAgain(ctx, owner, id, old, "current_password"); err != nil {
		return Grant{}, err
	}
	hash, err := k.hashPassword(ctx, new)
	if err != nil {
		return Grant{}, err
	}
	return k.replacePassword(ctx, id.SessionID, owner.Epoch, hash)
}

// passwordAgain checks the password of somebody who is signed in; Forbidden,
// with field, when it is wrong.
func (k *Keeper) passwordAgain(ctx context.Context, owner *library.Owner, id Identity, password, field string) error {
	// The session has a limit of its own, like a known browser: it belongs to
	// somebody who has signed in.
	as := "session " + id.SessionID
	if err := k.limits.takeLogin("", as, k.o.Now()); err != nil {
		return err
	}
	good, err := k.tryPassword(ctx, owner, owner.Name, password, as)
	if err != nil {
		return err
	}
	if !good {
		k.Record(ctx, library.AuditPasswordFailed, "")
		return &library.Error{Kind: library.Forbidden, Field: field, Message: "The current password is wrong."}
	}
	k.rightPassword(owner, "", as)
	return nil
}

// replacePassword begins a new epoch with the new hash and moves one session
// into it. Stopped halfway, it leaves the new password set and every session
// void, which costs one sign-in.
func (k *Keeper) replacePassword(ctx context.Context, sessionID, epoch string, hash []byte) (Grant, error) {
	k.writes.Lock()
	defer k.writes.Unlock()
	s, err := k.o.Accounts.Session(ctx, sessionID)
	if err != nil {
		return Grant{}, err
	}
	was, err := k.readOwner(ctx)
	if err != nil {
		return Grant{}, err
	}
	owner, err := k.void(ctx, *was, func(o *library.Owner) error {
		if o.Epoch != epoch {
			return &library.Error{Kind: library.Conflict, Message: "The password was changed meanwhile.", Hint: "Sign in again."}
		}
		o.PasswordHash = hash
		return nil
	})
	if err != nil {
		return Grant{}, err
	}
	s.Epoch = owner.Epoch
	if err := k.o.Accounts.PutSession(ctx, s); err != nil {
		return Grant{}, err
	}
	k.remember(s)
	k.sweep(ctx, owner.Epoch, s.ID)
	k.Record(ctx, library.AuditPassword, "")
	k.o.Log.Info("password changed")
	return k.grant(owner, s, "")
}

// ResetPassword sets a new password without the old one, for whoever commands
// the machine that the box runs on. Every session ends, and nobody waits for
// earlier failures. Conflict before setup.
func (k *Keeper) ResetPassword(ctx context.Context, password string) error {
	if err := checkPassword(password, "password"); err != nil {
		return err
	}
	if needed, err := k.SetupNeeded(ctx); err != nil {
		return err
	} else if needed {
		return noOwner()
	}
	hash, err := k.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	k.writes.Lock()
	defer k.writes.Unlock()
	was, err := k.readOwner(ctx)
	if err != nil {
		return err
	}
	owner, err := k.void(ctx, *was, func(o *library.Owner) error { o.PasswordHash = hash; return nil })
	if err != nil {
		return err
	}
	k.sweep(ctx, owner.Epoch, "")
	k.limits.forgive()
	k.keep(context.WithoutCancel(ctx))
	k.record(ctx, library.AuditPasswordReset, library.ByConsole, Client{}, "")
	k.o.Log.Warn("password set anew from the console; every session has ended")
	return nil
}

func noOwner() error {
	return &library.Error{
		Kind: library.Conflict, Message: "This box has no owner yet.",
		Hint: "Start it and open the link from its log; coffer setup-code prints the code.",
	}
}

// RecentFailures counts wrong passwords and codes of the last quarter of an hour; last
// is zero when there was none since the start.
func (k *Keeper) RecentFailures() (n int, last time.Time) {
	return k.limits.recentFailures(k.o.Now())
}
