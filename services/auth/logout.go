package auth

import (
	"context"
	"strings"

	"coffer/services/library"
)

// Logout ends one session, at once and for every copy of its token; NotFound
// when there is none.
func (k *Keeper) Logout(ctx context.Context, sessionID string) error {
	s, err := k.o.Accounts.Session(ctx, sessionID)
	if err != nil {
		return err
	}
	if err := k.end(ctx, sessionID); err != nil {
		return err
	}
	if id, _ := FromContext(ctx); id.SessionID == sessionID {
		k.Record(ctx, library.AuditSignOut, "")
	} else {
		k.Record(ctx, library.AuditSessionEnded, strings.TrimSpace(s.Address+" "+s.Agent))
	}
	return nil
}

// LogoutOthers ends every session but that of by.
func (k *Keeper) LogoutOthers(ctx context.Context, by Identity) error {
	if err := onlyOwner(by); err != nil {
		return err
	}
	all, err := k.o.Accounts.Sessions(ctx)
	if err != nil {
		return err
	}
	var others []string
	for _, s := range all {
		if s.ID != by.SessionID {
			others = append(others, s.ID)
		}
	}
	if err := k.end(ctx, others...); err != nil {
		return err
	}
	k.Record(ctx, library.AuditOthersEnded, "")
	return nil
}

// LogoutEverywhere begins another epoch: every session ends, that of by too,
// and keys are void.
func (k *Keeper) LogoutEverywhere(ctx context.Context, by Identity) error {
	if err := onlyOwner(by); err != nil {
		return err
	}
	k.writes.Lock()
	defer k.writes.Unlock()
	was, err := k.readOwner(ctx)
	if err != nil {
		return err
	}
	owner, err := k.void(ctx, *was, func(*library.Owner) error { return nil })
	if err != nil {
		return err
	}
	k.sweep(ctx, owner.Epoch, "")
	k.Record(ctx, library.AuditEverywhere, "")
	k.o.Log.Info("signed out everywhere")
	return nil
}

// end ends sessions, and gives the owner another mark.
func (k *Keeper) end(ctx context.Context, ids ...string) error {
	k.writes.Lock()
	defer k.writes.Unlock()
	was, err := k.readOwner(ctx)
	if err != nil {
		return err
	}
	now := *was
	err = k.marking(was.Mark, func(mark string) error {
		now.Mark = mark
		return k.o.Accounts.EndSessions(ctx, mark, ids...)
	})
	if err != nil {
		return err
	}
	k.setOwner(now)
	for _, id := range ids {
		k.forget(id)
	}
	return nil
}
